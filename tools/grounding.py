"""How a tool turns tables into evidence and says how old its data is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core.evidence import Evidence, Window
from core.settings import Settings
from data_engineering.warehouse.models import Table
from tools.ports import Toolbox


def is_stale(data_until: datetime | None, toolbox: Toolbox) -> bool:
    """No reading, or the newest is older than `stale_after_hours`."""
    return data_until is None or toolbox.clock.now() - data_until > _tolerance(toolbox.settings)


def _tolerance(settings: Settings) -> timedelta:
    return timedelta(hours=settings.stale_after_hours)


def freshness_notes(data_until: datetime | None, toolbox: Toolbox, *, subject: str) -> list[str]:
    """One sentence when the data of `subject` is missing or stale, else nothing."""
    if data_until is None:
        return [f"No reading of {subject} has been received."]
    if not is_stale(data_until, toolbox):
        return []
    age = age_in_words(toolbox.clock.now() - data_until)
    return [
        f"The latest reading of {subject} is {age} old ({data_until:%Y-%m-%d %H:%M} UTC); answers stand on that moment."
    ]


def age_in_words(age: timedelta) -> str:
    """'12 minutes', '5 hours', '3 days', '11 years'."""
    minutes = age.total_seconds() / 60
    for unit, size in (("year", 525_600), ("day", 1_440), ("hour", 60)):
        if minutes >= 2 * size or (unit == "year" and minutes >= size):
            return f"{int(minutes // size)} {unit}s" if minutes // size != 1 else f"1 {unit}"
    return f"{int(minutes)} minutes"


def warehouse_evidence(
    table: Table,
    tool: str,
    toolbox: Toolbox,
    *,
    window: tuple[datetime, datetime] | None = None,
    rows: int | None = None,
    data_until: datetime | None = None,
    **model: Any,
) -> Evidence:
    """Evidence of one catalogue entry. `rows`: the readings behind it, where the table itself aggregates."""
    until = data_until or table.snapshot.data_until
    return Evidence(
        tool=tool,
        source="model" if model else "warehouse",
        query=table.entry,
        parameters={name: value for name, value in table.parameters.items() if name != "plants"},
        snapshot=table.snapshot.name,
        window=Window(start=window[0], end=window[1]) if window else None,
        rows=len(table) if rows is None else rows,
        data_until=until,
        is_stale=is_stale(until, toolbox),
        **model,
    )
