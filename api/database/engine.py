"""The connection to the app database. Blocking work runs in a thread; the event loop only awaits it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from core.errors import Busy, StorageFull

MIGRATIONS = Path(__file__).with_name("migrations")
_WAIT_FOR_LOCK_S = 5.0

T = TypeVar("T")


class Database:
    """Sessions on one engine. `run` is the only door from async code."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    def transact(self, work: Callable[[Session], T]) -> T:
        """`work` in one transaction: committed when it returns, rolled back when it raises. Blocking.

        Raises:
            Busy: another process kept the write lock for 5 seconds.
            StorageFull: the disk is full; nothing was written.
        """
        try:
            with self._sessions.begin() as session:
                return work(session)
        except OperationalError as error:
            raise _explained(error) from error

    async def run(self, work: Callable[[Session], T]) -> T:
        """`transact` in a thread."""
        return await asyncio.to_thread(self.transact, work)

    def close(self) -> None:
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """The SQLite database at `path`, created and migrated to the newest schema. Blocking."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}", connect_args={"timeout": _WAIT_FOR_LOCK_S}, pool_size=8, max_overflow=32
    )
    event.listen(engine, "connect", _prepare_sqlite)
    migrate(engine)
    return Database(engine)


def migrate(engine: Engine) -> None:
    """Runs every migration that has not run yet; two processes starting at once take turns."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(text("BEGIN IMMEDIATE"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except OperationalError as error:
        raise _explained(error) from error


def _prepare_sqlite(connection: DBAPIConnection, record: Any) -> None:  # noqa: ARG001
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _explained(error: OperationalError) -> Exception:
    reason = str(error.orig).lower()
    if "locked" in reason or "busy" in reason:
        return Busy("The app database is being written by another process.", remedy="Try again in a moment.")
    if "full" in reason:
        return StorageFull("The disk is full; nothing was written.", remedy="Free some space, then try again.")
    return error
