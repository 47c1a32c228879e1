"""Runs in flight. A run is a task of its own: it writes the log, clients follow the log.

A lost client changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import structlog

from agents.events import TERMINAL, RunEvent, RunEventType
from api.database.run_log import Run, RunLog
from api.metrics import Metrics
from api.problems import UNEXPECTED
from api.streaming.ag_ui import CANCELLED
from api.streaming.ports import ChatCopilot
from core.clock import Clock
from core.errors import Busy, CopilotError, Internal, LimitExceeded
from core.scope import Scope

MOST_AT_ONCE = 64
"""Runs in flight that one process accepts; more are told to come back."""

_GRACE_SECONDS = 0.5
"""The copilot ends a run at its limit itself; this long after, we do."""

_logger = structlog.get_logger("copilot.runs")


class LiveRun:
    """The log of a run while it is written: what was stored so far, and a bell for those who follow."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.events: list[RunEvent] = []
        self.stop_reason: RunEvent | None = None
        self.pending: list[RunEvent] = []
        self.writer: asyncio.Task[None] | None = None
        self.next_seq = 0
        self._news = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        return bool(self.events) and self.events[-1].type in TERMINAL

    def publish(self, event: RunEvent) -> None:
        self.events.append(event)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self) -> AsyncIterator[RunEvent]:
        """Every event from the first, as they come, until the terminal one."""
        index = 0
        while True:
            news = self._news
            while index < len(self.events):
                yield self.events[index]
                index += 1
            if self.has_ended:
                return
            await news.wait()


class Runs:
    """Starts, follows, cancels and drains runs."""

    def __init__(
        self, copilot: ChatCopilot, log: RunLog, clock: Clock, metrics: Metrics, *, max_seconds: float
    ) -> None:
        self._copilot = copilot
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._max_seconds = max_seconds
        self._live: dict[str, LiveRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.is_draining = False

    async def start(self, run: Run, scope: Scope) -> None:
        """Opens the run and lets it work. Starting the same run again only means following it.

        Raises:
            Busy: stopping, or too many runs in flight.
            NotFound: the thread belongs to somebody else.
        """
        if self.is_draining or len(self._tasks) >= MOST_AT_ONCE:
            raise Busy("The copilot cannot take another question now.", remedy="Ask again in a few seconds.")
        if not await self._log.open(run):
            return
        live = self._live[run.run_id] = LiveRun(run)
        task = asyncio.create_task(self._work(live, scope), name=f"run {run.run_id}")
        self._tasks[run.run_id] = task
        task.add_done_callback(lambda _: self._forget(run.run_id))

    async def follow(self, run_id: str, *, subject: str) -> AsyncIterator[RunEvent]:
        """The run's log from its start, live when it is still being written.

        Raises:
            NotFound: no such run of this subject.
        """
        live = self._live.get(run_id)
        if live is not None and live.run.subject == subject:
            async for event in live.follow():
                yield event
            return
        for event in await self._log.events(run_id, subject=subject):
            yield event

    async def recorded(self, run_id: str, *, subject: str) -> list[RunEvent]:
        """The log as far as it is written now.

        Raises:
            NotFound: no such run of this subject.
        """
        live = self._live.get(run_id)
        if live is not None and live.run.subject == subject:
            return list(live.events)
        return await self._log.events(run_id, subject=subject)

    async def cancel(self, run_id: str, *, subject: str) -> bool:
        """Stops a run: no further tool is started. False when it had ended already.

        Raises:
            NotFound: no such run of this subject.
        """
        await self._log.owned(run_id, subject=subject)
        return self._stop(run_id, CANCELLED, "Stopped on request.", "")

    async def drain(self, grace_seconds: float) -> None:
        """Takes no new runs; lets the present ones finish for a while, then ends them with a terminal event."""
        self.is_draining = True
        tasks = list(self._tasks.values())
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=grace_seconds)
        for run_id in list(self._tasks):
            self._stop(run_id, "interrupted", "The server is stopping.", "Ask again in a moment.", retriable=True)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self, run_id: str, code: str, message: str, remedy: str, *, retriable: bool = False) -> bool:
        task, live = self._tasks.get(run_id), self._live.get(run_id)
        if task is None or live is None or live.stop_reason is not None or live.has_ended:
            return False
        live.stop_reason = self._failed(live, code=code, message=message, remedy=remedy, retriable=retriable)
        return task.cancel()

    async def _work(self, live: LiveRun, scope: Scope) -> None:
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._max_seconds + _GRACE_SECONDS):
                await self._record(live, scope)
                await self._settle(live)
        except asyncio.CancelledError:
            if live.stop_reason is None:
                raise
        except TimeoutError:
            live.stop_reason = self._error(live, _too_long(self._max_seconds))
        except CopilotError as error:
            live.stop_reason = self._error(live, error)
        except Exception as error:  # the named boundary of a run: whatever happens, its log ends properly
            _logger.error("run failed", reference=live.run.run_id, exc_info=error)
            live.stop_reason = self._error(live, Internal(UNEXPECTED))
        await self._end(live)
        self._metrics.run_ended(live.events[-1], asyncio.get_running_loop().time() - started)

    async def _record(self, live: LiveRun, scope: Scope) -> None:
        run = live.run
        events = self._copilot.run(run.question, thread_id=run.thread_id, run_id=run.run_id, scope=scope)
        try:
            async for event in events:
                self._store(live, event)
                if event.type in TERMINAL:
                    return
        finally:
            await _close(events)

    def _store(self, live: LiveRun, event: RunEvent) -> None:
        """Stored first, shown after, so what a client saw can be replayed. What comes during a write shares the next.

        Raises:
            CopilotError: why the write before could not be done.
        """
        if live.writer is not None and live.writer.done():
            live.writer.result()
        live.pending.append(event.model_copy(update={"seq": live.next_seq}))
        live.next_seq += 1
        if live.writer is None or live.writer.done():
            live.writer = asyncio.create_task(self._write(live))

    async def _write(self, live: LiveRun) -> None:
        while live.pending:
            batch, live.pending = live.pending, []
            await self._log.append(batch)
            for event in batch:
                live.publish(event)
                self._metrics.saw(event)

    async def _settle(self, live: LiveRun) -> None:
        """Until everything pending is stored and shown; the write goes on when the wait for it is cancelled."""
        if live.writer is not None:
            await asyncio.shield(live.writer)

    async def _end(self, live: LiveRun) -> None:
        """Those who follow get the terminal event even when it cannot be stored; the next start then closes the log."""
        try:
            await self._settle(live)
            if not live.has_ended:
                self._store(live, self._ending(live))
                await self._settle(live)
        except CopilotError as error:
            _logger.error("run log not written", reference=live.run.run_id, code=error.code)
        finally:
            if not live.has_ended:
                live.publish(self._ending(live).model_copy(update={"seq": len(live.events)}))

    def _ending(self, live: LiveRun) -> RunEvent:
        if live.stop_reason is not None:
            return live.stop_reason
        _logger.error("run ended without a terminal event", reference=live.run.run_id)
        return self._error(live, Internal(UNEXPECTED))

    def _error(self, live: LiveRun, error: CopilotError) -> RunEvent:
        message = UNEXPECTED if isinstance(error, Internal) else error.message
        more: dict[str, Any] = {"reference": live.run.run_id} if isinstance(error, Internal) else {}
        return self._failed(
            live, code=error.code, message=message, remedy=error.remedy, retriable=error.retriable, **more
        )

    def _failed(self, live: LiveRun, **data: Any) -> RunEvent:
        kind: RunEventType = "run_failed"
        return RunEvent(
            run_id=live.run.run_id, thread_id=live.run.thread_id, seq=0, type=kind, at=self._clock.now(), data=data
        )

    def _forget(self, run_id: str) -> None:
        self._live.pop(run_id, None)
        self._tasks.pop(run_id, None)


def _too_long(seconds: float) -> CopilotError:
    return LimitExceeded(
        f"The answer took longer than {seconds:g} seconds.",
        remedy="Ask for fewer machines or a shorter range, or raise COPILOT_RUN_MAX_SECONDS.",
    )


async def _close(events: AsyncIterator[RunEvent]) -> None:
    """Closing a generator is how its run is stopped; other iterators need nothing."""
    if isinstance(events, AsyncGenerator):
        await events.aclose()
