"""When: 'last week', 'yesterday', 'in March', 'tomorrow', 'within 48 hours', relative to a given present, in UTC.

Weeks, months, quarters and years without a calendar name are rolling ('last month' = last_30_days); a named day or
month is a calendar interval. Each answer states the window it used.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)
_MONTHS = [calendar.month_name[number].casefold() for number in range(1, 13)]
_WEEKDAYS = [name.casefold() for name in calendar.day_name]
_MONTH = "|".join([*_MONTHS, "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec"])
_WEEKDAY = "|".join(_WEEKDAYS)
_UNIT = r"(?:(?:work|working)[ -]?)?(hour|day|week|month|quarter|year)"
_ROLLING = {
    "hour": "1_hours",
    "day": "24_hours",
    "week": "7_days",
    "month": "30_days",
    "quarter": "90_days",
    "year": "365_days",
}
_DATE = r"(\d{4}-\d{2}-\d{2})"


@dataclass(frozen=True, slots=True)
class When:
    """`past`: a time_range; `future`: a horizon; `window`: the part of it meant. With both, the tense decides."""

    start: int
    end: int
    past: str | None = None
    future: str | None = None
    window: str | None = None

    @property
    def mask(self) -> str:
        if self.past and self.future:
            return "{when}"
        return "{past}" if self.past else "{future}"


Reading = tuple[str | None, str | None, str | None]
_Reader = Callable[[re.Match[str], datetime], Reading]


def times(text: str, now: datetime) -> Iterator[When]:
    """Every time expression of `text`, left to right, none overlapping; the more specific pattern wins."""
    taken: list[When] = []
    for pattern, reader in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < when.end and when.start < match.end() for when in taken):
                continue
            past, future, window = reader(match, now.astimezone(UTC))
            taken.append(When(match.start(), match.end(), past, future, window))
    return iter(sorted(taken, key=lambda when: when.start))


def _interval(start: datetime, end: datetime) -> str:
    return f"{_iso(start)}/{_iso(end)}"


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%dT%H:%M}Z"


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _counted(match: re.Match[str], prefix: str = "") -> str:
    amount, unit = match[1], match[2].casefold()
    scale = {"quarter": ("90", "days"), "year": ("365", "days")}.get(unit)
    if scale and amount.isdigit():
        return f"{prefix}{int(amount) * int(scale[0])}_days"
    return f"{prefix}{amount}_{unit}s"


def _ahead(now: datetime, start: datetime, end: datetime) -> Reading:
    hours = -(-(end - now) // timedelta(hours=1))
    return None, f"{hours}_hours", f"{start.isoformat()}/{end.isoformat()}"


def _tomorrow(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now) + _DAY
    return _ahead(now, start, start + _DAY)


def _day_after(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now) + 2 * _DAY
    return _ahead(now, start, start + _DAY)


def _days_ago(days: int) -> _Reader:
    def read(_: re.Match[str], now: datetime) -> Reading:
        start = _midnight(now) - days * _DAY
        return _interval(start, start + _DAY), None, None

    return read


def _today(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now)
    past = _interval(start, now) if now > start else "last_24_hours"
    return past, "24_hours", None


def _this_week(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now) - now.weekday() * _DAY
    return _interval(start, now) if now > start else "last_7_days", "7_days", None


def _this_month(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now).replace(day=1)
    return _interval(start, now) if now > start else "last_30_days", "30_days", None


def _this_year_or_quarter(match: re.Match[str], now: datetime) -> Reading:
    first = 1 if match[0].casefold().endswith("year") else 3 * ((now.month - 1) // 3) + 1
    start = _midnight(now).replace(month=first, day=1)
    return _interval(start, now) if now > start else "last_30_days", "30_days", None


def _month(match: re.Match[str], now: datetime) -> Reading:
    number = next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(match[1].casefold()[:3]))
    year = int(match[2]) if match[2] else (now.year if number <= now.month else now.year - 1)
    start = datetime(year, number, 1, tzinfo=UTC)
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return _interval(start, following), None, None


def _date(match: re.Match[str], now: datetime) -> Reading:
    start = _parsed(match[1])
    if start is None:
        return f"{match[1]}/{match[1]}", None, None  # refused by the tool, which names it
    if start >= now:
        return _ahead(now, start, start + _DAY)
    return _interval(start, start + _DAY), None, None


def _between(match: re.Match[str], _: datetime) -> Reading:
    start, end = _parsed(match[1]), _parsed(match[2])
    if start is None or end is None:
        return f"{match[1]}/{match[2]}", None, None
    return _interval(start, end + _DAY), None, None


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _since(match: re.Match[str], now: datetime) -> Reading:
    named = match[1].casefold()
    if named in _WEEKDAYS:
        back = (now.weekday() - _WEEKDAYS.index(named)) % 7 or 7
        return _interval(_midnight(now) - back * _DAY, now), None, None
    if named == "yesterday":
        return _interval(_midnight(now) - _DAY, now), None, None
    start = _parsed(named)
    return (f"{named}/{_iso(now)}" if start is None else _interval(start, now)), None, None


def _last_weekday(match: re.Match[str], now: datetime) -> Reading:
    back = (now.weekday() - _WEEKDAYS.index(match[1].casefold())) % 7 or 7
    start = _midnight(now) - back * _DAY
    return _interval(start, start + _DAY), None, None


def _coming_weekday(match: re.Match[str], now: datetime) -> Reading:
    ahead = (_WEEKDAYS.index(match[1].casefold()) - now.weekday()) % 7 or 7
    start = _midnight(now) + ahead * _DAY
    return _ahead(now, start, start + _DAY)


def _weekend(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now) + ((5 - now.weekday()) % 7) * _DAY
    return _ahead(now, start, start + 2 * _DAY)


def _last_weekend(_: re.Match[str], now: datetime) -> Reading:
    start = _midnight(now) - ((now.weekday() - 5) % 7 or 7) * _DAY
    return _interval(start, start + 2 * _DAY), None, None


_PATTERNS: list[tuple[re.Pattern[str], _Reader]] = [
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (rf"\b(?:from|between) {_DATE} (?:to|and|until|till) {_DATE}", _between),
        (rf"\bsince (?:last )?({_WEEKDAY}|yesterday|\d{{4}}-\d{{2}}-\d{{2}})\b", _since),
        (rf"\b(?:on |at )?{_DATE}\b", _date),
        (r"\b(?:the )?day before yesterday\b", _days_ago(2)),
        (r"\b(?:the )?day after tomorrow\b", _day_after),
        (r"\byesterday\b", _days_ago(1)),
        (r"\b(?:by |until |till )?tomorrow(?: morning| afternoon| evening| night)?\b", _tomorrow),
        (
            rf"\b(?:in |over |during |for |within |of |from )?(?:the )?(?:last|past|previous|recent) (\d+) {_UNIT}s?\b",
            lambda match, _: (_counted(match, "last_"), None, None),
        ),
        (
            rf"\b(?:in |over |during |for |within )?(?:the )?(?:next|coming|following|upcoming) (-?\d+) {_UNIT}s?\b",
            lambda match, _: (None, _counted(match), None),
        ),
        (r"\b(?:over |during )?(?:the )?(?:last|past|previous) weekend\b", _last_weekend),
        (rf"\b(?:on )?(?:the )?last ({_WEEKDAY})\b", _last_weekday),
        (
            rf"\b(?:in |over |during |for |of |from )?(?:the )?(?:last|past|previous) {_UNIT}\b",
            lambda match, _: ("last_" + _ROLLING[match[1].casefold()], None, None),
        ),
        (
            rf"\b(?:in |over |during |for |within )?(?:the )?(?:next|coming|following|upcoming) {_UNIT}\b",
            lambda match, _: (None, _ROLLING[match[1].casefold()], None),
        ),
        (rf"\b(-?\d+) {_UNIT}s? ago\b", lambda match, _: (_counted(match, "last_"), None, None)),
        (r"\b(?:this|over the|the coming|next) weekend\b", _weekend),
        (rf"\b(?:by|until|till|next|this|on|before|coming) ({_WEEKDAY})\b", _coming_weekday),
        (r"\b(?:later )?(?:today|tonight|this (?:shift|morning|afternoon|evening))\b", _today),
        (r"\b(?:so far |within |during |in )?this week\b", _this_week),
        (r"\b(?:so far |within |during |in )?this month\b", _this_month),
        (r"\b(?:so far |within |during |in )?this (?:quarter|year)\b", _this_year_or_quarter),
        (rf"\b(?:in|during|for|of|since) ({_MONTH})\b\.?(?: (\d{{4}}))?", _month),
        (rf"\b(?:within|in|inside) (-?\d+) {_UNIT}s?\b", lambda match, _: (None, _counted(match), None)),
        (
            rf"(?<![\w.])(?:for )?(-?\d+)[ -]{_UNIT}s?\b",
            lambda match, _: (_counted(match, "last_"), _counted(match), None),
        ),
    )
]
