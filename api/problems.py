"""Errors as RFC 9457 problem details. Every error that leaves over HTTP is rendered here, and only here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.models import FieldProblem, Problem
from core.errors import CopilotError, Internal, InvalidInput

MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "Something went wrong on our side. The reference below leads to it in the log."
_VALUE_LENGTH = 80
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}
_REMEDIES = {
    400: "Send one JSON object, as /docs shows it.",
    404: "See /docs for the addresses there are.",
    405: "Use a method the Allow header names.",
    415: "Send the body as Content-Type: application/json.",
}
_logger = structlog.get_logger("copilot.errors")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem.model_dump_json(exclude_none=True), problem.status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: CopilotError, reference: str) -> Problem:
    """The problem a person sees. A defect of ours shows a fixed sentence, never its own text."""
    hidden = isinstance(error, Internal) or type(error) is CopilotError
    return Problem(
        type=f"urn:copilot:problem:{error.code}",
        title=_title(error.code),
        status=error.status,
        detail=UNEXPECTED if hidden else error.message,
        instance=instance(reference),
        code=error.code,
        retriable=error.retriable,
        remedy=None if hidden else error.remedy or None,
        field=error.field,
    )


def http_problem(status: int, reference: str, detail: str | None = None) -> Problem:
    """The problem of a plain HTTP refusal (404, 405, 415, ...)."""
    code = _CODES.get(status, "http_error")
    phrase = HTTPStatus(status).phrase
    return Problem(
        type=f"urn:copilot:problem:{code}",
        title=_title(code) if status in _CODES else phrase,
        status=status,
        detail=detail or f"{phrase}.",
        instance=instance(reference),
        code=code,
        retriable=status in (429, 503),
        remedy=_REMEDIES.get(status),
    )


def unexpected_problem(error: BaseException, reference: str) -> Problem:
    """Logs the exception under `reference` and shows a fixed sentence."""
    _logger.error("unexpected", reference=reference, exc_info=error)
    return problem_of(Internal(UNEXPECTED), reference)


def instance(reference: str) -> str:
    return f"urn:copilot:request:{reference}"


def reference_of(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", "unknown"))


def install_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(CopilotError, _copilot_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


async def _copilot_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CopilotError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.warning("refused", reference=reference_of(request), code=error.code, exc_info=error)
    headers = {"Retry-After": "5"} if error.retriable else None
    return problem_response(problem_of(error, reference_of(request)), headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.url.path[:200]}"
    details = {404: f"There is nothing at {where}.", 405: f"{where} is not offered."}
    problem = http_problem(error.status_code, reference_of(request), details.get(error.status_code, error.detail))
    return problem_response(problem, error.headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    reports: Sequence[Mapping[str, Any]] = error.errors()
    if reports and reports[0]["type"] == "json_invalid":
        return problem_response(http_problem(400, reference_of(request), "The body is not valid JSON."))
    fields = [_field_problem(report) for report in reports]
    first = fields[0]
    value = f" (got {first.value})" if first.value is not None else ""
    refused = InvalidInput(
        f"{first.field}: {first.message}{value}.",
        remedy="Mend the fields named in `errors`; /docs shows the shape.",
        field=first.field,
    )
    problem = problem_of(refused, reference_of(request))
    return problem_response(problem.model_copy(update={"errors": fields}))


def _field_problem(report: Mapping[str, Any]) -> FieldProblem:
    path = [str(part) for part in report["loc"][1:] if not str(part).startswith("as:")]
    message = report["msg"].removeprefix("Value error, ")
    missing = report["type"] == "missing"
    return FieldProblem(
        field=".".join(path) or "body", value=None if missing else _shortened(report["input"]), message=message
    )


def _shortened(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}..."


def _title(code: str) -> str:
    return code.replace("_", " ").capitalize()
