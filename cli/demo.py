"""`copilot demo`: the simulated plant."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.context import of, out
from cli.summary import summary_table

app = typer.Typer(no_args_is_help=True, help="The demo plant: simulated, seeded, with its truth kept apart.")


@app.command()
def history(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=730, help="Days of history.")] = 90,
    until: Annotated[datetime | None, typer.Option(help="End of the history, UTC; default now.")] = None,
) -> None:
    """Write the plant's past into the lake, at 10-minute resolution."""
    from data_engineering.lake.local import LocalLake
    from data_engineering.simulator.history import write_history

    ctx = of(context)
    end = until.replace(tzinfo=UTC) if until else ctx.clock.now()
    with ctx.progress() as progress:
        lake = LocalLake(ctx.workspace, ctx.clock)
        summary = write_history(
            lake, workspace=ctx.workspace, until=end, days=days, seed=ctx.settings.seed, progress=progress
        )
    if not ctx.json_progress:
        out.print(summary_table(summary))


@app.command()
def live(
    context: typer.Context,
    every: Annotated[float, typer.Option(min=1, help="Seconds between readings.")] = 60.0,
) -> None:
    """Go on from the last reading: fill the time since, then stream until Ctrl-C."""
    from data_engineering.lake.local import LocalLake
    from data_engineering.simulator.live import run_live

    ctx = of(context)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ctx.progress() as progress:
        run_live(
            LocalLake(ctx.workspace, ctx.clock),
            workspace=ctx.workspace,
            clock=ctx.clock,
            seed=ctx.settings.seed,
            interval_seconds=every,
            stop=stop,
            progress=progress,
        )
