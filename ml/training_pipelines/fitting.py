"""Fits the hazard on the train part; the validate part stops it and calibrates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.progress import Progress, silent
from ml.datasets.failure import Dataset
from ml.datasets.person_period import HORIZON_EDGES_H, PersonPeriods, person_periods
from ml.evaluation.calibration import IDENTITY, calibrate
from ml.models.hazard import INTERVAL_COLUMNS, PARAMETERS, THREADS, HazardModel, person_period_matrix

if TYPE_CHECKING:
    from xgboost import Booster

MOST_ROUNDS = 400
PATIENCE = 20
CALIBRATION_DRAWS = 100


def fit(dataset: Dataset, *, seed: int, progress: Progress = silent) -> tuple[HazardModel, int]:
    """The calibrated hazard and its number of rounds: learned on train, stopped and calibrated on validate."""
    train = person_periods(dataset.decisions, dataset.split.train)
    validate = person_periods(dataset.decisions, dataset.split.validate)
    booster = _boost(dataset, train, validate, seed=seed, progress=progress)
    raw = HazardModel(booster, dataset.features, HORIZON_EDGES_H, IDENTITY)
    rows = np.unique(validate.decision)
    margins = raw.margins(dataset.values[rows])[np.searchsorted(rows, validate.decision), validate.interval]
    calibration = calibrate(
        margins, validate.label, dataset.machine[validate.decision], draws=CALIBRATION_DRAWS, seed=seed
    )
    return HazardModel(booster, dataset.features, HORIZON_EDGES_H, calibration), booster.num_boosted_rounds()


def _boost(
    dataset: Dataset, train: PersonPeriods, validate: PersonPeriods, *, seed: int, progress: Progress
) -> Booster:
    import xgboost

    class Told(xgboost.callback.TrainingCallback):  # type: ignore[misc]  # xgboost is untyped
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
            progress("Fitting", epoch + 1, MOST_ROUNDS)
            return False

    learn = _quantile_matrix(dataset, train)
    watch = _quantile_matrix(dataset, validate, reference=learn)
    booster = xgboost.train(
        {**PARAMETERS, "seed": seed},
        learn,
        MOST_ROUNDS,
        evals=[(watch, "validate")],
        early_stopping_rounds=PATIENCE,
        callbacks=[Told()],
        verbose_eval=False,
    )
    return booster[: booster.best_iteration + 1]


def _quantile_matrix(dataset: Dataset, rows: PersonPeriods, reference: Any = None) -> Any:
    import xgboost

    data = person_period_matrix(dataset.values, rows.decision, rows.interval, HORIZON_EDGES_H)
    names = [*(column.name for column in dataset.features.columns()), *INTERVAL_COLUMNS]
    return xgboost.QuantileDMatrix(
        data,
        rows.label,
        feature_names=names,
        ref=reference,
        max_bin=PARAMETERS["max_bin"],
        nthread=THREADS,
    )
