"""When a line runs, how hard, and how warm its hall is. Times are seconds since 1970, UTC."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data_engineering.simulator.models import ShiftPattern
from data_engineering.simulator.noise import Floats, Seconds, key_of, wander

HOUR = 3600
DAY = 86_400
REFERENCE_LOAD = 0.65
REFERENCE_AMBIENT = 20.0
SHIFT_HOURS = {6: "early", 14: "late", 22: "night"}

_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_MONDAY = -_FIRST_WEEKDAY * DAY
_WEEK_HOURS = 168


class WorkClock:
    """Running time of a line: wear counts it, not the calendar. A week is tabled by hours and repeats for ever."""

    def __init__(self, pattern: ShiftPattern) -> None:
        self.pattern = pattern
        weekday, hour = np.divmod(np.arange(_WEEK_HOURS), 24)
        self._runs = np.isin(weekday, pattern.days) & (hour >= pattern.start_hour) & (hour < pattern.end_hour)
        self._worked = np.concatenate([[0], np.cumsum(self._runs)]).astype(np.int64) * HOUR
        self._running_hours = np.flatnonzero(self._runs)
        self.weekly = int(self._worked[-1])

    def is_shift(self, seconds: Seconds) -> NDArray[np.bool_]:
        """Whether the line is planned to run."""
        result: NDArray[np.bool_] = self._runs[(seconds - _MONDAY) // HOUR % _WEEK_HOURS]
        return result

    def is_shift_at(self, second: int) -> bool:
        return bool(self._runs[(second - _MONDAY) // HOUR % _WEEK_HOURS])

    def worked(self, seconds: Seconds) -> Floats:
        """Running seconds since the Monday before 1970."""
        week, within = np.divmod(np.asarray(seconds) - _MONDAY, _WEEK_HOURS * HOUR)
        hour, rest = np.divmod(within, HOUR)
        result: Floats = (week * self.weekly + self._worked[hour] + np.where(self._runs[hour], rest, 0)).astype(float)
        return result

    def worked_at(self, second: int) -> float:
        week, within = divmod(second - _MONDAY, _WEEK_HOURS * HOUR)
        hour, rest = divmod(within, HOUR)
        return float(week * self.weekly + int(self._worked[hour]) + (rest if self._runs[hour] else 0))

    def moment(self, worked: float) -> int:
        """The second at which `worked` running seconds are reached; always inside a shift."""
        week, within = divmod(int(worked), self.weekly)
        hour, rest = divmod(within, HOUR)
        return int(_MONDAY + (week * _WEEK_HOURS + int(self._running_hours[hour])) * HOUR + rest)

    def next_running(self, second: int) -> int:
        """`second` itself when the line runs then, else the start of its next shift."""
        return second if self.is_shift_at(second) else self.moment(self.worked_at(second))


@lru_cache(maxsize=16)
def work_clock(days: tuple[int, ...], start_hour: int, end_hour: int) -> WorkClock:
    return WorkClock(ShiftPattern(days=days, start_hour=start_hour, end_hour=end_hour))


def clock_of(pattern: ShiftPattern) -> WorkClock:
    return work_clock(pattern.days, pattern.start_hour, pattern.end_hour)


def load(seed: int, equipment_id: str, line: str, mean: float, seconds: Seconds) -> Floats:
    """Load while running, 0 to about 1: the line's mean, the crew (slower at night), orders, the machine's own mix."""
    hour = seconds % DAY // HOUR
    crew = np.where((hour >= 22) | (hour < 6), -0.05, np.where(hour < 14, 0.02, 0.0))
    orders = wander(_keys(seed, "orders", line), seconds, 2 * DAY)[0] * 0.05
    mix = wander(_keys(seed, "mix", equipment_id), seconds, 5 * HOUR)[0] * 0.06
    result: Floats = np.clip(mean + crew + orders + mix, 0.2, 1.15)
    return result


def ambient(seed: int, plant: str, seconds: Seconds) -> Floats:
    """Hall temperature in degC: season (warmest in late July), day (warmest at 15:00), weather."""
    season = 6.0 * np.sin(2.0 * np.pi * (seconds / (365.25 * DAY) - 0.31))
    daily = 2.2 * np.sin(2.0 * np.pi * (seconds % DAY / DAY - 0.375))
    weather = 1.6 * wander(_keys(seed, "weather", plant), seconds, 3 * DAY)[0]
    result: Floats = REFERENCE_AMBIENT + season + daily + weather
    return result


def _keys(*parts: str | int) -> NDArray[np.uint64]:
    return np.array([[key_of(*parts)]], dtype=np.uint64)
