"""`copilot import`, `transform`, `index`, `equipment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.context import of, out
from core.errors import InvalidInput
from core.scope import LOCAL

equipment_app = typer.Typer(no_args_is_help=True, help="Machines of the workspace.")


def import_command(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet exports, or folders of them.")],
    mapping: Annotated[str | None, typer.Option(help="Shipped mapping (azure_pdm, ai4i) or a YAML file.")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Print a mapping proposed for the file.")] = False,
) -> None:
    """Bring an export into readings, events, maintenance, equipment, quality and production."""
    from data_engineering.connectors.importing import import_files, suggest_mapping

    from data_engineering.lake.local import LocalLake

    ctx = of(context)
    if suggest:
        for file in files:
            typer.echo(suggest_mapping(file))
        return
    if mapping is None:
        raise InvalidInput(
            "mapping: none given.", remedy="Name one with --mapping, or propose one with --suggest.", field="mapping"
        )
    with ctx.progress() as progress:
        lake = LocalLake(ctx.workspace, ctx.clock)
        summary = import_files(files, mapping, lake=lake, workspace=ctx.workspace, clock=ctx.clock, progress=progress)
    if not ctx.json_progress:
        out.print(summary)


def transform(
    context: typer.Context,
    select: Annotated[str | None, typer.Option(help="dbt selection; default everything.")] = None,
) -> None:
    """Build the warehouse with dbt and publish its marts."""
    from api.database.export import export_feedback_of
    from data_engineering.warehouse.transform import transform as run

    from data_engineering.lake.local import LocalLake

    ctx = of(context)
    lake = LocalLake(ctx.workspace, ctx.clock)
    export_feedback_of(ctx.workspace, lake)
    with ctx.progress() as progress:
        summary = run(ctx.workspace, lake=lake, clock=ctx.clock, select=select, progress=progress)
    if not ctx.json_progress:
        out.print(summary)


def index(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Manuals; default the shipped shelf.")] = None,
) -> None:
    """Index the manuals: encoder (once), chunks, lexical index, vectors."""
    from data_engineering.documents.parsing import SHELF
    from ml.retrieval.index import build_index

    ctx = of(context)
    with ctx.progress() as progress:
        summary = build_index(ctx.workspace, folder or SHELF, clock=ctx.clock, progress=progress)
    if not ctx.json_progress:
        out.print(summary)


@equipment_app.command("list")
def list_machines(context: typer.Context) -> None:
    """Every machine with its plant and line."""
    from api.services import build_services

    from tools.equipment import list_equipment

    ctx = of(context)
    table = Table("machine", "type", "plant", "line", "model", "criticality")
    for machine in list_equipment(build_services(ctx.settings, ctx.clock).toolbox, LOCAL):
        table.add_row(
            machine.equipment_id,
            machine.equipment_type,
            machine.plant_id,
            machine.line or "",
            machine.model or "",
            machine.criticality or "",
        )
    out.print(table)
