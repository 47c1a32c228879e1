"""`copilot transform`: lake -> build file -> dbt -> published snapshot."""

from __future__ import annotations

import time

from pydantic import BaseModel, ConfigDict, Field

from core.clock import Clock
from core.errors import InvalidInput
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.lake.ports import Lake
from data_engineering.warehouse import build, dbt
from data_engineering.warehouse.lock import transform_lock
from data_engineering.warehouse.models import Snapshot
from data_engineering.warehouse.publish import publish


class TransformSummary(BaseModel):
    """What one transformation did."""

    model_config = ConfigDict(frozen=True)

    snapshot: Snapshot
    is_full: bool = Field(description="Everything was built from the lake, nothing was carried over.")
    parts: int = Field(description="Parts of readings that had not been read before.")
    models: int
    tests: int
    warnings: list[str] = Field(description="Data tests that did not hold but do not stop a publication.")
    seconds: float


def transform(
    workspace: Workspace, *, lake: Lake, clock: Clock, select: str | None = None, progress: Progress = silent
) -> TransformSummary:
    """Builds what changed and publishes it. Readers keep the previous snapshot until the pointer moves.

    `select` is dbt's node selection (`fact_predictions+`); the first build, and one after the models changed, is whole.

    Raises:
        Busy: another process transforms this workspace.
        NotReady: dbt is not installed.
        InvalidInput: `select` selects no model.
        CorruptData: a model or data test failed; names it. The previous snapshot stays served.
        StorageFull: the disk is full. The previous snapshot stays served.
    """
    begun = time.monotonic()
    with transform_lock(workspace) as lock:
        prepared = build.prepare(workspace, lake, clock)
        nodes = _build(workspace, None if prepared.is_fresh else select, lock, progress)
        built = {node.name for node in nodes if node.kind == "model"}
        if not built:
            raise InvalidInput(
                f"select: '{select}' selects no model; nothing was published.",
                remedy="Name models as dbt does, e.g. stg_predictions+, or leave the selection out.",
                field="select",
            )
        has_digested = built >= build.INCREMENTAL
        build.finish(workspace, prepared.arrived if has_digested else ())
        progress("Publishing", 0, 1)
        snapshot = publish(workspace, clock)
        progress("Publishing", 1, 1)
    return TransformSummary(
        snapshot=snapshot,
        is_full=prepared.is_fresh,
        parts=len(prepared.arrived) if has_digested else 0,
        models=len(built),
        tests=sum(node.kind == "test" for node in nodes),
        warnings=[f"{node.name}: {node.message}" for node in nodes if node.status == "warn"],
        seconds=time.monotonic() - begun,
    )


def _build(workspace: Workspace, select: str | None, lock: int, progress: Progress) -> list[dbt.NodeResult]:
    try:
        return dbt.build(workspace, select=select, lock=lock, progress=progress)
    except dbt.BuildFileTorn:
        build.discard(workspace)
        raise
