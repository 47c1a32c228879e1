"""Runs dbt over the build file and says what came of it. Nothing is written outside the workspace, nothing is sent."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import CopilotError, CorruptData, NotReady, StorageFull
from core.progress import Progress
from core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2] / "dbt_transformations"
LABEL = "Building marts"
_FULL = "No space left on device"
_TORN = ("corrupt", "checksum", "serialization error", "internal error", "fatal error")


class NodeResult(BaseModel):
    """One model or test, as dbt reports it."""

    model_config = ConfigDict(frozen=True)

    unique_id: str
    status: str
    message: str | None = None

    @property
    def kind(self) -> str:
        return self.unique_id.split(".")[0]

    @property
    def name(self) -> str:
        return self.unique_id.split(".")[2]

    @property
    def has_failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


class BuildFileTorn(CorruptData):
    """The build file itself cannot be read. It is private and disposable: the next run makes a new one."""


def build(workspace: Workspace, *, select: str | None, lock: int, progress: Progress) -> list[NodeResult]:
    """`dbt build` without unit tests; every model and data test it ran.

    Raises:
        NotReady: dbt is not installed.
        StorageFull: the disk is full.
        CorruptData: a model or a data test failed; names it and says what dbt said.
    """
    if importlib.util.find_spec("dbt") is None:
        raise NotReady("dbt is not installed.", remedy="Install the extra: pip install 'manufacturing-copilot[dbt]'.")
    target = workspace.warehouse / "dbt"
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    said = _run(_arguments(target, select), workspace, lock, progress)
    if said is not None:
        failed = next((node for node in _results_left(results) if node.has_failed), None)
        where, message = (f"{failed.kind} {failed.name}", failed.message) if failed else ("dbt", None)
        raise _failure(where, message or said, workspace)
    return _results(results)


def _arguments(target: Path, select: str | None) -> list[str]:
    flags = ["--log-format", "json", "--log-level", "info", "--log-level-file", "none", "--no-use-colors"]
    flags += ["--no-send-anonymous-usage-stats", "--no-version-check"]
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    places += ["--target-path", str(target.absolute()), "--log-path", str(target.absolute())]
    chosen = ["--select", *select.split()] if select else []
    return [*flags, "build", "--exclude-resource-type", "unit_test", *places, *chosen]


def _run(arguments: Sequence[str], workspace: Workspace, lock: int, progress: Progress) -> str | None:
    """None when dbt succeeded, else the end of what it said. Leaving early, by Ctrl-C too, kills it."""
    said: deque[str] = deque(maxlen=20)
    process = subprocess.Popen(
        [sys.executable, "-m", "data_engineering.warehouse.dbt_process", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=_environment(workspace),
        cwd=workspace.warehouse,
        pass_fds=(lock,),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            _follow(line, said, progress)
        return None if process.wait() == 0 else "\n".join(said)
    finally:
        process.kill()
        process.wait()


def _environment(workspace: Workspace) -> dict[str, str]:
    root = str(PROJECT.parent)
    inherited = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{inherited}" if inherited else root,
        "COPILOT_DBT_DATABASE": str(workspace.warehouse_build.absolute()),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _follow(line: str, said: deque[str], progress: Progress) -> None:
    try:
        event: dict[str, Any] = json.loads(line)
        data, info = event["data"], event["info"]
    except (ValueError, KeyError, TypeError):
        said.append(line.rstrip())
        return
    if info["level"] in ("warn", "error"):
        said.append(str(info["msg"]).strip())
    total = data.get("total", data.get("num_models"))  # a model's result, a test's result
    if info["name"].endswith("Result") and "index" in data and total is not None:
        progress(LABEL, int(data["index"]), int(total))


def _results(file: Path) -> list[NodeResult]:
    return [NodeResult.model_validate(result) for result in json.loads(file.read_text(encoding="utf-8"))["results"]]


def _results_left(file: Path) -> list[NodeResult]:
    """What a failed dbt has written of its results; perhaps nothing, or half."""
    try:
        return _results(file)
    except (FileNotFoundError, ValueError):
        return []


def _failure(where: str, message: str, workspace: Workspace) -> CopilotError:
    text = " ".join(message.split())[:1000]
    kept = "The snapshot published before stays served."
    if _FULL in message:
        return StorageFull(
            f"No space left under {workspace.warehouse} (in {where}); nothing was published.",
            remedy=f"Free disk space and run `copilot transform` again. {kept}",
        )
    if any(sign in text.lower() for sign in _TORN):
        return BuildFileTorn(f"{where}: {text}", remedy=f"Run `copilot transform` again. {kept}")
    remedy = f"Mend or remove what it names and run `copilot transform` again. {kept}"
    return CorruptData(f"{where}: {text}", remedy=remedy)
