"""Performance, change and state in words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from agents.composing.wording import (
    ago,
    moment,
    percent,
    plural,
    quantity,
    signed_percent,
    spaced_units,
    time_range,
)
from tools.explain import RULED_OUT, SHIFTED_PERCENT
from tools.models import (
    ChangeExplanation,
    Equipment,
    EquipmentState,
    MetricState,
    PerformanceTrend,
    RelatedChange,
    Trend,
)

_TITLES = {
    "performance_trend": "performance",
    "quality": "quality",
    "downtime": "downtime",
    "oee": "OEE",
    "reliability": "reliability",
}
_SHORT_NAMES = {"oee": "OEE", "mtbf": "MTBF", "mttr": "MTTR", "avg": "average"}
ASSOCIATIONS = "These moved together; that is an association, not a proof of cause."
LISTED = 40
SHOWN_METRICS = 5
NORMAL_PERCENT = 20
"""Farther off its mean a measurement is not called normal, limit or not."""
SAME_TIME = timedelta(minutes=30)
"""Readings closer together than this are said to be of one moment."""


def performance_text(found: PerformanceTrend, subject: str, metric: str | None = None) -> str:
    title = _TITLES[found.analysis_type]
    head = f"**{subject}, {title} over {time_range(found.time_range)}**"
    asked = [name for name in found.metrics if metric is not None and name == average_of(metric)]
    figures = [
        f"- {figure_name(name)}: {spaced_units(found.metrics[name] or 'cannot be computed')}"
        for name in asked or found.metrics
    ]
    parts = ["\n".join([head, "", *figures]), _trends(found.trends, metric), _insights(found.insights)]
    return "\n\n".join(part for part in parts if part)


def figure_name(key: str) -> str:
    """'avg_uptime' -> 'average uptime', 'mtbf_hours' -> 'MTBF': the figure states its unit."""
    return " ".join(_SHORT_NAMES.get(word, word) for word in key.removesuffix("_hours").split("_"))


def average_of(metric: str) -> str:
    """Key of a measurement among the figures and trends of a machine."""
    return f"avg_{metric}"


def trend_of(trends: dict[str, Trend], metric: str | None) -> Trend | None:
    if metric is None:
        return None
    return trends.get(metric) or trends.get(average_of(metric))


def _trends(trends: dict[str, Trend], metric: str | None) -> str:
    own = trend_of(trends, metric)
    shown = [own] if own else list(trends.values())
    said = [_trend(trend) for trend in shown if trend.direction != "unknown"]
    return f"Trend: {'; '.join(said)}." if said else ""


def _trend(trend: Trend) -> str:
    if trend.direction == "steady" or trend.change_percent is None:
        return f"{trend.label} {trend.direction}"
    return f"{trend.label} {trend.direction} ({signed_percent(trend.change_percent)} in the second half)"


def _insights(insights: Sequence[str]) -> str:
    return "\n".join(f"- {spaced_units(insight)}" for insight in insights)


def change_text(found: ChangeExplanation, asked_range: str) -> str:
    head = (
        f"**{found.equipment_id}: {found.label} averaged {quantity(found.mean, found.unit)} over "
        f"{time_range(asked_range)}, {signed_percent(found.change_percent)}** than before "
        f"({quantity(found.baseline_mean, found.unit)})."
    )
    if abs(found.change_percent) < 0.5:
        head = head.replace(", unchanged** than before", ", unchanged** from before")
    verdict = (
        "That is more than it usually varies between such periods."
        if found.is_unusual
        else "It usually varies that much between such periods, so there may be nothing to explain."
    )
    return "\n\n".join(part for part in (f"{head} {verdict}", _causes(found), _related(found)) if part)


def _causes(found: ChangeExplanation) -> str:
    if not found.likely_causes:
        return "Why: no other change, alarm or job in that time explains it."
    head = "Why, most likely:" if found.is_unusual else "What goes with it:"
    return "\n".join([head, *(f"- {cause}" for cause in found.likely_causes), "", ASSOCIATIONS])


def _related(found: ChangeExplanation) -> str:
    """What moved or was reported besides; nothing that was said above, nothing that stayed as it was."""
    left = [change for change in found.related if not _is_said(change, found.likely_causes) and not _is_steady(change)]
    rows = [f"- {_at(related.at)}{related.text}" for related in left[:8]]
    return "\n".join(["What else happened:", *rows]) if rows else ""


def _is_said(change: RelatedChange, causes: Sequence[str]) -> bool:
    if f"{change.text}." in causes:
        return True
    ruled_out = [cause.casefold() for cause in causes if cause.endswith(RULED_OUT)]
    return change.kind == "metric" and any(str(change.subject).casefold() in cause for cause in ruled_out)


def _is_steady(change: RelatedChange) -> bool:
    return change.kind == "metric" and abs(change.change_percent or 0.0) < SHIFTED_PERCENT


def _at(at: datetime | None) -> str:
    return f"{moment(at)}: " if at else ""


def state_text(found: EquipmentState, now: datetime, metric: str | None = None) -> str:
    parts = [_head(found), _open_alarms(found), _measurements(found.metrics, now, metric), _history(found, now)]
    return "\n\n".join(part for part in parts if part)


def _head(found: EquipmentState) -> str:
    state = (found.state or "no state reported").replace("_", " ")
    since = f" since {moment(found.state_since)}" if found.state and found.state_since else ""
    text = (
        f"**{found.equipment.equipment_id} is {state}**{since}."
        if found.state
        else (f"**{found.equipment.equipment_id}**: {state}.")
    )
    if found.health_score is not None:
        text += f" Health {found.health_score:.0f} of 100."
    if found.failure_probability_7d is not None:
        text += f" Risk of failing within 7 days: {percent(found.failure_probability_7d)}."
    return text


def _open_alarms(found: EquipmentState) -> str:
    return f"Open alarms: {', '.join(found.open_alarms)}." if found.open_alarms else "No open alarms."


def _measurements(metrics: Sequence[MetricState], now: datetime, metric: str | None) -> str:
    """Beyond a limit first, then what is farthest off its mean."""
    asked = [state for state in metrics if metric == state.metric]
    ordered = sorted(asked or metrics, key=lambda state: (-_severity(state), -abs(_deviation(state) or 0.0)))
    if not ordered:
        return "No measurement has been received."
    shown, others = ordered[:SHOWN_METRICS], ordered[SHOWN_METRICS:]
    newest = max(state.measured_at for state in ordered)
    head = f"Measured {ago(newest, now)}, in brackets the mean of its last 30 days with standstills:"
    rows = [_measurement(state, newest, now) for state in shown]
    return "\n".join([head, *rows, *([_others(others)] if others else [])])


def _measurement(state: MetricState, newest: datetime, now: datetime) -> str:
    text = f"- {state.label} {quantity(state.value, state.unit)}"
    change = _deviation(state)
    if state.normal_30d is not None and change is not None:
        text += f" ({quantity(state.normal_30d, state.unit)}, {_off(change)})"
    age = "" if newest - state.measured_at < SAME_TIME else f", {ago(state.measured_at, now)}"
    return f"{text}{_limit(state)}{age}"


def _deviation(state: MetricState) -> float | None:
    """Percent off the 30-day mean; None where there is no mean to compare with."""
    if not state.normal_30d:
        return None
    return (state.value - state.normal_30d) / abs(state.normal_30d) * 100


def _off(change: float) -> str:
    return "no difference" if abs(change) < 0.5 else f"now {signed_percent(change)}"


def _severity(state: MetricState) -> int:
    """2 beyond the alarm limit, 1 beyond the warning limit, 0 neither."""
    if state.alarm_high is not None and state.value >= state.alarm_high:
        return 2
    return int(state.warning_high is not None and state.value >= state.warning_high)


def _others(others: Sequence[MetricState]) -> str:
    beyond = sum(_severity(state) > 0 for state in others)
    off = [abs(change) for change in map(_deviation, others) if change is not None]
    count = plural(len(others), "other")
    if beyond:
        return f"- {count}, {beyond} of them beyond a limit"
    if len(off) < len(others):
        return f"- {count}: none beyond a limit"
    farthest = max(1, math.ceil(round(max(off), 6)))
    if farthest > NORMAL_PERCENT:
        return f"- {count}: none beyond a limit, up to {farthest} % off their means"
    return f"- {count}: normal, within {farthest} % of their means"


def _limit(state: MetricState) -> str:
    if state.alarm_high is not None and _severity(state) == 2:
        return f", **above the alarm limit {quantity(state.alarm_high, state.unit)}**"
    if state.warning_high is not None and _severity(state) == 1:
        return f", **above the warning limit {quantity(state.warning_high, state.unit)}**"
    return ""


def _history(found: EquipmentState, now: datetime) -> str:
    known = [("Last failure", found.last_failure_at), ("last maintenance", found.last_maintenance_at)]
    said = [f"{label} {ago(at, now)} ({moment(at)})" for label, at in known if at is not None]
    return f"{'; '.join(said)}." if said else ""


def list_text(machines: Sequence[Equipment], subject: str) -> str:
    if not machines:
        return f"{subject}: none known. Import machines first: `copilot import`."
    by_type: dict[str, list[str]] = defaultdict(list)
    for machine in machines:
        by_type[machine.equipment_type].append(machine.equipment_id)
    each = max(LISTED // len(by_type), 1)
    rows = [f"- {kind} ({len(ids)}): {_some(ids, each)}" for kind, ids in by_type.items()]
    return "\n".join([f"**{subject}: {plural(len(machines), 'machine')}**", "", *rows])


def _some(ids: Sequence[str], each: int) -> str:
    more = f" and {len(ids) - each:,} more" if len(ids) > each else ""
    return ", ".join(ids[:each]) + more
