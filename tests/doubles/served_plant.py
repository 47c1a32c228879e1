"""A served application over doubles, on a real socket. A test double: never imported by production code.

`python -m tests.doubles.served_plant HOME [PAUSE_S]` serves it from a process of its own and prints its address.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import uvicorn

from api.app import create_app
from api.database.engine import open_database
from api.server import address_of, listen, server_for
from api.services import Services
from core.settings import Settings
from core.workspace import Workspace
from tests.doubles import plant
from tests.doubles.copilot import ScriptedCopilot
from tests.doubles.manuals import ScriptedManuals


def plant_services(home: Path, copilot: ScriptedCopilot) -> Services:
    """The plant of two machines, with a real app database under `home`."""
    settings, workspace = Settings(home=home), Workspace(home)
    toolbox = replace(plant.toolbox(), settings=settings, workspace=workspace, manuals=ScriptedManuals())
    return Services(
        settings=settings,
        workspace=workspace,
        clock=toolbox.clock,
        toolbox=toolbox,
        copilot=copilot,
        database=open_database(workspace.app_database),
    )


@contextmanager
def served(services: Services) -> Iterator[str]:
    """The application on a free port, in a thread. Gives its address."""
    listener = listen("127.0.0.1", 0)
    server = server_for(create_app(services.settings, services=services))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    _await_start(server, thread)
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join(15)


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        thread.join(0.02)


def main() -> None:
    home, pause = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    services = plant_services(home, ScriptedCopilot(pause_s=pause))
    listener = listen("127.0.0.1", 0)
    print(address_of(listener), flush=True)  # noqa: T201
    server_for(create_app(services.settings, services=services)).run(sockets=[listener])


if __name__ == "__main__":
    main()
