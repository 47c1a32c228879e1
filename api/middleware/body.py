"""Bodies: JSON only, and never longer than accepted, whether their length is declared or they come in chunks."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        reference = scope.get("state", {}).get("request_id", "unknown")
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._max_bytes:
            await problem_response(problem_of(self._too_large(), reference))(scope, receive, send)
        elif _has_body(headers) and not _is_json(headers.get("content-type", "")):
            await problem_response(http_problem(415, reference, "The body is not JSON."))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"The body is longer than {self._max_bytes:,} bytes.",
            remedy="Send less, or raise COPILOT_MAX_BODY_BYTES.",
            field="body",
        )


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
