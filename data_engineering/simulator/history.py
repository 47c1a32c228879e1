"""The plant's past, written into the lake at 10-minute resolution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import require_aware
from core.errors import InvalidInput
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.ports import Lake
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.recording import STREAMED, record, record_master_data
from data_engineering.simulator.shifts import DAY
from data_engineering.simulator.state import anchor_file, load_anchor, save_anchor, save_ground_truth
from data_engineering.simulator.story import Anchor


@dataclass(frozen=True)
class HistorySummary:
    """What the lake now holds of the demo plant."""

    start: datetime
    end: datetime
    machines: int
    failures: int
    rows: dict[str, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{count:,} {table}" for table, count in self.rows.items())
        return (
            f"Demo plant, {self.machines} machines, {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC: "
            f"{counts}; {self.failures} failures."
        )


def write_history(
    lake: Lake,
    *,
    workspace: Workspace,
    until: datetime,
    days: int = 90,
    seed: int,
    progress: Progress = silent,
) -> HistorySummary:
    """Writes `days` of history up to `until`. Killed and called again it goes on where it stopped.

    A workspace has one demo plant: when it has a history already, that one is completed to its own end and `until` and
    `days` are not looked at; `run_live` fills the time since.

    Raises:
        InvalidInput: `until` without time zone, no days, or another seed than the workspace's plant.
        StorageFull: the disk is full; call again when it is not.
    """
    anchor = _anchor(workspace, until, days, seed)
    plant = DemoPlant(anchor)
    save_ground_truth(workspace, plant)
    record_master_data(lake, plant)
    _record_days(lake, plant, progress)
    return _summary(lake, plant)


def _anchor(workspace: Workspace, until: datetime, days: int, seed: int) -> Anchor:
    if anchor_file(workspace).exists():
        return load_anchor(workspace, seed)
    if days < 1:
        raise InvalidInput(f"days: {days} is not a history.", remedy="Give at least 1.", field="days")
    end = require_aware(until, field="until").replace(microsecond=0)
    start = end - timedelta(days=days)
    anchor = Anchor(seed, start - timedelta(seconds=start.timestamp() % 600), end)
    save_anchor(workspace, anchor)
    return anchor


def _record_days(lake: Lake, plant: DemoPlant, progress: Progress) -> None:
    begins, ends = plant.anchor.begins, plant.anchor.ends
    bounds = [*range((begins // DAY + 1) * DAY, ends, DAY), ends]
    for number, bound in enumerate(bounds, start=1):
        record(lake, BronzeTable.READINGS, plant, bound)
        record(lake, BronzeTable.EVENTS, plant, bound)
        progress("demo plant", number, len(bounds))
    for table in STREAMED:
        record(lake, table, plant, ends)


def _summary(lake: Lake, plant: DemoPlant) -> HistorySummary:
    rows = {
        table.value: sum(part.rows for part in lake.parts(table) if part.source == plant.source)
        for table in (BronzeTable.EQUIPMENT, BronzeTable.LIMITS, *STREAMED)
    }
    anchor = plant.anchor
    failures = [stop for story in plant.stories.values() for stop in story.failures()]
    within = sum(anchor.begins <= stop.start < anchor.ends for stop in failures)
    return HistorySummary(anchor.start, anchor.end, len(plant.stories), within, rows)
