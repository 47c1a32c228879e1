"""`copilot serve` and `copilot up`."""

from __future__ import annotations

import threading
import time
from subprocess import Popen
from typing import Annotated

import typer

from cli import steps
from cli.context import Context, err, of
from core.errors import CopilotError
from core.progress import silent
from core.settings import Settings
from core.workspace import Workspace


def serve(
    context: typer.Context, port: Annotated[int | None, typer.Option(help="Overrides COPILOT_PORT.")] = None
) -> None:
    """Serve the API and the page on what is there."""
    from api.server import serve as run

    settings = of(context).settings
    run(settings if port is None else settings.model_copy(update={"port": port}))


def up(
    context: typer.Context,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Use the demo plant when nothing was imported.")
    ] = True,
) -> None:
    """Prepare what is missing, then serve until Ctrl-C. The demo plant goes on living meanwhile."""
    from api.server import serve as run

    ctx = of(context)
    is_demo = demo and wants_demo(ctx.workspace)
    with ctx.progress() as progress:
        started = time.monotonic()
        steps.prepare(ctx.workspace, steps.PREPARE if is_demo else steps.PREPARE[1:], progress)
    err.print(f"ready after {time.monotonic() - started:.0f} s", highlight=False)
    keeper = Keeper(ctx, feeds_demo=is_demo)
    keeper.start()
    try:
        run(ctx.settings)
    finally:
        keeper.stop()


def wants_demo(workspace: Workspace) -> bool:
    """True for an empty workspace and for one whose machines are the demo plant's."""
    return (
        steps.mark(workspace, "history").exists()
        or (workspace.state / "simulator").exists()
        or not workspace.lake.exists()
    )


class Keeper:
    """Keeps a served workspace fresh: feeds the demo plant, re-publishes marts and scores every `refresh_minutes`."""

    def __init__(self, ctx: Context, *, feeds_demo: bool) -> None:
        self._workspace = ctx.workspace
        self._settings: Settings = ctx.settings
        self._feeds_demo = feeds_demo and ctx.settings.live_interval_seconds > 0
        self._stop = threading.Event()
        self._feed: Popen[str] | None = None
        self._thread = threading.Thread(target=self._refresh_until_stopped, name="refresh", daemon=True)

    def start(self) -> None:
        if self._feeds_demo:
            every = str(max(1.0, self._settings.live_interval_seconds))
            self._feed = steps.start(self._workspace, ("demo", "live", "--every", every))
            threading.Thread(target=_drain, args=(self._feed,), daemon=True).start()
        if self._settings.refresh_minutes > 0:
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._feed is not None:
            steps.end(self._feed)
        if self._thread.is_alive():
            self._thread.join(30)

    def _refresh_until_stopped(self) -> None:
        while not self._stop.wait(self._settings.refresh_minutes * 60):
            for step in steps.REFRESH:
                if self._stop.is_set():
                    return
                try:
                    steps.run_step(self._workspace, step, silent)
                except CopilotError as error:
                    err.print(f"refresh: {error.message} {error.remedy}", highlight=False)
                    break


def _drain(process: Popen[str]) -> None:
    """Reads the feed's progress so that its pipe never fills."""
    for _ in process.stdout or ():
        pass
