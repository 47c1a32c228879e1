"""How numbers, times and ranges are written for people. One spelling in every answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.metrics import unit_symbol

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def percent(share: float) -> str:
    """0.734 -> '73 %'; below one percent and above 99 keeps from claiming certainty."""
    if share < 0.01:
        return "below 1 %"
    if share > 0.99:
        return "above 99 %"
    return f"{share * 100:.0f} %"


def number(value: float) -> str:
    """Three significant digits at least, thousands separated: 3.42, 68.3, 1,480."""
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{decimals}f}"


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
    """'last_30_days' -> 'the last 30 days'; '2026-03-01/2026-03-02' -> 'from 2026-03-01 to 2026-03-02'."""
    if "/" in text:
        start, end = text.split("/", 1)
        return f"{_short(start)} to {_short(end)}"
    return f"the last {horizon(text)}"


def _short(iso: str) -> str:
    return iso[:16].replace("T", " ")


def plural(amount: int, one: str, many: str | None = None) -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"
