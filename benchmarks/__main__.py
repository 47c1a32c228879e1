"""`make bench`: every table, in one run, on an otherwise idle machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import forecast, import_rate, pipeline, retrieval, routing, serving
from benchmarks.report import console, machine, versions
from core.workspace import Workspace


def main() -> None:
    console.print(machine(), highlight=False)
    console.print(versions(), highlight=False)
    with tempfile.TemporaryDirectory(prefix="copilot-bench-") as folder:
        workspace = Workspace(Path(folder) / "home")
        pipeline.run(workspace)
        serving.run(workspace, serving.free_port())
    routing.main()
    import_rate.main()
    retrieval.main()
    forecast.main()


if __name__ == "__main__":
    main()
