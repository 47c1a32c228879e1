"""The folder behind the local lake: orphans, crashes at any step, and any order of what senders do."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.clock import FixedClock
from core.errors import Busy, CorruptData, StorageFull
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake import manifest
from data_engineering.lake.local import LocalLake
from data_engineering.lake.models import Source
from tests.doubles.bronze import reading_rows

READINGS = BronzeTable.READINGS
GATEWAY = Source(device_id="gateway", epoch="e1")


@pytest.fixture
def lake(workspace: Workspace, clock: FixedClock) -> LocalLake:
    return LocalLake(workspace, clock)


def append(lake: LocalLake, first: int, last: int, source: Source = GATEWAY) -> bool:
    rows = reading_rows(source, first, last)
    return lake.append(READINGS, rows, source=source, first_seq=first, last_seq=last) is not None


def numbers(lake: LocalLake) -> list[int]:
    return lake.scan(READINGS).collect()["seq"].to_list()


def files(workspace: Workspace) -> list[Path]:
    return [path for path in workspace.lake.rglob("*.parquet") if path.is_file()]


def test_a_part_is_named_by_what_it_holds(lake: LocalLake, workspace: Workspace) -> None:
    append(lake, 0, 9)
    assert lake.parts(READINGS)[0].path == workspace.lake / "readings/dt=2026-01-01/gateway-e1-0-9.parquet"


def test_a_moved_workspace_still_finds_its_parts(lake: LocalLake, workspace: Workspace, clock: FixedClock) -> None:
    append(lake, 0, 9)
    moved = Workspace(workspace.home.with_name("moved"))
    shutil.move(workspace.home, moved.home)
    assert numbers(LocalLake(moved, clock)) == list(range(10))


def test_scanning_an_empty_lake_gives_the_contracts_columns(lake: LocalLake) -> None:
    assert lake.scan(READINGS).collect().columns[:3] == ["device_id", "epoch", "seq"]


def test_a_file_outside_the_manifest_does_not_exist(lake: LocalLake) -> None:
    append(lake, 0, 9)
    shutil.copy(lake.parts(READINGS)[0].path, lake.parts(READINGS)[0].path.with_name("gateway-e1-10-19.parquet"))
    assert numbers(lake) == list(range(10))


def test_orphans_are_swept_by_the_next_writer(lake: LocalLake, workspace: Workspace, clock: FixedClock) -> None:
    append(lake, 0, 9)
    held = lake.parts(READINGS)[0].path
    shutil.copy(held, held.with_name("gateway-e1-10-19.parquet"))
    shutil.copy(held, workspace.lake / ".incoming" / "torn.parquet")
    append(LocalLake(workspace, clock), 20, 29)
    assert sorted(path.name for path in files(workspace)) == ["gateway-e1-0-9.parquet", "gateway-e1-20-29.parquet"]


def test_nothing_is_swept_while_somebody_writes(lake: LocalLake, workspace: Workspace, clock: FixedClock) -> None:
    append(lake, 0, 9)
    (workspace.lake / ".incoming" / "being-written.parquet").write_bytes(b"half")
    with lake.writing():
        assert LocalLake(workspace, clock).sweep() == 0


def test_a_damaged_manifest_is_said_so(lake: LocalLake, workspace: Workspace) -> None:
    append(lake, 0, 9)
    (workspace.lake / "manifest.db").write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptData, match="manifest"):
        lake.parts(READINGS)


def test_the_manifest_survives_power_loss_settings(lake: LocalLake, workspace: Workspace) -> None:
    append(lake, 0, 9)
    with sqlite3.connect(workspace.lake / "manifest.db") as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_manifest_that_somebody_holds_is_said_so(
    lake: LocalLake, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(lake, 0, 9)
    monkeypatch.setattr(manifest, "_BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(workspace.lake / "manifest.db", isolation_level=None)) as holder:
        holder.execute("begin immediate")
        with pytest.raises(Busy, match="another process"):
            append(lake, 10, 19)


def test_a_manifest_that_cannot_grow_is_a_full_disk(
    lake: LocalLake, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(lake, 0, 9)
    monkeypatch.setattr(manifest, "_record", fill_up)
    with pytest.raises(StorageFull, match=r"manifest\.db"):
        append(lake, 10, 19)
    assert lake.high_water(READINGS, GATEWAY) == 9


def fill_up(connection: sqlite3.Connection, *_: object) -> None:
    """As if the disk had no page left for the manifest."""
    connection.execute("pragma max_page_count = 1")
    connection.execute("create table ballast (content blob)")
    connection.execute("insert into ballast values (zeroblob(1000000))")


FSYNCS_OF_A_FIRST_APPEND = 8
"""Of three folders, the manifest's folder, the part, its two folders, and the part's name."""


@pytest.mark.parametrize("failing", range(FSYNCS_OF_A_FIRST_APPEND))
def test_a_disk_full_at_any_sync_writes_nothing_and_can_go_on(
    failing: int, lake: LocalLake, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, real = 0, os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing + 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageFull):
        append(lake, 0, 9)
    assert (numbers(lake), lake.high_water(READINGS, GATEWAY)) == ([], -1)
    assert append(lake, 0, 9)
    assert [path.name for path in files(workspace)] == ["gateway-e1-0-9.parquet"]


def test_another_error_of_the_disk_is_not_called_full(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        append(lake, 0, 9)


class Senders(RuleBasedStateMachine):
    """Any order of new ranges, replays, overlaps, crashes and restarts: visible rows are the accepted ones, once."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.accepted: dict[str, set[int]] = {"a": set(), "b-1": set()}
        self.restart()

    @rule()
    def restart(self) -> None:
        self.lake = LocalLake(Workspace(self.folder), FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))

    @rule(device=st.sampled_from(["a", "b-1"]), first=st.integers(0, 30), length=st.integers(1, 12))
    def send(self, device: str, first: int, length: int) -> None:
        source, wanted = Source(device_id=device, epoch="e"), set(range(first, first + length))
        known = wanted & self.accepted[device]
        if known and known != wanted:
            with pytest.raises(CorruptData):
                append(self.lake, first, first + length - 1, source)
            return
        assert append(self.lake, first, first + length - 1, source) == (not known)
        self.accepted[device] |= wanted

    @rule(device=st.sampled_from(["a", "b-1"]), first=st.integers(0, 30))
    def die_before_the_manifest_row(self, device: str, first: int) -> None:
        """A process killed between the rename and the commit leaves its file, and nothing else."""
        folder = self.folder / "lake" / "readings" / "dt=2026-01-01"
        folder.mkdir(parents=True, exist_ok=True)
        held = {part.path for part in self.lake.parts(READINGS)}
        orphan = folder / f"{device}-e-{first}-{first + 3}.parquet"
        if orphan not in held:
            orphan.write_bytes(b"torn")

    @invariant()
    def visible_rows_are_the_accepted_ones(self) -> None:
        seen = self.lake.scan(READINGS).select("device_id", "seq").collect().rows()
        assert sorted(seen) == sorted((device, n) for device, ns in self.accepted.items() for n in ns)

    @invariant()
    def marks_are_the_highest_accepted_numbers(self) -> None:
        for device, ns in self.accepted.items():
            assert self.lake.high_water(READINGS, Source(device_id=device, epoch="e")) == max(ns, default=-1)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestSenders = Senders.TestCase
TestSenders.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
