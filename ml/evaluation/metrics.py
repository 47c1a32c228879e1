"""Honest numbers of a risk score, per machine-day: each with an interval from a bootstrap over machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Range = tuple[float, float]

SEED_PRECISION = 0.80
SEED_RECALL = 0.90
_BINS = 10


@dataclass(frozen=True)
class Scored:
    """Machine-days with their score and what happened. `machine` numbers the machine of each row from 0."""

    probability: Floats
    label: Booleans
    machine: Integers


class HorizonMetrics(BaseModel):
    """The test part at one horizon. Intervals hold 90 % of bootstrap draws over machines; null: cannot be computed."""

    model_config = ConfigDict(frozen=True)

    horizon_hours: int
    machine_days: int
    positives: int = Field(description="Machine-days followed by a failure within the horizon.")
    base_rate: float
    pr_auc: float | None = Field(description="Average precision; a guesser gets the base rate.")
    pr_auc_interval: Range | None
    threshold: float | None = Field(description="Operating point, chosen on the validation part.")
    precision: float | None
    precision_interval: Range | None
    recall: float | None
    recall_interval: Range | None
    brier: float
    brier_interval: Range | None
    brier_of_base_rate: float
    calibration_error: float = Field(description="Expected calibration error, 10 bins of equal size.")
    meets_target: bool | None = Field(description="Precision > 80 % and recall > 90 %; null: nothing failed.")


def average_precision(probability: Floats, label: Booleans) -> float | None:
    """Area under precision-recall: sum of precision times recall step, ties in one step. None without a positive."""
    positives = int(label.sum())
    if positives == 0:
        return None
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], np.cumsum(label[order])
    last_of_tie = np.nonzero(np.diff(ranked, append=-np.inf))[0]
    recall = hits[last_of_tie] / positives
    precision = hits[last_of_tie] / (last_of_tie + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def operating_point(probability: Floats, label: Booleans) -> float | None:
    """The threshold with the best F1 (harmonic mean of precision and recall), of those that meet the target if any."""
    positives = int(label.sum())
    if positives == 0:
        return None
    order = np.argsort(-probability, kind="stable")
    ranked, hits = probability[order], np.cumsum(label[order])
    cuts = np.nonzero(np.diff(ranked, append=-np.inf))[0]
    precision, recall = hits[cuts] / (cuts + 1), hits[cuts] / positives
    meets = (precision > SEED_PRECISION) & (recall > SEED_RECALL)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = np.argmax(np.where(meets, f1, -1.0) if meets.any() else f1)
    return float(ranked[cuts[best]])


def precision_recall(probability: Floats, label: Booleans, threshold: float) -> tuple[float | None, float | None]:
    """Of `probability >= threshold`; None where nothing was alarmed, or nothing failed."""
    alarmed = probability >= threshold
    hits = int((alarmed & label).sum())
    return (hits / int(alarmed.sum()) if alarmed.any() else None), (hits / int(label.sum()) if label.any() else None)


def brier(probability: Floats, label: Booleans) -> float:
    return float(np.mean((probability - label) ** 2))


def log_losses(probability: Floats, label: Booleans) -> Floats:
    """Per row, natural logarithm; probabilities are kept a millionth away from 0 and 1."""
    sure = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(-np.where(label, np.log(sure), np.log1p(-sure)))


def calibration_error(probability: Floats, label: Booleans) -> float:
    """Mean distance between what was said and what happened, over 10 bins of equally many rows."""
    order = np.argsort(probability, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if len(part)]
    gaps = [abs(float(probability[part].mean() - label[part].mean())) * len(part) for part in bins]
    return sum(gaps) / len(order)


def horizon_metrics(
    scored: Scored, *, horizon: int, threshold: float | None, draws: int, seed: int
) -> HorizonMetrics | None:
    """Every number of one horizon on the test part; None when no machine-day has a known label."""
    probability, label = scored.probability, scored.label
    if not len(label):
        return None
    precision, recall = (None, None) if threshold is None else precision_recall(probability, label, threshold)
    base_rate = float(label.mean())

    def at_threshold(index: int) -> Callable[[Floats, Booleans], float | None]:
        return lambda p, y: None if threshold is None else precision_recall(p, y, threshold)[index]

    ranges = bootstrap(scored, [average_precision, at_threshold(0), at_threshold(1), brier], draws=draws, seed=seed)
    return HorizonMetrics(
        horizon_hours=horizon,
        machine_days=len(label),
        positives=int(label.sum()),
        base_rate=base_rate,
        pr_auc=average_precision(probability, label),
        pr_auc_interval=ranges[0],
        threshold=threshold,
        precision=precision,
        precision_interval=ranges[1],
        recall=recall,
        recall_interval=ranges[2],
        brier=brier(probability, label),
        brier_interval=ranges[3],
        brier_of_base_rate=base_rate * (1 - base_rate),
        calibration_error=calibration_error(probability, label),
        meets_target=_meets_target(precision, recall),
    )


def _meets_target(precision: float | None, recall: float | None) -> bool | None:
    """None where nothing failed or no threshold was chosen. Nothing alarmed while something failed is a miss."""
    if recall is None:
        return None
    return precision is not None and precision > SEED_PRECISION and recall > SEED_RECALL


def bootstrap(
    scored: Scored,
    statistics: Sequence[Callable[[Floats, Booleans], float | None]],
    *,
    draws: int,
    seed: int,
    level: float = 0.9,
) -> list[Range | None]:
    """Percentile intervals over machines drawn with replacement; None where under half of the draws give a number."""
    generator = np.random.default_rng(seed)
    count = int(scored.machine.max()) + 1
    rows_of = [np.nonzero(scored.machine == machine)[0] for machine in range(count)]
    values = np.full((draws, len(statistics)), np.nan)
    for draw in range(draws):
        rows = np.concatenate([rows_of[machine] for machine in generator.integers(0, count, count)])
        for column, statistic in enumerate(statistics):
            value = statistic(scored.probability[rows], scored.label[rows])
            values[draw, column] = np.nan if value is None else value
    return [_percentiles(column, level) for column in values.T]


def _percentiles(values: Floats, level: float) -> Range | None:
    known = values[~np.isnan(values)]
    if len(known) < len(values) / 2 or not len(known):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
