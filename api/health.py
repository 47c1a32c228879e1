"""What /health, /readyz and the page say of a serving process."""

from __future__ import annotations

from typing import Literal

from api.models import DataAge, Health, PortReport
from api.ports import NEEDED, Probed, missing, package_version, port_reports, probe
from api.services import Services
from core.errors import NotReady

__all__ = ["check_health", "data_age", "missing_for_readiness", "own_version", "port_reports"]


def own_version() -> str:
    """Installed version of the copilot; 'unknown' when run from a tree that was never installed."""
    return package_version("manufacturing-copilot") or "unknown"


def check_health(services: Services) -> Health:
    """Asks every port. Blocking; what does not answer is reported, not raised."""
    ports = probe(_probed(services))
    data = data_age(services)
    return Health(
        status=_overall(ports, data), version=own_version(), time=services.clock.now(), ports=ports, data=data
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
    return missing(_probed(services))


def _probed(services: Services) -> Probed:
    return Probed(
        settings=services.settings,
        workspace=services.workspace,
        clock=services.clock,
        toolbox=services.toolbox,
        database=services.database,
    )


def _overall(ports: list[PortReport], data: DataAge | None) -> Literal["ok", "degraded", "down"]:
    unwell = {report.port for report in ports if report.state in ("empty", "failed")}
    if unwell & NEEDED:
        return "down"
    return "degraded" if unwell or data is None or data.is_stale else "ok"
