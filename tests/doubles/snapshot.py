"""A published snapshot made by hand, with the tables the failure model reads. A test double."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from core.workspace import Workspace

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = dict[str, Any]

_MOMENT = pl.Datetime("us", "UTC")
_SCHEMAS: dict[str, dict[str, Any]] = {
    "fact_sensor_tiles_hourly": {
        "equipment_id": pl.String,
        "metric": pl.String,
        "tile": pl.Int64,
        "n": pl.Int64,
        "s1": pl.Float64,
        "s2": pl.Float64,
        "min_value": pl.Float64,
        "max_value": pl.Float64,
        "n_bad": pl.Int64,
        "reference": pl.Float64,
    },
    "fact_equipment_events": {
        "event_id": pl.String,
        "equipment_id": pl.String,
        "kind": pl.String,
        "code": pl.String,
        "state": pl.String,
        "component": pl.String,
        "message": pl.String,
        "source_ts": _MOMENT,
    },
    "fact_maintenance": {
        "maintenance_id": pl.String,
        "equipment_id": pl.String,
        "kind": pl.String,
        "component": pl.String,
        "started_at": _MOMENT,
        "ended_at": _MOMENT,
    },
    "dim_equipment": {
        "equipment_id": pl.String,
        "equipment_type": pl.String,
        "model": pl.String,
        "plant_id": pl.String,
        "commissioned_on": pl.Date,
    },
    "dim_metric": {"metric": pl.String, "label": pl.String, "unit": pl.String, "reference": pl.Float64},
    "dim_metric_limit": {
        "equipment_id": pl.String,
        "metric": pl.String,
        "alarm_high": pl.Float64,
    },
}


def hour(number: float) -> datetime:
    """Hour since 1970 as a moment."""
    return EPOCH + timedelta(hours=number)


@dataclass
class HandMadeSnapshot:
    """Rows by table; `write` makes the DuckDB file, `publish` puts it where a workspace looks."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _SCHEMAS})

    def machine(self, name: str, *, kind: str = "pump", plant: str = "north", since: date | None = None) -> None:
        self.rows["dim_equipment"].append(
            {"equipment_id": name, "equipment_type": kind, "plant_id": plant, "commissioned_on": since}
        )

    def metric(self, name: str, *, unit: str = "mm/s", reference: float = 0.0) -> None:
        self.rows["dim_metric"].append({"metric": name, "label": name, "unit": unit, "reference": reference})

    def readings(self, name: str, metric: str, tile: int, values: Sequence[float], *, reference: float = 0.0) -> None:
        shifted = [value - reference for value in values]
        self.rows["fact_sensor_tiles_hourly"].append(
            {
                "equipment_id": name,
                "metric": metric,
                "tile": tile,
                "n": len(values),
                "s1": sum(shifted),
                "s2": sum(value * value for value in shifted),
                "min_value": min(values),
                "max_value": max(values),
                "n_bad": 0,
                "reference": reference,
            }
        )

    def event(self, name: str, at: float, *, kind: str = "error", **fields: str) -> None:
        events = self.rows["fact_equipment_events"]
        events.append(
            {"event_id": str(len(events)), "equipment_id": name, "kind": kind, "source_ts": hour(at), **fields}
        )

    def work(
        self, name: str, started: float, ended: float | None = None, *, kind: str = "corrective", component: str = ""
    ) -> None:
        jobs = self.rows["fact_maintenance"]
        jobs.append(
            {
                "maintenance_id": str(len(jobs)),
                "equipment_id": name,
                "kind": kind,
                "component": component or None,
                "started_at": hour(started),
                "ended_at": None if ended is None else hour(ended),
            }
        )

    def limit(self, name: str, metric: str, alarm_high: float) -> None:
        self.rows["dim_metric_limit"].append({"equipment_id": name, "metric": metric, "alarm_high": alarm_high})

    def write(self, target: Path | str = ":memory:") -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(target)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA marts")
        for name, rows in self.rows.items():
            _create(connection, name, rows)
        connection.execute(
            "CREATE TABLE marts.snapshot_info AS SELECT 'by-hand' AS name, "
            "TIMESTAMPTZ '2026-03-01 06:00:00+00' AS published_at, "
            "TIMESTAMPTZ '2026-03-01 06:00:00+00' AS data_until, 1 AS readings"
        )
        return connection

    def publish(self, workspace: Workspace, name: str = "by-hand") -> None:
        folder = workspace.warehouse / "snapshots"
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder / f"{name}.duckdb").close()
        workspace.warehouse_pointer.write_text(name, encoding="utf-8")


def _create(connection: duckdb.DuckDBPyConnection, name: str, rows: Iterable[Row]) -> None:
    frame = pl.DataFrame(list(rows), schema=_SCHEMAS[name])
    connection.register("incoming", frame.to_arrow())
    connection.execute(f"CREATE TABLE marts.{name} AS SELECT * FROM incoming")
    connection.unregister("incoming")
