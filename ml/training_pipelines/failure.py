"""Trains the failure model: snapshot, features, person-period rows, hazard, calibration, honest test, registry."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import ValidationError

from core.clock import Clock
from core.errors import CorruptData
from core.progress import Progress, silent
from core.workspace import Workspace
from ml.datasets.failure import Dataset, build_dataset
from ml.models.hazard import PARAMETERS, THREADS, HazardModel, person_period_matrix
from ml.registry.mlflow import MlflowRegistry
from ml.registry.models import CHALLENGER, CHAMPION, ModelPackage
from ml.registry.ports import ModelRegistry
from ml.serving.champion import MODEL_NAME, documents_of, load_champion
from ml.training_pipelines.assessment import against_champion, assess
from ml.training_pipelines.fitting import fit
from ml.training_pipelines.report import TrainingReport, render_report

__all__ = ["TrainingReport", "champion_report", "render_report", "train_failure"]


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
        promotion = against_champion(registry, connection, dataset, model, seed=seed)
        report = assess(connection, dataset, model, rounds, promotion, clock=clock, seed=seed, started=started)
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
