"""`copilot train` and `copilot score`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.context import of, out
from cli.summary import summary_table

train_app = typer.Typer(no_args_is_help=True, help="Train models from the published warehouse.")


@train_app.callback()
def train() -> None:
    """Train models from the published warehouse."""


@train_app.command()
def failure(
    context: typer.Context,
    report: Annotated[bool, typer.Option("--report", help="Print the champion's report; train if none.")] = False,
) -> None:
    """Failure within N days: discrete-time hazard, split by time with purge, calibrated, registered."""
    from ml.training_pipelines.failure import champion_report, render_report, train_failure

    ctx = of(context)
    found = champion_report(ctx.workspace) if report else None
    if found is None:
        with ctx.progress() as progress:
            found = train_failure(ctx.workspace, clock=ctx.clock, seed=ctx.settings.seed, progress=progress)
    if not ctx.json_progress:
        typer.echo(render_report(found))


def score(context: typer.Context) -> None:
    """Score every machine with the champion and store the predictions."""
    from data_engineering.lake.local import LocalLake
    from ml.serving.scoring import score as run

    ctx = of(context)
    with ctx.progress() as progress:
        summary = run(ctx.workspace, lake=LocalLake(ctx.workspace, ctx.clock), clock=ctx.clock, progress=progress)
    if not ctx.json_progress:
        out.print(summary_table(summary))
