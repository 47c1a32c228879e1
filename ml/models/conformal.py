"""Bands from back-test residuals (locally weighted split conformal, Lei et al. 2018).

Residuals are (windows, horizon). Each step has its own scale, smoothed over neighbouring steps; one quantile of the
scaled residuals over all windows and steps then gives the band. Windows overlap in time, so coverage holds on average
over steps and only approximately; `held_out_coverage` says what it was.
"""

from __future__ import annotations

import numpy as np

from ml.models.ports import Floats, SeriesForecast

NEIGHBOURS = 3
"""Steps on either side that share in the scale of a step."""
LEAST_FOR_COVERAGE = 20
"""Windows below which coverage is not measured."""
_TINY = 1e-12


def half_widths(residuals: Floats, coverage: float) -> Floats:
    """Half width of the band at each step, (horizon,)."""
    scale = _scales(residuals)
    scores = np.abs(residuals) / scale
    known = scores[~np.isnan(scores)]
    level = min(1.0, np.ceil((known.size + 1) * coverage) / known.size)
    return scale * float(np.quantile(known, level, method="higher"))


def held_out_coverage(residuals: Floats, coverage: float) -> float | None:
    """Share of the newest third of the windows inside the band of the older two thirds; None with few windows."""
    windows = residuals.shape[0]
    if windows < LEAST_FOR_COVERAGE:
        return None
    cut = 2 * windows // 3
    newest = residuals[cut:]
    inside = np.abs(newest) <= half_widths(residuals[:cut], coverage)
    return float(inside[~np.isnan(newest)].mean())


def assemble(
    model: str, mean: Floats, residuals: Floats, *, naive_error: float | None, coverage: float
) -> SeriesForecast:
    """A forecast with its band. `naive_error` is the mean absolute error of repeating the day before (MASE's scale)."""
    half = half_widths(residuals, coverage)
    return SeriesForecast(
        mean=mean,
        lower=mean - half,
        upper=mean + half,
        coverage=coverage,
        model=model,
        backtest_windows=residuals.shape[0],
        backtest_mase=float(np.nanmean(np.abs(residuals))) / naive_error if naive_error else None,
        backtest_coverage=held_out_coverage(residuals, coverage),
        residual_paths=residuals,
    )


def _scales(residuals: Floats) -> Floats:
    """Mean absolute residual of each step and its neighbours; steps without any take the overall mean."""
    absolute = np.abs(residuals)
    known = ~np.isnan(absolute)
    sums = _moving_sum(np.where(known, absolute, 0.0).sum(axis=0))
    counts = _moving_sum(known.sum(axis=0).astype(np.float64))
    overall = float(np.nanmean(absolute))
    scale = np.where(counts > 0, sums / np.maximum(counts, 1.0), overall)
    return np.maximum(scale, max(_TINY, 1e-3 * overall))


def _moving_sum(values: Floats) -> Floats:
    cumulated = np.concatenate(([0.0], np.cumsum(values)))
    steps = np.arange(values.size)
    low = np.maximum(steps - NEIGHBOURS, 0)
    high = np.minimum(steps + NEIGHBOURS + 1, values.size)
    return np.asarray(cumulated[high] - cumulated[low], dtype=np.float64)
