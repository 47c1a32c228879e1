"""BACKWARD: what was written with the frozen schemas is read with today's.

A schema may change as long as these stay green. After a release, copy the new version over `frozen/`.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.schema import parse_schema

from data_engineering.contracts.tables import AVRO, avro_schema

FROZEN = Path(__file__).with_name("frozen")
NAMES = sorted(path.stem for path in FROZEN.glob("*.avsc"))
EXAMPLES: dict[str, Any] = {
    "string": "x", "long": 7, "double": 1.5, "boolean": True, "bytes": b"x",
    "timestamp-micros": datetime(2026, 3, 1, tzinfo=UTC), "date": date(2026, 3, 1),
}  # fmt: skip


def frozen(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FROZEN / f"{name}.avsc").read_text(encoding="utf-8"))
    return schema


def example(field_type: Any, *, with_null: bool) -> Any:
    if isinstance(field_type, list):
        return None if with_null else example(field_type[1], with_null=False)
    return EXAMPLES[field_type["logicalType"] if isinstance(field_type, dict) else field_type]


def resolve(written: dict[str, Any], reader: dict[str, Any], *, with_null: bool) -> Any:
    """A record written with one schema, read with the other, by Avro's resolution rules."""
    record = {field["name"]: example(field["type"], with_null=with_null) for field in written["fields"]}
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, parse_schema(written), record)
    buffer.seek(0)
    return fastavro.schemaless_reader(buffer, parse_schema(written), parse_schema(reader))


def test_no_released_contract_disappears() -> None:
    assert set(NAMES) <= {path.stem for path in AVRO.glob("*.avsc")}


@pytest.mark.parametrize("with_null", [True, False], ids=["nulls", "values"])
@pytest.mark.parametrize("name", NAMES)
def test_todays_schema_reads_what_was_written_before(name: str, with_null: bool) -> None:
    written = frozen(name)
    record = resolve(written, avro_schema(name), with_null=with_null)
    kept = {field["name"] for field in avro_schema(name)["fields"]} & {field["name"] for field in written["fields"]}
    fields = {field["name"]: field["type"] for field in written["fields"]}
    assert {n: record[n] for n in kept} == {n: example(fields[n], with_null=with_null) for n in kept}


def changed(change: Any) -> dict[str, Any]:
    schema = copy.deepcopy(frozen("equipment-sensors"))
    change(schema["fields"])
    return schema


def test_a_new_field_with_a_default_is_compatible() -> None:
    new = changed(lambda fields: fields.append({"name": "site", "type": ["null", "string"], "default": None}))
    assert resolve(frozen("equipment-sensors"), new, with_null=False)["site"] is None


def test_a_new_field_without_default_is_refused() -> None:
    new = changed(lambda fields: fields.append({"name": "site", "type": "string"}))
    with pytest.raises(fastavro.read.SchemaResolutionError):
        resolve(frozen("equipment-sensors"), new, with_null=False)


def test_a_field_of_another_type_is_refused() -> None:
    new = changed(lambda fields: fields[2].update(type="string"))
    with pytest.raises(fastavro.read.SchemaResolutionError):
        resolve(frozen("equipment-sensors"), new, with_null=False)


def test_a_nullable_field_made_required_is_refused_for_nulls() -> None:
    new = changed(lambda fields: fields[5].update(type="double", default=0.0))
    with pytest.raises(fastavro.read.SchemaResolutionError):
        resolve(frozen("equipment-sensors"), new, with_null=True)
