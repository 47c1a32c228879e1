"""Prophet (Taylor and Letham 2018) behind the same port, for a request that names it. Loaded on first use.

Its band and crossings come from the same back-test residuals as everybody's, not from its own intervals, which cover
too little on hourly plant data (docs/explanation/forecasting.md). Seconds a series, so it is never a default.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from core.errors import Unavailable
from ml.models.conformal import assemble
from ml.models.crossing import crossings_of
from ml.models.ports import Crossing, Floats, SeriesForecast
from ml.models.series import DAY, LEAST_HOURS, checked, checked_horizon, naive_error, too_short

WINDOWS = 8
_EPOCH = "2024-01-01"
"""The port knows no dates; Prophet needs some. Seasonality is by period, so any start does."""


class ProphetForecaster:
    """Daily and, from two weeks of history on, weekly seasonality; otherwise Prophet's defaults."""

    name = "prophet"

    def forecast(self, hourly: Floats, *, horizon: int, coverage: float = 0.9) -> SeriesForecast:
        """As the port says; the history needs 3 days before the first of 8 back-test windows.

        Raises:
            Unavailable: Prophet is not installed.
        """
        checked_horizon(horizon, coverage)
        series = checked(hourly)
        last = series.size - horizon
        if last < LEAST_HOURS + WINDOWS - 1:
            raise too_short(series.size, horizon + LEAST_HOURS + WINDOWS - 1, horizon)
        origins = np.linspace(max(LEAST_HOURS, last - 14 * DAY), last, WINDOWS).astype(int)
        residuals = np.stack([series[at : at + horizon] - _fitted(series[:at], horizon) for at in origins])
        mean = _fitted(series, horizon)
        return assemble(self.name, mean, residuals, naive_error=naive_error(series), coverage=coverage)

    def crossings(self, forecast: SeriesForecast, limits: Sequence[tuple[float, str]]) -> list[Crossing]:
        return crossings_of(forecast, limits)


def _fitted(series: Floats, horizon: int) -> Floats:
    """Prophet's mean for the hours after `series`, (horizon,)."""
    import pandas as pd

    model = _model(weekly=series.size >= 14 * DAY)
    dates = pd.date_range(_EPOCH, periods=series.size + horizon, freq="h")
    model.fit(pd.DataFrame({"ds": dates[: series.size], "y": series}))
    predicted = model.predict(pd.DataFrame({"ds": dates[series.size :]}))
    return np.asarray(predicted["yhat"], dtype=np.float64)


def _model(*, weekly: bool) -> Any:
    _silence()
    try:
        from prophet import Prophet
    except ImportError as error:
        raise Unavailable(
            "model: Prophet is not installed.", remedy="Install the extra `train`, or use the model 'profile'."
        ) from error
    return Prophet(daily_seasonality=True, weekly_seasonality=weekly, yearly_seasonality=False, uncertainty_samples=0)


@cache
def _silence() -> None:
    """Neither tells the reader of a forecast anything. cmdstanpy keeps the level of a logger that has a handler."""
    for name in ("prophet", "prophet.plot", "cmdstanpy"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL)
