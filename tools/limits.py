"""Limits of one measurement: passed, likely to be passed, or passed as a matter of routine; and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np

from ml.models.ports import Crossing, Floats

REPORTED = 0.2
"""Crossings less probable than this are not listed: the band alone already says that they are possible."""
LIKELY = 0.5
SOON = 3
"""Hours within which 'before' would be no help any more."""
ROUTINE = 0.05
"""Share of the hours of the history beyond a limit from which on crossing it is ordinary for this machine."""

Severity = Literal["Warning", "Alarm"]


@dataclass(frozen=True, slots=True)
class Limit:
    value: float
    side: Literal["above", "below"]
    severity: Severity

    def is_beyond(self, value: float) -> bool:
        return value >= self.value if self.side == "above" else value <= self.value

    def words(self, unit: str) -> str:
        return f"{self.severity.lower()} limit of {self.value:g} {unit}".rstrip()


def limits_of(metric: dict[str, Any]) -> list[Limit]:
    """The limits in a row of `equipment_metrics`."""
    named: tuple[tuple[str, Literal["above", "below"], Severity], ...] = (
        ("warning_high", "above", "Warning"),
        ("alarm_high", "above", "Alarm"),
        ("warning_low", "below", "Warning"),
        ("alarm_low", "below", "Alarm"),
    )
    return [Limit(metric[name], side, severity) for name, side, severity in named if metric[name] is not None]


def is_routine(means: Floats, limit: Limit) -> bool:
    """Beyond the limit in so many hours of the history that it must be part of normal work, such as standing still."""
    known = means[~np.isnan(means)]
    return float(np.mean([limit.is_beyond(value) for value in known])) >= ROUTINE


@dataclass(frozen=True, slots=True)
class Outlook:
    """One measurement of one machine and what the forecast says of its limits."""

    machine: str
    label: str
    unit: str
    start: datetime
    end: datetime
    """Of the forecast, UTC."""
    means: Floats
    limits: Sequence[Limit]
    crossings: Sequence[Crossing]

    @property
    def subject(self) -> str:
        return f"{self.label} of {self.machine}"

    @property
    def latest(self) -> float:
        """The newest known hourly mean."""
        return float(self.means[~np.isnan(self.means)][-1])


def recommendation(outlook: Outlook) -> str:
    """One sentence from the gravest finding: passed already, likely, possible, none. Routine crossings do not count."""
    if not outlook.limits:
        return f"No limit is known for {outlook.subject}, so the forecast cannot say when to act."
    pairs = list(zip(outlook.limits, outlook.crossings, strict=True))
    telling = [pair for pair in pairs if not is_routine(outlook.means, pair[0])]
    if not telling:
        return (
            f"No action from this forecast: {outlook.subject} passes its limits routinely, so a crossing says little."
        )
    passed = [limit for limit, _ in telling if limit.is_beyond(outlook.latest)]
    if passed:
        return _passed_already(outlook, max(passed, key=lambda limit: limit.severity == "Alarm"))
    return _ahead(outlook, *max(telling, key=lambda pair: (_gravity(*pair), pair[1].probability)))


def _passed_already(outlook: Outlook, limit: Limit) -> str:
    urgency = "now" if limit.severity == "Alarm" else "at the next stop"
    return (
        f"Inspect {outlook.machine} {urgency}: {outlook.label} is {limit.side} its {limit.words(outlook.unit)} already."
    )


def _ahead(outlook: Outlook, limit: Limit, crossing: Crossing) -> str:
    passing = "passing" if limit.side == "above" else "falling below"
    event = f"{passing} the {limit.words(outlook.unit)} by {outlook.end:%Y-%m-%d %H:%M} UTC"
    chance = f"{percent(crossing.probability)} chance of"
    if crossing.early_step is None or crossing.probability < REPORTED:
        return f"No action needed: {chance} {event}."
    if crossing.probability < LIKELY:
        return f"Watch {outlook.subject}: {chance} {event}."
    early = outlook.start + timedelta(hours=crossing.early_step)
    when = "now" if crossing.early_step < SOON else f"before {early:%Y-%m-%d %H:%M} UTC"
    return f"Inspect {outlook.machine} {when}: {chance} {outlook.label} {event}."


def percent(share: float) -> str:
    """0.734 -> '73 %'; under one percent and over 99 keeps from claiming certainty."""
    if share < 0.01:
        return "under 1 %"
    if share > 0.99:
        return "over 99 %"
    return f"{share * 100:.0f} %"


def _gravity(limit: Limit, crossing: Crossing) -> int:
    """3 likely alarm, 2 likely warning, 1 possible, 0 neither."""
    if crossing.probability >= LIKELY:
        return 3 if limit.severity == "Alarm" else 2
    return 1 if crossing.probability >= REPORTED else 0
