"""Corners of single catalogue entries, over marts written by hand. The plain cases are in the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from data_engineering.warehouse.catalogue import catalogue
from data_engineering.warehouse.values import bind

START, END = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC)


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_equipment as "
            "select 'A' as equipment_id, 'north' as plant_id, 'L1' as line, 'cnc' as equipment_type"
        )
        yield connection


def ask(marts: duckdb.DuckDBPyConnection, name: str, **values: Any) -> list[tuple[Any, ...]]:
    entry = catalogue()[name]
    return marts.execute(entry.sql["duckdb"], {**bind(entry, values), "plants": ["north"]}).fetchall()


def tile(marts: duckdb.DuckDBPyConnection, n: int, s1: float, s2: float) -> None:
    marts.execute(
        "create table marts.fact_sensor_tiles_hourly as select 'A' as equipment_id, 'vibration' as metric, "
        "epoch($start)::bigint // 3600 as tile, $n::bigint as n, $s1::double as s1, $s2::double as s2, "
        "3.0::double as reference, 1.0 as min_value, 9.0 as max_value",
        {"start": START, "n": n, "s1": s1, "s2": s2},
    )


def hour(marts: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    rows = ask(marts, "hourly_series", equipment_id="A", metric="vibration", start=START, end=END)
    return dict(zip(catalogue()["hourly_series"].columns, rows[0], strict=True))


def test_an_hour_of_one_reading_has_a_mean_and_no_deviation(marts: duckdb.DuckDBPyConnection) -> None:
    tile(marts, n=1, s1=1.0, s2=1.0)
    assert (hour(marts)["mean"], hour(marts)["std"]) == (4.0, None)


def test_rounding_below_zero_gives_no_deviation_and_no_error(marts: duckdb.DuckDBPyConnection) -> None:
    tile(marts, n=2, s1=2.0, s2=2.0 - 1e-12)
    assert hour(marts)["std"] == 0.0


STOP = "insert into marts.fact_unplanned_stops values ('A', ?, ?, 'E-1', 'pump')"


@pytest.fixture
def stops(marts: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    marts.execute(
        "create table marts.fact_unplanned_stops "
        "(equipment_id text, started_at timestamptz, ended_at timestamptz, code text, component text)"
    )
    return marts


def test_a_stop_of_unknown_length_counts_and_has_no_hours(stops: duckdb.DuckDBPyConnection) -> None:
    stops.execute(STOP, [START.replace(hour=1), None])
    assert ask(stops, "downtime_reasons", start=START, end=END) == [("E-1", "pump", 1, None)]


def test_hours_are_those_of_the_stops_whose_length_is_known(stops: duckdb.DuckDBPyConnection) -> None:
    stops.execute(STOP, [START.replace(hour=1), None])
    stops.execute(STOP, [START.replace(hour=2), START.replace(hour=5)])
    assert ask(stops, "downtime_reasons", start=START, end=END) == [("E-1", "pump", 2, 3.0)]


def test_a_stop_is_cut_at_the_end_of_the_range(stops: duckdb.DuckDBPyConnection) -> None:
    stops.execute(STOP, [START.replace(day=2, hour=23), START.replace(day=4)])
    assert ask(stops, "downtime_reasons", start=START, end=END) == [("E-1", "pump", 1, 1.0)]
