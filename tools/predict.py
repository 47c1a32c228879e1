"""Failure risk: the stored scores of the champion model, read at any horizon up to the longest it was trained for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from core.errors import NotReady
from core.evidence import Evidence, Evidenced
from core.horizon import parse_horizon
from core.scope import Scope
from data_engineering.warehouse.models import Table
from tools.equipment import find_equipment, list_equipment
from tools.grounding import freshness_notes, warehouse_evidence
from tools.models import Factor, FailureRisk, PredictRequest, RankRequest, RiskLevel, RiskRanking
from tools.ports import Toolbox

LONGEST = timedelta(days=30)
RISK_LEVELS: tuple[tuple[float, RiskLevel], ...] = ((0.8, "Critical"), (0.5, "High"), (0.2, "Medium"), (0.0, "Low"))
"""Probability from which a level holds, at the asked horizon."""

_FACTORS = TypeAdapter(list[Factor])
Curve = Sequence[tuple[float, float]]
"""(horizon in hours, P(failure by then)), rising in both."""


def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[FailureRisk]:
    """P(failure within the horizon) of one machine, with reasons and what to do.

    Raises:
        UnknownEquipment: no such machine.
        InvalidInput: a horizon that is not positive or longer than 30 days.
        NotReady: the machine has no score.
    """
    hours = _hours(request.time_horizon)
    machine = find_equipment(request.equipment_id, toolbox, scope)
    table = toolbox.warehouse.run("risk_curve", {"equipment_ids": [machine.equipment_id]}, scope=scope)
    if not len(table):
        raise _no_score(machine.equipment_id)
    (risk,) = _risks(table, request.time_horizon, hours)
    return Evidenced(
        result=risk,
        evidence=[_evidence(table, "predict_failure", toolbox, risk)],
        notes=freshness_notes(risk.as_of, toolbox, subject=machine.equipment_id),
    )


def rank_failures(request: RankRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[RiskRanking]:
    """The machines most likely to fail within the horizon, worst first.

    Raises:
        InvalidInput: a horizon that is not positive or longer than 30 days.
        NotReady: no machine has a score.
    """
    hours = _hours(request.time_horizon)
    wanted = [machine.equipment_id for machine in list_equipment(toolbox, scope) if _matches(machine, request)]
    table = toolbox.warehouse.run("risk_curve", {"equipment_ids": wanted}, scope=scope)
    if not len(table):
        raise _no_score("any of the machines asked for")
    risks = _risks(table, request.time_horizon, hours)
    risks.sort(key=lambda risk: (-risk.failure_probability, risk.equipment_id))
    ranking = RiskRanking(
        machines=risks[: request.limit],
        considered=len(risks),
        without_score=len(wanted) - len(risks),
        time_horizon=request.time_horizon,
    )
    notes = freshness_notes(max(risk.as_of for risk in risks), toolbox, subject="these machines")
    if ranking.without_score:
        has = "has" if ranking.without_score == 1 else "have"
        notes.append(
            f"{ranking.without_score} of {len(wanted)} machines {has} no score (silent for a day, or under repair)."
        )
    return Evidenced(result=ranking, evidence=[_evidence(table, "rank_failures", toolbox, risks[0])], notes=notes)


def _hours(horizon: str) -> float:
    return parse_horizon(horizon, field="time_horizon", longest=LONGEST).total_seconds() / 3600


def _matches(machine: Any, request: RankRequest) -> bool:
    asked = {"equipment_type": request.equipment_type, "plant_id": request.plant_id, "line": request.line}
    return all(value is None or getattr(machine, field) == value for field, value in asked.items())


def _no_score(subject: str) -> NotReady:
    return NotReady(
        f"No failure score of {subject} is stored.",
        remedy="Run `copilot train failure`, then `copilot score`; a machine without recent data gets no score.",
    )


def probability_at(curve: Curve, hours: float) -> float:
    """P(failure within `hours`) by linear interpolation of the cumulative hazard -ln(1 - p).

    Exact for a discrete-time hazard that is constant within an interval (Singer & Willett 1993).
    """
    horizons = [0.0, *(horizon for horizon, _ in curve)]
    cumulative = [0.0, *(-np.log1p(-min(p, 1 - 1e-12)) for _, p in curve)]
    return float(-np.expm1(-np.interp(hours, horizons, cumulative)))


def hours_until(curve: Curve, probability: float) -> float | None:
    """When the curve reaches `probability`, in hours; None when it does not within its longest horizon."""
    horizons = [0.0, *(horizon for horizon, _ in curve)]
    cumulative = [0.0, *(-np.log1p(-min(p, 1 - 1e-12)) for _, p in curve)]
    target = -np.log1p(-probability)
    return None if cumulative[-1] < target else float(np.interp(target, cumulative, horizons))


def risk_level(probability: float) -> RiskLevel:
    return next(level for bound, level in RISK_LEVELS if probability >= bound)


def recommended_action(level: RiskLevel, curve: Curve) -> str:
    """What to plan: before the risk passes one half, or at the next stop."""
    half = hours_until(curve, 0.5)
    if level in ("High", "Critical") and half is not None:
        if half < 24:
            return f"Inspect now and schedule maintenance within {max(1, int(half))} hours"
        days = int(half // 24)
        return f"Schedule maintenance within {days} day{'s' if days > 1 else ''}"
    if level == "Medium":
        return "Inspect at the next planned stop and watch the factors above"
    return "No action beyond the maintenance plan"


def _risks(table: Table, horizon: str, hours: float) -> list[FailureRisk]:
    """One risk a machine: the same curve whether one machine is asked for or all are ranked."""
    curves: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(table.records(), key=lambda row: row["horizon_hours"]):
        curves.setdefault(row["equipment_id"], []).append(row)
    return [_risk(rows, horizon, hours) for rows in curves.values()]


def _risk(rows: Sequence[Mapping[str, Any]], horizon: str, hours: float) -> FailureRisk:
    curve = [(float(row["horizon_hours"]), row["failure_probability"]) for row in rows]
    probability = probability_at(curve, hours)
    level = risk_level(probability)
    newest = rows[0]
    factors = _FACTORS.validate_python(json.loads(newest["factors"]))
    return FailureRisk(
        equipment_id=newest["equipment_id"],
        failure_probability=round(probability, 4),
        probability_interval=_interval(rows, hours),
        risk_level=level,
        contributing_factors=[factor.text for factor in factors],
        recommended_action=recommended_action(level, curve),
        time_horizon=horizon,
        horizon_hours=hours,
        factors=factors,
        as_of=newest["as_of"],
        scored_at=newest["scored_at"],
        model_name=newest["model_name"],
        model_version=newest["model_version"],
    )


def _interval(rows: Sequence[Mapping[str, Any]], hours: float) -> tuple[float, float] | None:
    """Bounds at `hours`, read off the bounds of the stored horizons; None when one of them is unknown."""
    bounds = []
    for column in ("probability_low", "probability_high"):
        if any(row[column] is None for row in rows):
            return None
        bounds.append(round(probability_at([(float(row["horizon_hours"]), row[column]) for row in rows], hours), 4))
    return bounds[0], bounds[1]


def _evidence(table: Table, tool: str, toolbox: Toolbox, risk: FailureRisk) -> Evidence:
    as_of: datetime = risk.as_of
    return warehouse_evidence(
        table, tool, toolbox, data_until=as_of, model_name=risk.model_name, model_version=risk.model_version
    )
