"""What the machines make: times and counts per shift (ISO 22400-2) and inspections, both following the wear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from data_engineering.simulator.models import Line, ProductionProfile
from data_engineering.simulator.noise import generator
from data_engineering.simulator.shifts import DAY, HOUR, SHIFT_HOURS
from data_engineering.simulator.story import MachineStory, Reason, as_datetime

SHIFT_S = 8 * HOUR
INSPECTED_SHARE = 0.85
SAMPLE = 50
INSPECTION_DELAY_S = 1200
UNPLANNED_SHIFTS = 0.003
"""Share of shifts whose plan never reached the records: planned busy time is null then, and so is OEE."""


class ShiftOutput:
    """One machine in one shift of eight hours beginning at `start`."""

    def __init__(self, seed: int, story: MachineStory, line: Line, profile: ProductionProfile, start: int) -> None:
        self.story, self.line, self.profile = story, line, profile
        self.start, self.end = start, start + SHIFT_S
        self.planned_s = self._worked(start, self.end) - self._stopped_s(planned=True)
        rng = generator(seed, story.machine.id, "shift", start)
        self._is_unplanned = rng.random() < UNPLANNED_SHIFTS
        wear = self._wear()
        lost = max(self.planned_s - self._stopped_s(planned=False), 0.0)
        self.actual_s = float(round(lost * rng.uniform(0.93, 0.985)))
        pace = rng.uniform(0.90, 0.97) - 0.06 * wear
        self.produced = int(self.actual_s * pace / profile.item_seconds)
        self.scrap_rate = min(profile.scrap_rate * (1.0 + 6.0 * wear**1.5) * rng.lognormal(0.0, 0.2), 0.5)
        self.good = self.produced - int(rng.binomial(self.produced, self.scrap_rate))
        self._rng = rng

    @property
    def name(self) -> str:
        return SHIFT_HOURS[self.start % DAY // HOUR]

    def production(self) -> dict[str, Any]:
        return {
            "production_id": f"PR-{self.story.machine.id}-{self._stamp}",
            "equipment_id": self.story.machine.id,
            "period_start": as_datetime(self.start),
            "period_end": as_datetime(self.end),
            "shift": self.name,
            "product": self.line.product,
            "planned_busy_time_s": None if self._is_unplanned else float(self.planned_s),
            "actual_production_time_s": self.actual_s,
            "planned_run_time_per_item_s": self.profile.item_seconds,
            "produced_quantity": float(self.produced),
            "good_quantity": float(self.good),
        }

    def inspection(self) -> dict[str, Any] | None:
        """The inspection after the shift; None when nobody had time or nothing was made."""
        rng = self._rng
        sample = min(SAMPLE, self.produced)
        if rng.random() > INSPECTED_SHARE or sample == 0:
            return None
        defective = int(rng.binomial(sample, self.scrap_rate))
        weights = np.array([0.45, 0.27, 0.18, 0.10][: len(self.profile.defects)])
        defect = self.profile.defects[int(rng.choice(len(weights), p=weights / weights.sum()))]
        return {
            "inspection_id": f"QI-{self.story.machine.id}-{self._stamp}",
            "equipment_id": self.story.machine.id,
            "product": self.line.product,
            "batch": f"L{self._stamp}-{self.story.machine.line}",
            "inspected": sample,
            "defective": defective,
            "defect_type": defect if defective else None,
            "inspected_at": as_datetime(self.end + INSPECTION_DELAY_S),
        }

    @property
    def _stamp(self) -> str:
        return as_datetime(self.start).strftime("%Y%m%d%H")

    def _worked(self, start: int, end: int) -> float:
        return self.story.clock.worked_at(end) - self.story.clock.worked_at(start)

    def _stopped_s(self, *, planned: bool) -> float:
        return sum(
            self._worked(max(stop.start, self.start), min(stop.end, self.end))
            for stop in self.story.stops
            if (stop.reason is Reason.PLANNED) is planned and stop.start < self.end and stop.end > self.start
        )

    def _wear(self) -> float:
        """Highest severity in the middle of the shift of the faults that stop the machine in the end, 0 to 1."""
        middle = np.array([self.start + SHIFT_S // 2])
        faults = [f for f in self.story.faults if f.mode.stops_machine and f.onset < self.end and f.end > self.start]
        return max((float(f.severity(middle, self.story.clock)[0]) for f in faults), default=0.0)


def shifts_ending(start: int, end: int) -> Iterator[int]:
    """Starts of the shifts that end in [start, end)."""
    first = (start - SHIFT_S - 6 * HOUR) // SHIFT_S * SHIFT_S + 6 * HOUR
    yield from (at for at in range(first, end, SHIFT_S) if start <= at + SHIFT_S < end)
