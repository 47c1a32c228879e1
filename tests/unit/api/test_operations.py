from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.ports import port_reports
from api.services import Services
from core.clock import FixedClock
from core.errors import Unavailable
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.warehouse.duckdb import DuckDBWarehouse
from data_engineering.warehouse.models import Snapshot
from tests.doubles import plant
from tests.doubles.warehouse import ScriptedWarehouse
from tests.unit.api.conftest import MakeClient


@pytest.fixture
def plant_services(services: Services) -> Services:
    return replace(services, toolbox=replace(services.toolbox, warehouse=plant.toolbox().warehouse))


def nothing_published() -> DuckDBWarehouse:
    return DuckDBWarehouse(Workspace(Path("/nowhere")), max_rows=10, max_seconds=1, clock=FixedClock(plant.NOW))


def test_health_names_every_port(make_client: MakeClient, plant_services: Services) -> None:
    health = make_client(toolbox=plant_services.toolbox).get("/health").json()
    ports = {port["port"] for port in health["ports"]}
    assert ports >= {
        "lake",
        "warehouse",
        "vector store",
        "app database",
        "model registry",
        "language model",
        "identity",
    }


def test_health_says_how_old_the_data_is(make_client: MakeClient, plant_services: Services) -> None:
    data = make_client(toolbox=plant_services.toolbox).get("/health").json()["data"]
    assert (data["age_seconds"], data["is_stale"]) == (600.0, False)


def test_old_data_is_called_stale(make_client: MakeClient, plant_services: Services, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=3))
    health = make_client(toolbox=plant_services.toolbox).get("/health").json()
    assert (health["status"], health["data"]["is_stale"]) == ("degraded", True)


def test_health_answers_before_anything_is_published(make_client: MakeClient, services: Services) -> None:
    toolbox = replace(services.toolbox, warehouse=nothing_published())
    health = make_client(toolbox=toolbox).get("/health")
    assert (health.status_code, health.json()["status"], health.json()["data"]) == (200, "down", None)
    empty = {port["port"]: port["change"] for port in health.json()["ports"] if port["state"] == "empty"}
    assert empty["warehouse"]


def test_not_ready_until_something_is_published(make_client: MakeClient, services: Services) -> None:
    ready = make_client(toolbox=replace(services.toolbox, warehouse=nothing_published())).get("/readyz")
    assert (ready.status_code, ready.json()["waiting_for"]) == (503, ["warehouse"])


def test_ready_when_what_is_needed_answers(make_client: MakeClient, plant_services: Services) -> None:
    assert make_client(toolbox=plant_services.toolbox).get("/readyz").json()["status"] == "ready"


def test_alive_without_asking_anything(make_client: MakeClient, services: Services) -> None:
    client = make_client(toolbox=replace(services.toolbox, warehouse=nothing_published()))
    assert client.get("/livez").json() == {"status": "alive"}


def test_metrics_count_routes_not_paths(client: TestClient) -> None:
    for path in ("/v1/threads/a", "/v1/threads/b", "/nothing/1", "/nothing/2"):
        client.get(path)
    client.request("BREW", "/livez")
    text = client.get("/metrics").text
    assert 'route="/v1/threads/{thread_id}",status="404"} 2.0' in text
    assert 'route="unmatched",status="404"} 2.0' in text
    assert 'method="OTHER"' in text
    assert "/v1/threads/a" not in text


def test_metrics_count_runs_and_agents(client: TestClient) -> None:
    client.post("/v1/chat", json={"message": "?"})
    text = client.get("/metrics").text
    assert 'copilot_runs_total{outcome="finished"} 1.0' in text
    assert 'copilot_agent_results_total{agent="ml",status="answered"} 1.0' in text


def test_metrics_tell_the_age_of_the_data(make_client: MakeClient, plant_services: Services) -> None:
    assert "copilot_data_age_seconds 600.0" in make_client(toolbox=plant_services.toolbox).get("/metrics").text


def test_a_port_that_does_not_answer_is_reported_not_raised(make_client: MakeClient, services: Services) -> None:
    class Broken(ScriptedWarehouse):
        def snapshot(self) -> Snapshot:
            raise Unavailable("The warehouse does not answer.", remedy="Start it.")

    health = make_client(toolbox=replace(services.toolbox, warehouse=Broken({}, data_until=plant.NOW))).get("/readyz")
    assert (health.status_code, health.json()["waiting_for"]) == (503, ["warehouse"])


def test_every_port_of_an_empty_workspace_says_what_to_do(workspace: Workspace, clock: FixedClock) -> None:
    reports = port_reports(Settings(home=workspace.home), workspace, clock)
    assert {report.state for report in reports} == {"ok", "empty", "off"}
    assert all(report.change for report in reports if report.state == "empty")


def test_looking_at_a_workspace_creates_nothing(workspace: Workspace, clock: FixedClock) -> None:
    port_reports(Settings(home=workspace.home), workspace, clock)
    assert not workspace.home.exists()
