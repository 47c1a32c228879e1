"""What the OpenAPI document says beyond the routes' own types."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

DESCRIPTION = """Questions about machines, answered from rows, models and manuals, each number with its evidence.

Errors are RFC 9457 problem details. Streams are AG-UI 1.0 events over server-sent events.
"""
TAGS = [
    {"name": "chat", "description": "Questions in plain words, answered as a stream."},
    {"name": "conversations", "description": "What was said, and what people thought of it."},
    {"name": "insight", "description": "Failure risk, performance and forecasts of machines."},
    {"name": "equipment", "description": "Machines and their latest state."},
    {"name": "operations", "description": "Health, readiness and metrics."},
]
SERVERS = [{"url": "/", "description": "This server."}]
CONTACT = {"name": "Manufacturing Copilot maintainers"}
LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}

_REASONS = {
    400: "The body is not valid JSON.",
    404: "No such thing, or not the caller's.",
    413: "The body or the message is too long.",
    415: "The body is not declared as JSON.",
    422: "A field is missing, unknown, of the wrong type or out of range: `field` and `errors` say which.",
    500: "A defect of ours: a fixed sentence and a reference, never the exception's text.",
    502: "A configured remote system does not answer.",
    503: "Something must be run first, or is busy: `remedy` says what to do.",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: int) -> Responses:
    """Documented error responses; 403 and 500 can come from every route."""
    documented: Responses = {
        status: {"description": _REASONS[status], "content": _PROBLEM} for status in sorted({*statuses, 500})
    }
    documented[403] = {"description": "Not from this machine, or from another site's page.", "content": _PROBLEM}
    return documented


def stream_answer(description: str) -> Responses:
    """A 200 that is a stream of server-sent events."""
    example = 'id: 9d1f6a52:0\ndata: {"type":"RUN_STARTED","threadId":"5b0c0a4e","runId":"9d1f6a52"}\n\n'
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": description, "content": content}}


def install_openapi(app: FastAPI) -> None:
    """Builds the document once, with the problem shape among its components."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    from api.models import Problem

    schema = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=TAGS,
        servers=SERVERS,
        contact=CONTACT,
        license_info=LICENSE,
    )
    components = schema["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(shape.pop("$defs", {}))
    components["Problem"] = shape
    _name_items(components)
    return schema


def _name_items(node: Any) -> None:
    """Fixed-length arrays state their `items` too: many tools know nothing of `prefixItems`."""
    if isinstance(node, list):
        for part in node:
            _name_items(part)
    elif isinstance(node, dict):
        if "prefixItems" in node:
            node.setdefault("items", node["prefixItems"][0])
        _name_items(list(node.values()))
