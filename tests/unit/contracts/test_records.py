"""Avro is the source; typed models, polars schemas and Parquet parts say the same, field by field."""

from __future__ import annotations

import types
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import duckdb
import polars as pl
import pytest
from pydantic import AwareDatetime, ValidationError

from data_engineering.contracts.records import RECORDS, EquipmentEvent, Reading, Record, allowed_values, bounds
from data_engineering.contracts.reference import page
from data_engineering.contracts.tables import AVRO, BronzeTable, avro_schema, polars_schema, required_columns

SCHEMAS = sorted(path.stem for path in AVRO.glob("*.avsc"))
AT = datetime(2026, 3, 1, tzinfo=UTC)
PYTHON_TYPES = {
    "string": str, "long": int, "double": float, "boolean": bool, "bytes": bytes,
    "timestamp-micros": AwareDatetime, "date": date,
}  # fmt: skip
DUCKDB_TYPES = {
    "string": "VARCHAR", "long": "BIGINT", "double": "DOUBLE", "boolean": "BOOLEAN", "bytes": "BLOB",
    "timestamp-micros": "TIMESTAMP WITH TIME ZONE", "date": "DATE",
}  # fmt: skip


def avro_type(field: dict[str, Any]) -> tuple[str, bool]:
    """(primitive or logical name, nullable)."""
    declared = field["type"]
    is_nullable = isinstance(declared, list)
    inner = next(part for part in declared if part != "null") if is_nullable else declared
    return (inner["logicalType"] if isinstance(inner, dict) else inner), is_nullable


def model_type(model: type[Record], name: str) -> tuple[Any, bool]:
    """(plain type with constraints and literals taken off, nullable)."""
    annotation = model.model_fields[name].annotation
    arguments = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    inner = next(argument for argument in arguments if argument is not type(None))
    return plain(inner), type(None) in arguments


def plain(annotation: Any) -> Any:
    if get_origin(annotation) is Literal:
        return type(get_args(annotation)[0])
    return annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation


def test_every_schema_has_a_typed_model() -> None:
    assert sorted(RECORDS) == SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_typed_model_has_the_schemas_fields_in_its_order(name: str) -> None:
    assert list(RECORDS[name].model_fields) == [field["name"] for field in avro_schema(name)["fields"]]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_typed_model_has_the_schemas_types_and_nullability(name: str) -> None:
    expected = {
        field["name"]: (PYTHON_TYPES[kind], is_nullable)
        for field in avro_schema(name)["fields"]
        for kind, is_nullable in [avro_type(field)]
    }
    assert {field: model_type(RECORDS[name], field) for field in expected} == expected


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_typed_model_is_called_as_its_schema(name: str) -> None:
    assert RECORDS[name].__name__ == avro_schema(name)["name"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_and_field_says_what_it_is(name: str) -> None:
    schema = avro_schema(name)
    assert schema["doc"]
    assert [field["name"] for field in schema["fields"] if not field.get("doc")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_may_be_null_defaults_to_null(name: str) -> None:
    nullable = [field for field in avro_schema(name)["fields"] if isinstance(field["type"], list)]
    assert [f["name"] for f in nullable if f["type"][0] != "null" or f.get("default", "absent") is not None] == []


@pytest.mark.parametrize("table", BronzeTable)
def test_a_bronze_table_requires_what_its_schema_does_not_let_be_null(table: BronzeTable) -> None:
    fields = avro_schema(table.schema_name)["fields"]
    assert required_columns(table) == {field["name"] for field in fields if not avro_type(field)[1]}


@pytest.mark.parametrize("table", BronzeTable)
def test_duckdb_reads_a_parquet_part_with_the_schemas_types(table: BronzeTable, tmp_path: Path) -> None:
    file = tmp_path / "part.parquet"
    pl.DataFrame(schema=polars_schema(table)).write_parquet(file)
    with duckdb.connect() as connection:
        described = connection.execute("describe select * from read_parquet(?)", [str(file)]).fetchall()
    fields = avro_schema(table.schema_name)["fields"]
    assert [(row[0], row[1]) for row in described] == [(f["name"], DUCKDB_TYPES[avro_type(f)[0]]) for f in fields]


def test_a_reading_without_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="source_ts"):
        Reading(
            device_id="d", epoch="e", seq=0, equipment_id="CNC-A-102", metric="vibration", value=1.0, status_code=0,
            source_ts=datetime(2026, 3, 1), ingest_ts=AT,  # noqa: DTZ001
        )  # fmt: skip


def test_an_event_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="kind"):
        EquipmentEvent.model_validate(
            {
                "device_id": "d",
                "epoch": "e",
                "seq": 0,
                "equipment_id": "A",
                "kind": "x",
                "source_ts": AT,
                "ingest_ts": AT,
            }
        )


def test_a_record_cannot_be_changed() -> None:
    reading = Reading(
        device_id="d", epoch="e", seq=0, equipment_id="A", metric="vibration", status_code=0, source_ts=AT, ingest_ts=AT
    )
    with pytest.raises(ValidationError, match="frozen"):
        reading.value = 1.0  # type: ignore[misc]


def test_the_kinds_of_events_are_a_closed_list() -> None:
    assert allowed_values("equipment-status", "kind") == ("state", "alarm", "error", "failure")


def test_a_nullable_enumeration_is_closed_too() -> None:
    assert allowed_values("equipment-status", "mode") == ("none", "processing", "setup", "maintenance")


def test_free_text_has_no_closed_list() -> None:
    assert allowed_values("equipment-status", "message") == ()


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("equipment-status", "severity", (1, 1000)),
        ("quality-metrics", "inspected", (0, None)),
        ("production", "good_quantity", (0, None)),
        ("maintenance", "note", (None, None)),
    ],
)
def test_bounds_of_numbers_are_known(name: str, field: str, expected: tuple[float | None, float | None]) -> None:
    assert bounds(name, field) == expected


def test_the_reference_page_is_what_the_schemas_say() -> None:
    written = (Path(__file__).resolve().parents[3] / "docs/reference/contracts.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m data_engineering.contracts.reference > docs/reference/contracts.md"
