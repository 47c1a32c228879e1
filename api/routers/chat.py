"""Chat: a question opens a run; its log streams as AG-UI events over SSE."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Any

from ag_ui.core import RunAgentInput, TextPart, UserMessage
from fastapi import APIRouter, Body, Header, Path
from pydantic import Discriminator, Tag
from sse_starlette import EventSourceResponse

from api.database.run_log import Run
from api.models import ID_PATTERN, CancelResult, ChatMessage
from api.openapi import problems, stream_answer
from api.routers.dependencies import Caller, RunsInFlight, Serving
from api.streaming.sse import RunStream
from core.errors import InvalidInput, PayloadTooLarge
from core.scope import Scope

router = APIRouter(prefix="/v1/chat", tags=["chat"])


def _kind(body: object) -> str:
    if isinstance(body, RunAgentInput):
        return "as:ag_ui"
    return "as:ag_ui" if isinstance(body, dict) and "messages" in body else "as:message"


ChatBody = Annotated[
    Annotated[ChatMessage, Tag("as:message")] | Annotated[RunAgentInput, Tag("as:ag_ui")], Discriminator(_kind)
]
RunId = Annotated[str, Path(pattern=ID_PATTERN, description="The runId of RUN_STARTED.")]

_EXAMPLES: dict[str, Any] = {
    "short": {
        "summary": "The shortest form",
        "value": {"message": "Which machines are most likely to fail this week and why?"},
    },
    "ag_ui": {
        "summary": "AG-UI RunAgentInput",
        "value": {
            "threadId": "5b0c0a4e",
            "runId": "9d1f6a52",
            "messages": [{"id": "m1", "role": "user", "content": "What does E-417 mean on the CNC?"}],
        },
    },
}


@router.post(
    "",
    operation_id="chat",
    summary="Ask, and stream the answer",
    response_class=EventSourceResponse,
    responses={
        **stream_answer("AG-UI 1.0 events, ending with exactly one RUN_FINISHED or RUN_ERROR."),
        **problems(400, 404, 413, 415, 422, 503),
    },
)
async def chat(
    body: Annotated[ChatBody, Body(openapi_examples=_EXAMPLES)], scope: Caller, services: Serving, runs: RunsInFlight
) -> EventSourceResponse:
    """Answers one question. A lost connection does not stop the run: read on at `/v1/chat/runs/{run_id}/events`.

    Sending the same `runId` with the same question again follows the run that exists.
    """
    run = run_of(body, scope, max_bytes=services.settings.max_message_bytes)
    await runs.start(run, scope)
    return RunStream(runs, services.clock, run_id=run.run_id, subject=scope.subject).response()


@router.get(
    "/runs/{run_id}/events",
    operation_id="follow_run",
    summary="Read a run's events again, or on",
    response_class=EventSourceResponse,
    responses={
        **stream_answer("The events behind `Last-Event-ID`; `copilot.gap` first when the log holds no such event."),
        **problems(404, 422),
    },
)
async def follow_run(
    run_id: RunId,
    scope: Caller,
    services: Serving,
    runs: RunsInFlight,
    last_event_id: Annotated[str | None, Header(description="`<run>:<number>` of the last event seen.")] = None,
) -> EventSourceResponse:
    """The same stream as `POST /v1/chat`, live while the run works and complete afterwards."""
    await runs.recorded(run_id, subject=scope.subject)
    stream = RunStream(runs, services.clock, run_id=run_id, subject=scope.subject)
    return stream.response(last_event_id=last_event_id)


@router.post("/runs/{run_id}/cancel", operation_id="cancel_run", summary="Stop a run", responses=problems(404, 422))
async def cancel_run(run_id: RunId, scope: Caller, runs: RunsInFlight) -> CancelResult:
    """No further tool is started; the stream ends with RUN_FINISHED, outcome `cancelled`."""
    return CancelResult(run_id=run_id, cancelled=await runs.cancel(run_id, subject=scope.subject))


def run_of(body: ChatMessage | RunAgentInput, scope: Scope, *, max_bytes: int) -> Run:
    """The run a request asks for.

    Raises:
        InvalidInput: no question, or ids nobody can use.
        PayloadTooLarge: a question longer than `max_bytes` bytes of UTF-8.
    """
    if isinstance(body, ChatMessage):
        question = require_question(body.message, field="message", max_bytes=max_bytes)
        return Run(uuid.uuid4().hex, body.thread_id or uuid.uuid4().hex, scope.subject, question)
    question = require_question(last_question(body), field="messages", max_bytes=max_bytes)
    run_id = _require_id(body.run_id, "runId")
    return Run(run_id, _require_id(body.thread_id, "threadId"), scope.subject, question)


def last_question(body: RunAgentInput) -> str:
    """Text of the last user message.

    Raises:
        InvalidInput: no user message, or one with parts that are not text.
    """
    asked = next((message for message in reversed(body.messages) if isinstance(message, UserMessage)), None)
    if asked is None:
        raise InvalidInput("messages: no message of role 'user'.", remedy="Add the question.", field="messages")
    if isinstance(asked.content, str):
        return asked.content
    if any(not isinstance(part, TextPart) for part in asked.content):
        raise InvalidInput(
            "messages: only text is read today, no images or files.",
            remedy="Send the question as text.",
            field="messages",
        )
    return "\n".join(part.text for part in asked.content if isinstance(part, TextPart))


def require_question(text: str, *, field: str, max_bytes: int) -> str:
    """`text` without surrounding space.

    Raises:
        InvalidInput: nothing is asked, or it is not valid Unicode.
        PayloadTooLarge: longer than `max_bytes` bytes of UTF-8.
    """
    question = text.strip()
    if not question:
        raise InvalidInput(f"{field}: the message is empty.", remedy="Ask a question.", field=field)
    try:
        length = len(question.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{field}: is not valid Unicode text.", remedy="Send UTF-8 without lone surrogates.", field=field
        ) from error
    if length > max_bytes:
        raise PayloadTooLarge(
            f"{field}: {length:,} bytes; at most {max_bytes:,} are accepted.", remedy="Ask in fewer words.", field=field
        )
    return question


def _require_id(value: str, field: str) -> str:
    if re.fullmatch(ID_PATTERN, value):
        return value
    raise InvalidInput(
        f"{field}: '{ascii(value[:80])[1:-1]}' is not an id.",
        remedy="Use 1 to 128 letters, digits, '_', '.' or '-', e.g. a UUID.",
        field=field,
    )
