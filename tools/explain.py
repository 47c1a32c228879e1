"""Why did a metric change? What moved with it, what was reported, what was done. Association, not proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import StatisticsError, correlation, fmean, stdev
from typing import Any

from core.errors import NotReady, UnknownMetric
from core.evidence import Evidenced
from core.horizon import parse_range
from core.metrics import unit_symbol
from core.scope import Scope
from data_engineering.warehouse.models import Table, Value
from tools.equipment import data_until, find_equipment
from tools.grounding import freshness_notes, warehouse_evidence
from tools.models import ChangeExplanation, ExplainChangeRequest, RelatedChange, Trend
from tools.ports import Toolbox
from tools.trends import Point, make_trend

LONGEST = timedelta(days=90)
EARLIER_WINDOWS = 4
"""Windows of the same length before the asked one: what is normal."""
UNUSUAL_SD = 2.0
MOVES_WITH = 0.5
"""Correlation of hourly means from which a metric is said to move with another."""
SHIFTED_PERCENT = 3.0
"""A metric that changed less is called unchanged."""
DRIVER_PERCENT = 5.0
DRIVER_SHARE = 0.2
"""A driver is a cause from this change on, and from this share of the asked metric's change on."""
EXPLAINS_WITH = 0.3
"""Correlation below which a change of another metric explains nothing, however large."""
RULED_OUT = "did not change enough to explain it."
DRIVERS = frozenset({"load", "rotation_speed", "power", "flow", "torque", "belt_speed", "ambient_temperature"})
"""Metrics an operator or the surroundings set; the others tell of the machine's condition."""


@dataclass(frozen=True, slots=True)
class Case:
    """One machine, one metric, one window and the equally long ones before; `newest` is the machine's last reading."""

    equipment_id: str
    metric: Mapping[str, Any]
    start: datetime
    end: datetime
    newest: datetime
    toolbox: Toolbox
    scope: Scope

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def before(self) -> str:
        """The windows compared with, in words: 'the 4 weeks before'."""
        hours = round(EARLIER_WINDOWS * self.length.total_seconds() / 3600)
        for unit, size in (("week", 168), ("day", 24)):
            if hours % (size * EARLIER_WINDOWS) == 0:
                return f"the {hours // size} {unit}s before"
        return f"the {hours} hours before"

    @property
    def earliest(self) -> datetime:
        return self.start - EARLIER_WINDOWS * self.length

    def run(self, entry: str, **values: Value) -> Table:
        return self.toolbox.warehouse.run(entry, {"equipment_id": self.equipment_id, **values}, scope=self.scope)


def explain_change(request: ExplainChangeRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[ChangeExplanation]:
    """The metric's mean in the window against the four equally long windows before, and what goes with the change.

    Raises:
        UnknownEquipment: no such machine.
        UnknownMetric: the machine does not report it.
        InvalidInput: a range that is not positive or longer than 90 days.
        NotReady: no reading in the window or none before it.
    """
    case, others = _case(request, toolbox, scope)
    windows = case.run(
        "metric_windows",
        metric=case.metric["metric"],
        end=case.end,
        hours=round(case.length.total_seconds() / 3600),
        count=EARLIER_WINDOWS + 1,
    )
    mean, earlier = _means(windows, case)
    series = {row["metric"]: _hourly(case, row["metric"]) for row in [case.metric, *others]}
    related = [*_moving_metrics(case, others, series), *_events(case), *_maintenance(case)]
    baseline = fmean(earlier)
    change = (mean - baseline) / abs(baseline) * 100 if baseline else 0.0
    result = ChangeExplanation(
        equipment_id=case.equipment_id,
        metric=case.metric["metric"],
        label=case.metric["label"],
        unit=unit_symbol(case.metric["unit"]),
        mean=mean,
        baseline_mean=baseline,
        change_percent=round(change, 2),
        is_unusual=_is_unusual(mean, earlier),
        likely_causes=_likely_causes(change, related, {row["label"] for row in others if row["metric"] in DRIVERS}),
        related=related,
        trend=_daily_trend(case),
    )
    readings = sum(row["n"] or 0 for row in windows.records())
    evidence = warehouse_evidence(
        windows, "explain_change", toolbox, window=(case.earliest, case.end), rows=readings, data_until=case.newest
    )
    return Evidenced(
        result=result, evidence=[evidence], notes=freshness_notes(case.newest, toolbox, subject=case.equipment_id)
    )


def _case(request: ExplainChangeRequest, toolbox: Toolbox, scope: Scope) -> tuple[Case, list[dict[str, Any]]]:
    machine = find_equipment(request.equipment_id, toolbox, scope).equipment_id
    end = data_until(machine, toolbox, scope)
    metrics = toolbox.warehouse.run("equipment_metrics", {"equipment_id": machine}, scope=scope).records()
    asked = next((row for row in metrics if row["metric"] == request.metric), None)
    if asked is None or end is None:
        has = ", ".join(row["metric"] for row in metrics) or "no metric at all"
        raise UnknownMetric(
            f"metric: {machine} does not report '{request.metric}'.", remedy=f"It reports {has}.", field="metric"
        )
    window = parse_range(request.time_range, field="time_range", now=end, longest=LONGEST)
    case = Case(machine, asked, window.start, window.end, end, toolbox, scope)
    return case, [row for row in metrics if row is not asked]


def _means(windows: Table, case: Case) -> tuple[float, list[float]]:
    by_index = {row["window_index"]: row["mean"] for row in windows.records() if row["n"]}
    earlier = [mean for index, mean in sorted(by_index.items()) if index > 0]
    if 0 not in by_index or not earlier:
        raise NotReady(
            f"{case.equipment_id} has too few readings of {case.metric['metric']} to compare.",
            remedy="Ask for a longer range, or wait until more data has come in.",
        )
    return by_index[0], earlier


def _is_unusual(mean: float, earlier: Sequence[float]) -> bool:
    if len(earlier) < 3:
        return False
    return abs(mean - fmean(earlier)) > UNUSUAL_SD * stdev(earlier)


def _hourly(case: Case, metric: str) -> dict[datetime, float]:
    table = case.run("hourly_series", metric=metric, start=case.earliest, end=case.end)
    return {row["tile_start"]: row["mean"] for row in table.records() if row["mean"] is not None}


def _moving_metrics(
    case: Case, others: Sequence[Mapping[str, Any]], series: Mapping[str, Mapping[datetime, float]]
) -> list[RelatedChange]:
    own = series[case.metric["metric"]]
    found = []
    for other in others:
        theirs = series[other["metric"]]
        strength, change = _correlation(own, theirs), _shift(theirs, case.start)
        if strength is None or change is None:
            continue
        is_driver = other["metric"] in DRIVERS
        if abs(strength) >= MOVES_WITH or is_driver:
            text = _metric_text(other, change, strength, case)
            found.append(
                RelatedChange(
                    kind="metric", text=text, subject=other["label"], strength=strength, change_percent=round(change, 2)
                )
            )
    return sorted(found, key=lambda change: -abs(change.strength or 0.0))


def _correlation(first: Mapping[datetime, float], second: Mapping[datetime, float]) -> float | None:
    """Pearson's r over the hours both have; None below 24 hours or when one of them never changes."""
    hours = first.keys() & second.keys()
    if len(hours) < 24:
        return None
    try:
        return round(correlation([first[hour] for hour in hours], [second[hour] for hour in hours]), 3)
    except StatisticsError:
        return None


def _shift(series: Mapping[datetime, float], start: datetime) -> float | None:
    """Change in percent of the mean from before `start` to after it."""
    before = [value for hour, value in series.items() if hour < start]
    after = [value for hour, value in series.items() if hour >= start]
    if not before or not after or not fmean(before):
        return None
    return (fmean(after) - fmean(before)) / abs(fmean(before)) * 100


def _metric_text(metric: Mapping[str, Any], change: float, strength: float, case: Case) -> str:
    label = metric["label"][0].upper() + metric["label"][1:]
    moved = "unchanged" if abs(change) < SHIFTED_PERCENT else f"{'up' if change > 0 else 'down'} {abs(change):.0f} %"
    return f"{label} {moved} against {case.before} (r = {strength:.2f} with {case.metric['label']})"


def _events(case: Case) -> list[RelatedChange]:
    """Codes that came more often than in the windows before, and every failure of the window."""
    table = case.run("equipment_events", start=case.earliest, end=case.end, kinds=["alarm", "error", "failure"])
    rows = table.records()
    inside = [row for row in rows if row["source_ts"] >= case.start]
    before = Counter(row["code"] for row in rows if row["source_ts"] < case.start)
    now = Counter(row["code"] for row in inside if row["code"])
    latest = {row["code"]: row for row in sorted(inside, key=lambda row: row["source_ts"])}
    rising = [code for code, count in now.items() if count > before[code] / EARLIER_WINDOWS]
    ordered = sorted(rising, key=lambda code: -now[code])
    return [_event(latest[code], now[code], before[code], case) for code in ordered]


def _event(row: Mapping[str, Any], count: int, before: int, case: Case) -> RelatedChange:
    kind = "failure" if row["kind"] == "failure" else "alarm"
    message = f" ({row['message']})" if row["message"] else ""
    text = f"{row['code']}{message} {_times(count)} in that time, {_times(before)} in {case.before}"
    return RelatedChange(kind=kind, text=text, subject=row["code"], at=row["source_ts"])


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _maintenance(case: Case) -> list[RelatedChange]:
    found = []
    for row in case.run("maintenance_history", start=case.start, end=case.end).records():
        at, component = row["started_at"], row["component"]
        text = f"{row['kind'].capitalize()} work{f' on {component}' if component else ''} on {at:%d %b}"
        found.append(RelatedChange(kind="maintenance", text=text, subject=component, at=at))
        if row["note"]:
            found.append(RelatedChange(kind="note", text=row["note"], subject=component, at=at))
    return found


def _likely_causes(change: float, related: Sequence[RelatedChange], drivers: Collection[str]) -> list[str]:
    """Sentences from what was found: reported faults first, metrics that moved, work done, drivers ruled out."""
    metrics = [item for item in related if item.kind == "metric"]
    moved = [item for item in metrics if _explains(item, change, is_driver=item.subject in drivers)]
    ruled_out = [str(item.subject) for item in metrics if item.subject in drivers and not _is_enough(item, change)]
    causes = [f"{item.text}." for item in related if item.kind in ("failure", "alarm")][:3]
    causes += [f"{item.text}." for item in moved[:3]]
    causes += [f"{item.text}." for item in related if item.kind == "maintenance"][:2]
    if ruled_out and abs(change) >= SHIFTED_PERCENT:
        names = _listed(ruled_out)
        causes.append(f"{names[0].upper()}{names[1:]} {RULED_OUT}")
    return causes


def _explains(item: RelatedChange, change: float, *, is_driver: bool) -> bool:
    """Moved enough, and to the side that its correlation lets the asked metric follow."""
    own, strength = item.change_percent or 0.0, item.strength or 0.0
    enough = _is_enough(item, change) if is_driver else abs(own) >= SHIFTED_PERCENT
    return enough and abs(strength) >= EXPLAINS_WITH and own * strength * change > 0


def _is_enough(item: RelatedChange, change: float) -> bool:
    own = abs(item.change_percent or 0.0)
    return own >= DRIVER_PERCENT and own >= DRIVER_SHARE * abs(change)


def _listed(names: Sequence[str]) -> str:
    """'load', 'load and flow', 'load, flow and rotation speed'."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _daily_trend(case: Case) -> Trend:
    rows = case.run("daily_metrics", start=case.earliest, end=case.end).records()
    own = sorted((row for row in rows if row["metric"] == case.metric["metric"]), key=lambda row: row["date"])
    points = [Point(str(row["date"]), row["mean"]) for row in own]
    return make_trend(case.metric["metric"], case.metric["label"], unit_symbol(case.metric["unit"]), points)
