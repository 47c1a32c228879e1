"""Threads, messages, runs, run events, feedback."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    identity = op.create_table("identity", sa.Column("epoch", sa.String(64), primary_key=True))
    op.bulk_insert(identity, [{"epoch": uuid.uuid4().hex}])
    _create_conversation()
    _create_runs()
    _create_feedback()


def _create_conversation() -> None:
    op.create_table(
        "threads",
        sa.Column("thread_id", sa.String(128), primary_key=True),
        sa.Column("subject", sa.String(255), nullable=False, index=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("focus", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("thread_id", sa.String(128), sa.ForeignKey("threads.thread_id"), nullable=False),
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_index("ix_messages_thread", "messages", ["thread_id", "message_id"])


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(128), primary_key=True),
        sa.Column("thread_id", sa.String(128), sa.ForeignKey("threads.thread_id"), nullable=False, index=True),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
    )
    op.create_table(
        "run_events",
        sa.Column("run_id", sa.String(128), sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("feedback_id", sa.String(64), nullable=False, unique=True),
        sa.Column("run_id", sa.String(128), sa.ForeignKey("runs.run_id"), nullable=False, index=True),
        sa.Column("thread_id", sa.String(128), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("feedback", "run_events", "runs", "messages", "threads", "identity"):
        op.drop_table(table)
