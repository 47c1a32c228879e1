"""Outermost: names each request, logs it without its content, counts it, and turns a defect into a fixed sentence."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import problem_response, unexpected_problem

_SAFE_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_logger = structlog.get_logger("copilot.access")


class RequestContext:
    """ASGI middleware. `scope["state"]["request_id"]` is the reference shown in problems and in the log."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reference = _reference(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = reference
        await self._observed(scope, receive, send, reference)

    async def _observed(self, scope: Scope, receive: Receive, send: Send, reference: str) -> None:
        started = time.perf_counter()
        status = 0

        async def named_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = reference
            await send(message)

        try:
            await self._app(scope, receive, named_send)
        except Exception as error:  # noqa: BLE001  # the named boundary of HTTP: no exception text leaves the process
            problem = unexpected_problem(error, reference)
            if status == 0:
                await problem_response(problem)(scope, receive, named_send)
        finally:
            self._record(scope, status, time.perf_counter() - started, reference)

    def _record(self, scope: Scope, status: int, seconds: float, reference: str) -> None:
        method, route = scope["method"], route_template(scope)
        self._metrics.request(method, route, status, seconds)
        _logger.info(
            "request", method=method, route=route, status=status, ms=round(seconds * 1000, 1), reference=reference
        )


def route_template(scope: Scope) -> str:
    """The template of the matched route, never the raw path: a bounded label, and no ids in the log."""
    route = scope.get("route")
    if isinstance(route, Route):
        return route.path
    mounted = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    return f"{mounted}/{{path}}" if mounted else "unmatched"


def _reference(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
