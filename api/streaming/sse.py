"""A followed run as server-sent events: ids, resume, ping, farewell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio
from ag_ui.core import BaseEvent, CustomEvent
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.streaming.ag_ui import AgUiProjector, project
from api.streaming.runs import Runs
from core.clock import Clock

PING_SECONDS = 10
DRAIN_SECONDS = 5.0
"""How long runs may still finish once the server has been told to stop."""


class RunStream:
    """One client's view of one run."""

    def __init__(self, runs: Runs, clock: Clock, *, run_id: str, subject: str) -> None:
        self._runs = runs
        self._clock = clock
        self._run_id = run_id
        self._subject = subject
        self._stopping = anyio.Event()

    def response(self, *, last_event_id: str | None = None) -> EventSourceResponse:
        """The stream, from the start or behind `last_event_id`."""
        return EventSourceResponse(
            self._events(last_event_id),
            ping=PING_SECONDS,
            sep="\n",
            headers={"X-Run-ID": self._run_id},
            ping_message_factory=lambda: ServerSentEvent(comment="ping", sep="\n"),
            shutdown_event=self._stopping,
            shutdown_grace_period=DRAIN_SECONDS + 3,
        )

    async def _events(self, last_event_id: str | None) -> AsyncIterator[ServerSentEvent]:
        watcher = asyncio.create_task(self._drain_when_stopping())
        try:
            async for event in self._resumed(last_event_id):
                yield event
        finally:
            watcher.cancel()

    async def _resumed(self, last_event_id: str | None) -> AsyncIterator[ServerSentEvent]:
        after = parse_event_id(last_event_id, self._run_id)
        if last_event_id is not None and not await self._can_resume(after):
            yield self._gap(last_event_id)
            after = None
        number = 0
        projector = AgUiProjector()
        async for event in self._runs.follow(self._run_id, subject=self._subject):
            for projected in projector.feed(event):
                if after is None or number > after:
                    yield encode(projected, event_id=f"{self._run_id}:{number}")
                number += 1

    async def _can_resume(self, after: int | None) -> bool:
        """Whether the log reaches as far as the client says it has read."""
        if after is None:
            return False
        recorded = await self._runs.recorded(self._run_id, subject=self._subject)
        return after < sum(1 for _ in project(recorded))

    async def _drain_when_stopping(self) -> None:
        await self._stopping.wait()
        await self._runs.drain(DRAIN_SECONDS)

    def _gap(self, last_event_id: str) -> ServerSentEvent:
        value = {"after": last_event_id[:200], "reason": "This log holds no such event.", "runId": self._run_id}
        stamp = int(self._clock.now().timestamp() * 1000)
        return encode(CustomEvent(name="copilot.gap", value=value, timestamp=stamp))


def parse_event_id(text: str | None, run_id: str) -> int | None:
    """The number in `<run>:<number>`; None when the id is absent, malformed or of another run."""
    run, _, number = (text or "").rpartition(":")
    return int(number) if run == run_id and number.isascii() and number.isdigit() and len(number) < 10 else None


def encode(event: BaseEvent, event_id: str | None = None) -> ServerSentEvent:
    return ServerSentEvent(data=event.model_dump_json(by_alias=True), id=event_id, sep="\n")
