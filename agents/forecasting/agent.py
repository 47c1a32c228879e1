"""Where a measurement is heading, and when a level is reached."""

from __future__ import annotations

from datetime import datetime, timedelta

from agents.composing.wording import quantity
from agents.forecasting.answer import forecast_text, level_text
from agents.models import AgentResult, Chart, Step
from agents.toolset import Desk
from core.horizon import parse_horizon
from core.metrics import unit_symbol
from core.units import conversion
from tools.models import Forecast, ForecastRequest

DEFAULT_HORIZON = "24_hours"
LEVEL_HORIZON = "7_days"
LONGEST = timedelta(days=14)


def answer(step: Step, desk: Desk) -> AgentResult:
    slots = step.slots
    assert slots.metric is not None  # the plan asks for it first
    default = LEVEL_HORIZON if step.intent == "forecast_threshold" else DEFAULT_HORIZON
    text = slots.horizon or default
    parse_horizon(text, field="forecast_horizon", longest=LONGEST)
    request = ForecastRequest(equipment_id=slots.equipment_ids[0], metric=slots.metric, forecast_horizon=text)
    found = desk.use(desk.tools.forecast, request)
    return AgentResult(
        agent="forecasting",
        intent=step.intent,
        status="answered",
        text=_text(step, found.result),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        charts=[chart(found.result)],
        notes=found.notes,
    )


def _text(step: Step, found: Forecast) -> str:
    window = _window(step.slots.window)
    if step.slots.threshold is None:
        return forecast_text(found, window)
    level = _in_unit(step.slots.threshold, step.slots.threshold_unit, found.unit)
    return level_text(found, level, step.clause)


def _in_unit(value: float, unit: str | None, target: str) -> float:
    scale, offset = conversion(unit or target, target)
    return value * scale + offset


def _window(text: str | None) -> tuple[datetime, datetime] | None:
    if text is None:
        return None
    start, end = text.split("/", 1)
    return datetime.fromisoformat(start), datetime.fromisoformat(end)


def chart(found: Forecast) -> Chart:
    values = found.forecasted_values
    limits = {violation.severity: violation.threshold for violation in found.threshold_violations}
    return Chart(
        title=f"{found.equipment_id} {found.label}",
        unit=unit_symbol(found.unit),
        series=[(point.date, point.value) for point in found.history],
        forecast=[(value.timestamp.isoformat(), value.value) for value in values],
        band=[(value.timestamp.isoformat(), *value.confidence_interval) for value in values],
        limits=[(f"{severity} {quantity(level, found.unit)}", level) for severity, level in limits.items()],
    )
