"""Verdicts on answers: kept in the app database, exported to the lake for the feedback queue and training."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.database.engine import Database
from api.database.run_log import owned_run
from api.database.tables import FeedbackRow, IdentityRow
from core.clock import Clock

if TYPE_CHECKING:
    from data_engineering.lake.models import Part
    from data_engineering.lake.ports import Lake

Verdict = Literal["up", "down"]
_DEVICE = "app-database"


async def store_feedback(
    database: Database, clock: Clock, *, run_id: str, subject: str, verdict: Verdict, comment: str | None
) -> FeedbackRow:
    """One more verdict of `subject` on their own run.

    Raises:
        NotFound: no such run of this subject.
    """

    def store(session: Session) -> FeedbackRow:
        run = owned_run(session, run_id, subject)
        row = FeedbackRow(
            feedback_id=uuid.uuid4().hex,
            run_id=run_id,
            thread_id=run.thread_id,
            subject=subject,
            verdict=verdict,
            comment=comment,
            created_at=clock.now(),
        )
        session.add(row)
        return row

    return await database.run(store)


def export_feedback(database: Database, lake: Lake) -> Part | None:
    """Appends the verdicts the lake has not seen yet to its feedback table. Exporting twice changes nothing. Blocking.

    Returns:
        The new part, or None when there was nothing new.
    """
    import polars as pl

    from data_engineering.contracts.tables import BronzeTable, polars_schema
    from data_engineering.lake.models import Source

    source = Source(
        device_id=_DEVICE, epoch=database.transact(lambda session: session.scalars(select(IdentityRow.epoch)).one())
    )
    seen = lake.high_water(BronzeTable.FEEDBACK, source)
    rows = database.transact(lambda session: _after(session, seen))
    if not rows:
        return None
    schema = polars_schema(BronzeTable.FEEDBACK)
    frame = pl.DataFrame([[getattr(row, column) for column in schema] for row in rows], schema=schema, orient="row")
    return lake.append(BronzeTable.FEEDBACK, frame, source=source, first_seq=seen + 1, last_seq=rows[-1].number)


def count_feedback(database: Database) -> int:
    """Verdicts stored so far. Blocking."""
    return database.transact(lambda session: session.scalar(select(func.count()).select_from(FeedbackRow)) or 0)


def _after(session: Session, number: int) -> list[FeedbackRow]:
    return list(session.scalars(select(FeedbackRow).where(FeedbackRow.number > number).order_by(FeedbackRow.number)))
