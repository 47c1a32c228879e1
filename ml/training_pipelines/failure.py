"""Trains the failure model: snapshot, features, person-period rows, hazard, calibration, honest test, registry."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ValidationError

from core.clock import Clock
from core.errors import CopilotError, CorruptData, NotReady
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.features.duckdb import compute_features, read_vocabulary
from data_engineering.features.models import FeatureSet, shipped_definitions
from ml.datasets.history import PlantHistory, moment, read_history
from ml.datasets.person_period import (
    HORIZON_EDGES_H,
    PersonPeriods,
    decision_grid,
    machine_days,
    person_periods,
)
from ml.datasets.split import EMBARGO_HOURS, WARM_UP_HOURS, Part, TimeSplit, split_by_time
from ml.evaluation.calibration import IDENTITY, calibrate
from ml.evaluation.metrics import (
    Scored,
    horizon_metrics,
    log_losses,
    operating_point,
)
from ml.evaluation.promotion import Promotion, compare
from ml.models.hazard import (
    INTERVAL_COLUMNS,
    PARAMETERS,
    THREADS,
    HazardModel,
    matrix,
    person_period_matrix,
)
from ml.registry.mlflow import MlflowRegistry
from ml.registry.models import CHALLENGER, CHAMPION, ModelPackage
from ml.registry.ports import ModelRegistry
from ml.serving.champion import MODEL_NAME, documents_of, load_champion
from ml.training_pipelines.report import PartSummary, TopFeature, TrainingReport, render_report

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from xgboost import Booster

__all__ = ["TrainingReport", "champion_report", "render_report", "train_failure"]

REPORTED_HORIZONS_H = (24, 48, 168, 720)
COMPARED_HORIZONS_H = (24, 48, 168)
MOST_ROUNDS = 400
PATIENCE = 20
CALIBRATION_DRAWS = 100
METRIC_DRAWS = 200
LEAST_FAILURES: Mapping[str, int] = {"train": 15, "validate": 5, "test": 3}
TOP_FEATURES = 12


@dataclass(frozen=True)
class Dataset:
    """Decisions of a whole snapshot with their features; `machine` numbers the machine of each row."""

    history: PlantHistory
    split: TimeSplit
    features: FeatureSet
    decisions: pl.DataFrame
    values: NDArray[np.float64]
    machine: NDArray[np.int64]


def train_failure(workspace: Workspace, *, clock: Clock, seed: int, progress: Progress = silent) -> TrainingReport:
    """Trains on the published snapshot, registers the model and points `champion` at it when it is not worse.

    Raises:
        NotReady: nothing published, or too few failures to learn from.
        CorruptData: the snapshot breaks a feature's quality checks.
        StorageFull: the disk is full; champion and registry are as they were.
    """
    from data_engineering.warehouse.duckdb import open_snapshot

    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    started = time.monotonic()
    connection = open_snapshot(workspace)
    try:
        progress("Reading history and features", 0, 0)
        dataset = build_dataset(connection)
        model, rounds = fit(dataset, seed=seed, progress=progress)
        progress("Testing on the last fifth", 0, 0)
        registry = MlflowRegistry(workspace)
        promotion = _against_champion(registry, connection, dataset, model, seed=seed)
        report = _report(connection, dataset, model, rounds, promotion, clock=clock, seed=seed, started=started)
    finally:
        connection.close()
    progress("Registering", 0, 0)
    return _register(workspace, registry, model, report, dataset)


def champion_report(workspace: Workspace) -> TrainingReport | None:
    """The report of the present champion; None when there is no champion.

    Raises:
        CorruptData: the champion's files cannot be read.
    """
    if MlflowRegistry(workspace).resolve(MODEL_NAME, CHAMPION) is None:
        return None
    champion = load_champion(MlflowRegistry(workspace))
    try:
        report = TrainingReport.model_validate_json(champion.files["report.json"])
    except (KeyError, ValidationError) as error:
        raise CorruptData("The champion's report cannot be read.", remedy="Run `copilot train failure`.") from error
    return report.model_copy(update={"model_version": champion.version, "alias": CHAMPION})


# --- data ---


def build_dataset(connection: DuckDBPyConnection) -> Dataset:
    """Decisions from the warm-up to the end of the data, with what was known at each."""
    history = read_history(connection)
    split = split_by_time(history.start, history.end)
    _require_failures(history, split)
    features = FeatureSet(
        definitions=shipped_definitions(), vocabulary=read_vocabulary(connection, before=split.train_end)
    )
    decisions = decision_grid(history, split.train.first, history.end)
    frame = compute_features(connection, features, decisions)
    machine = decisions["equipment_id"].rank("dense").to_numpy().astype(np.int64) - 1
    return Dataset(history, split, features, decisions, matrix(frame, features), machine)


def _parts(split: TimeSplit) -> dict[str, Part]:
    return {"train": split.train, "validate": split.validate, "test": split.test}


def _require_failures(history: PlantHistory, split: TimeSplit) -> None:
    found = {name: history.failures_between(part.first, part.last) for name, part in _parts(split).items()}
    if any(found[name] < least for name, least in LEAST_FAILURES.items()):
        need = ", ".join(f"{found[name]} of at least {least} to {name}" for name, least in LEAST_FAILURES.items())
        raise NotReady(
            f"Too few failures between {moment(history.start):%Y-%m-%d} and {moment(history.end):%Y-%m-%d}: {need}.",
            remedy="Import a longer history with its failure events, then run `copilot transform` and train again.",
        )


# --- fitting ---


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


# --- the honest test ---


def _scored(dataset: Dataset, model: HazardModel, part: Part, horizon: int) -> Scored:
    rows, label = machine_days(dataset.decisions, part, horizon)
    curve = model.curve(dataset.values[rows])[:, model.edges.index(horizon)] if len(rows) else np.empty(0)
    return Scored(curve, label, dataset.machine[rows])


def _threshold(dataset: Dataset, model: HazardModel, horizon: int) -> float | None:
    seen = _scored(dataset, model, dataset.split.validate, horizon)
    return operating_point(seen.probability, seen.label) if len(seen.label) else None


def _against_champion(
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


# --- report and registration ---


def _report(
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
    history, split = dataset.history, dataset.split
    metrics = {
        horizon: horizon_metrics(
            _scored(dataset, model, split.test, horizon),
            horizon=horizon,
            threshold=_threshold(dataset, model, horizon),
            draws=METRIC_DRAWS,
            seed=seed,
        )
        for horizon in REPORTED_HORIZONS_H
    }
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
        **{label: _part_summary(dataset, part) for label, part in _parts(split).items()},
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


def _register(
    workspace: Workspace, registry: ModelRegistry, model: HazardModel, report: TrainingReport, dataset: Dataset
) -> TrainingReport:
    alias = CHAMPION if report.promotion.promoted else CHALLENGER
    report = report.model_copy(update={"alias": alias})
    example = person_period_matrix(dataset.values, np.zeros(2, dtype=np.int64), np.array([0, 4]), model.edges)
    package = ModelPackage(
        booster=model.booster,
        documents=documents_of(model, report.model_dump_json(by_alias=True, indent=1)),
        input_example=pl.DataFrame(example, schema=list(model.columns)),
        parameters={
            "seed": str(report.seed),
            "snapshot": report.snapshot,
            "rounds": str(report.rounds),
            "feature_hash": report.feature_hash,
            **{name: str(value) for name, value in PARAMETERS.items()},
        },
        metrics=_metrics(report),
    )
    version = registry.register(MODEL_NAME, package)
    registry.assign(MODEL_NAME, alias, version.version)
    finished = report.model_copy(update={"model_version": version.version})
    _save(workspace.models / "failure-report.json", finished)
    return finished


def _metrics(report: TrainingReport) -> dict[str, float]:
    named = {
        f"{name}_{metrics.horizon_hours}h": getattr(metrics, name)
        for metrics in report.horizons
        for name in ("pr_auc", "precision", "recall", "brier", "calibration_error", "base_rate", "threshold")
    }
    return {name: value for name, value in named.items() if value is not None}


def _save(path: Path, report: TrainingReport) -> None:
    """Atomically, so that a reader finds the old report or the new one."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(report.model_dump(mode="json", by_alias=True), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
