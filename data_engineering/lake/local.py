"""The lake in a local folder: `<table>/dt=<day>/<device>-<epoch>-<first>-<last>.parquet` and `manifest.db`."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

import polars as pl

from core.clock import Clock
from core.errors import InvalidInput, StorageFull
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable, event_time_column, polars_schema, required_columns
from data_engineering.lake.manifest import Manifest, sync_folder
from data_engineering.lake.models import Part, Source

_TEMPORARY = ".incoming"
_LONGEST_NAME = 60


class LocalLake:
    """Implements `data_engineering.lake.ports.Lake`. Threads and processes may append and read at once.

    A writer holds the folder's lock shared while a file of its own is not in the manifest yet; whoever gets the lock
    alone therefore knows that every file outside the manifest was left by a dead process, and sweeps it.
    """

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._root = workspace.lake.absolute()
        self._clock = clock
        self._manifest = Manifest(self._root / "manifest.db")
        self._is_open = False

    def append(
        self, table: BronzeTable, rows: pl.DataFrame, *, source: Source, first_seq: int, last_seq: int
    ) -> Part | None:
        """See `Lake.append`."""
        _check(table, rows, source, first_seq, last_seq)
        with storage_errors(self._root):
            self._open()
            if self._manifest.is_replay(table, source, first_seq, last_seq):
                return None
            with self.writing():
                return self._write(table, rows, source, first_seq, last_seq)

    def high_water(self, table: BronzeTable, source: Source) -> int:
        """See `Lake.high_water`."""
        return self._manifest.high_water(table, source) if self._manifest.exists() else -1

    def parts(self, table: BronzeTable) -> Sequence[Part]:
        """See `Lake.parts`. Paths are absolute."""
        return self._manifest.parts(table) if self._manifest.exists() else []

    def scan(self, table: BronzeTable) -> pl.LazyFrame:
        """Every row of the table in contract order, lazily; empty when there is no part."""
        paths = [part.path for part in self.parts(table)]
        if not paths:
            return pl.LazyFrame(schema=polars_schema(table))
        return pl.scan_parquet(paths, hive_partitioning=False, glob=False)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While it is held, nobody sweeps."""
        with self._lock(fcntl.LOCK_SH):
            yield

    def sweep(self) -> int:
        """Removes files that no manifest row holds, unless somebody is writing now; how many were removed."""
        with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB) as is_alone:
            if not is_alone:
                return 0
            held = self._manifest.paths()
            files = [*self._root.glob("*/dt=*/*.parquet"), *(self._root / _TEMPORARY).iterdir()]
            orphans = [file for file in files if file.relative_to(self._root).as_posix() not in held]
            for orphan in orphans:
                orphan.unlink(missing_ok=True)
            return len(orphans)

    def _open(self) -> None:
        if self._is_open:
            return
        _make_folder(self._root / _TEMPORARY)
        if not self._manifest.exists():
            with self._lock(fcntl.LOCK_EX):
                self._manifest.create()
        self.sweep()
        self._is_open = True

    def _write(
        self, table: BronzeTable, rows: pl.DataFrame, source: Source, first_seq: int, last_seq: int
    ) -> Part | None:
        content = _parquet(rows)
        first_at, last_at = _time_range(table, rows)
        written_at = self._clock.now()
        part = Part(
            table=table,
            path=self._root / _relative_path(table, source, first_seq, last_seq, first_at or written_at),
            source=source,
            first_seq=first_seq,
            last_seq=last_seq,
            rows=rows.height,
            sha256=hashlib.sha256(content).hexdigest(),
            first_at=first_at,
            last_at=last_at,
            written_at=written_at,
        )
        return self._accept(part, content)

    def _accept(self, part: Part, content: memoryview) -> Part | None:
        temporary = _write_temporary(self._root / _TEMPORARY, content)
        try:
            _make_folder(part.path.parent)
            with self._manifest.accepting(part) as is_new:
                if is_new:
                    temporary.replace(part.path)
                    sync_folder(part.path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.unlink(missing_ok=True)
        return part if is_new else None

    @contextmanager
    def _lock(self, kind: int) -> Iterator[bool]:
        """Yields False only when LOCK_NB was asked for and somebody else holds the lock."""
        descriptor = os.open(self._root / "LOCK", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, kind)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """A full disk or quota, as StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(
            f"No space left under {folder}; nothing was half-written.",
            remedy="Free space and run the command again: it goes on where it stopped.",
        ) from error


def _check(table: BronzeTable, rows: pl.DataFrame, source: Source, first_seq: int, last_seq: int) -> None:
    if not 0 <= first_seq <= last_seq:
        raise InvalidInput(f"first_seq: {first_seq}..{last_seq} is not a range.", field="first_seq")
    schema = polars_schema(table)
    if dict(rows.schema) != schema or rows.columns != list(schema):
        raise InvalidInput(
            f"rows: columns of {table} must be {_spelled(schema)}; got {_spelled(dict(rows.schema))}.",
            remedy="Select and cast to data_engineering.contracts.tables.polars_schema.",
            field="rows",
        )
    _check_nulls(table, rows)
    if "seq" in schema and rows.height:
        _check_sequence(table, rows, source, first_seq, last_seq)


def _spelled(schema: dict[str, pl.DataType]) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in schema.items())


def _check_nulls(table: BronzeTable, rows: pl.DataFrame) -> None:
    for column in sorted(required_columns(table)):
        if nulls := rows.get_column(column).null_count():
            raise InvalidInput(
                f"{table}.{column}: {nulls} of {rows.height} rows are null.",
                remedy="This column is required; refuse such rows before appending.",
                field=column,
            )


def _check_sequence(table: BronzeTable, rows: pl.DataFrame, source: Source, first_seq: int, last_seq: int) -> None:
    low, high = rows.select(pl.col("seq").min().alias("low"), pl.col("seq").max().alias("high")).row(0)
    if low < first_seq or high > last_seq:
        raise InvalidInput(f"{table}.seq: {low}..{high} leaves {first_seq}..{last_seq}.", field="seq")
    is_foreign = (pl.col("device_id") != source.device_id) | (pl.col("epoch") != source.epoch)
    if foreign := rows.select(is_foreign.sum()).item():
        raise InvalidInput(
            f"{table}.device_id, epoch: {foreign} rows are not of {source.device_id}, {source.epoch}.",
            remedy="Append the rows of one sender and epoch at a time.",
            field="device_id",
        )


def _parquet(rows: pl.DataFrame) -> memoryview:
    buffer = BytesIO()
    rows.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getbuffer()


def _time_range(table: BronzeTable, rows: pl.DataFrame) -> tuple[datetime | None, datetime | None]:
    column = event_time_column(table)
    if column is None or not rows.height:
        return None, None
    first, last = rows.select(pl.col(column).min().alias("first"), pl.col(column).max().alias("last")).row(0)
    return first, last


def _relative_path(table: BronzeTable, source: Source, first_seq: int, last_seq: int, day: datetime) -> Path:
    name = f"{_sanitised(source.device_id)}-{_sanitised(source.epoch)}-{first_seq}-{last_seq}.parquet"
    return Path(table) / f"dt={day:%Y-%m-%d}" / name


def _sanitised(name: str) -> str:
    """Letters, digits and _ as they are; anything else becomes _ and the name's digest keeps two senders apart."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_LONGEST_NAME]
    return plain if plain == name else f"{plain}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _write_temporary(folder: Path, content: memoryview) -> Path:
    descriptor, name = tempfile.mkstemp(dir=folder, suffix=".parquet")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _make_folder(folder: Path) -> None:
    """`folder` and what is missing above it, durable."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
