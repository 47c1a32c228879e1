"""A warehouse that answers from a script. A test double: never imported by production code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.scope import Scope
from data_engineering.warehouse.models import CatalogueEntry, Limits, Snapshot, Table, Value

Answer = tuple[Sequence[str], list[tuple[Any, ...]]]


class ScriptedWarehouse:
    """`answers` maps an entry name to (columns, rows), or to a function of the bound values that returns them."""

    def __init__(
        self, answers: Mapping[str, Answer | Callable[[Mapping[str, Value]], Answer]], *, data_until: datetime
    ):
        self._answers = answers
        self._snapshot = Snapshot(
            name="scripted", published_at=data_until, data_until=data_until, readings=1 if answers else 0
        )
        self.calls: list[tuple[str, dict[str, Value]]] = []

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def run(
        self,
        entry: str | CatalogueEntry,
        values: Mapping[str, Value] | None = None,
        *,
        scope: Scope,
        limits: Limits | None = None,
    ) -> Table:
        name = entry if isinstance(entry, str) else entry.name
        bound = dict(values or {})
        self.calls.append((name, bound))
        answer = self._answers[name]
        columns, rows = answer(bound) if callable(answer) else answer
        return Table(columns=tuple(columns), rows=rows, entry=name, parameters=bound, snapshot=self._snapshot)
