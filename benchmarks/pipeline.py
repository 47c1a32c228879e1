"""Cost of each step from an empty workspace to a served plant: wall, CPU, disk."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report import measured, show
from cli import steps
from core.progress import silent
from core.workspace import Workspace


def run(workspace: Workspace) -> None:
    """Runs every step of `copilot up` in `workspace`, which must be empty, and prints its cost."""
    rows = []
    total_wall = total_cpu = 0.0
    for step in steps.PREPARE:
        with measured() as cost:
            steps.run_step(workspace, step, silent)
        total_wall, total_cpu = total_wall + cost.wall_s, total_cpu + cost.cpu_s
        rows.append((step.title, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{_megabytes(workspace.home):.0f}"))
    rows.append(("all", f"{total_wall:.1f}", f"{total_cpu:.1f}", f"{_megabytes(workspace.home):.0f}"))
    show("From nothing to a served plant", ("step", "wall s", "CPU s", "workspace MB"), rows)


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
