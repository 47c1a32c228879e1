"""What a forecaster promises. Numbers only: no equipment, no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]


class Crossing(BaseModel):
    """When a limit will probably be passed, from back-test residual paths laid on the forecast."""

    model_config = ConfigDict(frozen=True)

    limit: float
    side: str = Field(description="above or below")
    probability: float = Field(description="P(crossed within the horizon), recalibrated.")
    median_step: int | None = Field(
        description="Median first step (0-based) among crossing paths; None when p < 0.5 %."
    )
    early_step: int | None = Field(description="10 % quantile of the first step.")
    late_step: int | None = Field(description="90 % quantile of the first step.")


class SeriesForecast(BaseModel):
    """Hourly forecast: arrays of length `horizon`."""

    model_config = ConfigDict(arbitrary_types_allowed=True, frozen=True)

    mean: Floats
    lower: Floats
    upper: Floats
    coverage: float = Field(description="Nominal coverage of the band, e.g. 0.9.")
    model: str
    backtest_windows: int
    backtest_mase: float | None
    backtest_coverage: float | None
    residual_paths: Floats = Field(description="(windows, horizon) back-test residuals.")


class Forecaster(Protocol):
    name: str

    def forecast(self, hourly: Floats, *, horizon: int, coverage: float = 0.9) -> SeriesForecast:
        """`hourly`: values at whole hours, oldest first, NaN where missing; at least 3 days.

        Raises:
            InvalidInput: too short or too many gaps to say anything honest.
        """

    def crossings(self, forecast: SeriesForecast, limits: Sequence[tuple[float, str]]) -> list[Crossing]:
        """One `Crossing` per (limit, side)."""
