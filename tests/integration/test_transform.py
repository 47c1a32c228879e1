"""`transform` over a small plant: what it builds, what it carries over, what it does with what is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from core.clock import FixedClock
from core.errors import CorruptData
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.warehouse.dbt import PROJECT
from data_engineering.warehouse.duckdb import open_snapshot
from data_engineering.warehouse.snapshots import published_name, snapshot_folder
from data_engineering.warehouse.transform import TransformSummary, transform
from tests.doubles.small_lake import append, at, readings, two_plants

pytestmark = pytest.mark.slow


class Plant:
    """A workspace with its lake; time stands at day 3 and moves on by a minute with each transformation."""

    def __init__(self, home: Path) -> None:
        self.workspace = Workspace(home)
        self.clock = FixedClock(at(3))
        self.lake = LocalLake(self.workspace, self.clock)

    def transform(self, select: str | None = None) -> TransformSummary:
        self.clock.advance(timedelta(minutes=1))
        return transform(self.workspace, lake=self.lake, clock=self.clock, select=select)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with open_snapshot(self.workspace) as connection:
            return connection.execute(sql).fetchall()

    def table(self, name: str) -> list[tuple[object, ...]]:
        """Every row, spelled as text, so that two builds can be compared."""
        return self.rows(f"select columns(*)::varchar from marts.{name} order by all")


@pytest.fixture(scope="module")
def project_before() -> list[Path]:
    return sorted(PROJECT.rglob("*"))


@pytest.fixture(scope="module")
def published(project_before: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """Two machines, transformed once; tests only read it."""
    plant = Plant(tmp_path_factory.mktemp("plant") / "home")
    two_plants(plant.lake)
    assert plant.transform().is_full
    return plant


@pytest.fixture
def plant(published: Plant, tmp_path: Path) -> Plant:
    """A copy of the published plant that a test may change."""
    shutil.copytree(published.workspace.home, tmp_path / "home")
    copy = Plant(tmp_path / "home")
    copy.clock.advance(timedelta(hours=1))
    return copy


def test_what_arrives_later_gives_the_tables_that_a_build_from_scratch_gives(plant: Plant, tmp_path: Path) -> None:
    scratch = Plant(tmp_path / "scratch")
    two_plants(scratch.lake)
    for each in (plant, scratch):
        append(each.lake, BronzeTable.READINGS, readings("CNC-1", "vibration", {at(1, hour=23, minute=45): 60.0}))
        again = readings("CNC-1", "vibration", {at(0): 30.0}, ingest_ts=at(101))
        append(each.lake, BronzeTable.READINGS, [*again, *readings("CNC-1", "temperature", {at(0, hour=1): 40.0})])
        append(each.lake, BronzeTable.READINGS, readings("CNC-1", "vibration", {at(0): 10.0}, ingest_ts=at(99)))
    second = plant.transform()
    scratch.transform()
    assert (second.is_full, second.parts) == (False, 3)
    for name in ("fact_sensor_readings", "fact_sensor_tiles_hourly", "mart_equipment_health"):
        assert plant.table(name) == scratch.table(name), name
    first = "select value from marts.fact_sensor_readings where equipment_id = 'CNC-1' order by source_ts limit 1"
    assert plant.rows(first) == [(30.0,)]


def test_a_selection_publishes_new_scores_without_reading_readings_again(plant: Plant) -> None:
    append(plant.lake, BronzeTable.READINGS, readings("CNC-1", "vibration", {at(2): 1.0}))
    score = {
        "prediction_id": "new",
        "equipment_id": "CNC-1",
        "model_name": "failure",
        "model_version": "15",
        "as_of": at(2, hour=5),
        "scored_at": at(2, hour=6),
        "horizon_hours": 168,
        "failure_probability": 0.9,
        "factors": "[]",
        "feature_hash": "h",
    }
    append(plant.lake, BronzeTable.PREDICTIONS, [score])
    summary = plant.transform("fact_predictions+ stg_predictions")
    shown = plant.rows("select model_version, p_7d from marts.mart_predictive_maintenance where equipment_id = 'CNC-1'")
    assert (shown, summary.parts, summary.snapshot.readings) == ([("15", 0.9)], 0, 192)
    assert plant.transform().parts == 1


def test_a_plant_without_a_single_row_is_published_empty(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "empty")
    summary = plant.transform()
    assert (summary.snapshot.readings, summary.snapshot.data_until) == (0, None)
    assert plant.table("fact_sensor_readings") == []


def test_the_arithmetic_of_the_models_holds(published: Plant, tmp_path: Path) -> None:
    """dbt's own unit tests; from the build file they take only the types of columns."""
    build = shutil.copyfile(published.workspace.warehouse_build, tmp_path / "build.duckdb")
    flags = ["--no-send-anonymous-usage-stats", "--no-use-colors", "--log-level-file", "none"]
    places = [f"--{name}={PROJECT}" for name in ("project-dir", "profiles-dir")]
    places += [f"--{name}={tmp_path}" for name in ("target-path", "log-path")]
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), *flags, "test", "--select", "test_type:unit", *places],
        env={**os.environ, "COPILOT_DBT_DATABASE": str(build)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_truncated_part_is_named_and_the_published_snapshot_stays(plant: Plant) -> None:
    before = published_name(plant.workspace)
    job = {"maintenance_id": "m9", "equipment_id": "CNC-1", "kind": "corrective", "started_at": at(2)}
    part = append(plant.lake, BronzeTable.MAINTENANCE, [job])
    assert part is not None
    part.path.write_bytes(part.path.read_bytes()[:-20])
    with pytest.raises(CorruptData, match=part.path.name):
        plant.transform()
    assert published_name(plant.workspace) == before
    assert [file.stem for file in snapshot_folder(plant.workspace).iterdir()] == [before]


def test_a_torn_build_file_is_made_again_from_the_lake(plant: Plant) -> None:
    build = plant.workspace.warehouse_build
    build.write_bytes(build.read_bytes()[:5000])
    summary = plant.transform()
    assert (summary.is_full, summary.snapshot.readings) == (True, 192)


def test_a_reading_of_an_unknown_metric_stops_the_publication_and_is_said(plant: Plant) -> None:
    before = published_name(plant.workspace)
    append(plant.lake, BronzeTable.READINGS, readings("CNC-1", "loudness", {at(0): 1.0}))
    with pytest.raises(CorruptData, match="fact_sensor_readings_metric"):
        plant.transform()
    assert published_name(plant.workspace) == before


def test_an_implausible_row_is_warned_of_and_does_not_stop_the_plant(plant: Plant) -> None:
    check = {"inspection_id": "odd", "equipment_id": "CNC-1", "inspected": 1, "defective": 2, "inspected_at": at(1)}
    append(plant.lake, BronzeTable.QUALITY, [check])
    summary = plant.transform()
    assert len(summary.warnings) == 1
    assert "fact_quality_inspections" in summary.warnings[0]


def test_the_snapshot_holds_the_marts_alone(published: Plant) -> None:
    assert published.rows("select distinct schema_name from duckdb_tables()") == [("marts",)]
    assert published.rows("select count(*) from duckdb_views() where not internal") == [(0,)]


@pytest.mark.parametrize(
    "sql",
    ["create table t (a int)", "from read_csv('/etc/passwd')", "set threads = 8", "install httpfs", "attach 'x.db'"],
)
def test_a_snapshot_can_neither_write_nor_reach_out(published: Plant, sql: str) -> None:
    with pytest.raises(duckdb.Error, match=r"read-only|disabled|locked"):
        published.rows(sql)


def test_the_project_folder_stays_as_it_was(project_before: list[Path], published: Plant) -> None:
    assert sorted(PROJECT.rglob("*")) == project_before
