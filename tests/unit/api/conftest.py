"""An application over doubles: scripted warehouse, manuals and copilot; a real app database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.database.engine import Database, open_database
from api.services import Services
from core.clock import FixedClock
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.warehouse.ports import Warehouse
from tests.doubles import plant
from tests.doubles.copilot import ScriptedCopilot
from tests.doubles.manuals import ScriptedManuals
from tests.doubles.warehouse import ScriptedWarehouse
from tools.ports import Toolbox

ORIGIN = "http://127.0.0.1:8080"
MakeClient = Callable[..., TestClient]
PlantClient = Callable[..., TestClient]


@pytest.fixture
def settings(workspace: Workspace) -> Settings:
    return Settings(home=workspace.home, max_message_bytes=200, max_body_bytes=4096)


@pytest.fixture
def database(workspace: Workspace) -> Iterator[Database]:
    opened = open_database(workspace.app_database)
    yield opened
    opened.close()


@pytest.fixture
def services(settings: Settings, workspace: Workspace, database: Database, clock: FixedClock) -> Services:
    warehouse = ScriptedWarehouse({}, data_until=clock.now() - timedelta(minutes=10))
    toolbox = Toolbox(
        settings=settings, workspace=workspace, warehouse=warehouse, manuals=ScriptedManuals(), clock=clock
    )
    return Services(
        settings=settings,
        workspace=workspace,
        clock=clock,
        toolbox=toolbox,
        copilot=ScriptedCopilot(),
        database=database,
    )


@pytest.fixture
def make_client(services: Services, settings: Settings) -> Iterator[MakeClient]:
    """`make_client(copilot=..., toolbox=...)`: a started application with some services replaced."""
    with ExitStack() as stack:

        def make(**replaced: object) -> TestClient:
            served = replace(services, **replaced)  # type: ignore[arg-type]
            app = create_app(settings, services=served)
            return stack.enter_context(TestClient(app, base_url=ORIGIN))

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> TestClient:
    return make_client()


@pytest.fixture
def plant_client(make_client: MakeClient, services: Services) -> PlantClient:
    """A client over the scripted plant of two machines."""

    def make(warehouse: Warehouse | None = None) -> TestClient:
        toolbox = replace(services.toolbox, warehouse=warehouse or plant.toolbox().warehouse)
        return make_client(toolbox=toolbox)

    return make
