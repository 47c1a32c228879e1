"""Bronze tables: the Avro schemas beside this file, read once. Avro is the source; a test holds typed models equal."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

AVRO = Path(__file__).with_name("avro")


class BronzeTable(StrEnum):
    """Value: the table's folder in the lake. `schema_name` is its Avro file."""

    READINGS = "readings"
    EVENTS = "events"
    MAINTENANCE = "maintenance"
    EQUIPMENT = "equipment"
    QUALITY = "quality"
    PRODUCTION = "production"
    LIMITS = "limits"
    PREDICTIONS = "predictions"
    FEEDBACK = "feedback"

    @property
    def schema_name(self) -> str:
        return {"readings": "equipment-sensors", "events": "equipment-status", "quality": "quality-metrics"}.get(
            self, self
        )


@cache
def avro_schema(name: str) -> dict[str, Any]:
    """The parsed Avro schema `name` (file name without .avsc)."""
    schema: dict[str, Any] = json.loads((AVRO / f"{name}.avsc").read_text(encoding="utf-8"))
    return schema


_POLARS: dict[str, pl.DataType] = {
    "string": pl.String(),
    "long": pl.Int64(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "bytes": pl.Binary(),
    "timestamp-micros": pl.Datetime("us", "UTC"),
    "date": pl.Date(),
}


def _type_of(avro_type: Any) -> tuple[pl.DataType, bool]:
    """(polars type, nullable) of one Avro field type."""
    if isinstance(avro_type, list):
        inner = next(part for part in avro_type if part != "null")
        return _type_of(inner)[0], True
    name = str(avro_type.get("logicalType", avro_type["type"]) if isinstance(avro_type, dict) else avro_type)
    return _POLARS[name], False


def polars_schema(table: BronzeTable) -> dict[str, pl.DataType]:
    """Column name to polars type, in contract order; timestamps are microseconds in UTC."""
    return {field["name"]: _type_of(field["type"])[0] for field in avro_schema(table.schema_name)["fields"]}


def required_columns(table: BronzeTable) -> frozenset[str]:
    """Columns that may not be null."""
    return frozenset(f["name"] for f in avro_schema(table.schema_name)["fields"] if not _type_of(f["type"])[1])


_EVENT_TIME = {
    BronzeTable.READINGS: "source_ts",
    BronzeTable.EVENTS: "source_ts",
    BronzeTable.MAINTENANCE: "started_at",
    BronzeTable.QUALITY: "inspected_at",
    BronzeTable.PRODUCTION: "period_start",
    BronzeTable.PREDICTIONS: "as_of",
    BronzeTable.FEEDBACK: "created_at",
}


def event_time_column(table: BronzeTable) -> str | None:
    """The column that says when a row's matter happened; None for a table of things rather than happenings."""
    return _EVENT_TIME.get(table)
