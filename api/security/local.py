"""Local development mode: the person at this machine, over loopback, from our own page.

A browser on this machine may be steered by any web site. The Host check defeats DNS rebinding, the Origin check foreign
pages (docs/reference/http.md, "Who may call").
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from api.problems import problem_of, problem_response
from core.errors import Forbidden
from core.scope import LOCAL, Scope
from core.settings import Settings


async def caller() -> Scope:
    """Whose request this is."""
    return LOCAL


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine and nothing else."""
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def require_loopback(settings: Settings) -> None:
    """Local mode has no log-in, so it must not be reachable from elsewhere.

    Raises:
        Forbidden: the address to listen on is not loopback.
    """
    if not is_loopback(settings.host):
        raise Forbidden(
            f"COPILOT_HOST: '{settings.host}' is reachable from other machines, and there is no log-in yet.",
            remedy="Set COPILOT_HOST=127.0.0.1; put an authenticating proxy in front to share it.",
            field="COPILOT_HOST",
        )


class LocalOnly:
    """ASGI middleware: refuses requests for another host or from another site's page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        refusal = _refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        reference = scope.get("state", {}).get("request_id", "unknown")
        await problem_response(problem_of(refusal, reference))(scope, receive, send)


def _refusal(headers: Headers) -> Forbidden | None:
    host = headers.get("host", "")
    if not is_loopback(_hostname(host)):
        return Forbidden(
            f"Host: '{host[:80]}' is not this machine.", remedy="Open http://127.0.0.1 with the port it serves on."
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return Forbidden(f"Origin: '{origin[:80]}' may not call this address.", remedy="Use the page served at /.")
    return None


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
