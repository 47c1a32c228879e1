"""Snapshots of one table, published by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from core.workspace import Workspace
from data_engineering.warehouse.models import CatalogueEntry
from data_engineering.warehouse.snapshots import snapshot_folder, snapshot_path

MOMENT = datetime(2026, 3, 1, 6, 0, 0, 123456, tzinfo=UTC)
QUESTION = CatalogueEntry(
    name="question",
    description="",
    owner="",
    columns={"plant_id": "", "built_at": "UTC"},
    sql={
        "duckdb": "select plant_id, built_at from marts.machine "
        "where $plants::varchar[] is null or list_contains($plants::varchar[], plant_id) order by built_at desc"
    },
)


def publish_by_hand(workspace: Workspace, name: str, plants: tuple[str, ...] = ("north", "south")) -> None:
    snapshot_folder(workspace).mkdir(parents=True, exist_ok=True)
    with duckdb.connect(snapshot_path(workspace, name)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.machine (plant_id varchar, built_at timestamptz)")
        rows = [(plant, MOMENT.replace(day=day)) for day, plant in enumerate(plants, start=1)]
        connection.executemany("insert into marts.machine values (?, ?)", rows)
        connection.execute(
            "create table marts.snapshot_info as select ? as name, ?::timestamptz as published_at, "
            "null::timestamptz as data_until, 0::bigint as readings",
            [name, MOMENT],
        )
    workspace.warehouse_pointer.write_text(name + "\n", encoding="utf-8")
