"""Published snapshots on disk: `snapshots/<stamp>.duckdb` and the pointer file that names the one now served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from core.errors import CorruptData, NotReady
from core.workspace import Workspace
from data_engineering.warehouse.models import Snapshot

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REMEDY = "Run `copilot transform`."
_CONFIG: dict[str, Any] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "threads": 2,
}


def snapshot_folder(workspace: Workspace) -> Path:
    return workspace.warehouse / "snapshots"


def published_name(workspace: Workspace) -> str:
    """Name of the snapshot the pointer names.

    Raises:
        NotReady: nothing has been published yet.
    """
    try:
        return workspace.warehouse_pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise NotReady(f"Nothing has been published in {workspace.warehouse}.", remedy=_REMEDY) from None


def snapshot_path(workspace: Workspace, name: str) -> Path:
    return snapshot_folder(workspace) / f"{name}.duckdb"


def connect(path: Path, *, memory: str) -> duckdb.DuckDBPyConnection:
    """A read-only connection that can reach no other file, extension or setting; its time zone is UTC.

    Every connection of a process to one file must use one configuration, so all of them are opened here. `memory` is
    DuckDB's limit, spelled its way; within a process the first to open a file sets it.

    Raises:
        CorruptData: the file is missing or cannot be read.
    """
    try:
        connection = duckdb.connect(path, read_only=True, config=_CONFIG)
    except duckdb.Error as error:
        raise CorruptData(f"Snapshot {path.name} cannot be opened: {error}", remedy=_REMEDY) from error
    if not _scalar(connection, "select current_setting('lock_configuration')"):
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute(f"set global memory_limit = '{memory}'")
        connection.execute("set global lock_configuration = true")
    return connection


def open_snapshot(workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """The published snapshot, read only, for work that reads many rows (training). The caller closes it.

    Raises:
        NotReady: nothing has been published yet.
        CorruptData: the published file cannot be read.
    """
    return connect(snapshot_path(workspace, published_name(workspace)), memory="2GB")


def describe(connection: duckdb.DuckDBPyConnection) -> Snapshot:
    """What the opened snapshot says of itself."""
    cursor = connection.cursor()
    try:
        name, published_us, until_us, readings = cursor.execute(
            "select name, epoch_us(published_at), epoch_us(data_until), readings from marts.snapshot_info"
        ).fetchall()[0]
    finally:
        cursor.close()
    return Snapshot(
        name=name, published_at=_utc(published_us), data_until=until_us and _utc(until_us), readings=readings
    )


def _utc(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchall()[0][0]
