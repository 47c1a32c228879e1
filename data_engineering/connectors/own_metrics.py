"""Metrics that a mapping defines beside the shipped catalogue, kept in the workspace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence

import yaml

from core.errors import InvalidInput
from core.metrics import Metric, MetricCatalogue, metric_catalogue
from core.workspace import Workspace


def catalogue_with(metrics: Sequence[Metric], workspace: Workspace, mapping: str) -> MetricCatalogue:
    """The workspace's catalogue and the mapping's own metrics.

    Raises:
        InvalidInput: a metric of that name exists and says something else.
    """
    known = metric_catalogue(workspace.metrics_file)
    for metric in metrics:
        if metric.name in known and known[metric.name] != metric:
            raise InvalidInput(
                f"mapping '{mapping}': metric '{metric.name}' is defined already, as {known[metric.name].label} in "
                f"{known[metric.name].unit}.",
                remedy="Give the mapping's metric another name, or use the existing one.",
                field="metrics",
            )
    return MetricCatalogue([*known.values(), *(metric for metric in metrics if metric.name not in known)])


def keep(metrics: Sequence[Metric], workspace: Workspace, mapping: str) -> None:
    """Writes the metrics that the workspace does not have yet, whole or not at all."""
    if not metrics:
        return
    workspace.state.mkdir(parents=True, exist_ok=True)
    with (workspace.state / "metrics.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shipped = metric_catalogue()
        own = [metric for metric in catalogue_with(metrics, workspace, mapping).values() if metric.name not in shipped]
        temporary = workspace.metrics_file.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as file:
            yaml.safe_dump(
                [metric.model_dump(mode="json") for metric in own], file, allow_unicode=True, sort_keys=False
            )
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(workspace.metrics_file)
