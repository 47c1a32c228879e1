"""The default forecaster: hour profile, damped deviation, conformal band. A fraction of a millisecond a series.

forecast(t + h) = profile(hour of t + h) + deviation(t) * persistence ** h

where the profile is a weighted mean of the same hour in earlier days (or of the same hour of the week) and the
deviation that of the latest hours from it. Everything is computed for all back-test origins at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.models.conformal import assemble
from ml.models.crossing import crossings_of
from ml.models.ports import Crossing, Floats, SeriesForecast
from ml.models.selection import DAILY, SHAPES, Shape, choose
from ml.models.series import DAY, checked, checked_horizon, naive_error, too_short

LATEST_HOURS = 3
"""Hours whose mean deviation from the profile is carried on."""
MOST_WINDOWS = 48
LEAST_WINDOWS = 10

Integers = NDArray[np.int64]


class ProfileForecaster:
    """Chooses the shape of each series by its back-test (`selection.SHAPES`)."""

    name = "profile"

    def forecast(self, hourly: Floats, *, horizon: int, coverage: float = 0.9) -> SeriesForecast:
        """As the port says; a horizon needs its own length plus 34 hours of history to be back-tested."""
        checked_horizon(horizon, coverage)
        series = checked(hourly)
        origins = _origins(series.size, horizon)
        actual = series[origins[:, None] + np.arange(horizon)]
        residuals = {
            shape: actual - _paths(series, origins, horizon, shape) for shape in SHAPES if _fits(shape, origins)
        }
        shape = choose({shape: float(np.nanmean(np.abs(found))) for shape, found in residuals.items()})
        mean = _paths(series, np.array([series.size]), horizon, shape)[0]
        return assemble(
            f"{self.name}-{shape.name}", mean, residuals[shape], naive_error=naive_error(series), coverage=coverage
        )

    def crossings(self, forecast: SeriesForecast, limits: Sequence[tuple[float, str]]) -> list[Crossing]:
        return crossings_of(forecast, limits)


def _origins(length: int, horizon: int) -> Integers:
    """First forecast hours of the back-test windows, oldest first, spread over the history and over the day."""
    last = length - horizon
    count = min(MOST_WINDOWS, last - DAY + 1)
    if count < LEAST_WINDOWS:
        raise too_short(length, horizon + DAY + LEAST_WINDOWS - 1, horizon)
    first = max(DAY, min(DAILY.period * DAILY.cycles, last - MOST_WINDOWS))
    return np.unique(np.linspace(first, last, count).astype(np.int64))


def _fits(shape: Shape, origins: Integers) -> bool:
    """The default always; another when the oldest window has two periods behind it."""
    return shape == DAILY or bool(origins[0] >= 2 * shape.period)


def _paths(series: Floats, origins: Integers, horizon: int, shape: Shape) -> Floats:
    """Forecast from each origin, (origins, horizon), from nothing but the hours before it."""
    profile = _profile(series, origins, shape)
    deviation, age = _deviation(series, origins, profile, shape)
    steps = np.arange(horizon)
    fading = shape.persistence ** (steps[None, :] + 1 + age[:, None])
    return profile[:, steps % shape.period] + deviation[:, None] * fading


def _profile(series: Floats, origins: Integers, shape: Shape) -> Floats:
    """Weighted mean of earlier cycles at each hour of the period, (origins, period); hour 0 is the origin's.

    An hour that no cycle knows takes the mean of the others.
    """
    cycles = np.arange(shape.cycles)
    hours = np.arange(shape.period)
    at = origins[:, None, None] + hours[None, None, :] - (cycles[None, :, None] + 1) * shape.period
    values = np.where(at >= 0, series[np.maximum(at, 0)], np.nan)
    weights = np.where(np.isnan(values), 0.0, shape.decay ** cycles[None, :, None])
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore"):
        profile = (weights * np.nan_to_num(values)).sum(axis=1) / total
    return np.where(total > 0, profile, _mean_of_known(profile))


def _deviation(series: Floats, origins: Integers, profile: Floats, shape: Shape) -> tuple[Floats, Floats]:
    """Mean deviation of the latest hours from the profile, and how many hours ago the newest known one was."""
    back = np.arange(DAY)
    differences = series[origins[:, None] - 1 - back] - profile[:, (shape.period - 1 - back) % shape.period]
    known = ~np.isnan(differences)
    age = np.where(known.any(axis=1), known.argmax(axis=1), DAY).astype(np.float64)
    latest = known & (back[None, :] < age[:, None] + LATEST_HOURS)
    count = latest.sum(axis=1)
    total = np.where(latest, differences, 0.0).sum(axis=1)
    return total / np.maximum(count, 1), age


def _mean_of_known(rows: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmean(rows, axis=1, keepdims=True), dtype=np.float64)
