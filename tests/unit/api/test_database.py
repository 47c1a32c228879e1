from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from agents.events import RunEvent
from agents.models import Focus
from api.database.engine import Database, open_database
from api.database.feedback import export_feedback, store_feedback
from api.database.run_log import Run, RunLog
from api.database.tables import Base
from api.database.threads import SqlThreadMemory, read_thread
from core.clock import FixedClock
from core.errors import InvalidInput, NotFound
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake

RUN = Run("r1", "t1", "anna", "Why?")


@pytest.fixture
def log(database: Database, clock: FixedClock) -> RunLog:
    return RunLog(database, clock)


@pytest.fixture
def memory(database: Database, clock: FixedClock) -> SqlThreadMemory:
    return SqlThreadMemory(database, clock)


def event(seq: int, kind: Any = "text_delta", **data: Any) -> RunEvent:
    at = datetime(2026, 3, 1, 6, 0, seq, tzinfo=UTC)
    return RunEvent(run_id="r1", thread_id="t1", seq=seq, type=kind, at=at, data=data)


def test_migrations_and_tables_say_the_same(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_opening_again_changes_nothing(database: Database, workspace: Workspace) -> None:
    epoch = "SELECT epoch FROM identity"
    before = database.transact(lambda session: session.execute(text(epoch)).all())
    again = open_database(workspace.app_database)
    assert again.transact(lambda session: session.execute(text(epoch)).all()) == before
    again.close()


def test_the_database_writes_ahead(database: Database) -> None:
    assert database.transact(lambda session: session.execute(text("PRAGMA journal_mode")).scalar()) == "wal"


def test_times_come_back_in_utc(database: Database) -> None:
    from api.database.tables import ThreadRow

    berlin = datetime(2026, 3, 1, 7, 0, tzinfo=timezone(timedelta(hours=1)))
    row = ThreadRow(thread_id="t", subject="s", title="", focus={}, created_at=berlin, updated_at=berlin)
    database.transact(lambda session: session.add(row))
    read = database.transact(lambda session: session.get(ThreadRow, "t"))
    assert read is not None
    assert (read.created_at, read.created_at.tzinfo) == (berlin, UTC)


async def test_events_come_back_as_they_were_written(log: RunLog) -> None:
    await log.open(RUN)
    events = [event(0, "run_started", message="Why?"), event(1, text="ä"), event(2, "run_finished", notes=[])]
    await log.append(events)
    assert await log.events("r1", subject="anna") == events


async def test_events_are_read_behind_a_place(log: RunLog) -> None:
    await log.open(RUN)
    for seq in range(5):
        await log.append([event(seq)])
    assert [item.seq for item in await log.events("r1", subject="anna", after=2)] == [3, 4]


async def test_a_place_in_the_log_is_written_once(log: RunLog) -> None:
    from sqlalchemy.exc import IntegrityError

    await log.open(RUN)
    await log.append([event(0)])
    with pytest.raises(IntegrityError):
        await log.append([event(0, text="other")])


async def test_a_run_of_somebody_else_does_not_exist(log: RunLog) -> None:
    await log.open(RUN)
    with pytest.raises(NotFound):
        await log.events("r1", subject="berta")


async def test_a_thread_of_somebody_else_cannot_be_continued(log: RunLog) -> None:
    await log.open(RUN)
    with pytest.raises(NotFound):
        await log.open(Run("r2", "t1", "berta", "Why?"))


async def test_a_run_id_of_somebody_else_is_simply_taken(log: RunLog) -> None:
    await log.open(RUN)
    with pytest.raises(InvalidInput):
        await log.open(Run("r1", "t9", "berta", "Why?"))


async def test_a_run_a_stopped_process_left_open_gets_its_end(log: RunLog) -> None:
    await log.open(RUN)
    await log.append([event(0, "run_started")])
    assert await log.close_interrupted() == 1
    last = (await log.events("r1", subject="anna"))[-1]
    assert (last.seq, last.type, last.data["code"]) == (1, "run_failed", "interrupted")
    assert await log.close_interrupted() == 0


async def test_a_conversation_is_remembered_in_order(memory: SqlThreadMemory) -> None:
    for number in range(3):
        await memory.remember(
            "t1", subject="anna", question=f"q{number}", answer=f"a{number}", focus=Focus(), run_id=f"r{number}"
        )
    assert await memory.history("t1", subject="anna", last=3) == [
        ("assistant", "a1"),
        ("user", "q2"),
        ("assistant", "a2"),
    ]


async def test_the_focus_is_kept(memory: SqlThreadMemory) -> None:
    focus = Focus(equipment_ids=("CNC-A-102",), metric="vibration")
    await memory.remember("t1", subject="anna", question="q", answer="a", focus=focus, run_id="r1")
    assert await memory.focus("t1", subject="anna") == focus


async def test_a_thread_not_begun_has_no_focus(memory: SqlThreadMemory) -> None:
    assert await memory.focus("t1", subject="anna") == Focus()


async def test_remembering_a_run_twice_changes_nothing(memory: SqlThreadMemory) -> None:
    for _ in range(2):
        await memory.remember("t1", subject="anna", question="q", answer="a", focus=Focus(), run_id="r1")
    assert len(await memory.history("t1", subject="anna")) == 2


@pytest.mark.parametrize("method", ["focus", "history"])
async def test_the_memory_of_somebody_else_cannot_be_read(memory: SqlThreadMemory, method: str) -> None:
    await memory.remember("t1", subject="anna", question="q", answer="a", focus=Focus(), run_id="r1")
    with pytest.raises(NotFound):
        await getattr(memory, method)("t1", subject="berta")


async def test_a_thread_shows_its_messages_runs_and_last_verdict(
    database: Database, log: RunLog, memory: SqlThreadMemory, clock: FixedClock
) -> None:
    await log.open(RUN)
    await log.append([event(0, "run_finished")])
    await memory.remember("t1", subject="anna", question="Why?", answer="So.", focus=Focus(), run_id="r1")
    await verdicts(database, clock, "up", "down")
    view = await read_thread(database, "t1", subject="anna")
    assert [(message.role, message.text) for message in view.messages] == [("user", "Why?"), ("assistant", "So.")]
    assert [(run.status, run.verdict) for run in view.runs] == [("finished", "down")]


async def verdicts(database: Database, clock: FixedClock, *given: Any) -> None:
    for verdict in given:
        await store_feedback(database, clock, run_id="r1", subject="anna", verdict=verdict, comment=None)


async def test_only_the_asker_may_rate(database: Database, log: RunLog, clock: FixedClock) -> None:
    await log.open(RUN)
    with pytest.raises(NotFound):
        await store_feedback(database, clock, run_id="r1", subject="berta", verdict="up", comment=None)


async def test_feedback_reaches_the_lake_once(
    database: Database, log: RunLog, clock: FixedClock, workspace: Workspace
) -> None:
    lake = LocalLake(workspace, clock)
    await log.open(RUN)
    await verdicts(database, clock, "up", "down")
    first = export_feedback(database, lake)
    assert first is not None
    assert (first.rows, export_feedback(database, lake)) == (2, None)
    await verdicts(database, clock, "up")
    assert sum(part.rows for part in [first, export_feedback(database, lake)] if part) == 3
    assert len(lake.parts(BronzeTable.FEEDBACK)) == 2


def test_two_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_database(tmp_path / "app.db"), range(4)))
    epochs = {
        database.transact(lambda s: s.execute(text("SELECT epoch FROM identity")).scalar()) for database in opened
    }
    assert len(epochs) == 1
