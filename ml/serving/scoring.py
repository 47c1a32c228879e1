"""Scores every machine with the champion, at the end of its own data, and stores one row per machine and horizon."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from core.clock import Clock
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.features.duckdb import compute_features
from data_engineering.lake.models import Source
from data_engineering.lake.ports import Lake
from ml.datasets.history import moment, read_history
from ml.models.hazard import matrix
from ml.registry.mlflow import MlflowRegistry
from ml.serving.champion import MODEL_NAME, Champion, load_champion
from ml.serving.factors import explain, with_intermediates
from ml.serving.readiness import Readiness, readiness
from ml.serving.wording import read_words

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["ScoringSummary", "Unscored", "score"]

Row = dict[str, Any]

MOST_NAMED = 20
"""Machines without a score that the printed summary names; the summary itself holds all of them."""


class Unscored(BaseModel):
    """A machine without a score, and why. No score is not a low risk."""

    model_config = ConfigDict(frozen=True)

    equipment_id: str
    reason: str


class ScoringSummary(BaseModel):
    """What one scoring run did."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    model_version: str
    scored_at: datetime
    as_of: datetime | None = Field(description="Newest end of data among the scored machines, UTC.")
    scored: int
    rows: int = Field(description="Rows stored by this run; 0 when the same scores were stored before.")
    unscored: tuple[Unscored, ...]

    def __str__(self) -> str:
        head = (
            f"Model {MODEL_NAME} version {self.model_version}: {self.scored} machines scored"
            f"{f' as of {self.as_of:%Y-%m-%d %H:%M} UTC' if self.as_of else ''}, {self.rows} rows stored"
        )
        if not self.unscored:
            return head
        named = [f"  {machine.equipment_id}: {machine.reason}" for machine in self.unscored[:MOST_NAMED]]
        more = [f"  and {len(self.unscored) - MOST_NAMED} more"] if len(self.unscored) > MOST_NAMED else []
        return "\n".join([f"{head}; {len(self.unscored)} without a score:", *named, *more])


def score(workspace: Workspace, *, lake: Lake, clock: Clock, progress: Progress = silent) -> ScoringSummary:
    """Appends `failure` predictions of every machine whose data allow one. The same data twice stores nothing new.

    Raises:
        NotReady: nothing published, or no champion.
        CorruptData: the champion or the snapshot cannot be read.
        StorageFull: the disk is full; no row was stored.
    """
    from data_engineering.warehouse.duckdb import open_snapshot

    progress("Loading the champion", 0, 0)
    champion = load_champion(MlflowRegistry(workspace))
    connection = open_snapshot(workspace)
    try:
        history = read_history(connection)
        found = readiness(connection, history, now=clock.now())
        progress("Scoring", 0, len(found.ready))
        predictions = _predict(connection, champion, found, clock) if found.ready else []
    finally:
        connection.close()
    rows = _store(lake, champion, predictions)
    progress("Scoring", len(found.ready), len(found.ready))
    return ScoringSummary(
        model_version=champion.version,
        scored_at=clock.now(),
        as_of=moment(max(found.ready.values())) if found.ready else None,
        scored=len(found.ready),
        rows=rows,
        unscored=tuple(Unscored(equipment_id=name, reason=why) for name, why in sorted(found.reasons.items())),
    )


def _predict(connection: DuckDBPyConnection, champion: Champion, found: Readiness, clock: Clock) -> list[Row]:
    """One row per machine and edge, machines and edges in order."""
    model = champion.model
    decisions = pl.DataFrame({"equipment_id": list(found.ready), "tile": list(found.ready.values())})
    frame = compute_features(connection, with_intermediates(model.features), decisions)
    values = matrix(frame, model.features)
    curve = model.curve(values)
    low, high = model.interval(values)
    factors = explain(frame, model.features, model.contributions(values), read_words(connection))
    scored_at = clock.now()
    return [
        {
            "prediction_id": f"{MODEL_NAME}:{champion.version}:{name}:{moment(tile):%Y-%m-%dT%H}:{edge}",
            "equipment_id": name,
            "model_name": MODEL_NAME,
            "model_version": champion.version,
            "as_of": moment(tile),
            "horizon_hours": edge,
            "failure_probability": float(curve[row, k]),
            "probability_low": float(low[row, k]),
            "probability_high": float(high[row, k]),
            "factors": json.dumps([factor.model_dump() for factor in factors[row][k]], ensure_ascii=False),
            "feature_hash": model.features.hash,
            "scored_at": scored_at,
        }
        for row, (name, tile) in enumerate(frame.select("equipment_id", "tile").iter_rows())
        for k, edge in enumerate(model.edges)
    ]


def _store(lake: Lake, champion: Champion, predictions: Sequence[Row]) -> int:
    """Rows stored. The epoch names version, data and scores: the same scores are a replay, different ones are not."""
    if not predictions:
        return 0
    said = "\n".join(f"{row['prediction_id']} {row['failure_probability']:.9f}" for row in predictions)
    newest = max(row["as_of"] for row in predictions)
    epoch = f"v{champion.version}-{newest:%Y%m%dT%H}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    part = lake.append(
        BronzeTable.PREDICTIONS,
        pl.DataFrame(list(predictions), schema=polars_schema(BronzeTable.PREDICTIONS)),
        source=Source(device_id=f"model:{MODEL_NAME}", epoch=epoch),
        first_seq=0,
        last_seq=len(predictions) - 1,
    )
    return part.rows if part is not None else 0
