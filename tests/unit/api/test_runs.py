from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.events import RunEvent
from api.database.engine import Database
from api.database.run_log import Run, RunLog
from api.metrics import Metrics
from api.streaming import runs as module
from api.streaming.runs import Runs
from core.clock import FixedClock
from core.errors import Busy, NotFound, StorageFull
from core.scope import Scope
from tests.doubles.copilot import ScriptedCopilot, full_answer

ANNA = Scope(subject="anna")
RUN = Run("r1", "t1", "anna", "Why?")


@pytest.fixture
def log(database: Database, clock: FixedClock) -> RunLog:
    return RunLog(database, clock)


def make_runs(copilot: ScriptedCopilot, log: RunLog, clock: FixedClock) -> Runs:
    return Runs(copilot, log, clock, Metrics(), max_seconds=5)


async def read(runs: Runs, most: int = 10_000) -> list[RunEvent]:
    events: list[RunEvent] = []
    async for event in runs.follow("r1", subject="anna"):
        events.append(event)
        if len(events) == most:
            break
    return events


async def read_all(events: AsyncIterator[RunEvent]) -> list[RunEvent]:
    return [event async for event in events]


async def test_a_run_goes_on_when_its_client_is_lost(log: RunLog, clock: FixedClock) -> None:
    copilot = ScriptedCopilot(hold_at=4)
    runs = make_runs(copilot, log, clock)
    await runs.start(RUN, ANNA)
    await read(runs, most=4)
    copilot.release.set()
    assert (await read(runs))[-1].type == "run_finished"


async def test_two_readers_see_the_same_run(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(pause_s=0.001), log, clock)
    await runs.start(RUN, ANNA)
    first, second = await asyncio.gather(read(runs), read(runs))
    assert first == second


async def test_what_was_seen_live_is_what_the_log_holds(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(), log, clock)
    await runs.start(RUN, ANNA)
    assert await read(runs) == await log.events("r1", subject="anna")


async def test_a_live_run_of_somebody_else_cannot_be_followed(log: RunLog, clock: FixedClock) -> None:
    copilot = ScriptedCopilot(hold_at=2)
    runs = make_runs(copilot, log, clock)
    await runs.start(RUN, ANNA)
    with pytest.raises(NotFound):
        await read_all(runs.follow("r1", subject="berta"))
    with pytest.raises(NotFound):
        await runs.cancel("r1", subject="berta")
    copilot.release.set()
    await runs.drain(1)


async def test_a_cancelled_run_ends_at_once_and_on_record(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(hold_at=4), log, clock)
    await runs.start(RUN, ANNA)
    await read(runs, most=4)
    assert await runs.cancel("r1", subject="anna")
    last = (await read(runs))[-1]
    assert (last.seq, last.data["code"]) == (4, "cancelled")


async def test_cancelling_closes_the_copilot(log: RunLog, clock: FixedClock) -> None:
    closed = asyncio.Event()

    class Closing(ScriptedCopilot):
        async def run(self, message: str, *, thread_id: str, run_id: str, scope: Scope) -> AsyncIterator[RunEvent]:
            try:
                async for event in super().run(message, thread_id=thread_id, run_id=run_id, scope=scope):
                    yield event
            finally:
                closed.set()

    runs = make_runs(Closing(hold_at=2), log, clock)
    await runs.start(RUN, ANNA)
    await read(runs, most=2)
    await runs.cancel("r1", subject="anna")
    await asyncio.wait_for(closed.wait(), 2)


async def test_draining_lets_a_run_finish(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(pause_s=0.001), log, clock)
    await runs.start(RUN, ANNA)
    await runs.drain(5)
    assert (await log.events("r1", subject="anna"))[-1].type == "run_finished"


async def test_draining_ends_what_does_not_finish(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(hold_at=2), log, clock)
    await runs.start(RUN, ANNA)
    await runs.drain(0.05)
    last = (await log.events("r1", subject="anna"))[-1]
    assert (last.data["code"], last.data["retriable"]) == ("interrupted", True)


async def test_no_question_is_taken_while_draining(log: RunLog, clock: FixedClock) -> None:
    runs = make_runs(ScriptedCopilot(), log, clock)
    await runs.drain(0)
    with pytest.raises(Busy):
        await runs.start(RUN, ANNA)


async def test_more_runs_than_accepted_are_told_to_come_back(
    log: RunLog, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    runs = make_runs(ScriptedCopilot(hold_at=1), log, clock)
    await runs.start(RUN, ANNA)
    with pytest.raises(Busy):
        await runs.start(Run("r2", "t2", "anna", "Why?"), ANNA)
    await runs.drain(0)


async def test_a_full_disk_ends_the_stream_with_its_reason(
    log: RunLog, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(events: list[RunEvent]) -> None:
        raise StorageFull("The disk is full; nothing was written.", remedy="Free some space.")

    runs = make_runs(ScriptedCopilot(full_answer()[:2]), log, clock)
    monkeypatch.setattr(log, "append", full)
    await runs.start(RUN, ANNA)
    assert [event.data["code"] for event in await read(runs)] == ["storage_full"]
