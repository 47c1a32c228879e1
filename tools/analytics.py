"""Performance over a past range: KPIs that sum times and counts, then divide, with their daily trends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.evidence import Evidence, Evidenced
from core.horizon import parse_range
from core.metrics import unit_symbol
from core.scope import Scope
from data_engineering.warehouse.models import Table, Value
from tools.equipment import data_until, find_equipment
from tools.grounding import freshness_notes, warehouse_evidence
from tools.kpis import Kpi, formatted, ratio, share, total
from tools.models import AnalyticsRequest, PerformanceTrend, Trend
from tools.ports import Toolbox
from tools.trends import Point, make_trend

LONGEST = timedelta(days=400)
MOVING = frozenset({"rising", "falling"})


@dataclass(frozen=True, slots=True)
class Question:
    """One bound question: its filter, its range, the newest reading, and the tables it was answered from."""

    request: AnalyticsRequest
    values: Mapping[str, Value]
    start: datetime
    end: datetime
    newest: datetime | None
    toolbox: Toolbox
    scope: Scope
    tables: list[Table] = field(default_factory=list)

    def ask(self, entry: str, *parameters: str) -> list[dict[str, Any]]:
        """Rows of one entry with every filter value bound, or only those named."""
        values = {name: self.values[name] for name in parameters} if parameters else self.values
        self.tables.append(self.toolbox.warehouse.run(entry, values, scope=self.scope))
        return self.tables[-1].records()


def analyse(request: AnalyticsRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[PerformanceTrend]:
    """KPIs, trends and insights of one machine, a line, a plant or everything the caller may see.

    Raises:
        UnknownEquipment: no such machine.
        InvalidInput: a range that is not positive or longer than 400 days.
        NotReady: nothing has been published.
    """
    question = _question(request, toolbox, scope)
    kpis, insights = _ANALYSES[request.analysis_type](question)
    trends = {kpi.name: _trend(kpi) for kpi in kpis if kpi.daily}
    result = PerformanceTrend(
        equipment_id=question.request.equipment_id,
        analysis_type=request.analysis_type,
        time_range=request.time_range,
        metrics={kpi.name: formatted(kpi) for kpi in kpis},
        values={kpi.name: kpi.value for kpi in kpis},
        units={kpi.name: kpi.unit for kpi in kpis},
        trends=trends,
        insights=[*(_movement(trend) for trend in trends.values() if trend.direction in MOVING), *insights],
    )
    notes = [
        *freshness_notes(question.newest, toolbox, subject=_subject(request)),
        *(kpi.missing for kpi in kpis if kpi.missing),
    ]
    return Evidenced(result=result, evidence=[_evidence(table, question) for table in question.tables], notes=notes)


def _question(request: AnalyticsRequest, toolbox: Toolbox, scope: Scope) -> Question:
    if request.equipment_id is not None:
        equipment_id = find_equipment(request.equipment_id, toolbox, scope).equipment_id
        request = request.model_copy(update={"equipment_id": equipment_id})
        newest = data_until(equipment_id, toolbox, scope)
    else:
        newest = toolbox.warehouse.snapshot().data_until
    window = parse_range(request.time_range, field="time_range", now=newest or toolbox.clock.now(), longest=LONGEST)
    values: dict[str, Value] = {
        "equipment_id": request.equipment_id,
        "line": request.line,
        "plant_id": request.plant_id,
        "equipment_type": request.equipment_type,
        "start": window.start,
        "end": window.end,
    }
    return Question(request, values, window.start, window.end, newest, toolbox, scope)


def _subject(request: AnalyticsRequest) -> str:
    if request.equipment_id:
        return request.equipment_id
    parts = (("line", request.line), ("plant", request.plant_id), ("type", request.equipment_type))
    return " and ".join(f"{kind} {name}" for kind, name in parts if name) or "these machines"


def _evidence(table: Table, question: Question) -> Evidence:
    return warehouse_evidence(
        table, "analyse", question.toolbox, window=(question.start, question.end), data_until=question.newest
    )


def _uptime(question: Question) -> Kpi:
    rows = [{**row, "wanted_s": _wanted(row)} for row in question.ask("uptime")]
    missing = "Uptime: the source reports no machine states."
    return share("avg_uptime", "uptime", rows, "executing_s", "wanted_s", missing)


def _wanted(row: Mapping[str, Any]) -> float | None:
    """Known time less planned stops: what the machine was there to run."""
    if row["known_s"] is None:
        return None
    return float(row["known_s"] - (row["planned_stop_s"] or 0.0))


def _defects(rows: list[dict[str, Any]]) -> Kpi:
    missing = "Defect rate: no inspection in this range."
    return share("defect_rate", "defect rate", rows, "defective", "inspected", missing)


def _oee(rows: list[dict[str, Any]]) -> list[Kpi]:
    """OEE = PRI x GQ / PBT and its three factors (ISO 22400-2)."""
    missing = "OEE: planned busy time is not known, so it cannot be computed."
    return [
        share("oee", "OEE", rows, "pri_x_gq_s", "pbt_s", missing),
        share("availability", "availability", rows, "apt_s", "pbt_s", ""),
        share("effectiveness", "effectiveness", rows, "pri_x_pq_s", "apt_s", ""),
        share("quality_ratio", "quality ratio", rows, "good", "produced", ""),
    ]


def _averages(question: Question) -> list[Kpi]:
    """Mean of each metric of one machine, weighted by readings."""
    labels = question.ask("equipment_metrics", "equipment_id")
    days = question.ask("daily_metrics", "equipment_id", "start", "end")
    return [kpi for row in labels if (kpi := _average(row, days)) is not None]


def _average(metric: Mapping[str, Any], days: list[dict[str, Any]]) -> Kpi | None:
    own = sorted((day for day in days if day["metric"] == metric["metric"]), key=lambda day: day["date"])
    readings = sum(day["n"] for day in own)
    if not readings:
        return None
    mean = sum(day["mean"] * day["n"] for day in own) / readings
    daily = [Point(str(day["date"]), day["mean"]) for day in own]
    return Kpi(f"avg_{metric['metric']}", metric["label"], unit_symbol(metric["unit"]), mean, daily)


def _performance(question: Question) -> tuple[list[Kpi], list[str]]:
    kpis = [_uptime(question), _defects(question.ask("quality_kpi")), _oee(question.ask("production_kpi"))[0]]
    if question.request.equipment_id is not None:
        kpis[1:1] = _averages(question)
    return kpis, _failure_insight(question.ask("reliability_kpi"))


def _oee_analysis(question: Question) -> tuple[list[Kpi], list[str]]:
    kpis = _oee(question.ask("production_kpi"))
    factors = [kpi for kpi in kpis[1:] if kpi.value is not None]
    if kpis[0].value is None or not factors:
        return kpis, []
    weakest = min(factors, key=lambda kpi: kpi.value or 0.0)
    return kpis, [f"{weakest.label.capitalize()} costs most: {formatted(weakest)}."]


def _quality(question: Question) -> tuple[list[Kpi], list[str]]:
    kpis = [_defects(question.ask("quality_kpi"))]
    defects = sorted(question.ask("defect_breakdown"), key=lambda row: -(row["defective"] or 0))
    return kpis, [
        f"{row['defect_type']}: {row['defective']} parts in {row['inspections']} inspections."
        for row in defects[:3]
        if row["defect_type"]
    ]


def _downtime(question: Question) -> tuple[list[Kpi], list[str]]:
    reasons = sorted(question.ask("downtime_reasons"), key=lambda row: -(row["hours"] or 0.0))
    hours = total(reasons, "hours")
    stops = total(reasons, "stops")
    missing = "" if reasons else "Downtime: no unplanned stop with a reason in this range."
    kpis = [
        _uptime(question),
        Kpi("downtime_hours", "unplanned downtime", "h", hours, [], missing),
        Kpi("stops", "unplanned stops", "", stops, []),
    ]
    lines = [f"{_reason(row)}: {_count(row['stops'], 'stop')}, {row['hours']:.1f} h." for row in reasons[:5]]
    return kpis, lines


def _reason(row: Mapping[str, Any]) -> str:
    known = [str(part) for part in (row["code"], row["component"]) if part]
    return " ".join(known) or "No reason given"


def _reliability(question: Question) -> tuple[list[Kpi], list[str]]:
    rows = question.ask("reliability_kpi")
    failures, repair, exposure = (total(rows, column) for column in ("failures", "repair_hours", "exposure_hours"))
    missing = "" if failures else _no_failure(exposure)
    kpis = [
        Kpi("failures", "failures", "", failures, []),
        Kpi("mtbf_hours", "MTBF", "h", ratio(exposure, failures, percent=False), [], missing),
        Kpi("mttr_hours", "MTTR", "h", ratio(repair, failures, percent=False), []),
    ]
    return kpis, _failure_insight(rows)


def _no_failure(exposure: float | None) -> str:
    if not exposure:
        return "MTBF: no operating time in this range."
    return f"MTBF: no failure in {exposure:,.0f} h of operation, so it cannot be computed."


def _failure_insight(rows: list[dict[str, Any]]) -> list[str]:
    failed = sorted((row for row in rows if row["failures"]), key=lambda row: (-row["failures"], row["equipment_id"]))
    if not failed:
        return []
    if len(rows) == 1:
        repair = failed[0]["repair_hours"]
        told = "repair time not recorded" if repair is None else f"{repair:.1f} h of repair"
        return [f"{_count(failed[0]['failures'], 'failure')}, {told}."]
    worst = ", ".join(f"{row['equipment_id']} ({row['failures']})" for row in failed[:3])
    return [f"{_count(sum(row['failures'] for row in failed), 'failure')}; most on {worst}."]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


_ANALYSES: dict[str, Callable[[Question], tuple[list[Kpi], list[str]]]] = {
    "performance_trend": _performance,
    "oee": _oee_analysis,
    "quality": _quality,
    "downtime": _downtime,
    "reliability": _reliability,
}


def _trend(kpi: Kpi) -> Trend:
    return make_trend(kpi.name, kpi.label, kpi.unit, kpi.daily)


def _movement(trend: Trend) -> str:
    verb = "rose" if trend.direction == "rising" else "fell"
    label = trend.label[0].upper() + trend.label[1:]
    return f"{label} {verb} {abs(trend.change_percent or 0.0):.0f} % from the first half of the range to the second."
