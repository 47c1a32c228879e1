"""From the build file to the snapshot that everybody reads, in one atomic step."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from core.clock import Clock
from core.workspace import Workspace
from data_engineering.lake.local import storage_errors
from data_engineering.lake.manifest import sync_folder
from data_engineering.warehouse.build import duckdb_errors
from data_engineering.warehouse.models import Snapshot
from data_engineering.warehouse.snapshots import connect, describe, snapshot_folder, snapshot_path

KEPT = 2
"""Newest snapshots that always stay, the served one among them."""
YOUNG = timedelta(minutes=5)
"""A reader may have read the pointer this long ago and not opened the file yet."""
_STAMP = "%Y%m%dT%H%M%S%fZ"
_PRIVATE_SCHEMAS = ("staging", "intermediate", "bronze")


def publish(workspace: Workspace, clock: Clock) -> Snapshot:
    """Copies the build file, strips it to the marts, makes it durable under a new name and moves the pointer there.

    Killed at any point, the previous snapshot stays served and the leftover is replaced by the next run.

    Raises:
        StorageFull: the disk is full; the previous snapshot stays served.
    """
    now = clock.now().astimezone(UTC)
    folder = snapshot_folder(workspace)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        name = _free_name(workspace, now)
        unfinished = folder / ".publishing.duckdb"
        try:
            _write(workspace, unfinished, name, now)
        except BaseException:
            _remove(unfinished)
            raise
        unfinished.rename(snapshot_path(workspace, name))
        sync_folder(folder)
        _point_to(workspace, name)
        _remove_old(workspace, now)
    with connect(snapshot_path(workspace, name), memory="64MB") as connection:
        return describe(connection)


def _write(workspace: Workspace, file: Path, name: str, now: datetime) -> None:
    _remove(file)
    shutil.copyfile(workspace.warehouse_build, file)
    _strip(file, name, now)
    _sync_file(file)


def _remove(file: Path) -> None:
    """A DuckDB file and the log beside it, as far as they are there."""
    file.unlink(missing_ok=True)
    file.with_name(file.name + ".wal").unlink(missing_ok=True)


def _free_name(workspace: Workspace, now: datetime) -> str:
    """Sorts by time; never one that exists, so that a file somebody reads is never replaced."""
    while snapshot_path(workspace, now.strftime(_STAMP)).exists():
        now += timedelta(microseconds=1)
    return now.strftime(_STAMP)


def _strip(file: Path, name: str, now: datetime) -> None:
    with duckdb_errors(), duckdb.connect(file) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for schema in _PRIVATE_SCHEMAS:
            connection.execute(f"drop schema if exists {schema} cascade")
        connection.execute(
            "create or replace table marts.snapshot_info as "
            "select ? as name, ?::timestamptz as published_at, max(last_at) as data_until, "
            "coalesce(sum(n), 0)::bigint as readings from marts.fact_sensor_tiles_hourly",
            [name, now],
        )
        connection.execute("checkpoint")


def _sync_file(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _point_to(workspace: Workspace, name: str) -> None:
    unfinished = workspace.warehouse_pointer.with_suffix(".next")
    unfinished.write_text(name + "\n", encoding="utf-8")
    _sync_file(unfinished)
    unfinished.replace(workspace.warehouse_pointer)
    sync_folder(workspace.warehouse)


def _remove_old(workspace: Workspace, now: datetime) -> None:
    for file in sorted(snapshot_folder(workspace).glob("[0-9]*.duckdb"))[:-KEPT]:
        if datetime.strptime(file.stem, _STAMP).replace(tzinfo=UTC) < now - YOUNG:
            file.unlink()
