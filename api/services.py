"""What one process serves with, wired once. Heavy parts are imported here, when they are built, not with the API."""

from __future__ import annotations

from dataclasses import dataclass

from api.database.engine import Database, open_database
from api.database.threads import SqlThreadMemory
from api.streaming.ports import ChatCopilot
from core.clock import Clock
from core.settings import Settings
from core.workspace import Workspace
from tools.ports import Toolbox


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    workspace: Workspace
    clock: Clock
    toolbox: Toolbox
    copilot: ChatCopilot
    database: Database

    def close(self) -> None:
        self.database.close()


def build_services(settings: Settings, clock: Clock) -> Services:
    """The embedded stack: DuckDB snapshot, local manual search, SQLite app database, and the supervisor over them."""
    from agents.llm import openai_model
    from agents.supervisor import Copilot

    workspace = Workspace(settings.home)
    toolbox = build_toolbox(settings, workspace, clock)
    database = open_database(workspace.app_database)
    memory = SqlThreadMemory(database, clock)
    return Services(
        settings=settings,
        workspace=workspace,
        clock=clock,
        toolbox=toolbox,
        copilot=Copilot(toolbox, memory, openai_model(settings)),
        database=database,
    )


def build_toolbox(settings: Settings, workspace: Workspace, clock: Clock) -> Toolbox:
    """What the tools stand on, embedded."""
    from data_engineering.warehouse.duckdb import DuckDBWarehouse
    from tools.search import LocalManualSearch

    warehouse = DuckDBWarehouse(
        workspace, max_rows=settings.query_max_rows, max_seconds=settings.query_max_seconds, clock=clock
    )
    return Toolbox(
        settings=settings,
        workspace=workspace,
        warehouse=warehouse,
        manuals=LocalManualSearch(workspace),
        clock=clock,
    )
