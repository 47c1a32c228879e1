"""How numbers, times and ranges are written for people. One spelling in every answer."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from core.metrics import unit_symbol
from tools.limits import percent as percent

MOST_DECIMALS = 6
_TIGHT_UNIT = re.compile(r"(\d)(%|°C)")
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def number(value: float) -> str:
    """Three significant digits at least, thousands separated: 0.0123, 3.42, 68.3, 1,480."""
    if value == 0:
        return "0"
    decimals = min(max(2 - math.floor(math.log10(abs(value))), 0), MOST_DECIMALS)
    return f"{value:,.{decimals}f}"


def spaced_units(text: str) -> str:
    """'92.3%' -> '92.3 %', '22.1°C' -> '22.1 °C', as every answer writes them."""
    return _TIGHT_UNIT.sub(r"\1 \2", text)


def quantity(value: float, unit: str) -> str:
    return f"{number(value)} {unit_symbol(unit)}".rstrip()


def signed_percent(change: float) -> str:
    """Change in percent, e.g. 12.3 -> '12 % higher'."""
    if abs(change) < 0.5:
        return "unchanged"
    return f"{abs(change):.0f} % {'higher' if change > 0 else 'lower'}"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def ago(at: datetime, now: datetime) -> str:
    age = now - at
    if age < _MINUTE:
        return "just now"
    for unit, length in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if age >= 2 * length or (unit == "minute"):
            return _count(int(age / length), unit) + " ago"
    raise AssertionError("minutes always match")


def _count(amount: int, unit: str) -> str:
    return f"{amount:,} {unit}" if amount == 1 else f"{amount:,} {unit}s"


def horizon(text: str) -> str:
    """'7_days' -> '7 days'."""
    return text.removeprefix("last_").replace("_", " ")


def time_range(text: str) -> str:
    """'last_30_days' -> 'the last 30 days'; 'START/END' -> 'START to END', one whole day is its date."""
    if "/" in text:
        start, end = text.split("/", 1)
        if date.fromisoformat(end[:10]) - date.fromisoformat(start[:10]) == _DAY and start[10:] == end[10:] == "":
            return start
        return f"{_short(start)} to {_short(end)}"
    return f"the last {horizon(text)}"


def _short(iso: str) -> str:
    return iso[:16].replace("T", " ")


def plural(amount: int, one: str, many: str | None = None) -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """Paragraphs, empty ones left out."""
    return "\n\n".join(part for part in parts if part)
