"""Where time comes from. Production reads the system clock; tests hold it still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """Stands still until told otherwise."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


def require_aware(moment: datetime, *, field: str) -> datetime:
    """`moment` in UTC.

    Raises:
        InvalidInput: `moment` has no time zone.
    """
    from core.errors import InvalidInput

    if moment.tzinfo is None:
        raise InvalidInput(
            f"{field}: '{moment.isoformat()}' has no time zone.",
            remedy="Write the offset, e.g. 2026-03-01T06:00:00Z.",
            field=field,
        )
    return moment.astimezone(UTC)
