"""How machines, lines and plants have been doing, and why a value changed."""

from __future__ import annotations

from typing import Literal

from agents.analytics.answer import change_text, list_text, performance_text, state_text, trend_of
from agents.models import AgentResult, Chart, Slots, Step
from agents.toolset import Desk
from core.evidence import Evidence
from core.metrics import unit_symbol
from tools.models import AnalyticsRequest, Equipment, ExplainChangeRequest, Trend

AnalysisType = Literal["performance_trend", "quality", "downtime", "oee", "reliability"]
ANALYSES: dict[str, AnalysisType] = {
    "performance_trend": "performance_trend",
    "quality": "quality",
    "downtime": "downtime",
    "oee": "oee",
    "reliability": "reliability",
}
DEFAULT_RANGE = "last_30_days"
SHORTEST_WORD = 3
"""A type of machine no longer than this is an abbreviation."""
DEFAULT_CHANGE_RANGE = "last_7_days"


def answer(step: Step, desk: Desk) -> AgentResult:
    if step.intent == "equipment_list":
        return _listing(step, desk)
    if step.intent == "machine_state":
        return _state(step, desk)
    if step.intent == "explain_change":
        return _change(step, desk)
    return _analysis(step, desk)


def _analysis(step: Step, desk: Desk) -> AgentResult:
    slots = step.slots
    request = AnalyticsRequest(
        equipment_id=slots.equipment_ids[0] if slots.equipment_ids else None,
        analysis_type=ANALYSES[step.intent],
        time_range=slots.time_range or DEFAULT_RANGE,
        plant_id=slots.plant_id,
        line=slots.line,
        equipment_type=slots.equipment_type,
    )
    found = desk.use(desk.tools.analyse, request)
    subject = subject_of(slots)
    return AgentResult(
        agent="analytics",
        intent=step.intent,
        status="answered",
        text=performance_text(found.result, subject, slots.metric),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        charts=_charts(subject, found.result.trends, slots.metric),
        notes=[*found.notes, *_left_out(step, found.result.trends)],
    )


def subject_of(slots: Slots) -> str:
    """Whose figures these are, in words."""
    if slots.equipment_ids:
        return slots.equipment_ids[0]
    parts = [f"{_kind(slots.equipment_type)} machines" if slots.equipment_type else "All machines"]
    parts += [f"of line {slots.line}"] if slots.line else []
    parts += [f"of plant {slots.plant_id}"] if slots.plant_id else []
    return " ".join(parts)


def _kind(equipment_type: str) -> str:
    """'cnc' -> 'CNC', 'compressor' -> 'Compressor'."""
    name = equipment_type.replace("_", " ")
    return name.upper() if len(name) <= SHORTEST_WORD else name.capitalize()


def _left_out(step: Step, trends: dict[str, Trend]) -> list[str]:
    """A measurement that was asked for and is no figure of the analysis is said to be missing."""
    metric = step.slots.metric
    if metric is None or trend_of(trends, metric) or step.slots.equipment_ids:
        return []
    return [f"{metric.replace('_', ' ').capitalize()} is compared for one machine at a time: name one."]


def _charts(subject: str, trends: dict[str, Trend], metric: str | None) -> list[Chart]:
    wanted = trend_of(trends, metric) or next(iter(trends.values()), None)
    return [_chart(subject, wanted)] if wanted else []


def _chart(subject: str, trend: Trend) -> Chart:
    points = [(point.date, point.value) for point in trend.points]
    return Chart(title=f"{subject} {trend.label}", unit=unit_symbol(trend.unit), series=points)


def _change(step: Step, desk: Desk) -> AgentResult:
    slots = step.slots
    assert slots.metric is not None  # the plan asks for it first
    request = ExplainChangeRequest(
        equipment_id=slots.equipment_ids[0],
        metric=slots.metric,
        time_range=slots.time_range or DEFAULT_CHANGE_RANGE,
    )
    found = desk.use(desk.tools.explain_change, request)
    return AgentResult(
        agent="analytics",
        intent=step.intent,
        status="answered",
        text=change_text(found.result, request.time_range),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        charts=[_chart(request.equipment_id, found.result.trend)] if found.result.trend.points else [],
        notes=found.notes,
    )


def _state(step: Step, desk: Desk) -> AgentResult:
    found = desk.use(desk.tools.equipment_state, step.slots.equipment_ids[0])
    return AgentResult(
        agent="analytics",
        intent=step.intent,
        status="answered",
        text=state_text(found.result, desk.now, step.slots.metric),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        notes=found.notes,
    )


def _listing(step: Step, desk: Desk) -> AgentResult:
    machines = [machine for machine in desk.machines if _is_wanted(machine, step.slots)]
    return AgentResult(
        agent="analytics",
        intent=step.intent,
        status="answered" if machines else "refused",
        text=list_text(machines, subject_of(step.slots)),
        data={"machines": [machine.model_dump(mode="json") for machine in machines]},
        evidence=[Evidence(tool="list_equipment", source="warehouse", query="equipment_list", rows=len(machines))],
    )


def _is_wanted(machine: Equipment, slots: Slots) -> bool:
    return (
        slots.equipment_type in (None, machine.equipment_type)
        and slots.plant_id in (None, machine.plant_id)
        and slots.line in (None, machine.line)
    )
