"""What the simulator must remember: the anchor of its plant. The rest follows from it and from the lake's marks."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import polars as pl

from core.errors import CorruptData, InvalidInput, NotReady
from core.workspace import Workspace
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.story import Anchor, as_datetime


def anchor_file(workspace: Workspace) -> Path:
    return workspace.state / "simulator" / "anchor.json"


def save_anchor(workspace: Workspace, anchor: Anchor) -> None:
    """Atomically, before the first row: a resumed history must tell the same story."""
    file = anchor_file(workspace)
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {"seed": anchor.seed, "start": anchor.start.isoformat(), "end": anchor.end.isoformat()}
    temporary = file.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(state))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(file)


def load_anchor(workspace: Workspace, seed: int) -> Anchor:
    """The plant of this workspace.

    Raises:
        NotReady: it has none yet.
        InvalidInput: it was told with another seed.
        CorruptData: the state file cannot be read.
    """
    file = anchor_file(workspace)
    if not file.exists():
        raise NotReady("This workspace has no demo plant.", remedy="Write its history with `copilot demo history`.")
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        anchor = Anchor(state["seed"], datetime.fromisoformat(state["start"]), datetime.fromisoformat(state["end"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptData(f"{file} cannot be read.", remedy="Start with a fresh workspace (--home).") from error
    if anchor.seed != seed:
        raise InvalidInput(
            f"seed: this workspace's demo plant was told with seed {anchor.seed}, not {seed}.",
            remedy=f"Set COPILOT_SEED={anchor.seed}, or use a fresh workspace (--home).",
            field="seed",
        )
    return anchor


def save_ground_truth(workspace: Workspace, plant: DemoPlant) -> None:
    """Every fault with onset, growth and planned end, for judges and tests; no model reads this folder."""
    rows = [
        {
            "equipment_id": fault.equipment_id,
            "failure_mode": fault.mode.id,
            "onset": as_datetime(fault.onset),
            "end": as_datetime(fault.end),
            "ending": fault.ending.value,
            "peak": fault.peak,
            "gain": fault.gain,
            "is_quiet": fault.is_quiet,
            "is_silent": fault.mode.silent,
        }
        for story in plant.stories.values()
        for fault in story.faults
        if fault.end >= plant.anchor.begins and fault.onset < plant.reach
    ]
    workspace.ground_truth.mkdir(parents=True, exist_ok=True)
    temporary = workspace.ground_truth / "faults.parquet.tmp"
    pl.DataFrame(rows).sort("equipment_id", "onset").write_parquet(temporary)
    temporary.replace(workspace.ground_truth / "faults.parquet")
