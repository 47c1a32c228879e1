"""Whole data sets, killed processes, full disks and several writers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from core.clock import FixedClock
from core.errors import StorageFull
from core.workspace import Workspace
from data_engineering.connectors import sources
from data_engineering.connectors.files import import_files
from data_engineering.connectors.models import ImportSummary
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake

ROOT = Path(__file__).resolve().parents[2]
MAPPING = """
name: plant
description: test plant
files:
  - match: "*.csv"
    format: csv
    targets:
      - table: readings
        fields: {equipment_id: machine, source_ts: {column: time, zone: UTC}}
        values: [{column: vib, metric: vibration, unit: mm/s}, {column: temp, metric: temperature, unit: degC}]
"""
IMPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.clock import FixedClock
from core.workspace import Workspace
from data_engineering.connectors import sources
from data_engineering.connectors.files import import_files
from data_engineering.lake.local import LocalLake

home, mapping, file, batch_rows = sys.argv[1:]
sources.BATCH_ROWS = int(batch_rows)
workspace, clock = Workspace(Path(home)), FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
print("started", flush=True)
import_files([Path(file)], Path(mapping), lake=LocalLake(workspace, clock), workspace=workspace, clock=clock,
             progress=lambda label, done, total: print(done, flush=True))
"""


def export(folder: Path, rows: int) -> tuple[Path, Path]:
    """(mapping, file); every hundredth row has a value that is no number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plant.yml").write_text(MAPPING)
    with (folder / "export.csv").open("w") as file:
        file.write("time,machine,vib,temp\n")
        for n in range(rows):
            minute = f"2026-03-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"
            file.write(f"{minute},CNC-A-{n % 7},{'x' if n % 100 == 0 else n % 150},{n % 90}\n")
    return folder / "plant.yml", folder / "export.csv"


def bring(home: Path, mapping: Path | str, files: list[Path]) -> ImportSummary:
    workspace, clock = Workspace(home), FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
    return import_files(files, mapping, lake=LocalLake(workspace, clock), workspace=workspace, clock=clock)


def rows(home: Path, table: BronzeTable = BronzeTable.READINGS) -> pl.DataFrame:
    return LocalLake(Workspace(home), FixedClock(datetime(2026, 3, 1, tzinfo=UTC))).scan(table).collect()


def content(home: Path) -> tuple[pl.DataFrame, list[str]]:
    """(readings in the sender's order, reject files line by line)."""
    rejects = [line for file in Workspace(home).rejects.glob("*.csv") for line in file.read_text().splitlines()]
    return rows(home).sort("seq"), rejects


def start(home: Path, mapping: Path, file: Path, batch_rows: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", IMPORT, str(home), str(mapping), str(file), str(batch_rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("seen_batches", [1, 3, 8])
def test_an_import_killed_in_the_middle_ends_as_if_it_had_never_been(seen_batches: int, tmp_path: Path) -> None:
    mapping, file = export(tmp_path / "export", 6_000)
    with start(tmp_path / "killed", mapping, file, 500) as process:
        assert process.stdout is not None
        for _ in range(2 + seen_batches):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    bring(tmp_path / "killed", mapping, [file])
    bring(tmp_path / "whole", mapping, [file])
    killed, whole = content(tmp_path / "killed"), content(tmp_path / "whole")
    assert_frame_equal(killed[0], whole[0])
    assert killed[1] == whole[1]


def test_an_import_killed_again_and_again_ends_too(tmp_path: Path) -> None:
    mapping, file = export(tmp_path / "export", 6_000)
    returncode = -signal.SIGKILL
    for delay in (0.0, 0.02, 0.05, 0.1):
        with start(tmp_path / "killed", mapping, file, 250) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        returncode = process.returncode
    assert returncode == -signal.SIGKILL
    bring(tmp_path / "killed", mapping, [file])
    readings, rejects = content(tmp_path / "killed")
    assert (readings.height, readings["seq"].n_unique(), len(rejects)) == (2 * 6_000 - 60, 2 * 6_000 - 60, 61)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this test fills")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"mounting a tmpfs is not allowed here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_an_import_which_goes_on_once_there_is_space(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 1_000)
    mapping, file = export(tmp_path / "export", 60_000)
    home = small_disk / "home"
    with pytest.raises(StorageFull, match=r"No space|no space"):
        bring(home, mapping, [file])
    before = rows(home).height
    assert 0 < before < 2 * 60_000
    assert not list((home / "lake" / ".incoming").iterdir())
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    bring(home, mapping, [file])
    readings, rejects = content(home)
    assert (readings["seq"].n_unique(), readings.height, len(rejects)) == (119_400, 119_400, 601)


APPEND = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from core.clock import FixedClock
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.lake.models import Source
from tests.doubles.bronze import reading_rows

lake = LocalLake(Workspace(Path(sys.argv[1])), FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))
source = Source(device_id=sys.argv[2], epoch="e")
for first in range(0, 200, 10):
    rows = reading_rows(source, first, first + 9)
    lake.append(BronzeTable.READINGS, rows, source=source, first_seq=first, last_seq=first + 9)
    lake.scan(BronzeTable.READINGS).collect()
"""


def test_two_senders_and_a_double_of_one_append_at_once_and_nothing_is_stored_twice(tmp_path: Path) -> None:
    senders = ["a", "b", "b"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, str(tmp_path / "home"), sender], cwd=ROOT, stderr=subprocess.PIPE
        )
        for sender in senders
    ]
    errors = [process.communicate()[1].decode() for process in processes]
    assert errors == [""] * len(senders)
    stored = rows(tmp_path / "home").select("device_id", "seq")
    assert (stored.height, stored.n_unique()) == (400, 400)


def test_a_reader_sees_whole_ranges_only(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path / "home"), "a"], cwd=ROOT) as process:
        while process.poll() is None:
            assert rows(tmp_path / "home").height % 10 == 0
    assert process.returncode == 0


AZURE_ROWS = {"equipment": 100, "events": 2925 + 581, "maintenance": 2554, "readings": 4 * (43_200 + 88_482 + 29_606)}


@pytest.fixture(scope="module")
def azure(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportSummary]:
    home = tmp_path_factory.mktemp("azure") / "home"
    folder = shared_data / "data" / "azure_pdm"
    return home, bring(home, "azure_pdm", [*folder.glob("*.csv"), *folder.glob("*.parquet")])


@pytest.mark.shared
class TestAzurePdm:
    def test_every_row_of_the_source_is_accepted(self, azure: tuple[Path, ImportSummary]) -> None:
        assert (azure[1].accepted(), azure[1].refused()) == (AZURE_ROWS, {})

    def test_every_row_of_the_source_is_in_the_lake(self, azure: tuple[Path, ImportSummary]) -> None:
        assert {table: rows(azure[0], BronzeTable(table)).height for table in AZURE_ROWS} == AZURE_ROWS

    def test_every_machine_has_readings_errors_and_exchanges(self, azure: tuple[Path, ImportSummary]) -> None:
        machines = {f"M-{number:03}" for number in range(1, 101)}
        tables = [BronzeTable.EQUIPMENT, BronzeTable.READINGS, BronzeTable.EVENTS, BronzeTable.MAINTENANCE]
        assert all(set(rows(azure[0], table)["equipment_id"]) == machines for table in tables)

    def test_failures_and_errors_are_told_apart(self, azure: tuple[Path, ImportSummary]) -> None:
        counts = dict(rows(azure[0], BronzeTable.EVENTS)["kind"].value_counts().rows())
        assert counts == {"error": 2925, "failure": 581}

    def test_an_exchange_in_the_hour_of_its_failure_is_corrective(self, azure: tuple[Path, ImportSummary]) -> None:
        jobs = rows(azure[0], BronzeTable.MAINTENANCE)
        failures = rows(azure[0], BronzeTable.EVENTS).filter(pl.col("kind") == "failure")
        keys = ["equipment_id", "component", "started_at"]
        failed = failures.rename({"source_ts": "started_at"}).select(keys)
        assert (
            jobs.filter(pl.col("kind") == "corrective")
            .select(keys)
            .sort(keys)
            .equals(jobs.join(failed, on=keys, how="semi").select(keys).sort(keys))
        )

    def test_the_sources_agree_on_common_hours(self, azure: tuple[Path, ImportSummary]) -> None:
        spread = (
            rows(azure[0])
            .group_by("equipment_id", "metric", "source_ts")
            .agg((pl.col("value").max() - pl.col("value").min()).alias("spread"))
        )
        assert spread["spread"].max() == 0.0

    def test_there_are_as_many_hours_as_the_source_says(self, azure: tuple[Path, ImportSummary]) -> None:
        assert rows(azure[0]).select("equipment_id", "metric", "source_ts").n_unique() == 4 * 131_682

    def test_values_are_the_sources_own(self, azure: tuple[Path, ImportSummary], shared_data: Path) -> None:
        source = pl.read_parquet(shared_data / "data/azure_pdm/telemetry_20machines_90days.parquet")
        machine = source.filter(pl.col("machineID") == 7).sort("datetime")["vibration"]
        ours = rows(azure[0]).filter(pl.col("equipment_id") == "M-007", pl.col("metric") == "azure_vibration")
        hours = (
            ours.unique("source_ts").sort("source_ts").filter(pl.col("source_ts") < datetime(2015, 4, 1, 6, tzinfo=UTC))
        )
        assert hours["value"].to_list() == machine.to_list()

    def test_importing_again_changes_nothing(self, azure: tuple[Path, ImportSummary], shared_data: Path) -> None:
        folder = shared_data / "data" / "azure_pdm"
        again = bring(azure[0], "azure_pdm", [*folder.glob("*.csv"), *folder.glob("*.parquet")])
        assert (set(again.accepted().values()), all(file.was_known for file in again.files)) == ({0}, True)


@pytest.fixture(scope="module")
def ai4i(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("ai4i") / "home"
    bring(home, "ai4i", [shared_data / "data" / "ai4i2020" / "ai4i2020.csv"])
    return home


@pytest.mark.shared
class TestAi4i:
    def test_every_row_gives_five_good_readings(self, ai4i: Path) -> None:
        readings = rows(ai4i)
        assert (readings.height, readings["status_code"].max(), readings["value"].null_count()) == (50_000, 0, 0)

    def test_the_339_failures_are_events(self, ai4i: Path) -> None:
        events = rows(ai4i, BronzeTable.EVENTS)
        assert (events.height, events["code"].null_count(), events.filter(pl.col("code") == "HDF").height) == (
            339,
            9,
            106,
        )

    def test_kelvin_became_degrees_celsius(self, ai4i: Path) -> None:
        first = rows(ai4i).filter(pl.col("metric") == "ambient_temperature").sort("source_ts")["value"][0]
        assert first == pytest.approx(298.1 - 273.15)

    def test_rows_are_five_minutes_apart_on_the_mappings_own_clock(self, ai4i: Path) -> None:
        moments = rows(ai4i)["source_ts"].unique().sort()
        assert (moments[0], moments.diff().drop_nulls().unique().dt.total_minutes().to_list()) == (
            datetime(2020, 1, 1, tzinfo=UTC),
            [5],
        )
