"""docs/reference/contracts.md, rendered from the Avro schemas: `python -m data_engineering.contracts.reference`."""

from __future__ import annotations

import sys
from typing import Any

from data_engineering.contracts.records import RECORDS, allowed_values, bounds
from data_engineering.contracts.tables import BronzeTable, avro_schema

_HEAD = """# Contracts

Rendered from `data_engineering/contracts/avro/*.avsc` by `python -m data_engineering.contracts.reference`; a test
holds this page, the typed records (`data_engineering/contracts/records.py`), the polars schemas and the Parquet types
equal to it.

- Time is UTC, aware, in microseconds. A value is in the unit of its metric in the catalogue (`core/metrics.yml` and
  the workspace's `metrics.yml`); a value without unit is refused at the boundary.
- (device_id, epoch, seq) is accepted once per table. `epoch` names one life of a sender's counter: for a file, its
  content and mapping.
- Quality is the OPC UA StatusCode (OPC 10000-4): `status_code >> 30` is 0 for Good, 1 for Uncertain, 2 for Bad. No
  feature uses what is not Good. An import writes 0x803C0000 (BadOutOfRange) for a value outside its metric's sane
  range and 0x809B0000 (BadNoData) for an empty one.
- Schemas change BACKWARD compatibly only: today's schema reads everything written with the released one
  (`tests/unit/contracts/frozen`). A new field is nullable with default null; no field changes its type or becomes
  required.
"""


def page() -> str:
    """The whole page."""
    tables = {table.schema_name: str(table) for table in BronzeTable}
    return "\n".join([_HEAD, *(_section(name, tables.get(name)) for name in RECORDS)])


def _section(name: str, table: str | None) -> str:
    schema = avro_schema(name)
    where = f"Bronze table `{table}`." if table else "No bronze table."
    rows = [_row(name, field) for field in schema["fields"]]
    head = [f"## {name}", "", f"{schema['doc']} {where}", "", "| field | type | null | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _row(name: str, field: dict[str, Any]) -> str:
    declared = field["type"]
    is_nullable = isinstance(declared, list)
    inner = declared[-1] if is_nullable else declared
    kind = inner["logicalType"] if isinstance(inner, dict) else inner
    meaning = " ".join([field["doc"], *_limits(name, field["name"])])
    return f"| {field['name']} | {kind} | {'yes' if is_nullable else 'no'} | {meaning} |"


def _limits(name: str, field: str) -> list[str]:
    values = allowed_values(name, field)
    lowest, highest = bounds(name, field)
    listed = [f"One of: {', '.join(values)}."] if values else []
    low = [f"At least {lowest:.0f}."] if lowest is not None else []
    return [*listed, *low, *([f"At most {highest:.0f}."] if highest is not None else [])]


if __name__ == "__main__":
    sys.stdout.write(page())
