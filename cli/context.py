"""What every command starts from: settings with --home applied, the workspace, and a progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from core.clock import SystemClock
from core.progress import Progress as ProgressCallback
from core.settings import Settings
from core.workspace import Workspace

out = Console()
err = Console(stderr=True)


class Context:
    """Settings and workspace of one invocation. `json_progress`: one JSON line a tick, for a parent process."""

    def __init__(self, home: Path | None, *, json_progress: bool) -> None:
        settings = Settings()
        self.settings = settings if home is None else settings.model_copy(update={"home": home})
        self.workspace = Workspace(self.settings.home.resolve())
        self.clock = SystemClock()
        self.json_progress = json_progress

    @contextmanager
    def progress(self) -> Iterator[ProgressCallback]:
        """A callback drawn as one bar a label, or written as JSON lines."""
        if self.json_progress:
            yield _json_line
            return
        with Progress(*bar_columns(), console=err, transient=False) as bars:
            yield Bars(bars)


def bar_columns() -> tuple[SpinnerColumn, TextColumn, BarColumn, MofNCompleteColumn, TimeElapsedColumn]:
    return (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )


class Bars:
    """Draws progress ticks: a new label opens a new bar."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, int] = {}

    def __call__(self, label: str, done: int, total: int) -> None:
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total or None)
        self._bars.update(self._tasks[label], completed=done, total=total or None)  # type: ignore[arg-type]


def _json_line(label: str, done: int, total: int) -> None:
    sys.stdout.write(json.dumps({"label": label, "done": done, "total": total}) + "\n")
    sys.stdout.flush()


def of(context: typer.Context) -> Context:
    """The `Context` that the callback of the root command made."""
    found = context.find_object(Context)
    if found is None:
        raise typer.Exit(1)
    return found
