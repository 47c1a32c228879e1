from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from core.clock import FixedClock
from core.errors import NotReady
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.simulator.history import write_history
from data_engineering.simulator.live import append_moment, catch_up, run_live
from data_engineering.simulator.plant import DemoPlant
from tests.unit.simulator.conftest import END, SEED, anchor


@dataclass
class TickingClock:
    """Test double: a minute later at each look; after `looks` it stops the stream."""

    at: datetime
    looks: int
    stop: threading.Event

    def now(self) -> datetime:
        self.looks -= 1
        if self.looks <= 0:
            self.stop.set()
        self.at += timedelta(minutes=1)
        return self.at


def _lake(workspace: Workspace) -> LocalLake:
    return LocalLake(workspace, FixedClock(END))


def _history(workspace: Workspace) -> LocalLake:
    lake = _lake(workspace)
    write_history(lake, workspace=workspace, until=END, days=1, seed=SEED)
    return lake


def _run(workspace: Workspace, *, start: datetime, looks: int) -> None:
    stop = threading.Event()
    clock = TickingClock(start, looks, stop)
    run_live(_lake(workspace), workspace=workspace, clock=clock, seed=SEED, interval_seconds=0.001, stop=stop)


def _times(lake: LocalLake, equipment_id: str = "PUMP-E-206", metric: str = "flow") -> list[datetime]:
    rows = lake.scan(BronzeTable.READINGS).filter(equipment_id=equipment_id, metric=metric).collect()
    return rows["source_ts"].sort().to_list()


def test_live_without_a_history_says_what_to_run(workspace: Workspace) -> None:
    with pytest.raises(NotReady) as refusal:
        _run(workspace, start=END, looks=2)
    assert "copilot demo history" in refusal.value.remedy


def test_live_fills_the_time_since_at_ten_minutes(workspace: Workspace) -> None:
    lake = _history(workspace)
    catch_up(lake, DemoPlant(anchor(1)), int(END.timestamp()) + 7200, stop=threading.Event())
    filled = [at for at in _times(lake) if at >= END]
    assert filled == [END + timedelta(minutes=10 * step) for step in range(12)]


def test_live_adds_a_reading_of_every_series_each_interval(workspace: Workspace) -> None:
    lake = _history(workspace)
    _run(workspace, start=END + timedelta(seconds=30), looks=5)
    after = [at for at in _times(lake) if at > END]
    steps = {later - earlier for earlier, later in pairwise(after)}
    assert len(after) >= 2
    assert steps == {timedelta(minutes=1)}


def test_live_started_again_writes_nothing_twice(workspace: Workspace) -> None:
    lake = _history(workspace)
    _run(workspace, start=END, looks=4)
    _run(workspace, start=END + timedelta(minutes=2), looks=6)
    times = _times(lake)
    assert len(times) == len(set(times))


def test_a_clock_that_stands_still_writes_a_moment_once(workspace: Workspace) -> None:
    lake, plant = _history(workspace), DemoPlant(anchor(1))
    for _ in range(2):
        append_moment(lake, plant, int(END.timestamp()) + 60)
    assert len([at for at in _times(lake) if at > END]) == 1


def test_live_continues_the_history_without_a_jump() -> None:
    """The step over the end of the history is as large as any other step of the same series."""
    plant = DemoPlant(anchor(1))
    signals = plant.signals["PUMP-B-203"]
    values = signals.values(plant.anchor.ends + np.arange(-144, 6) * 600)
    steps = np.abs(np.diff(values, axis=1))
    assert (steps[:, 143] <= np.maximum(steps[:, :143].max(axis=1), 1e-9) * 1.5).all()


def test_history_then_live_equals_a_longer_history(workspace: Workspace) -> None:
    lake, plant = _history(workspace), DemoPlant(anchor(1))
    later = plant.anchor.ends + 2 * 86_400
    catch_up(lake, plant, later, stop=threading.Event())
    for table in (BronzeTable.READINGS, BronzeTable.EVENTS, BronzeTable.PRODUCTION):
        expected = plant.rows(table, plant.anchor.begins, later)
        written = lake.scan(table).collect()
        assert written.sort(pl.all()).equals(expected.sort(pl.all()))


def test_live_stops_in_the_middle_of_catching_up(workspace: Workspace) -> None:
    lake, plant, stop = _history(workspace), DemoPlant(anchor(1)), threading.Event()
    stop.set()
    catch_up(lake, plant, plant.anchor.ends + 5 * 86_400, stop=stop)
    last = max(_times(lake))
    assert last < END + timedelta(days=2)
