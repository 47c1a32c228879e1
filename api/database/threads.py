"""Conversations: the memory the supervisor reads and writes, and the history the page shows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents.models import Focus
from api.database.engine import Database
from api.database.run_log import owned_thread
from api.database.tables import FeedbackRow, MessageRow, RunRow, ThreadRow
from api.models import ThreadMessage, ThreadRun, ThreadView
from core.clock import Clock


class SqlThreadMemory:
    """`agents.ports.ThreadMemory` on the app database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def focus(self, thread_id: str, *, subject: str) -> Focus:
        """What the conversation is about; an empty focus when it has not begun.

        Raises:
            NotFound: the thread belongs to somebody else.
        """
        return await self._database.run(lambda session: _focus(session, thread_id, subject))

    async def history(self, thread_id: str, *, subject: str, last: int = 10) -> list[tuple[str, str]]:
        """The last `last` (role, text), oldest first."""
        return await self._database.run(lambda session: _history(session, thread_id, subject, last))

    async def remember(
        self, thread_id: str, *, subject: str, question: str, answer: str, focus: Focus, run_id: str
    ) -> None:
        """Keeps one exchange and the focus after it. Remembering a run twice changes nothing."""
        said = [("user", question), ("assistant", answer)]
        await self._database.run(lambda session: self._remember(session, thread_id, subject, said, focus, run_id))

    def _remember(
        self, session: Session, thread_id: str, subject: str, said: list[tuple[str, str]], focus: Focus, run_id: str
    ) -> None:
        now = self._clock.now()
        if session.get(ThreadRow, thread_id) is None:
            title = said[0][1][:80]
            session.add(
                ThreadRow(thread_id=thread_id, subject=subject, title=title, focus={}, created_at=now, updated_at=now)
            )
            session.flush()
        thread = owned_thread(session, thread_id, subject)
        if session.scalar(select(MessageRow.message_id).where(MessageRow.run_id == run_id).limit(1)) is not None:
            return
        thread.focus = focus.model_dump(mode="json")
        thread.updated_at = now
        for role, text in said:
            session.add(MessageRow(thread_id=thread_id, run_id=run_id, role=role, text=text, created_at=now))


async def read_thread(database: Database, thread_id: str, *, subject: str) -> ThreadView:
    """The whole conversation with its runs and verdicts.

    Raises:
        NotFound: no such thread of this subject.
    """
    return await database.run(lambda session: _view(session, thread_id, subject))


def _focus(session: Session, thread_id: str, subject: str) -> Focus:
    if session.get(ThreadRow, thread_id) is None:
        return Focus()
    return Focus.model_validate(owned_thread(session, thread_id, subject).focus)


def _history(session: Session, thread_id: str, subject: str, last: int) -> list[tuple[str, str]]:
    if session.get(ThreadRow, thread_id) is None:
        return []
    owned_thread(session, thread_id, subject)
    rows = session.execute(
        select(MessageRow.role, MessageRow.text)
        .where(MessageRow.thread_id == thread_id)
        .order_by(MessageRow.message_id.desc())
        .limit(last)
    ).all()
    return [(role, text) for role, text in reversed(rows)]


def _view(session: Session, thread_id: str, subject: str) -> ThreadView:
    thread = owned_thread(session, thread_id, subject)
    messages = session.scalars(
        select(MessageRow).where(MessageRow.thread_id == thread_id).order_by(MessageRow.message_id)
    )
    runs = session.scalars(select(RunRow).where(RunRow.thread_id == thread_id).order_by(RunRow.started_at))
    verdicts = session.execute(
        select(FeedbackRow.run_id, FeedbackRow.verdict)
        .where(FeedbackRow.thread_id == thread_id)
        .order_by(FeedbackRow.number)
    )
    last_verdict = {row.run_id: row.verdict for row in verdicts}
    return ThreadView(
        thread_id=thread_id,
        title=thread.title,
        created_at=thread.created_at,
        updated_at=thread.updated_at,
        messages=[ThreadMessage.model_validate(message, from_attributes=True) for message in messages],
        runs=[ThreadRun.of(run, last_verdict.get(run.run_id)) for run in runs],
    )
