"""`copilot doctor`: for every port its adapter, whether it answers, its version, and what to set to change it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from cli.context import of, out


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Say what is active, what answers, and how to change it. Exit code 1 when something active does not answer."""
    from api.health import port_reports

    ctx = of(context)
    reports = port_reports(ctx.settings, ctx.workspace, ctx.clock)
    if as_json:
        typer.echo("[" + ",\n ".join(report.model_dump_json() for report in reports) + "]")
    else:
        table = Table("port", "adapter", "state", "version", "to change it")
        for report in reports:
            style = {"ok": "green", "empty": "yellow", "off": "dim", "failed": "bold red"}[report.state]
            table.add_row(
                report.port,
                report.adapter,
                f"[{style}]{report.state}[/] {report.detail}",
                report.version,
                report.change,
            )
        out.print(table)
    if any(report.state == "failed" for report in reports):
        sys.exit(1)
