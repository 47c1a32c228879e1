"""Discrete-time hazard: P(fails in interval j | alive at its start), one gradient-boosted model for every interval.

P(fails within edge k) = 1 - prod_{j <= k} (1 - h_j), which can only grow with k. The hazard's log-odds are calibrated
out of time by one line (Platt): logit h = slope * margin + intercept with slope >= 0, so the curve stays monotone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_engineering.features.models import FeatureSet
from ml.evaluation.calibration import Calibration

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INTERVAL_COLUMNS = ("interval_start_h", "interval_hours")
THREADS = 2

PARAMETERS: Mapping[str, Any] = {
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "tree_method": "hist",
    "eta": 0.06,
    "max_depth": 5,
    "min_child_weight": 10,
    "subsample": 0.7,
    "colsample_bytree": 0.4,
    "lambda": 5.0,
    "max_bin": 64,
    "nthread": THREADS,
}


@dataclass(frozen=True)
class HazardModel:
    """A trained booster with all that is needed to use it on another snapshot."""

    booster: Booster
    features: FeatureSet
    edges: tuple[int, ...]
    calibration: Calibration

    @property
    def columns(self) -> tuple[str, ...]:
        """Input columns of the booster: the features, then the interval."""
        return (*(column.name for column in self.features.columns()), *INTERVAL_COLUMNS)

    def margins(self, values: Floats) -> Floats:
        """Uncalibrated log-odds of every interval, (rows, intervals), for `values` (rows, features)."""
        flat = self.booster.predict(_every_interval(values, self.edges, self.columns), output_margin=True)
        return np.asarray(flat, dtype=np.float64).reshape(len(values), len(self.edges))

    def curve(self, values: Floats) -> Floats:
        """P(fails within each edge), (rows, edges); grows along a row."""
        return failure_curve(self.calibration.apply(self.margins(values)))

    def interval(self, values: Floats, *, level: float = 0.9) -> tuple[Floats, Floats]:
        """Bounds of `curve` from the calibration's bootstrap over machines: what calibration alone leaves open."""
        margins = self.margins(values)
        curves = np.stack([failure_curve(draw) for draw in self.calibration.draws(margins)])
        low, high = np.quantile(curves, [(1 - level) / 2, (1 + level) / 2], axis=0)
        middle = self.curve(values)
        return np.minimum(low, middle), np.maximum(high, middle)

    def contributions(self, values: Floats) -> Floats:
        """Calibrated log-odds added to P(fails within edge k) by each feature, (rows, edges, features).

        xgboost's `pred_contribs` (TreeSHAP) of each interval's hazard, averaged over the intervals up to the edge with
        the hazards as weights: the intervals in which the machine would fail count.
        """
        data = _every_interval(values, self.edges, self.columns)
        shape = (len(values), len(self.edges), len(self.columns) + 1)
        per_interval = np.asarray(self.booster.predict(data, pred_contribs=True), dtype=np.float64).reshape(shape)
        hazards = self.calibration.apply(per_interval.sum(axis=2))[:, :, None]
        features = per_interval[:, :, : values.shape[1]] * self.calibration.slope
        return np.asarray(np.cumsum(features * hazards, axis=1) / np.cumsum(hazards, axis=1))


def failure_curve(hazards: Floats) -> Floats:
    return np.asarray(1.0 - np.cumprod(1.0 - hazards, axis=-1))


def matrix(frame: pl.DataFrame, features: FeatureSet) -> Floats:
    """Feature columns as (rows, features), NaN where unknown."""
    names = [column.name for column in features.columns()]
    return frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy().astype(np.float64)


def person_period_matrix(
    values: Floats, decision: Integers, interval: Integers, edges: tuple[int, ...]
) -> NDArray[np.float32]:
    """(rows, features + 2): the decision's features and its interval's start and length in hours."""
    starts = np.asarray((0, *edges[:-1]), dtype=np.float32)
    lengths = np.diff((0, *edges)).astype(np.float32)
    at_interval = np.stack([starts[interval], lengths[interval]], axis=1)
    return np.concatenate([values.astype(np.float32)[decision], at_interval], axis=1)


def _every_interval(values: Floats, edges: tuple[int, ...], columns: tuple[str, ...]) -> DMatrix:
    import xgboost

    decision = np.repeat(np.arange(len(values)), len(edges))
    interval = np.tile(np.arange(len(edges)), len(values))
    rows = person_period_matrix(values, decision, interval, edges)
    return xgboost.DMatrix(rows, feature_names=list(columns), nthread=THREADS)
