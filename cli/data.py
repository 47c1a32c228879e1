"""`copilot import`, `transform`, `index`, `equipment`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.context import of, out
from cli.summary import summary_table
from core.errors import InvalidInput
from core.scope import LOCAL

if TYPE_CHECKING:
    from data_engineering.connectors.models import ImportSummary

equipment_app = typer.Typer(no_args_is_help=True, help="Machines of the workspace.")


def import_command(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet exports, or folders of them.")],
    mapping: Annotated[str | None, typer.Option(help="Shipped mapping (azure_pdm, ai4i) or a YAML file.")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Print a mapping proposed for the file.")] = False,
) -> None:
    """Bring an export into readings, events, maintenance, equipment, quality and production."""
    from data_engineering.connectors.files import import_files
    from data_engineering.lake.local import LocalLake

    ctx = of(context)
    if suggest:
        from data_engineering.connectors.suggest import suggest_mapping

        for file in files:
            typer.echo(suggest_mapping(file))
        return
    if mapping is None:
        raise InvalidInput(
            "mapping: none given.", remedy="Name one with --mapping, or propose one with --suggest.", field="mapping"
        )
    with ctx.progress() as progress:
        summary = import_files(
            _files(files, mapping),
            mapping,
            lake=LocalLake(ctx.workspace, ctx.clock),
            workspace=ctx.workspace,
            clock=ctx.clock,
            progress=progress,
        )
    if not ctx.json_progress:
        out.print(_import_table(summary))


def _files(paths: list[Path], mapping: str) -> list[Path]:
    """The files as named; of a folder those that the mapping reads."""
    from data_engineering.connectors.mapping import load_mapping

    specs = load_mapping(mapping).files
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.iterdir()) if path.is_dir() else []
        found += [file for file in inside if any(spec.matches(file) for spec in specs)] or [path]
    return found


def _import_table(summary: ImportSummary) -> Table:
    table = Table("file", "rows", "accepted", "refused", "rejects", title=f"Imported by mapping '{summary.mapping}'")
    for file in summary.files:
        accepted = "known before" if file.was_known else _counts(file.accepted)
        rejects = str(file.rejects) if file.rejects else ""
        table.add_row(file.file.name, f"{file.rows:,}", accepted, _counts(file.refused), rejects)
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def transform(
    context: typer.Context,
    select: Annotated[str | None, typer.Option(help="dbt selection; default everything.")] = None,
) -> None:
    """Build the warehouse with dbt and publish its marts."""
    from api.database.engine import open_database
    from api.database.feedback import export_feedback
    from data_engineering.lake.local import LocalLake
    from data_engineering.warehouse.transform import transform as run

    ctx = of(context)
    lake = LocalLake(ctx.workspace, ctx.clock)
    if ctx.workspace.app_database.exists():
        with closing(open_database(ctx.workspace.app_database)) as database:
            export_feedback(database, lake)
    with ctx.progress() as progress:
        summary = run(ctx.workspace, lake=lake, clock=ctx.clock, select=select, progress=progress)
    if not ctx.json_progress:
        out.print(summary_table(summary))


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
        out.print(summary_table(summary))


@equipment_app.command("list")
def list_machines(context: typer.Context) -> None:
    """Every machine with its plant and line."""
    from api.services import build_toolbox
    from tools.equipment import list_equipment

    ctx = of(context)
    table = Table("machine", "type", "plant", "line", "model", "criticality")
    for machine in list_equipment(build_toolbox(ctx.settings, ctx.workspace, ctx.clock), LOCAL):
        table.add_row(
            machine.equipment_id,
            machine.equipment_type,
            machine.plant_id,
            machine.line or "",
            machine.model or "",
            machine.criticality or "",
        )
    out.print(table)
