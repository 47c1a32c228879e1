"""The private build file that dbt works in: prepared from the lake before, marked after, never served.

Schema `bronze` holds views over the lake's Parquet parts and what this run needs to know. Only readings grow too large
to read again each time: their view holds just the parts no successful run has read; `loaded_parts` remembers those.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from core.clock import Clock
from core.errors import Busy, CorruptData, StorageFull
from core.metrics import MetricCatalogue, metric_catalogue
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Part
from data_engineering.lake.ports import Lake
from data_engineering.warehouse.dbt import PROJECT

INCREMENTAL = frozenset({"fact_sensor_readings", "fact_sensor_tiles_hourly"})
"""Models that together digest the arrived parts of readings."""

_SQL_TYPES = {
    pl.String(): "varchar",
    pl.Int64(): "bigint",
    pl.Float64(): "double",
    pl.Boolean(): "boolean",
    pl.Binary(): "blob",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "timestamptz",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one run builds from."""

    is_fresh: bool
    arrived: Sequence[Part]


def prepare(workspace: Workspace, lake: Lake, clock: Clock) -> Prepared:
    """Opens or remakes the build file and points it at the lake's parts of this moment.

    It is remade when it is torn, was never finished, was built by other models or another metric catalogue, or holds a
    part the lake no longer has.

    Raises:
        CorruptData: a Parquet part cannot be read.
        StorageFull: the disk is full.
    """
    metrics = metric_catalogue(workspace.metrics_file)
    parts = {table: list(lake.parts(table)) for table in BronzeTable}
    mark = fingerprint(metrics)
    loaded = _loaded(workspace.warehouse_build, mark)
    held = {_name(workspace, part): part for part in parts[BronzeTable.READINGS]}
    is_fresh = loaded is None or not loaded <= held.keys()
    if is_fresh:
        discard(workspace)
    arrived = [part for name, part in held.items() if is_fresh or name not in (loaded or ())]
    parts[BronzeTable.READINGS] = arrived
    with opened(workspace) as connection:
        _create_views(connection, parts)
        _create_metrics(connection, metrics)
        _create_state(connection, mark, clock.now(), is_whole=not is_fresh)
    return Prepared(is_fresh=is_fresh, arrived=arrived)


def finish(workspace: Workspace, digested: Sequence[Part]) -> None:
    """Remembers the build file as whole and the parts of readings that it holds now."""
    with opened(workspace) as connection:
        connection.execute("begin")
        connection.execute("update bronze.run set is_whole = true")
        if digested:
            names = [_name(workspace, part) for part in digested]
            connection.execute("insert or ignore into bronze.loaded_parts select unnest(?::varchar[])", [names])
        connection.execute("commit")
        connection.execute("checkpoint")


def discard(workspace: Workspace) -> None:
    """Removes the build file; the next run makes a new one from the lake."""
    for suffix in ("", ".wal"):
        workspace.warehouse_build.with_name(workspace.warehouse_build.name + suffix).unlink(missing_ok=True)


@contextmanager
def opened(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, for writing.

    Raises:
        Busy: another process has it open.
        StorageFull: the disk is full.
        CorruptData: what DuckDB says of a file it cannot read.
    """
    workspace.warehouse.mkdir(parents=True, exist_ok=True)
    with duckdb_errors():
        connection = duckdb.connect(workspace.warehouse_build, config={"threads": 2})
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()


@contextmanager
def duckdb_errors() -> Iterator[None]:
    """DuckDB's words as errors of ours."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if "No space left on device" in text:
            raise StorageFull(text, remedy="Free disk space and run `copilot transform` again.") from error
        if "Could not set lock" in text:
            raise Busy(text, remedy="Close the program that has the build file open.") from error
        raise CorruptData(text, remedy="Mend or remove the file it names and run `copilot transform` again.") from error


def fingerprint(metrics: MetricCatalogue) -> str:
    """Of all that decides what the build file holds, beside the parts: models, metric catalogue, DuckDB."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for file in sorted(PROJECT.rglob("*")):
        if file.suffix in (".sql", ".yml"):
            digest.update(file.relative_to(PROJECT).as_posix().encode() + file.read_bytes())
    for metric in metrics.values():
        digest.update(metric.model_dump_json().encode())
    return digest.hexdigest()


def _name(workspace: Workspace, part: Part) -> str:
    """The part's place in the lake, the same after the workspace was moved."""
    return os.path.relpath(part.path, workspace.lake)


def _loaded(file: Path, mark: str) -> frozenset[str] | None:
    """Names of the readings parts digested so far; None when there is no build file that can be gone on with."""
    if not file.exists():
        return None
    try:
        connection = duckdb.connect(file)
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise Busy(str(error), remedy="Close the program that has the build file open.") from error
        return None
    try:
        if connection.execute("select fingerprint, is_whole from bronze.run").fetchall() != [(mark, True)]:
            return None
        return frozenset(name for (name,) in connection.execute("select name from bronze.loaded_parts").fetchall())
    except duckdb.Error:  # killed before the first run had said what it is
        return None
    finally:
        connection.close()


def _create_views(connection: duckdb.DuckDBPyConnection, parts: dict[BronzeTable, list[Part]]) -> None:
    connection.execute("create schema if not exists bronze")
    for table, held in parts.items():
        select = _select_parts(held) if held else _select_nothing(table)
        connection.execute(f"create or replace view bronze.{table} as {select}")


def _select_parts(parts: Sequence[Part]) -> str:
    paths = ", ".join("'" + str(part.path).replace("'", "''") + "'" for part in parts)
    return f"select * from read_parquet([{paths}], hive_partitioning = false)"  # noqa: S608


def _select_nothing(table: BronzeTable) -> str:
    columns = ", ".join(f"null::{_SQL_TYPES[kind]} as {name}" for name, kind in polars_schema(table).items())
    return f"select {columns} where false"


def _create_metrics(connection: duckdb.DuckDBPyConnection, metrics: MetricCatalogue) -> None:
    connection.execute(
        "create or replace table bronze.metric_catalogue (metric varchar primary key, label varchar, unit varchar, "
        "minimum double, maximum double, reference double, bad_direction varchar)"
    )
    connection.executemany(
        "insert into bronze.metric_catalogue values (?, ?, ?, ?, ?, ?, ?)",
        [(m.name, m.label, m.unit, m.minimum, m.maximum, m.reference, m.bad) for m in metrics.values()],
    )


def _create_state(connection: duckdb.DuckDBPyConnection, mark: str, as_of: datetime, *, is_whole: bool) -> None:
    connection.execute("create table if not exists bronze.loaded_parts (name varchar primary key)")
    connection.execute(
        "create or replace table bronze.run as select ? as fingerprint, ?::timestamptz as as_of, ? as is_whole",
        [mark, as_of, is_whole],
    )
