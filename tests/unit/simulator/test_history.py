from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from core.clock import FixedClock
from core.errors import CorruptData, InvalidInput
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.lake.models import Part, Source
from data_engineering.simulator.history import HistorySummary, write_history
from data_engineering.simulator.state import anchor_file
from tests.unit.simulator.conftest import END, SEED


def _write(workspace: Workspace, *, until: datetime = END, days: int = 1, seed: int = SEED) -> HistorySummary:
    lake = LocalLake(workspace, FixedClock(END))
    return write_history(lake, workspace=workspace, until=until, days=days, seed=seed)


def _content(workspace: Workspace) -> dict[BronzeTable, pl.DataFrame]:
    lake = LocalLake(workspace, FixedClock(END))
    rows = {table: lake.scan(table).collect() for table in BronzeTable}
    return {table: frame.sort(frame.columns) for table, frame in rows.items()}


def _equal(left: dict[BronzeTable, pl.DataFrame], right: dict[BronzeTable, pl.DataFrame]) -> bool:
    return all(left[table].equals(right[table]) for table in BronzeTable)


class DyingLake(LocalLake):
    """Test double: the process dies at the n-th append."""

    appends_left = 4

    def append(
        self, table: BronzeTable, rows: pl.DataFrame, *, source: Source, first_seq: int, last_seq: int
    ) -> Part | None:
        if self.appends_left == 0:
            raise KeyboardInterrupt
        self.appends_left -= 1
        return super().append(table, rows, source=source, first_seq=first_seq, last_seq=last_seq)


def test_history_fills_every_table_of_the_plant(workspace: Workspace) -> None:
    summary = _write(workspace)
    assert set(summary.rows) == {
        "equipment", "limits", "readings", "events", "maintenance", "quality", "production"
    }  # fmt: skip
    assert all(count > 0 for count in summary.rows.values())


def test_no_row_is_later_than_the_end_of_the_history(workspace: Workspace) -> None:
    _write(workspace)
    content = _content(workspace)
    assert content[BronzeTable.READINGS]["source_ts"].max() < END  # type: ignore[operator]
    assert content[BronzeTable.EVENTS]["source_ts"].max() < END  # type: ignore[operator]
    assert content[BronzeTable.MAINTENANCE]["ended_at"].max() < END  # type: ignore[operator]


def test_the_same_seed_and_end_write_the_same_rows(tmp_path: Path) -> None:
    one, other = Workspace(tmp_path / "one"), Workspace(tmp_path / "other")
    _write(one)
    _write(other)
    assert _equal(_content(one), _content(other))


def test_writing_twice_changes_nothing(workspace: Workspace) -> None:
    first = _write(workspace)
    assert _write(workspace) == first


def test_a_killed_history_goes_on_to_the_same_rows_even_if_called_later(tmp_path: Path) -> None:
    whole, killed = Workspace(tmp_path / "whole"), Workspace(tmp_path / "killed")
    _write(whole)
    with pytest.raises(KeyboardInterrupt):
        write_history(DyingLake(killed, FixedClock(END)), workspace=killed, until=END, days=1, seed=SEED)
    _write(killed, until=END + timedelta(hours=7))
    assert _equal(_content(whole), _content(killed))


def test_an_end_between_two_readings_is_kept(workspace: Workspace) -> None:
    until = END + timedelta(minutes=3, seconds=7, microseconds=9)
    assert _write(workspace, until=until, days=1).end == until.replace(microsecond=0)


def test_an_end_without_time_zone_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="until"):
        _write(workspace, until=datetime(2026, 3, 1, 6, 0))  # noqa: DTZ001


def test_a_history_of_no_days_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="days"):
        _write(workspace, days=0)


def test_another_seed_in_the_same_workspace_is_refused(workspace: Workspace) -> None:
    _write(workspace, days=1)
    with pytest.raises(InvalidInput, match="seed"):
        _write(workspace, seed=SEED + 1)


def test_an_unreadable_state_is_said(workspace: Workspace) -> None:
    anchor_file(workspace).parent.mkdir(parents=True)
    anchor_file(workspace).write_text("{")
    with pytest.raises(CorruptData, match=r"anchor\.json"):
        _write(workspace)


def test_the_truth_is_kept_apart_from_the_lake(workspace: Workspace) -> None:
    _write(workspace, days=1)
    truth = pl.read_parquet(workspace.ground_truth / "faults.parquet")
    assert {"onset", "end", "ending", "failure_mode"} <= set(truth.columns)
    assert not workspace.ground_truth.is_relative_to(workspace.lake)


def test_progress_counts_the_days(workspace: Workspace) -> None:
    seen: list[tuple[str, int, int]] = []
    lake = LocalLake(workspace, FixedClock(END))
    write_history(
        lake, workspace=workspace, until=datetime(2026, 3, 1, tzinfo=UTC), days=2, seed=SEED,
        progress=lambda label, done, total: seen.append((label, done, total)),
    )  # fmt: skip
    assert seen == [("demo plant", 1, 2), ("demo plant", 2, 2)]
