"""The failure data set of one snapshot: decisions on a grid, what was known at each, and where the cuts lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from core.errors import NotReady
from data_engineering.features.duckdb import compute_features, read_vocabulary
from data_engineering.features.models import FeatureSet, shipped_definitions
from ml.datasets.history import PlantHistory, moment, read_history
from ml.datasets.person_period import decision_grid
from ml.datasets.split import Part, TimeSplit, split_by_time
from ml.models.hazard import matrix

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_FAILURES: Mapping[str, int] = {"train": 15, "validate": 5, "test": 3}


@dataclass(frozen=True)
class Dataset:
    """Decisions of a whole snapshot with their features; `machine` numbers the machine of each row."""

    history: PlantHistory
    split: TimeSplit
    features: FeatureSet
    decisions: pl.DataFrame
    values: NDArray[np.float64]
    machine: NDArray[np.int64]


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


def parts_of(split: TimeSplit) -> dict[str, Part]:
    """Train, validate, test by name."""
    return {"train": split.train, "validate": split.validate, "test": split.test}


def _require_failures(history: PlantHistory, split: TimeSplit) -> None:
    found = {name: history.failures_between(part.first, part.last) for name, part in parts_of(split).items()}
    if any(found[name] < least for name, least in LEAST_FAILURES.items()):
        need = ", ".join(f"{found[name]} of at least {least} to {name}" for name, least in LEAST_FAILURES.items())
        raise NotReady(
            f"Too few failures between {moment(history.start):%Y-%m-%d} and {moment(history.end):%Y-%m-%d}: {need}.",
            remedy="Import a longer history with its failure events, then run `copilot transform` and train again.",
        )
