"""Horizons and time ranges as the API spells them: 24_hours, 7_days, last_30_days, 2026-03-01/2026-04-01."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from core.errors import InvalidInput
from core.evidence import Window

_PATTERN = re.compile(r"^(?:last_)?(-?\d+(?:\.\d+)?)[ _]?(hours?|h|days?|d|weeks?|w|months?)$")
_UNIT_HOURS = {"h": 1.0, "d": 24.0, "w": 168.0, "m": 720.0}


def parse_horizon(text: str, *, field: str, longest: timedelta) -> timedelta:
    """'7_days', '24_hours', 'last_30_days', '2_weeks', '1_month' (30 days) as a duration.

    Raises:
        InvalidInput: not a duration, not positive, or longer than `longest`.
    """
    match = _PATTERN.match(text.strip().lower())
    if match is None:
        raise InvalidInput(
            f"{field}: '{text[:80]}' is not a duration.",
            remedy="Write it like 24_hours, 7_days or 2_weeks.",
            field=field,
        )
    duration = timedelta(hours=float(match[1]) * _UNIT_HOURS[match[2][0]])
    if not timedelta() < duration <= longest:
        raise InvalidInput(
            f"{field}: '{text}' is outside 0 to {longest.days or longest.total_seconds() / 3600:g} "
            f"{'days' if longest.days else 'hours'}.",
            remedy="Give a positive duration within that range.",
            field=field,
        )
    return duration


def parse_range(text: str, *, field: str, now: datetime, longest: timedelta) -> Window:
    """A past range: 'last_30_days' ends at `now`; 'START/END' (ISO 8601, UTC unless an offset is written) is itself.

    Raises:
        InvalidInput: not a range, empty, or longer than `longest`.
    """
    if "/" not in text:
        return Window(start=now - parse_horizon(text, field=field, longest=longest), end=now)
    try:
        start, end = (_utc(part) for part in text.split("/", 1))
    except ValueError:
        raise InvalidInput(
            f"{field}: '{text[:80]}' is not a time range.",
            remedy="Write it like last_30_days or 2026-03-01/2026-04-01.",
            field=field,
        ) from None
    if not timedelta() < end - start <= longest:
        raise InvalidInput(
            f"{field}: '{text}' is empty or longer than {longest.days} days.",
            remedy="Give a start before the end, within that length.",
            field=field,
        )
    return Window(start=start, end=end)


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
