"""What `copilot up` prepares, in order. Each step is a process of its own, so that the server stays lean."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import CopilotError
from core.progress import Progress
from core.workspace import Workspace


def mark(workspace: Workspace, name: str) -> Path:
    """File whose presence says that the step of this name has been finished."""
    return workspace.state / f"{name}.done"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, known by the mark it leaves when finished. A step that was killed is simply run again."""

    name: str
    title: str
    arguments: tuple[str, ...]

    def is_done(self, workspace: Workspace) -> bool:
        return mark(workspace, self.name).exists()


HISTORY = Step("history", "Demo plant: 90 days of history", ("demo", "history"))
MARTS = Step("marts", "Warehouse: marts", ("transform",))
MODEL = Step("model", "Failure model: train and register", ("train", "failure"))
SCORES = Step("scores", "Failure model: score every machine", ("score",))
PUBLISH = Step("publish", "Warehouse: publish the scores", ("transform", "--select", "stg_predictions+"))
MANUALS = Step("manuals", "Manuals: encoder and index", ("index",))

PREPARE = (HISTORY, MARTS, MODEL, SCORES, PUBLISH, MANUALS)
REFRESH = (MARTS, SCORES, PUBLISH)


class StepFailed(CopilotError):  # noqa: N818  # the house names errors by what happened
    """A step ended with an error; its own message is passed on."""

    code, exit_code, retriable = "step_failed", 1, True


def prepare(workspace: Workspace, steps: Sequence[Step], progress: Progress) -> None:
    """Runs the steps not yet done, one after the other.

    Raises:
        StepFailed: a step ended with an error; the steps before it stay done.
    """
    for step in steps:
        if not step.is_done(workspace):
            run_step(workspace, step, progress)


def run_step(workspace: Workspace, step: Step, progress: Progress) -> None:
    """Runs one step to its end, passing its progress on, and marks it done."""
    process = start(workspace, step.arguments)
    last = (0, 0)
    try:
        for line in process.stdout or ():
            tick = _tick(line)
            if tick is not None:
                last = tick
                progress(step.title, *tick)
        problem = process.stderr.read() if process.stderr else ""
    finally:
        end(process)
    if process.returncode != 0:
        raise _failure(step, problem)
    progress(step.title, last[1] or 1, last[1] or 1)
    workspace.state.mkdir(parents=True, exist_ok=True)
    mark(workspace, step.name).touch()


def start(workspace: Workspace, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Starts a `copilot` command as a child that does not outlive its parent."""
    command = [sys.executable, "-m", "cli.main", "--home", str(workspace.home), "--json-progress", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=_die_with_parent,  # nothing else can tie the child to a parent killed by SIGKILL
    )


def _die_with_parent() -> None:
    """Linux: the kernel ends the child when its parent is gone (prctl PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def end(process: subprocess.Popen[str], *, patience_s: float = 20.0) -> None:
    """Asks a child to stop, waits, then insists."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    if process.poll() is None:
        process.kill()
    process.wait()


def _tick(line: str) -> tuple[int, int] | None:
    try:
        tick = json.loads(line)
        return int(tick["done"]), int(tick["total"])
    except (ValueError, KeyError, TypeError):
        return None  # a library that writes to stdout; not ours to show


def _failure(step: Step, stderr: str) -> StepFailed:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    told = [line.removeprefix("error ") for line in lines if line.startswith("error ")]
    remedy = [line.removeprefix("remedy ") for line in lines if line.startswith("remedy ")]
    message = told[-1] if told else (lines[-1] if lines else "it ended without a word")
    return StepFailed(f"{step.title}: {message}", remedy=remedy[-1] if remedy else "Run the same command again.")
