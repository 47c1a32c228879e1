"""The process that serves: uvicorn on loopback, stopped gracefully."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import sys

import uvicorn
from fastapi import FastAPI

from core.errors import Busy
from core.settings import Settings

SHUTDOWN_SECONDS = 10
_BACKLOG = 2048


def serve(settings: Settings) -> None:
    """Serves until Ctrl-C or SIGTERM, then gives runs and streams 10 seconds to end properly. Blocking.

    Raises:
        Forbidden: the address is not loopback (there is no log-in yet).
        Busy: another process listens on the port.
    """
    from api.app import create_app
    from api.security.local import require_loopback

    require_loopback(settings)
    listener = listen(settings.host, settings.port)
    configure_logging(settings.log_level)
    print(f"Manufacturing Copilot: {address_of(listener)}", flush=True)  # noqa: T201  # the one line a person waits for
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.suppress(KeyboardInterrupt):
        server_for(create_app(settings)).run(sockets=[listener])


def _leave(*_: object) -> None:
    """uvicorn raises the signal once more when it has stopped; whoever called `serve` still tidies up."""
    raise SystemExit(0)


def server_for(app: FastAPI) -> uvicorn.Server:
    """uvicorn as the copilot runs it: uvloop, httptools, our own access log, 10 seconds to stop."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return uvicorn.Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Who connects before the application is ready waits.

    Raises:
        Busy: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Busy(
            f"COPILOT_PORT: port {port} on {host} cannot be used ({error.strerror}).",
            remedy="Stop what listens there, or set COPILOT_PORT to another port (0 takes a free one).",
            field="COPILOT_PORT",
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure_logging(level: str) -> None:
    """Structured lines on standard error: access, refusals, defects. Never the text of a message."""
    import structlog

    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
