"""Lakes of a few rows that a person can check. A test double: never imported by production code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Part, Source
from data_engineering.lake.ports import Lake

DAY = datetime(2026, 2, 1, tzinfo=UTC)
"""Day 0 of the small plants."""
SOURCE = Source(device_id="gateway", epoch="1")

Row = Mapping[str, Any]


def at(day: float = 0, *, hour: float = 0, minute: float = 0) -> datetime:
    """A moment counted from day 0."""
    return DAY + timedelta(days=day, hours=hour, minutes=minute)


def append(lake: Lake, table: BronzeTable, rows: Sequence[Row]) -> Part | None:
    """Appends rows of one sender after those it sent before; what a row leaves out is null or plain."""
    schema = polars_schema(table)
    first = lake.high_water(table, SOURCE) + 1
    defaults = {"device_id": SOURCE.device_id, "epoch": SOURCE.epoch, "status_code": 0, "ingest_ts": at(100)}
    full = [
        {name: row.get(name, first + index if name == "seq" else defaults.get(name)) for name in schema}
        for index, row in enumerate(rows)
    ]
    frame = pl.DataFrame(full, schema=schema, orient="row")
    return lake.append(table, frame, source=SOURCE, first_seq=first, last_seq=first + len(rows) - 1)


def readings(equipment_id: str, metric: str, values: Mapping[datetime, float | None], **columns: Any) -> list[Row]:
    """One reading a moment."""
    return [
        {"equipment_id": equipment_id, "metric": metric, "value": value, "source_ts": moment, **columns}
        for moment, value in values.items()
    ]


def machine(equipment_id: str, plant_id: str, *, line: str = "L1", equipment_type: str = "cnc") -> Row:
    return {
        "equipment_id": equipment_id,
        "plant_id": plant_id,
        "line": line,
        "equipment_type": equipment_type,
        "criticality": "A",
    }


def two_plants(lake: Lake) -> None:
    """CNC-1 in plant north and PUMP-1 in plant south, alike: every catalogue entry has rows in both."""
    append(lake, BronzeTable.EQUIPMENT, [machine("CNC-1", "north"), machine("PUMP-1", "south", equipment_type="pump")])
    for equipment_id in ("CNC-1", "PUMP-1"):
        _history(lake, equipment_id)


def _history(lake: Lake, machine_id: str) -> None:
    def rows(table: BronzeTable, *records: Row) -> None:
        append(lake, table, [{"equipment_id": machine_id, **record} for record in records])

    _readings(lake, machine_id)
    rows(
        BronzeTable.LIMITS,
        {
            "limit_id": f"v-{machine_id}",
            "metric": "vibration",
            "warning_high": 4.5,
            "alarm_high": 7.1,
            "source": "manual 3",
        },
    )
    rows(
        BronzeTable.EVENTS,
        {"kind": "state", "state": "executing", "source_ts": at(0)},
        {"kind": "state", "state": "not_executing", "planned": False, "source_ts": at(0, hour=20)},
        {
            "kind": "failure",
            "code": "E-417",
            "component": "spindle",
            "failure_mode": "VIB",
            "source_ts": at(0, hour=20),
        },
        {"kind": "state", "state": "executing", "source_ts": at(1, hour=2)},
        {"kind": "state", "state": "not_executing", "planned": True, "source_ts": at(1, hour=12)},
        {"kind": "alarm", "code": "A-101", "severity": 500, "source_ts": at(1, hour=14)},
    )
    rows(
        BronzeTable.MAINTENANCE,
        {
            "maintenance_id": f"m-{machine_id}",
            "kind": "corrective",
            "component": "spindle",
            "started_at": at(0, hour=21),
            "ended_at": at(1, hour=1, minute=30),
            "parts": "6205-2RS",
            "note": "Bearing replaced.",
        },
    )
    shift = {"planned_busy_time_s": 28800.0, "actual_production_time_s": 25200.0, "planned_run_time_per_item_s": 30.0}
    rows(
        BronzeTable.PRODUCTION,
        {
            **shift,
            "production_id": f"p0-{machine_id}",
            "period_start": at(0, hour=6),
            "period_end": at(0, hour=14),
            "produced_quantity": 800.0,
            "good_quantity": 768.0,
        },
        {
            **shift,
            "production_id": f"p1-{machine_id}",
            "planned_busy_time_s": None,
            "period_start": at(1, hour=6),
            "period_end": at(1, hour=14),
            "produced_quantity": 500.0,
            "good_quantity": 490.0,
        },
    )
    check = {"product": "P", "inspected": 50}
    rows(
        BronzeTable.QUALITY,
        {
            **check,
            "inspection_id": f"q0-{machine_id}",
            "defective": 2,
            "defect_type": "burr",
            "inspected_at": at(0, hour=8),
        },
        {
            **check,
            "inspection_id": f"q1-{machine_id}",
            "defective": 3,
            "defect_type": "crack",
            "inspected_at": at(0, hour=9),
        },
        {**check, "inspection_id": f"q2-{machine_id}", "defective": 0, "inspected_at": at(1, hour=8)},
    )
    rows(
        BronzeTable.PREDICTIONS,
        *(
            {
                "prediction_id": f"{machine_id}-{hours}",
                "model_name": "failure",
                "model_version": "14",
                "as_of": at(2),
                "scored_at": at(2, minute=5),
                "horizon_hours": hours,
                "failure_probability": probability,
                "probability_low": probability / 2,
                "probability_high": min(1.0, probability * 2),
                "factors": "[]",
                "feature_hash": "h",
            }
            for hours, probability in ((24, 0.125), (48, 0.25), (168, 0.5), (720, 0.75))
        ),
    )


def _readings(lake: Lake, machine_id: str) -> None:
    """Two vibration readings an hour for two days: 3 and 4 mm/s on day 0, 5 and 6 on day 1; one of them bad."""
    good = {
        at(day, hour=hour, minute=half * 30): 3.0 + 2 * day + half
        for day in (0, 1)
        for hour in range(24)
        for half in (0, 1)
    }
    bad = {at(0, hour=5, minute=45): 99.0}
    append(lake, BronzeTable.READINGS, readings(machine_id, "vibration", good))
    append(lake, BronzeTable.READINGS, readings(machine_id, "vibration", bad, status_code=2**31))
