"""Failure risk of one machine, and which machines come first."""

from __future__ import annotations

from agents.ml.answer import ranking_text, risk_text
from agents.models import AgentResult, Step
from agents.toolset import Desk
from tools.models import PredictRequest, RankRequest

DEFAULT_HORIZON = "7_days"


def answer(step: Step, desk: Desk) -> AgentResult:
    return _ranking(step, desk) if step.intent == "failure_ranking" else _risk(step, desk)


def _risk(step: Step, desk: Desk) -> AgentResult:
    request = PredictRequest(
        equipment_id=step.slots.equipment_ids[0], time_horizon=step.slots.horizon or DEFAULT_HORIZON
    )
    found = desk.use(desk.tools.predict_failure, request)
    return AgentResult(
        agent="ml",
        intent=step.intent,
        status="answered",
        text=risk_text(found.result),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        notes=found.notes,
    )


def _ranking(step: Step, desk: Desk) -> AgentResult:
    slots = step.slots
    request = RankRequest(
        time_horizon=slots.horizon or DEFAULT_HORIZON,
        equipment_type=slots.equipment_type,
        plant_id=slots.plant_id,
        line=slots.line,
    )
    found = desk.use(desk.tools.rank_failures, request)
    return AgentResult(
        agent="ml",
        intent=step.intent,
        status="answered" if found.result.machines else "refused",
        text=ranking_text(found.result),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        notes=found.notes,
    )
