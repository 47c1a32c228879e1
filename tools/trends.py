"""Daily points, and whether they move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from tools.models import Trend, TrendPoint

Direction = Literal["rising", "falling", "steady", "unknown"]

MOVES_PERCENT = 5.0
"""A change smaller than this is called steady whatever its significance."""
CRITICAL_T = 2.0
"""Two-sided 5 % bound of Welch's t for the ranges shown here (about 10 days or more a half)."""


@dataclass(frozen=True, slots=True)
class Point:
    date: str
    value: float | None


def make_trend(metric: str, label: str, unit: str, points: Sequence[Point]) -> Trend:
    """Second half against first half; a direction is claimed only for a change of 5 % that Welch's t supports."""
    known = [point.value for point in points if point.value is not None]
    half = len(known) // 2
    first, second = known[:half], known[len(known) - half :]
    change = None
    if half and fmean(first):
        change = (fmean(second) - fmean(first)) / abs(fmean(first)) * 100
    return Trend(
        metric=metric,
        label=label,
        unit=unit,
        points=[TrendPoint(date=point.date, value=point.value) for point in points],
        change_percent=None if change is None else round(change, 2),
        direction=_direction(first, second, change),
    )


def _direction(first: Sequence[float], second: Sequence[float], change: float | None) -> Direction:
    if change is None or len(first) < 3:
        return "unknown"
    if abs(change) < MOVES_PERCENT or abs(welch_t(first, second)) < CRITICAL_T:
        return "steady"
    return "rising" if change > 0 else "falling"


def welch_t(first: Sequence[float], second: Sequence[float]) -> float:
    """Welch's t statistic of two samples of at least two values each (Welch 1947); infinite when both are constant."""
    variance = stdev(first) ** 2 / len(first) + stdev(second) ** 2 / len(second)
    difference = fmean(second) - fmean(first)
    if variance == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / math.sqrt(variance)
