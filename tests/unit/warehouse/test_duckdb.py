"""The DuckDB adapter over snapshots published by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC

import duckdb
import pytest

from core.clock import FixedClock
from core.errors import CorruptData, NotReady
from core.scope import LOCAL, Scope
from core.workspace import Workspace
from data_engineering.warehouse.duckdb import DuckDBWarehouse, open_snapshot
from data_engineering.warehouse.models import Limits
from data_engineering.warehouse.snapshots import snapshot_path
from tests.conftest import ROOT
from tests.unit.warehouse.marts import MOMENT, QUESTION, publish_by_hand


@pytest.fixture
def warehouse(workspace: Workspace, clock: FixedClock) -> Iterator[DuckDBWarehouse]:
    adapter = DuckDBWarehouse(workspace, max_rows=10, max_seconds=5, clock=clock)
    yield adapter
    adapter.close()


def test_rows_keep_the_order_of_the_entry(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a")
    assert warehouse.run(QUESTION, scope=LOCAL).column("plant_id") == ["south", "north"]


def test_timestamps_keep_their_microseconds_and_are_utc(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a", ("north",))
    at = warehouse.run(QUESTION, scope=LOCAL).column("built_at")[0]
    assert (at, at.tzinfo) == (MOMENT, UTC)


def test_a_scope_of_no_plant_sees_nothing(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a")
    assert len(warehouse.run(QUESTION, scope=Scope(subject="nobody", plants=frozenset()))) == 0


def test_the_pointer_is_followed_at_the_next_call(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a", ("north",))
    before = len(warehouse.run(QUESTION, scope=LOCAL))
    publish_by_hand(workspace, "b", ("north", "south", "east"))
    assert (before, len(warehouse.run(QUESTION, scope=LOCAL)), warehouse.snapshot().name) == (1, 3, "b")


def test_a_query_under_way_ends_on_the_snapshot_it_began_with(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a", ("north",))
    with warehouse._cursor() as (cursor, _):
        publish_by_hand(workspace, "b", ("north", "south"))
        assert warehouse.snapshot().name == "b"
        snapshot_path(workspace, "a").unlink()
        assert cursor.execute("select count(*) from marts.machine").fetchall() == [(1,)]


def test_a_callers_limit_cannot_be_looser_than_the_house(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    assert warehouse._tightest(Limits(rows=10**6, seconds=3600)) == Limits(rows=10, seconds=5)


def test_a_snapshot_of_other_models_is_not_ready(workspace: Workspace, warehouse: DuckDBWarehouse) -> None:
    publish_by_hand(workspace, "a")
    with pytest.raises(NotReady, match="built by other models"):
        warehouse.run("equipment_list", scope=LOCAL)


def test_a_pointer_to_a_missing_snapshot_is_an_error_with_a_remedy(
    workspace: Workspace, warehouse: DuckDBWarehouse
) -> None:
    publish_by_hand(workspace, "a")
    snapshot_path(workspace, "a").unlink()
    with pytest.raises(CorruptData) as refused:
        warehouse.snapshot()
    assert "copilot transform" in refused.value.remedy


def test_training_and_serving_may_open_one_snapshot_in_one_process(
    workspace: Workspace, warehouse: DuckDBWarehouse
) -> None:
    publish_by_hand(workspace, "a")
    warehouse.snapshot()
    with open_snapshot(workspace) as connection:
        assert connection.execute("select count(*) from marts.machine").fetchall() == [(2,)]


def test_days_are_utc_days_wherever_the_process_runs(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_by_hand(workspace, "a")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        with open_snapshot(workspace) as connection:
            assert connection.execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "sql", ["create table t (a int)", "from read_csv('/etc/passwd')", "set threads = 8", "install httpfs"]
)
def test_a_snapshot_can_neither_write_nor_reach_out(workspace: Workspace, sql: str) -> None:
    publish_by_hand(workspace, "a")
    with open_snapshot(workspace) as connection, pytest.raises(duckdb.Error, match=r"read-only|disabled|locked"):
        connection.execute(sql)


def test_timestamps_need_no_pytz_and_no_heavy_library(workspace: Workspace) -> None:
    publish_by_hand(workspace, "a", ("north",))
    script = f"""
import sys
sys.modules["pytz"] = None
from pathlib import Path
from core.clock import SystemClock
from core.scope import LOCAL
from core.workspace import Workspace
from data_engineering.warehouse.duckdb import DuckDBWarehouse
from tests.unit.warehouse.marts import QUESTION
warehouse = DuckDBWarehouse(Workspace(Path({str(workspace.home)!r})), max_rows=10, max_seconds=5, clock=SystemClock())
print(warehouse.run(QUESTION, scope=LOCAL).column("built_at")[0].isoformat())
print([name for name in ("pandas", "pyarrow", "dbt") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ), check=False
    )
    assert (done.stdout.split("\n")[:2], done.stderr) == ([MOMENT.isoformat(), "[]"], "")
