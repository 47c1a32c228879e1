"""Bodies: JSON only, and never longer than accepted, whether their length is declared or they come in chunks."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.models import Problem
from api.problems import http_problem, problem_of, problem_response
from core.errors import PayloadTooLarge

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class BodyGuard:
    """ASGI middleware: 413 above `max_bytes`, 415 for a body that is not JSON."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal_of(Headers(scope=scope))
        body = None if refusal else await self._read(receive)
        if body is None:
            problem = (refusal or self._too_large)(scope.get("state", {}).get("request_id", "unknown"))
            await problem_response(problem)(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)

    def _refusal_of(self, headers: Headers) -> Callable[[str], Problem] | None:
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            return self._too_large
        if _has_body(headers) and not _is_json(headers.get("content-type", "")):
            return lambda reference: http_problem(415, reference, "The body is not JSON.")
        return None

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body; None as soon as it is longer than accepted."""
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self, reference: str) -> Problem:
        refusal = PayloadTooLarge(
            f"The body is longer than {self._max_bytes:,} bytes.",
            remedy="Send less, or raise COPILOT_MAX_BODY_BYTES.",
            field="body",
        )
        return problem_of(refusal, reference)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body read so far as one message, then whatever comes (a disconnect)."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
