"""The run log: opened once, appended in order, read by its owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from agents.events import TERMINAL, RunEvent
from api.database.engine import Database
from api.database.tables import RunEventRow, RunRow, ThreadRow
from core.clock import Clock
from core.errors import InvalidInput, NotFound

_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Run:
    """One question of one subject."""

    run_id: str
    thread_id: str
    subject: str
    question: str


class RunLog:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def open(self, run: Run) -> bool:
        """Registers `run` (and its thread). False: the same run was opened before, so its log is to be followed.

        Raises:
            NotFound: the thread belongs to somebody else.
            InvalidInput: the run id stands for another question.
        """
        return await self._database.run(lambda session: self._open(session, run))

    def _open(self, session: Session, run: Run) -> bool:
        known = session.get(RunRow, run.run_id)
        if known is not None:
            if (known.subject, known.thread_id, known.question) == (run.subject, run.thread_id, run.question):
                return False
            raise InvalidInput(
                f"runId: '{run.run_id}' is taken by another question.", remedy="Use a fresh UUID.", field="runId"
            )
        now = self._clock.now()
        _thread_of(session, run, now).updated_at = now
        session.flush()
        session.add(
            RunRow(
                run_id=run.run_id,
                thread_id=run.thread_id,
                subject=run.subject,
                question=run.question,
                status="running",
                started_at=now,
            )
        )
        return True

    async def append(self, events: Sequence[RunEvent]) -> None:
        """Writes events in one transaction; a terminal one closes its run in it."""
        await self._database.run(lambda session: _append(session, events))

    async def events(self, run_id: str, *, subject: str, after: int = -1) -> list[RunEvent]:
        """Events with `seq` above `after`, in order.

        Raises:
            NotFound: no such run of this subject.
        """
        return await self._database.run(lambda session: _events(session, run_id, subject, after))

    async def owned(self, run_id: str, *, subject: str) -> Run:
        """The run, when it is the subject's.

        Raises:
            NotFound: no such run of this subject.
        """
        return await self._database.run(lambda session: _as_run(owned_run(session, run_id, subject)))

    async def close_interrupted(self) -> int:
        """Gives every run that a stopped process left open its terminal event. Returns how many there were."""
        return await self._database.run(self._close_interrupted)

    def _close_interrupted(self, session: Session) -> int:
        open_runs = session.scalars(select(RunRow).where(RunRow.status == "running")).all()
        for row in open_runs:
            last = _last_seq(session, row.run_id)
            _append(session, [_interrupted(row, last + 1, self._clock.now())])
        return len(open_runs)


def owned_run(session: Session, run_id: str, subject: str) -> RunRow:
    """The run's row. A run of somebody else does not exist."""
    row = session.get(RunRow, run_id)
    if row is None or row.subject != subject:
        raise NotFound(f"No run '{run_id}'.", remedy="Use the runId of a RUN_STARTED event.", field="run_id")
    return row


def owned_thread(session: Session, thread_id: str, subject: str) -> ThreadRow:
    """The thread's row. A thread of somebody else does not exist."""
    row = session.get(ThreadRow, thread_id)
    if row is None or row.subject != subject:
        raise NotFound(
            f"No thread '{thread_id}'.", remedy="Leave thread_id out to begin a conversation.", field="thread_id"
        )
    return row


def _thread_of(session: Session, run: Run, now: datetime) -> ThreadRow:
    if session.get(ThreadRow, run.thread_id) is not None:
        return owned_thread(session, run.thread_id, run.subject)
    title = " ".join(run.question.split())[:_TITLE_LENGTH]
    row = ThreadRow(thread_id=run.thread_id, subject=run.subject, title=title, focus={}, created_at=now, updated_at=now)
    session.add(row)
    return row


def _append(session: Session, events: Sequence[RunEvent]) -> None:
    rows = [event.model_dump(exclude={"data", "thread_id"}) | {"data": _json(event)} for event in events]
    session.execute(insert(RunEventRow), rows)
    for event in events:
        if event.type in TERMINAL:
            status = "finished" if event.type == "run_finished" else "failed"
            ended = update(RunRow).where(RunRow.run_id == event.run_id).values(status=status, ended_at=event.at)
            session.execute(ended)


def _json(event: RunEvent) -> dict[str, Any]:
    data: dict[str, Any] = event.model_dump(mode="json", include={"data"})["data"]
    return data


def _events(session: Session, run_id: str, subject: str, after: int) -> list[RunEvent]:
    run = owned_run(session, run_id, subject)
    rows: Sequence[RunEventRow] = session.scalars(
        select(RunEventRow).where(RunEventRow.run_id == run_id, RunEventRow.seq > after).order_by(RunEventRow.seq)
    ).all()
    return [
        RunEvent.model_validate(
            {"run_id": run_id, "thread_id": run.thread_id, "seq": r.seq, "type": r.type, "at": r.at, "data": r.data}
        )
        for r in rows
    ]


def _last_seq(session: Session, run_id: str) -> int:
    last = session.scalar(
        select(RunEventRow.seq).where(RunEventRow.run_id == run_id).order_by(RunEventRow.seq.desc()).limit(1)
    )
    return -1 if last is None else last


def _interrupted(row: RunRow, seq: int, at: datetime) -> RunEvent:
    return RunEvent(
        run_id=row.run_id,
        thread_id=row.thread_id,
        seq=seq,
        type="run_failed",
        at=at,
        data={
            "code": "interrupted",
            "message": "The server stopped before this answer was finished.",
            "remedy": "Ask again.",
            "retriable": True,
        },
    )


def _as_run(row: RunRow) -> Run:
    return Run(run_id=row.run_id, thread_id=row.thread_id, subject=row.subject, question=row.question)
