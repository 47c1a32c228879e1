"""Horizons and time ranges as the API spells them: 24_hours, 7_days, last_30_days."""

from __future__ import annotations

import re
from datetime import timedelta

from core.errors import InvalidInput

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
