"""Publication: one atomic step, and nothing else is seen by anybody."""

from __future__ import annotations

import errno
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from core.clock import FixedClock
from core.errors import StorageFull
from core.workspace import Workspace
from data_engineering.warehouse.publish import KEPT, YOUNG, publish
from data_engineering.warehouse.snapshots import open_snapshot, published_name, snapshot_folder


@pytest.fixture
def built(workspace: Workspace) -> Workspace:
    """A build file with one tile, and something private beside it."""
    workspace.warehouse.mkdir(parents=True)
    with duckdb.connect(workspace.warehouse_build) as connection:
        connection.execute("create schema marts; create schema staging; create schema bronze")
        connection.execute(
            "create table marts.fact_sensor_tiles_hourly as "
            "select timestamptz '2026-03-01 05:59:00+00' as last_at, 6::bigint as n"
        )
        connection.execute("create table bronze.loaded_parts as select 'secret' as name")
        connection.execute("create view staging.stg_sensor_readings as select 1 as a")
    return workspace


def names(workspace: Workspace) -> list[str]:
    return sorted(file.stem for file in snapshot_folder(workspace).iterdir())


def test_a_publication_says_when_it_was_and_how_far_the_data_reach(built: Workspace, clock: FixedClock) -> None:
    snapshot = publish(built, clock)
    assert snapshot.published_at == clock.now()
    assert snapshot.data_until == clock.now() - timedelta(minutes=1)
    assert (snapshot.readings, snapshot.name) == (6, published_name(built))


def test_only_the_marts_are_published(built: Workspace, clock: FixedClock) -> None:
    publish(built, clock)
    with open_snapshot(built) as connection:
        schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    assert schemas == [("marts",)]


def test_two_publications_of_one_moment_have_two_names(built: Workspace, clock: FixedClock) -> None:
    assert publish(built, clock).name < publish(built, clock).name


def test_old_snapshots_go_and_the_newest_stay(built: Workspace, clock: FixedClock) -> None:
    published = []
    for _ in range(4):
        published.append(publish(built, clock).name)
        clock.advance(YOUNG * 2)
    assert names(built) == published[-KEPT:]


def test_a_young_snapshot_stays_for_those_who_have_just_read_the_pointer(built: Workspace, clock: FixedClock) -> None:
    for _ in range(4):
        publish(built, clock)
        clock.advance(timedelta(seconds=1))
    assert len(names(built)) == 4


def test_a_full_disk_leaves_the_published_snapshot_served(
    built: Workspace, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish(built, clock).name

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageFull):
        publish(built, clock)
    assert (published_name(built), names(built)) == (before, [before])


def test_what_a_killed_publication_left_is_replaced(built: Workspace, clock: FixedClock) -> None:
    snapshot_folder(built).mkdir()
    leftover = snapshot_folder(built) / ".publishing.duckdb"
    leftover.write_bytes(b"half")
    leftover.with_name(".publishing.duckdb.wal").write_bytes(b"half")
    name = publish(built, clock).name
    assert names(built) == [name]
