"""A forecast in words: course, band, crossings, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from agents.composing.wording import horizon, joined, moment, percent, quantity
from tools.models import Forecast, ForecastValue, ThresholdViolation

_BELOW = re.compile(r"\b(below|under|drop|drops|fall|falls|less|down)\b")


def forecast_text(found: Forecast, window: tuple[datetime, datetime] | None = None) -> str:
    values = _within(found.forecasted_values, window)
    span = f"on {window[0]:%Y-%m-%d}" if window and values else f"over the next {horizon(found.forecast_horizon)}"
    return joined([_course(found, values or found.forecasted_values, span), limits_text(found), _do(found)])


def level_text(found: Forecast, level: float, clause: str) -> str:
    """Whether the forecast reaches a level somebody asked about; from the mean and the band, nothing else."""
    below = bool(_BELOW.search(clause.casefold()))
    mean_at = _first(found, level, below=below, band=False)
    band_at = _first(found, level, below=below, band=True)
    verb = "falls below" if below else "exceeds"
    head = f"**{found.equipment_id} {found.label} and {quantity(level, found.unit)}**: "
    if mean_at is not None:
        body = f"the expected course {verb} it first at {moment(mean_at)}."
    else:
        body = f"the expected course does not reach it within {horizon(found.forecast_horizon)}."
    if band_at is not None and band_at != mean_at:
        body += f" At worst ({percent(found.band_coverage)} band) it does from {moment(band_at)}."
    elif band_at is None:
        body += f" Neither does the {percent(found.band_coverage)} band."
    values = found.forecasted_values
    return joined([head + body, _course(found, values, f"over the next {horizon(found.forecast_horizon)}"), _do(found)])


def _first(found: Forecast, level: float, *, below: bool, band: bool) -> datetime | None:
    for value in found.forecasted_values:
        low, high = value.confidence_interval if band else (value.value, value.value)
        if (low <= level) if below else (high >= level):
            return value.timestamp
    return None


def _within(values: Sequence[ForecastValue], window: tuple[datetime, datetime] | None) -> list[ForecastValue]:
    if window is None:
        return list(values)
    return [value for value in values if window[0] <= value.timestamp < window[1]]


def _course(found: Forecast, values: Sequence[ForecastValue], span: str) -> str:
    lowest = min(values, key=lambda value: value.value)
    highest = max(values, key=lambda value: value.value)
    band = (min(v.confidence_interval[0] for v in values), max(v.confidence_interval[1] for v in values))
    return (
        f"**{found.equipment_id} {found.label} {span}: {quantity(lowest.value, found.unit)} to "
        f"{quantity(highest.value, found.unit)}**, highest at {moment(highest.timestamp)}; "
        f"{percent(found.band_coverage)} band {quantity(band[0], found.unit)} to {quantity(band[1], found.unit)}."
    )


def limits_text(found: Forecast) -> str:
    """Crossings to expect; where there are none, the recommendation says it."""
    if not found.has_limits:
        return "No limit is known for this measurement, so a crossing cannot be judged."
    return "\n".join(_violation(violation, found.unit) for violation in found.threshold_violations)


def _violation(violation: ThresholdViolation, unit: str) -> str:
    text = (
        f"- {violation.severity} limit {quantity(violation.threshold, unit)}: "
        f"{percent(violation.probability)} chance of being passed, most likely at {moment(violation.timestamp)}"
    )
    if violation.earliest and violation.latest:
        text += f" (between {moment(violation.earliest)} and {moment(violation.latest)})"
    return f"{text}."


def _do(found: Forecast) -> str:
    if not found.has_limits:
        return ""
    return found.recommendation if found.recommendation.startswith("No ") else f"Do: {found.recommendation}"
