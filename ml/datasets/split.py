"""Cuts in time, the same shares for every data set, and which labels each side may use."""

from __future__ import annotations

from dataclasses import dataclass

TRAIN_SHARE = 0.6
VALIDATE_SHARE = 0.2
EMBARGO_HOURS = 24
WARM_UP_HOURS = 168
"""A decision needs a week of counted events behind it."""


@dataclass(frozen=True)
class Part:
    """Decisions at `first` or later whose label window ends by `last` (hours since 1970)."""

    first: int
    last: int


@dataclass(frozen=True)
class TimeSplit:
    """Train, validate, test, one after the other. A label window never reaches across a cut (purge)."""

    start: int
    train_end: int
    validate_end: int
    end: int

    @property
    def train(self) -> Part:
        return Part(self.start + WARM_UP_HOURS, self.train_end)

    @property
    def validate(self) -> Part:
        return Part(self.train_end + EMBARGO_HOURS, self.validate_end)

    @property
    def test(self) -> Part:
        return Part(self.validate_end + EMBARGO_HOURS, self.end)


def split_by_time(start: int, end: int) -> TimeSplit:
    """60 % to learn from, 20 % to calibrate and choose thresholds on, 20 % to report, cut at midnight UTC."""
    days = (end - start) / 24
    first_midnight = start - start % 24
    train_end = first_midnight + round(days * TRAIN_SHARE) * 24
    validate_end = first_midnight + round(days * (TRAIN_SHARE + VALIDATE_SHARE)) * 24
    return TimeSplit(start, train_end, validate_end, end)
