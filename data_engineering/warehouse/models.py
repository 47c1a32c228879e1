"""Catalogue entries, bound values, tables and snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Value = str | int | float | bool | datetime | date | Sequence[str] | Sequence[int] | None
ParameterType = Literal["text", "integer", "number", "timestamp", "date", "text_list", "integer_list"]


class CatalogueEntry(BaseModel):
    """One named question to the warehouse. `sql` is keyed by dialect; parameters are bound, never pasted.

    Each SQL text restricts itself to the caller's plants by the parameter `plants` (a text list, or null for all).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    owner: str
    parameters: dict[str, ParameterType] = Field(default_factory=dict)
    optional: tuple[str, ...] = Field((), description="Parameters that may be null or left out: no restriction then.")
    columns: dict[str, str] = Field(description="Column to unit ('' when it has none).")
    sql: dict[str, str]


class Limits(BaseModel):
    model_config = ConfigDict(frozen=True)

    rows: int = Field(gt=0)
    seconds: float = Field(gt=0)


class Snapshot(BaseModel):
    """One published, read-only state of the marts."""

    model_config = ConfigDict(frozen=True)

    name: str
    published_at: datetime
    data_until: datetime | None = Field(description="Newest good reading of any machine, UTC; None when there is none.")
    readings: int


class Table(BaseModel):
    """Rows of one catalogue entry. Timestamps are aware, UTC."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    entry: str
    parameters: dict[str, Any]
    snapshot: Snapshot

    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def column(self, name: str) -> list[Any]:
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def iter_rows(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)
