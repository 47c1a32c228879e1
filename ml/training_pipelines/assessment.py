"""How good a fitted model is on the test part, and whether it may take the champion's place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.clock import Clock
from core.errors import CopilotError, CorruptData, NotReady
from data_engineering.features.duckdb import compute_features
from ml.datasets.failure import Dataset, parts_of
from ml.datasets.history import moment
from ml.datasets.person_period import machine_days, person_periods
from ml.datasets.split import EMBARGO_HOURS, WARM_UP_HOURS, Part
from ml.evaluation.metrics import HorizonMetrics, Scored, horizon_metrics, log_losses, operating_point
from ml.evaluation.promotion import Promotion, compare
from ml.models.hazard import INTERVAL_COLUMNS, HazardModel, matrix
from ml.registry.ports import ModelRegistry
from ml.serving.champion import MODEL_NAME, load_champion
from ml.training_pipelines.report import PartSummary, TopFeature, TrainingReport

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REPORTED_HORIZONS_H = (24, 48, 168, 720)
COMPARED_HORIZONS_H = (24, 48, 168)
METRIC_DRAWS = 200
TOP_FEATURES = 12


def _scored(dataset: Dataset, model: HazardModel, part: Part, horizon: int) -> Scored:
    rows, label = machine_days(dataset.decisions, part, horizon)
    curve = model.curve(dataset.values[rows])[:, model.edges.index(horizon)] if len(rows) else np.empty(0)
    return Scored(curve, label, dataset.machine[rows])


def _threshold(dataset: Dataset, model: HazardModel, horizon: int) -> float | None:
    seen = _scored(dataset, model, dataset.split.validate, horizon)
    return operating_point(seen.probability, seen.label) if len(seen.label) else None


def against_champion(
    registry: ModelRegistry, connection: DuckDBPyConnection, dataset: Dataset, model: HazardModel, *, seed: int
) -> Promotion:
    """The paired comparison on the test part; without a readable champion the first comer takes the place."""
    try:
        champion = load_champion(registry)
    except NotReady:
        return Promotion(promoted=True, reason="the first model of this workspace")
    except CorruptData as error:
        return Promotion(promoted=True, reason=f"the champion before it cannot be read: {error.message}")
    rows = np.unique(np.concatenate([_test_rows(dataset, horizon) for horizon in COMPARED_HORIZONS_H]))
    try:
        frame = compute_features(connection, champion.model.features, dataset.decisions[rows])
    except CopilotError as error:
        return Promotion(promoted=True, reason=f"the champion before it cannot score this data: {error.message}")
    theirs = champion.model.curve(matrix(frame, champion.model.features))
    ours = model.curve(dataset.values[rows])
    losses = [
        (_losses(theirs, champion.model, dataset, rows, h), _losses(ours, model, dataset, rows, h))
        for h in COMPARED_HORIZONS_H
    ]
    machine = np.concatenate([dataset.machine[_test_rows(dataset, horizon)] for horizon in COMPARED_HORIZONS_H])
    before, after = (np.concatenate(side) for side in zip(*losses, strict=True))
    return compare(before, after, machine, version=champion.version, draws=2000, seed=seed)


def _test_rows(dataset: Dataset, horizon: int) -> NDArray[np.int64]:
    return machine_days(dataset.decisions, dataset.split.test, horizon)[0]


def _losses(
    curve: NDArray[np.float64], model: HazardModel, dataset: Dataset, rows: NDArray[np.int64], horizon: int
) -> NDArray[np.float64]:
    chosen, label = machine_days(dataset.decisions, dataset.split.test, horizon)
    return log_losses(curve[np.searchsorted(rows, chosen), model.edges.index(horizon)], label)


def assess(
    connection: DuckDBPyConnection,
    dataset: Dataset,
    model: HazardModel,
    rounds: int,
    promotion: Promotion,
    *,
    clock: Clock,
    seed: int,
    started: float,
) -> TrainingReport:
    """Everything the report says of a model that is not registered yet."""
    history, split = dataset.history, dataset.split
    metrics = {horizon: _at_horizon(dataset, model, horizon, seed) for horizon in REPORTED_HORIZONS_H}
    name = connection.execute("SELECT name FROM marts.snapshot_info").fetchall()[0][0]
    return TrainingReport(
        model_name=MODEL_NAME,
        trained_at=clock.now(),
        seconds=time.monotonic() - started,
        seed=seed,
        snapshot=str(name),
        data_start=moment(history.start),
        data_end=moment(history.end),
        machines=len(history.machines),
        failures=history.failures_between(history.start, history.end),
        decisions=dataset.decisions.height,
        decisions_with_telemetry=_with_telemetry(dataset),
        **{label: _part_summary(dataset, part) for label, part in parts_of(split).items()},
        embargo_hours=EMBARGO_HOURS,
        warm_up_hours=WARM_UP_HOURS,
        horizon_edges_h=model.edges,
        features=len(model.features.columns()),
        feature_hash=model.features.hash,
        rounds=rounds,
        calibration_slope=model.calibration.slope,
        calibration_intercept=model.calibration.intercept,
        horizons=tuple(found for found in metrics.values() if found is not None),
        unlabelled_horizons_h=tuple(horizon for horizon, found in metrics.items() if found is None),
        top_features=_top_features(model),
        promotion=promotion,
    )


def _at_horizon(dataset: Dataset, model: HazardModel, horizon: int, seed: int) -> HorizonMetrics | None:
    tested = _scored(dataset, model, dataset.split.test, horizon)
    threshold = _threshold(dataset, model, horizon)
    return horizon_metrics(tested, horizon=horizon, threshold=threshold, draws=METRIC_DRAWS, seed=seed)


def _part_summary(dataset: Dataset, part: Part) -> PartSummary:
    return PartSummary(
        first=moment(part.first),
        last=moment(part.last),
        person_periods=len(person_periods(dataset.decisions, part).label),
        failures=dataset.history.failures_between(part.first, part.last),
    )


def _with_telemetry(dataset: Dataset) -> float:
    columns = [i for i, c in enumerate(dataset.features.columns()) if c.definition.name == "deviation_24h_sd"]
    if not columns:
        return 0.0
    return float((~np.isnan(dataset.values[:, columns])).any(axis=1).mean())


def _top_features(model: HazardModel) -> tuple[TopFeature, ...]:
    gains = model.booster.get_score(importance_type="total_gain")
    total = sum(gains.values())
    ranked = sorted(((gain, name) for name, gain in gains.items() if name not in INTERVAL_COLUMNS), reverse=True)
    return tuple(TopFeature(name=name, share=gain / total) for gain, name in ranked[:TOP_FEATURES])
