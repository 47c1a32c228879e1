"""The plant's present: the story goes on where the lake stopped, then second by second."""

from __future__ import annotations

import threading

import numpy as np

from core.clock import Clock
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.ports import Lake
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.recording import STREAMED, append, record, written_until
from data_engineering.simulator.shifts import DAY
from data_engineering.simulator.state import load_anchor, save_ground_truth


def run_live(
    lake: Lake,
    *,
    workspace: Workspace,
    clock: Clock,
    seed: int,
    interval_seconds: float,
    stop: threading.Event,
    progress: Progress = silent,
) -> None:
    """Fills the time since the last written moment at 10-minute resolution, then appends one reading of every metric of
    every machine each `interval_seconds`, with whatever else happened, until `stop` is set.

    Raises:
        NotReady: the workspace has no history yet.
        InvalidInput: another seed than the workspace's plant.
        StorageFull: the disk is full; call again when it is not.
    """
    plant = DemoPlant(load_anchor(workspace, seed), reach=_now(clock))
    save_ground_truth(workspace, plant)
    catch_up(lake, plant, _now(clock), stop=stop, progress=progress)
    while not stop.wait(interval_seconds):
        now = _now(clock)
        if now > plant.reach - DAY:
            plant = DemoPlant(plant.anchor, reach=now)
            save_ground_truth(workspace, plant)
        append_moment(lake, plant, now)


def catch_up(lake: Lake, plant: DemoPlant, now: int, *, stop: threading.Event, progress: Progress = silent) -> None:
    """The plant went on while nobody listened: everything before the second `now`, a day at a time."""
    start = written_until(lake, BronzeTable.READINGS, plant)
    bounds = [*range((start // DAY + 1) * DAY, now, DAY), now]
    for number, bound in enumerate(bounds, start=1):
        for table in STREAMED:
            record(lake, table, plant, bound)
        progress("demo plant catches up", number, len(bounds))
        if stop.is_set():
            return


def append_moment(lake: Lake, plant: DemoPlant, now: int) -> None:
    """The readings of the last whole second before `now`, and everything else that became known since."""
    start = written_until(lake, BronzeTable.READINGS, plant)
    if start < now:
        append(lake, BronzeTable.READINGS, plant, plant.readings_at(np.array([now - 1])), start, now)
    for table in STREAMED[1:]:
        record(lake, table, plant, now)


def _now(clock: Clock) -> int:
    return int(clock.now().timestamp())
