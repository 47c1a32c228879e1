"""What a command did, as two columns."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rich.table import Table


def summary_table(summary: object) -> Table:
    """One row a field of a pydantic model or a dataclass; a nested one's fields carry its name before them."""
    table = Table(show_header=False, box=None)
    for name, value in _rows(summary):
        table.add_row(name, value, style=None)
    return table


def _fields(summary: object) -> list[str]:
    if is_dataclass(summary):
        return [field.name for field in fields(summary)]
    return list(type(summary).model_fields) if isinstance(summary, BaseModel) else []


def _rows(summary: object, prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for field in _fields(summary):
        value, name = getattr(summary, field), prefix + field.replace("_", " ")
        if _fields(value):
            rows += _rows(value, f"{name} ")
        else:
            rows.append((name, spelled(value)))
    return rows


def spelled(value: Any) -> str:
    """A value as a person reads it: thousands apart, times in UTC to the second, lists by commas."""
    if value is None or value in ([], (), {}):
        return "none"
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} {spelled(part)}" for name, part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, int | float):
        return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{spelled(count)} {name}" for name, count in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(spelled, value))
    return str(value)
