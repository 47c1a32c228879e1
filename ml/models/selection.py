"""Which seasonal shape a series gets: decided by its own back-test, in favour of the default when it is close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """A repeating profile, and how the latest deviation from it carries on.

    `period` in hours; `cycles` of them are averaged with weight `decay` a cycle into the past; of the latest deviation
    `persistence` is left after each hour.
    """

    name: str
    period: int
    cycles: int
    decay: float
    persistence: float


DAILY = Shape("daily", period=24, cycles=14, decay=0.8, persistence=0.97)
"""The default: fixed before it was ever measured, see docs/explanation/forecasting.md."""
WEEKLY = Shape("weekly", period=168, cycles=6, decay=0.8, persistence=0.97)
"""For plants that rest at weekends."""
DRIFTING = Shape("drifting", period=24, cycles=14, decay=0.8, persistence=1.0)
"""For wear: the level reached now is kept."""
SHAPES = (DAILY, WEEKLY, DRIFTING)

NEEDED_GAIN = 0.05
"""A shape replaces the default only when its back-test error is this much smaller, as a fraction."""


def choose(errors: Mapping[Shape, float], default: Shape = DAILY) -> Shape:
    """The shape of smallest back-test error; `default` unless another is clearly better."""
    best = min(errors, key=lambda shape: errors[shape])
    if default in errors and errors[best] > (1.0 - NEEDED_GAIN) * errors[default]:
        return default
    return best
