"""When a limit will probably be passed: back-test residuals laid on the forecast, counted, and set right.

Each back-test window is one way the future may differ from the forecast. The share of windows whose path passes the
limit is too sure of itself at the upper end, so it is read through a table of what such shares came true as.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import InvalidInput
from ml.models.ports import Crossing, Floats, SeriesForecast

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
"""Shares of crossing paths at which the tables stand; between them the line is straight."""
CAME_TRUE_WITHIN_TWO_DAYS = (0.0, 0.139, 0.259, 0.382, 0.556, 0.744, 0.912)
CAME_TRUE_LATER = (0.0, 0.261, 0.348, 0.608, 0.674, 0.84, 0.942)
"""Isotonic regression over 4,664 (24 h) and 4,615 (168 h) back-tested crossings of quantile limits on ETTh1, by
`python -m benchmarks.forecast --fit`. The first entry is set to 0: the fitted limits lie within the series' own range,
where 2 and 7 % of the cases without any crossing path still crossed; a plant's limits mostly lie further out."""
TWO_DAYS = 48
NEGLIGIBLE = 0.005


def crossings_of(forecast: SeriesForecast, limits: Sequence[tuple[float, str]]) -> list[Crossing]:
    """One `Crossing` per (limit, 'above' or 'below').

    Raises:
        InvalidInput: another side, or a limit that is no number.
    """
    paths = forecast.mean + forecast.residual_paths
    return [_crossing(paths, limit, side) for limit, side in limits]


def share_crossing(paths: Floats, limit: float, side: str) -> float:
    """Share of the paths that reach `limit` at any step; missing steps do not."""
    return float(_reached(paths, limit, side).any(axis=1).mean())


def recalibrated(share: float, horizon: int) -> float:
    """What a share of crossing paths came true as in back-tests."""
    table = CAME_TRUE_WITHIN_TWO_DAYS if horizon <= TWO_DAYS else CAME_TRUE_LATER
    return float(np.interp(share, SHARES, table))


def _crossing(paths: Floats, limit: float, side: str) -> Crossing:
    reached = _reached(paths, limit, side)
    crossing = reached.any(axis=1)
    probability = recalibrated(float(crossing.mean()), paths.shape[1])
    if probability < NEGLIGIBLE or not crossing.any():
        return Crossing(
            limit=limit, side=side, probability=probability, median_step=None, early_step=None, late_step=None
        )
    first = reached[crossing].argmax(axis=1)
    early, median, late = (int(step) for step in np.quantile(first, (0.1, 0.5, 0.9), method="nearest"))
    return Crossing(
        limit=limit, side=side, probability=probability, median_step=median, early_step=early, late_step=late
    )


def _reached(paths: Floats, limit: float, side: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    if side not in ("above", "below") or not np.isfinite(limit):
        raise InvalidInput(
            f"limit: '{limit:g} {side}'.", remedy="Give a finite limit and 'above' or 'below'.", field="limit"
        )
    return np.asarray(paths >= limit if side == "above" else paths <= limit)
