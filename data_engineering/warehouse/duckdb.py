"""The embedded warehouse: the published DuckDB snapshot, read only, behind `Warehouse`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import duckdb

from core.clock import Clock
from core.errors import InvalidInput, LimitExceeded, NotReady
from core.scope import Scope
from core.workspace import Workspace
from data_engineering.warehouse import snapshots
from data_engineering.warehouse.catalogue import entry_named
from data_engineering.warehouse.models import CatalogueEntry, Limits, Snapshot, Table, Value
from data_engineering.warehouse.values import bind

open_snapshot = snapshots.open_snapshot

MEMORY = "256MB"
"""Blocks and work of all queries of one serving process."""
_NARROW = "Ask for a shorter range or fewer machines"


class DuckDBWarehouse:
    """Implements `data_engineering.warehouse.ports.Warehouse` over the snapshot the pointer names.

    A new snapshot is opened by the first call after its publication; calls under way finish on the old one.
    """

    def __init__(self, workspace: Workspace, *, max_rows: int, max_seconds: float, clock: Clock) -> None:
        """`max_rows` and `max_seconds` bound every call; a caller's own limits may only be tighter."""
        self._workspace = workspace
        self._most = Limits(rows=max_rows, seconds=max_seconds)
        self._clock = clock
        self._guard = threading.Lock()
        self._opened: tuple[duckdb.DuckDBPyConnection, Snapshot] | None = None
        self._statements: dict[str, str] = {}

    def run(
        self,
        entry: str | CatalogueEntry,
        values: Mapping[str, Value] | None = None,
        *,
        scope: Scope,
        limits: Limits | None = None,
    ) -> Table:
        """See `Warehouse.run`."""
        asked = entry_named(entry) if isinstance(entry, str) else entry
        bound = bind(asked, values or {})
        plants = None if scope.plants is None else sorted(scope.plants)
        most = self._tightest(limits)
        with self._cursor() as (cursor, snapshot), _bounded(cursor, asked, most.seconds):
            values_of_scope = {**bound, "plants": plants}
            statement = self._statement(cursor, asked.sql["duckdb"], values_of_scope)
            rows = cursor.execute(statement, values_of_scope).fetchmany(most.rows + 1)
            columns = tuple(column[0] for column in cursor.description or ())
        if len(rows) > most.rows:
            raise LimitExceeded(
                f"{asked.name}: more than {most.rows} rows.",
                remedy=f"{_NARROW}, or raise COPILOT_QUERY_MAX_ROWS.",
            )
        return Table(columns=columns, rows=_aware(rows), entry=asked.name, parameters=bound, snapshot=snapshot)

    def snapshot(self) -> Snapshot:
        """See `Warehouse.snapshot`."""
        with self._cursor() as (_, snapshot):
            return snapshot

    def close(self) -> None:
        with self._guard:
            if self._opened is not None:
                self._opened[0].close()
                self._opened = None

    @contextmanager
    def _cursor(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Snapshot]]:
        """A connection of this call's own. It keeps its snapshot alive when the pointer moves on."""
        with self._guard:
            connection, snapshot = self._current()
            cursor = connection.cursor()
        try:
            yield cursor, snapshot
        finally:
            cursor.close()

    def _current(self) -> tuple[duckdb.DuckDBPyConnection, Snapshot]:
        name = snapshots.published_name(self._workspace)
        if self._opened is None or self._opened[1].name != name:
            connection = snapshots.connect(snapshots.snapshot_path(self._workspace, name), memory=MEMORY)
            # The old connection is dropped, not closed: closing would end its cursors, and with them calls under way.
            self._opened = (connection, snapshots.describe(connection))
        return self._opened

    def _statement(self, cursor: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]) -> str:
        """`sql` with its zoned timestamps as plain UTC ones: DuckDB would need pytz to return them."""
        if sql not in self._statements:
            described = cursor.execute(f"describe {sql}", values).fetchall()
            zoned = [name for name, kind, *_ in described if kind == "TIMESTAMP WITH TIME ZONE"]
            changes = ", ".join(f'"{name}" at time zone \'UTC\' as "{name}"' for name in zoned)
            self._statements[sql] = f"select * replace ({changes}) from (\n{sql}\n)" if zoned else sql  # noqa: S608
        return self._statements[sql]

    def _tightest(self, limits: Limits | None) -> Limits:
        asked = limits or self._most
        return Limits(rows=min(asked.rows, self._most.rows), seconds=min(asked.seconds, self._most.seconds))


@contextmanager
def _bounded(cursor: duckdb.DuckDBPyConnection, entry: CatalogueEntry, seconds: float) -> Iterator[None]:
    """Interrupts the cursor after `seconds`, and says in our words why DuckDB stopped."""
    timer = threading.Timer(seconds, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        remedy = f"{_NARROW}, or raise COPILOT_QUERY_MAX_SECONDS."
        raise LimitExceeded(f"{entry.name}: took longer than {seconds:g} s.", remedy=remedy) from error
    except duckdb.OutOfMemoryException as error:
        raise LimitExceeded(f"{entry.name}: needs more than {MEMORY} of memory.", remedy=f"{_NARROW}.") from error
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInput(f"{entry.name}: a value is out of range ({reason}).", remedy=f"{_NARROW}.") from error
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise NotReady(
            f"{entry.name}: the published snapshot was built by other models ({str(error).splitlines()[0]}).",
            remedy="Run `copilot transform`.",
        ) from error
    finally:
        timer.cancel()
        timer.join()  # a thread that still holds the cursor at exit makes DuckDB report leaks


def _aware(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row) for row in rows]
