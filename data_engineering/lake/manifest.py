"""The manifest: which parts exist and which counters were accepted. One SQLite file, WAL, beside the parts."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.errors import Busy, CorruptData, StorageFull
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.models import Part, Source

_VERSION = 1
_BUSY_SECONDS = 60.0
_SCHEMA = f"""
create table if not exists parts (
    id integer primary key,
    table_name text not null,
    path text not null unique,
    device_id text not null,
    epoch text not null,
    first_seq integer not null,
    last_seq integer not null,
    rows integer not null,
    sha256 text not null,
    first_at text,
    last_at text,
    written_at text not null
) strict;
create unique index if not exists parts_range on parts (table_name, device_id, epoch, first_seq);
create table if not exists high_water (
    table_name text not null,
    device_id text not null,
    epoch text not null,
    seq integer not null,
    primary key (table_name, device_id, epoch)
) strict;
pragma user_version = {_VERSION};
"""
_FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_FSYNC"}
_REMEDY = "Free space on the disk of the workspace and run the command again: it goes on where it stopped."


class Manifest:
    """Each call opens its own connection, so an instance may be shared by threads and survives a fork."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return self.path.exists() and self._version() == _VERSION

    def _version(self) -> int:
        with self._connection() as connection:
            return int(connection.execute("pragma user_version").fetchone()[0])

    def create(self) -> None:
        """WAL is switched on and the folder synced before the first accept: a torn header would hide the whole WAL."""
        with self._connection() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)
        sync_folder(self.path.parent)

    def high_water(self, table: BronzeTable, source: Source) -> int:
        with self._connection() as connection:
            row = connection.execute(
                "select seq from high_water where table_name = ? and device_id = ? and epoch = ?",
                (table, source.device_id, source.epoch),
            ).fetchone()
        return -1 if row is None else int(row[0])

    def parts(self, table: BronzeTable) -> Sequence[Part]:
        with self._connection() as connection:
            rows = connection.execute(
                "select path, device_id, epoch, first_seq, last_seq, rows, sha256, first_at, last_at, written_at"
                " from parts where table_name = ? order by id",
                (table,),
            ).fetchall()
        return [_part(table, self.path.parent, row) for row in rows]

    def paths(self) -> set[str]:
        """Every part's path, relative to the lake."""
        with self._connection() as connection:
            return {row[0] for row in connection.execute("select path from parts")}

    def is_replay(self, table: BronzeTable, source: Source, first_seq: int, last_seq: int) -> bool:
        with self._connection() as connection:
            return _is_replay(connection, table, source, first_seq, last_seq)

    @contextmanager
    def accepting(self, part: Part) -> Iterator[bool]:
        """Holds the write lock, yields whether `part` is new, and records part and mark when the block succeeds."""
        relative = part.path.relative_to(self.path.parent).as_posix()
        with self._connection() as connection:
            connection.execute("begin immediate")
            try:
                is_new = not _is_replay(connection, part.table, part.source, part.first_seq, part.last_seq)
                if is_new and connection.execute("select 1 from parts where path = ?", (relative,)).fetchone():
                    raise CorruptData(f"lake: {relative} is already held by another sender.", field="source")
                yield is_new
                if is_new:
                    _record(connection, part, relative)
                connection.execute("commit")
            except BaseException:
                connection.rollback()
                raise

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                connection.execute("pragma synchronous = full")
                yield connection
        except sqlite3.OperationalError as error:
            raise _known(error, self.path) from error
        except sqlite3.DatabaseError as error:
            raise CorruptData(
                f"lake: the manifest {self.path} cannot be read ({error}).",
                remedy="Restore it from a backup of the lake folder, or import the files again into a new workspace.",
            ) from error


def _known(error: sqlite3.OperationalError, path: Path) -> Exception:
    name = getattr(error, "sqlite_errorname", "")
    if name in _FULL:
        return StorageFull(f"lake: no space left for {path}.", remedy=_REMEDY)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(
            f"lake: another process has been writing {path} for over {_BUSY_SECONDS:.0f} seconds.",
            remedy="Wait for the running import or simulator to finish, or stop it.",
        )
    return error


def _is_replay(
    connection: sqlite3.Connection, table: BronzeTable, source: Source, first_seq: int, last_seq: int
) -> bool:
    """Whether `first_seq..last_seq` lies wholly within accepted ranges; CorruptData when only partly."""
    accepted = connection.execute(
        "select first_seq, last_seq from parts where table_name = ? and device_id = ? and epoch = ?"
        " and first_seq <= ? and last_seq >= ? order by first_seq",
        (table, source.device_id, source.epoch, last_seq, first_seq),
    ).fetchall()
    covered = sum(min(last, last_seq) - max(first, first_seq) + 1 for first, last in accepted)
    if covered not in (0, last_seq - first_seq + 1):
        raise CorruptData(
            f"lake: {table} {first_seq}..{last_seq} of {source.device_id} (epoch {source.epoch}) overlaps "
            f"{accepted[0][0]}..{accepted[-1][1]}, accepted before, without being contained in it.",
            remedy="Send the same ranges again, or start a new epoch.",
            field="first_seq",
        )
    return bool(covered)


def _record(connection: sqlite3.Connection, part: Part, relative: str) -> None:
    source = (part.table, part.source.device_id, part.source.epoch)
    connection.execute(
        "insert into parts (table_name, path, device_id, epoch, first_seq, last_seq, rows, sha256, first_at, last_at,"
        " written_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (part.table, relative, *source[1:], part.first_seq, part.last_seq, part.rows, part.sha256,
         _text(part.first_at), _text(part.last_at), _text(part.written_at)),
    )  # fmt: skip
    connection.execute(
        "insert into high_water values (?, ?, ?, ?) on conflict do update set seq = max(seq, excluded.seq)",
        (*source, part.last_seq),
    )


def _part(table: BronzeTable, root: Path, row: tuple[str, str, str, int, int, int, str, str, str, str]) -> Part:
    path, device_id, epoch, first_seq, last_seq, rows, sha256, first_at, last_at, written_at = row
    return Part(
        table=table, path=root / path, source=Source(device_id=device_id, epoch=epoch), first_seq=first_seq,
        last_seq=last_seq, rows=rows, sha256=sha256, first_at=_moment(first_at), last_at=_moment(last_at),
        written_at=datetime.fromisoformat(written_at),
    )  # fmt: skip


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
