"""The `copilot` command: thin, calls the same functions as the API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import ask, data, demo, doctor, models, serving
from cli.context import Context, err
from cli.defects import report_defect
from core.errors import CopilotError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(demo.app, name="demo")
app.add_typer(models.train_app, name="train")
app.add_typer(data.equipment_app, name="equipment")
app.command("import")(data.import_command)
app.command()(data.transform)
app.command()(data.index)
app.command()(models.score)
app.command()(ask.ask)
app.command()(doctor.doctor)
app.command()(serving.serve)
app.command()(serving.up)


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Workspace folder; overrides COPILOT_HOME.")] = None,
    json_progress: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Manufacturing Copilot: every number walks back to rows and a model version."""
    context.obj = Context(home, json_progress=json_progress)


def run() -> None:
    """Runs the command; a `CopilotError` becomes two lines and its exit code.

    A defect of ours becomes a sentence with a reference; its traceback goes to `<home>/state/errors.log` only.
    """
    try:
        app()
    except CopilotError as error:
        err.print(f"[bold red]error[/] {error.message}", highlight=False, soft_wrap=True)
        if error.remedy:
            err.print(f"[bold]remedy[/] {error.remedy}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001  # the outermost boundary: the text of a defect must not reach the terminal
        reference, log = report_defect()
        err.print(f"[bold red]error[/] internal error, reference {reference}", highlight=False, soft_wrap=True)
        err.print(f"[bold]remedy[/] send {log} to the maintainers", highlight=False, soft_wrap=True)
        sys.exit(70)
    except KeyboardInterrupt:
        err.print("stopped; what was finished is kept, run the same command to go on")
        sys.exit(130)


if __name__ == "__main__":
    run()
