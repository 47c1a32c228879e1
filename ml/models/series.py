"""What every forecaster asks of an hourly series before it says anything."""

from __future__ import annotations

import numpy as np

from core.errors import InvalidInput
from ml.models.ports import Floats

DAY = 24
LEAST_HOURS = 72
LEAST_KNOWN = 0.6
"""Share of hours with a value, over the whole history and over its last day."""
LONGEST_HISTORY = 60 * DAY
"""Older hours are left out: the plant has changed since."""


def checked(hourly: Floats) -> Floats:
    """The last 60 days as float64, infinities taken as missing.

    Raises:
        InvalidInput: shorter than 3 days, or too many hours missing.
    """
    if hourly.ndim != 1 or hourly.size < LEAST_HOURS:
        raise InvalidInput(
            f"series: {hourly.size} hours of history, {LEAST_HOURS} are needed.",
            remedy="Wait for more readings, or choose another metric.",
            field="metric",
        )
    recent = hourly[-LONGEST_HISTORY:].astype(np.float64)
    series = np.where(np.isfinite(recent), recent, np.nan)
    for part, name in ((series, "history"), (series[-DAY:], "last day")):
        known = float(np.mean(~np.isnan(part)))
        if known < LEAST_KNOWN:
            raise InvalidInput(
                f"series: only {known:.0%} of the hours of the {name} have a value, {LEAST_KNOWN:.0%} are needed.",
                remedy="Check the sensor and its connection.",
                field="metric",
            )
    return series


def checked_horizon(horizon: int, coverage: float) -> None:
    """Raises InvalidInput: a horizon below 1 hour, or a coverage outside 0.5 to 0.99."""
    if horizon < 1:
        raise InvalidInput(f"horizon: {horizon} hours.", remedy="Give at least one hour.", field="horizon")
    if not 0.5 <= coverage <= 0.99:
        raise InvalidInput(f"coverage: {coverage:g}.", remedy="Give a share from 0.5 to 0.99.", field="coverage")


def too_short(hours: int, needed: int, horizon: int) -> InvalidInput:
    """The error for a history that cannot be back-tested at this horizon."""
    return InvalidInput(
        f"forecast_horizon: {horizon} hours ahead cannot be back-tested on {hours} hours of history.",
        remedy=f"Choose a shorter horizon, or wait until {needed} hours have been recorded.",
        field="forecast_horizon",
    )


def naive_error(series: Floats) -> float | None:
    """Mean absolute error of repeating the day before: the scale of MASE (Hyndman and Koehler 2006); None when zero."""
    differences = np.abs(series[DAY:] - series[:-DAY])
    known = differences[~np.isnan(differences)]
    error = float(known.mean()) if known.size else 0.0
    return error if error > 0 else None
