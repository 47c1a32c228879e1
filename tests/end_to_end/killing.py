"""Power cuts on the way up: `copilot up` is killed with its children in the middle of a step, and started again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from cli.steps import mark
from core.workspace import Workspace
from tests.end_to_end.up import free_port, start_up, wait_for

INTO_A_STEP_S = 4.0
"""How long after the step before has finished the kill comes: inside dbt, inside the fit."""


def killed_on_the_way(home: Path, log: Path) -> None:
    """Kills the whole process group in the history, in the transformation and in the training."""
    workspace = Workspace(home)
    _kill_when(home, log, lambda: _parts(workspace) >= 10, "writing history")
    _kill_when(home, log, mark(workspace, "history").exists, "transforming")
    _kill_when(home, log, mark(workspace, "marts").exists, "training")


def _parts(workspace: Workspace) -> int:
    return sum(1 for _ in workspace.lake.glob("readings/dt=*/*.parquet"))


def _kill_when(home: Path, log: Path, has_come: Callable[[], bool], what: str) -> None:
    process = start_up(home, free_port(), log)
    try:
        wait_for(has_come, process, log, what)
        if what != "writing history":
            time.sleep(INTO_A_STEP_S)
        assert process.poll() is None, f"{what} was over before it could be killed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
