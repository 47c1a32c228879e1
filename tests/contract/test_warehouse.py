"""What every warehouse adapter promises. DuckDB is the one that can be started today."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import FixedClock
from core.errors import InvalidInput, LimitExceeded, NotFound, NotReady
from core.scope import LOCAL, Scope
from core.workspace import Workspace
from data_engineering.lake.local import LocalLake
from data_engineering.warehouse.catalogue import catalogue
from data_engineering.warehouse.duckdb import DuckDBWarehouse
from data_engineering.warehouse.models import CatalogueEntry, Limits, Value
from data_engineering.warehouse.ports import Warehouse
from data_engineering.warehouse.transform import transform
from tests.doubles.small_lake import at, two_plants

NORTH = Scope(subject="anna", plants=frozenset({"north"}))
START, END = at(0), at(2)
VALUES: dict[str, Value] = {
    "equipment_id": "CNC-1",
    "metric": "vibration",
    "start": START,
    "end": END,
    "hours": 24,
    "count": 3,
}
SOUTH_ONLY = "PUMP-1"


def needed(entry: CatalogueEntry, **others: Value) -> dict[str, Value]:
    chosen = {name: value for name, value in VALUES.items() if name in entry.parameters and name not in entry.optional}
    return {**chosen, **{name: value for name, value in others.items() if name in entry.parameters}}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small plant, transformed once."""
    workspace = Workspace(tmp_path_factory.mktemp("plant"))
    clock = FixedClock(at(2, hour=1))
    lake = LocalLake(workspace, clock)
    two_plants(lake)
    transform(workspace, lake=lake, clock=clock)
    return workspace


def duckdb_warehouse(workspace: Workspace) -> DuckDBWarehouse:
    return DuckDBWarehouse(workspace, max_rows=1000, max_seconds=20, clock=FixedClock(at(2)))


@pytest.fixture(scope="module", params=[duckdb_warehouse], ids=lambda adapter: str(adapter.__name__))
def warehouse(request: pytest.FixtureRequest, published: Workspace) -> Iterator[Warehouse]:
    adapter = request.param(published)
    yield adapter
    adapter.close()


GOLDEN: Mapping[str, list[tuple[Any, ...]]] = {
    "equipment_list": [("CNC-1", None, "cnc", None, None, None, "north", None, "L1", None, None, "A")],
    "equipment_metrics": [
        ("vibration", "vibration", "mm/s", "high", None, 4.5, None, 7.1, "manual 3", at(1, hour=23, minute=30), 6.0)
    ],
    "last_known": [
        ("not_executing", at(1, hour=12), at(0, hour=20), at(1, hour=1, minute=30), at(1, hour=23, minute=30))
    ],
    "freshness": [("CNC-1", "north", at(1, hour=23, minute=30), 96)],
    "daily_metrics": [
        (date(2026, 2, 1), "vibration", 3.5, 3.0, 4.0, 48),
        (date(2026, 2, 2), "vibration", 5.5, 5.0, 6.0, 48),
    ],
    "metric_windows": [(0, 5.5, 48), (1, 3.5, 48), (2, None, 0)],
    "health_history": [
        (date(2026, 2, 1), None, 1.0, None, None, 0, 1),
        (date(2026, 2, 2), None, 1.0, None, None, 1, 0),
    ],
    "equipment_events": [
        ("gateway:1:0", "state", None, None, "executing", None, None, None, None, None, at(0)),
        ("gateway:1:1", "state", None, None, "not_executing", None, None, None, None, None, at(0, hour=20)),
        ("gateway:1:2", "failure", "E-417", None, None, "spindle", "VIB", None, None, None, at(0, hour=20)),
        ("gateway:1:3", "state", None, None, "executing", None, None, None, None, None, at(1, hour=2)),
        ("gateway:1:4", "state", None, None, "not_executing", None, None, None, None, None, at(1, hour=12)),
        ("gateway:1:5", "alarm", "A-101", 500, None, None, None, None, None, None, at(1, hour=14)),
    ],
    "maintenance_history": [
        (
            "m-CNC-1",
            "corrective",
            "spindle",
            at(0, hour=21),
            at(1, hour=1, minute=30),
            4.5,
            None,
            "6205-2RS",
            "Bearing replaced.",
        )
    ],
    "latest_risk": [
        (
            *("CNC-1", "north", "cnc", "L1", "A", at(2), at(2, minute=5), "failure", "14"),
            *(0.125, 0.25, 0.5, 0.75, "[]", at(0, hour=20), at(1, hour=1, minute=30)),
        )
    ],
    "risk_curve": [
        ("CNC-1", hours, p, p / 2, min(1.0, p * 2), at(2), at(2, minute=5), "failure", "14", "[]")
        for hours, p in ((24, 0.125), (48, 0.25), (168, 0.5), (720, 0.75))
    ],
    "production_kpi": [
        (date(2026, 2, 1), 28800.0, 25200.0, 24000.0, 23040.0, 800.0, 768.0, 1, 1),
        (date(2026, 2, 2), None, None, None, None, 500.0, 490.0, 1, 0),
    ],
    "quality_kpi": [(date(2026, 2, 1), 100, 5, "crack"), (date(2026, 2, 2), 50, 0, None)],
    "defect_breakdown": [("crack", 3, 1), ("burr", 2, 1)],
    "reliability_kpi": [("CNC-1", 1, 4.5, 30.0, "executing")],
    "uptime": [
        (date(2026, 2, 1), 20 * 3600.0, 24 * 3600.0, 0.0),
        (date(2026, 2, 2), 10 * 3600.0, 23.5 * 3600.0, 11.5 * 3600.0),
    ],
    "downtime_reasons": [("E-417", "spindle", 1, 6.0)],
}
"""What a person computes from tests/doubles/small_lake.py for plant north."""


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_entry_gives_what_a_person_computes(warehouse: Warehouse, name: str) -> None:
    entry = catalogue()[name]
    table = warehouse.run(name, needed(entry), scope=NORTH)
    assert table.columns == tuple(entry.columns)
    assert table.rows == GOLDEN[name]


def test_an_hourly_series_has_mean_and_sample_deviation_of_each_hour(warehouse: Warehouse) -> None:
    table = warehouse.run("hourly_series", {**needed(catalogue()["hourly_series"]), "end": at(0, hour=6)}, scope=NORTH)
    expected = [(at(0, hour=hour), 3.5, pytest.approx(0.5**0.5), 3.0, 4.0, 2) for hour in range(6)]
    assert table.rows == expected


def test_every_entry_is_checked_by_hand() -> None:
    assert set(catalogue()) == {*GOLDEN, "hourly_series"}


def test_a_window_that_ends_within_an_hour_includes_the_hour(warehouse: Warehouse) -> None:
    values = {**needed(catalogue()["metric_windows"]), "end": at(0, hour=5, minute=30), "hours": 1, "count": 2}
    assert warehouse.run("metric_windows", values, scope=NORTH).rows == [(0, 3.5, 2), (1, 3.5, 2)]


def test_a_filter_on_a_line_that_does_not_exist_leaves_nothing(warehouse: Warehouse) -> None:
    values: dict[str, Value] = {"line": "L9", "start": START, "end": END}
    assert warehouse.run("production_kpi", values, scope=LOCAL).rows == []


def test_kinds_restrict_events(warehouse: Warehouse) -> None:
    values = {**needed(catalogue()["equipment_events"]), "kinds": ["failure", "alarm"]}
    assert warehouse.run("equipment_events", values, scope=NORTH).column("code") == ["E-417", "A-101"]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_an_entry_never_speaks_of_another_plant(warehouse: Warehouse, name: str) -> None:
    """North asks about a machine of south by name: what comes back is what a machine that does not exist gives."""
    entry = catalogue()[name]
    others: dict[str, Value] = {"equipment_ids": [SOUTH_ONLY], "equipment_id": SOUTH_ONLY, "plant_id": None}
    nobody: dict[str, Value] = {"equipment_ids": ["NO-1"], "equipment_id": "NO-1", "plant_id": None}
    theirs = warehouse.run(name, needed(entry, **others), scope=NORTH)
    assert theirs.rows == warehouse.run(name, needed(entry, **nobody), scope=NORTH).rows


@pytest.mark.parametrize("name", sorted(name for name, entry in catalogue().items() if "plant_id" in entry.parameters))
def test_without_a_filter_an_entry_counts_only_the_plants_of_the_scope(warehouse: Warehouse, name: str) -> None:
    values = needed(catalogue()[name])
    filtered = warehouse.run(name, {**values, "plant_id": "north"}, scope=LOCAL)
    assert warehouse.run(name, values, scope=NORTH).rows == filtered.rows


@given(name=st.sampled_from(sorted(catalogue())), plants=st.frozensets(st.text(max_size=8), max_size=3))
@settings(max_examples=30, deadline=None)
def test_a_scope_without_north_and_south_sees_no_machine(
    warehouse: Warehouse, name: str, plants: frozenset[str]
) -> None:
    scope = Scope(subject="visitor", plants=plants - {"north", "south"})
    table = warehouse.run(name, needed(catalogue()[name]), scope=scope)
    assert all(value is None or isinstance(value, date) for row in table.rows for value in row)


def test_timestamps_are_aware_and_in_utc(warehouse: Warehouse) -> None:
    at_last = warehouse.run("freshness", scope=NORTH).column("last_reading_at")[0]
    assert (at_last, at_last.tzinfo) == (at(1, hour=23, minute=30), UTC)


def test_a_time_in_another_zone_means_the_same_instant(warehouse: Warehouse) -> None:
    from zoneinfo import ZoneInfo

    entry = needed(catalogue()["equipment_events"])
    berlin = {**entry, "start": START.astimezone(ZoneInfo("Europe/Berlin"))}
    asked = warehouse.run("equipment_events", berlin, scope=NORTH)
    assert asked.rows == warehouse.run("equipment_events", entry, scope=NORTH).rows


def test_the_table_says_which_snapshot_it_comes_from(warehouse: Warehouse) -> None:
    table = warehouse.run("equipment_list", scope=NORTH)
    assert table.snapshot == warehouse.snapshot()
    assert (table.snapshot.data_until, table.snapshot.readings) == (at(1, hour=23, minute=30), 192)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"start": START, "end": END}, "equipment_id"),
        ({"equipment_id": "CNC-1", "start": START, "end": END, "colour": "red"}, "colour"),
        ({"equipment_id": 7, "start": START, "end": END}, "equipment_id"),
        ({"equipment_id": "CNC-1", "start": "yesterday", "end": END}, "start"),
        ({"equipment_id": "CNC-1", "start": datetime(2026, 2, 1), "end": END}, "start"),  # noqa: DTZ001
        ({"equipment_id": "CNC-1", "start": START, "end": END, "kinds": "alarm"}, "kinds"),
        ({"equipment_id": "CNC-1", "start": START, "end": END, "kinds": [1]}, "kinds"),
    ],
    ids=["missing", "not declared", "number for text", "text for time", "no zone", "text for list", "list of numbers"],
)
def test_a_wrong_value_is_refused_by_name(warehouse: Warehouse, values: dict[str, Value], field: str) -> None:
    with pytest.raises(InvalidInput, match=field) as refused:
        warehouse.run("equipment_events", values, scope=NORTH)
    assert refused.value.field == field


@pytest.mark.parametrize("hours", [0, 2**62, 2**64])
def test_a_number_out_of_range_is_refused(warehouse: Warehouse, hours: int) -> None:
    values = {**needed(catalogue()["metric_windows"]), "hours": hours}
    with pytest.raises(InvalidInput):
        warehouse.run("metric_windows", values, scope=NORTH)


def test_an_unknown_entry_is_refused_with_the_known_ones(warehouse: Warehouse) -> None:
    with pytest.raises(NotFound) as refused:
        warehouse.run("drop_everything", scope=NORTH)
    assert "equipment_list" in refused.value.remedy


def test_more_rows_than_allowed_is_an_error_and_not_a_cut(warehouse: Warehouse) -> None:
    with pytest.raises(LimitExceeded, match="more than 5 rows"):
        warehouse.run(
            "hourly_series",
            needed(catalogue()["hourly_series"]),
            scope=NORTH,
            limits=Limits(rows=5, seconds=5),
        )


def test_as_many_rows_as_allowed_are_returned(warehouse: Warehouse) -> None:
    values = needed(catalogue()["hourly_series"])
    assert len(warehouse.run("hourly_series", values, scope=NORTH, limits=Limits(rows=48, seconds=5))) == 48


def test_work_over_the_time_limit_is_stopped(warehouse: Warehouse) -> None:
    endless = CatalogueEntry(
        name="endless",
        description="",
        owner="",
        columns={"n": ""},
        sql={
            "duckdb": "select count(*) as n from range(100000000000) where $plants::varchar[] is null or range % 7 = 1"
        },
    )
    with pytest.raises(LimitExceeded, match=r"longer than 0\.2 s"):
        warehouse.run(endless, scope=NORTH, limits=Limits(rows=1, seconds=0.2))


def test_many_threads_ask_at_once_and_each_gets_its_own_answer(warehouse: Warehouse) -> None:
    wrong: list[object] = []

    def ask(equipment_id: str, scope: Scope) -> None:
        for _ in range(15):
            table = warehouse.run("latest_risk", {"equipment_ids": [equipment_id]}, scope=scope)
            if table.column("equipment_id") != [equipment_id]:
                wrong.append(table.rows)

    south = Scope(subject="bo", plants=frozenset({"south"}))
    threads = [threading.Thread(target=ask, args=pair) for pair in [("CNC-1", NORTH), (SOUTH_ONLY, south)] * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_before_the_first_publication_it_is_not_ready(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as refused:
        duckdb_warehouse(Workspace(tmp_path)).snapshot()
    assert "copilot transform" in refused.value.remedy
