"""One fault of one component: how far it has grown, and what it does to the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from data_engineering.simulator.models import Curve, FailureMode
from data_engineering.simulator.noise import Floats, Seconds
from data_engineering.simulator.shifts import WorkClock

CURVE_EXPONENT: dict[Curve, float] = {"early": 0.7, "steady": 1.5, "late": 3.0}


class Ending(StrEnum):
    """How a fault leaves the machine. Known to the simulator alone."""

    FAILED = "failed"
    CALIBRATED = "calibrated"
    CAUGHT = "caught"  # repaired in time, because somebody looked
    PREVENTED = "prevented"  # removed by a preventive task
    PASSED = "passed"  # stopped growing and went away: run-in, a bad batch, a loose sensor


@dataclass(frozen=True)
class Fault:
    """Severity rises with running time from 0 at `onset` to `peak` and is gone at `end`.

    `onset` and `end` are seconds since 1970; `growth` is the running time in seconds from severity 0 to 1; `gain` says
    how strongly it shows; a quiet fault raises no code; one that `fades_until` then goes away by itself.
    """

    fault_id: str
    equipment_id: str
    mode: FailureMode
    onset: int
    growth: float
    end: int
    ending: Ending
    peak: float = 1.0
    gain: float = 1.0
    is_quiet: bool = False
    fades_until: int | None = None

    def severity(self, seconds: Seconds, clock: WorkClock) -> Floats:
        """0 before onset and after the end, else the grown share, at most `peak`."""
        grown = (clock.worked(seconds) - clock.worked_at(self.onset)) / self.growth
        level = np.clip(grown, 0.0, self.peak)
        if self.fades_until is not None:
            level = level * np.clip((self.fades_until - seconds) / (0.3 * (self.fades_until - self.onset)), 0.0, 1.0)
        result: Floats = np.where((seconds >= self.onset) & (seconds < self.end), level, 0.0)
        return result

    def shifts(self, severity: Floats) -> dict[str, Floats]:
        """Metric to its shift, in the metric's unit."""
        return {
            metric: effect.at_failure * self.gain * severity ** CURVE_EXPONENT[effect.curve]
            for metric, effect in self.mode.effects.items()
        }
