"""The application: one function that puts routes, middleware and services together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Lifespan

from api.database.run_log import RunLog
from api.health import own_version
from api.metrics import Metrics
from api.middleware.body import BodyGuard
from api.middleware.headers import SecurityHeaders
from api.middleware.request_context import RequestContext
from api.openapi import DESCRIPTION, install_openapi
from api.problems import install_problem_handlers
from api.routers import chat, conversations, operations, pages, tools
from api.security.local import LocalOnly
from api.services import Services, build_services
from api.streaming.runs import Runs
from api.streaming.sse import DRAIN_SECONDS
from core.clock import Clock, SystemClock
from core.settings import Settings


def create_app(settings: Settings, *, clock: Clock | None = None, services: Services | None = None) -> FastAPI:
    """The HTTP application. Services are built when it starts, unless they are given (then the giver closes them)."""
    metrics = Metrics()
    app = FastAPI(
        title="Manufacturing Copilot",
        summary="An open maintenance copilot for factories.",
        description=DESCRIPTION,
        version=own_version(),
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(settings, clock or SystemClock(), services),
        middleware=_middleware(settings, metrics),
    )
    app.state.metrics = metrics
    install_problem_handlers(app)
    install_openapi(app)
    for module in (chat, conversations, tools, operations, pages):
        app.include_router(module.router)
    for folder in ("static", "vendor"):
        app.mount(f"/{folder}", pages.RevalidatedFiles(directory=pages.WEB / folder), name=folder)
    return app


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    return [
        Middleware(RequestContext, metrics=metrics),
        Middleware(SecurityHeaders),
        Middleware(LocalOnly),
        Middleware(BodyGuard, max_bytes=settings.max_body_bytes),
    ]


def _lifespan(settings: Settings, clock: Clock, given: Services | None) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services = given if given is not None else await asyncio.to_thread(build_services, settings, clock)
        log = RunLog(services.database, services.clock)
        await log.close_interrupted()
        runs = Runs(
            services.copilot, log, services.clock, app.state.metrics, max_seconds=services.settings.run_max_seconds
        )
        app.state.services, app.state.runs = services, runs
        try:
            yield
        finally:
            await runs.drain(DRAIN_SECONDS)
            if given is None:
                services.close()

    return lifespan
