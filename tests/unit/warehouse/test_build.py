"""The private build file: when it is gone on with and when it is made again."""

from __future__ import annotations

import pytest

from core.clock import FixedClock
from core.errors import CorruptData
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.local import LocalLake
from data_engineering.warehouse import build
from tests.doubles.small_lake import append, at, readings


@pytest.fixture
def lake(workspace: Workspace, clock: FixedClock) -> LocalLake:
    return LocalLake(workspace, clock)


def append_one(lake: LocalLake, hour: int) -> None:
    append(lake, BronzeTable.READINGS, readings("CNC-1", "vibration", {at(0, hour=hour): 1.0}))


def test_the_first_time_everything_has_arrived(workspace: Workspace, lake: LocalLake, clock: FixedClock) -> None:
    append_one(lake, 1)
    prepared = build.prepare(workspace, lake, clock)
    assert (prepared.is_fresh, len(prepared.arrived)) == (True, 1)


def test_only_parts_that_no_finished_run_has_read_arrive(
    workspace: Workspace, lake: LocalLake, clock: FixedClock
) -> None:
    append_one(lake, 1)
    build.finish(workspace, build.prepare(workspace, lake, clock).arrived)
    append_one(lake, 2)
    prepared = build.prepare(workspace, lake, clock)
    assert (prepared.is_fresh, [part.first_seq for part in prepared.arrived]) == (False, [1])
    with build.opened(workspace) as connection:
        assert connection.execute("select count(*) from bronze.readings").fetchall() == [(1,)]


def test_a_run_that_never_finished_is_begun_again(workspace: Workspace, lake: LocalLake, clock: FixedClock) -> None:
    append_one(lake, 1)
    build.prepare(workspace, lake, clock)
    assert build.prepare(workspace, lake, clock).is_fresh


def test_a_part_that_left_the_lake_makes_it_begin_again(
    workspace: Workspace, lake: LocalLake, clock: FixedClock
) -> None:
    append_one(lake, 1)
    parts = build.prepare(workspace, lake, clock).arrived
    gone = parts[0].model_copy(update={"path": parts[0].path.with_name("gone.parquet")})
    build.finish(workspace, [*parts, gone])
    assert build.prepare(workspace, lake, clock).is_fresh


def test_another_metric_catalogue_makes_it_begin_again(
    workspace: Workspace, lake: LocalLake, clock: FixedClock
) -> None:
    build.finish(workspace, build.prepare(workspace, lake, clock).arrived)
    workspace.metrics_file.write_text(
        "- {name: loudness, label: loudness, unit: dB, minimum: 0, maximum: 200, reference: 60, bad: high}\n",
        encoding="utf-8",
    )
    assert build.prepare(workspace, lake, clock).is_fresh


@pytest.mark.parametrize("content", [b"", b"not a database", b"\0" * 20000])
def test_a_torn_file_is_made_again(workspace: Workspace, lake: LocalLake, clock: FixedClock, content: bytes) -> None:
    build.prepare(workspace, lake, clock)
    workspace.warehouse_build.write_bytes(content)
    assert build.prepare(workspace, lake, clock).is_fresh


@pytest.mark.parametrize("table", sorted(BronzeTable))
def test_a_table_without_parts_is_an_empty_view_of_the_contracts_columns(
    workspace: Workspace, lake: LocalLake, clock: FixedClock, table: BronzeTable
) -> None:
    build.prepare(workspace, lake, clock)
    with build.opened(workspace) as connection:
        described = connection.execute(f"describe bronze.{table}").fetchall()
    assert [row[0] for row in described] == list(polars_schema(table))


def test_a_part_that_is_no_parquet_file_is_named(workspace: Workspace, lake: LocalLake, clock: FixedClock) -> None:
    append_one(lake, 1)
    part = lake.parts(BronzeTable.READINGS)[0]
    part.path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(CorruptData, match=part.path.name):
        build.prepare(workspace, lake, clock)
