"""Failure risk in words: what, why, what to do."""

from __future__ import annotations

from agents.composing.wording import horizon, percent, plural
from tools.models import FailureRisk, RiskRanking


def risk_text(risk: FailureRisk) -> str:
    lines = [
        f"**{risk.equipment_id}: {percent(risk.failure_probability)} risk of failing within "
        f"{horizon(risk.time_horizon)}**{_interval(risk)}. {risk.risk_level} risk.",
        why(risk.contributing_factors),
        f"Do: {_sentence(risk.recommended_action)}",
    ]
    return "\n\n".join(line for line in lines if line)


def ranking_text(ranking: RiskRanking) -> str:
    if not ranking.machines:
        return (
            f"No machine here has a failure score for {horizon(ranking.time_horizon)} "
            f"({plural(ranking.without_score, 'machine')} without one). Train and score first: "
            "`copilot train failure`, `copilot score`."
        )
    head = (
        f"**Most likely to fail within {horizon(ranking.time_horizon)}** "
        f"({plural(ranking.considered, 'machine')} scored):"
    )
    return "\n".join([head, "", *(_row(place, risk) for place, risk in enumerate(ranking.machines, 1))])


def why(factors: list[str]) -> str:
    if not factors:
        return "Why: nothing stands out against its own normal; this is the base risk of such a machine at its age."
    if len(factors) == 1:
        return f"Why: {_sentence(factors[0])}"
    return "\n".join(["Why:", *(f"- {factor}" for factor in factors)])


def _row(place: int, risk: FailureRisk) -> str:
    reason = "; ".join(risk.contributing_factors[:2]) or "nothing stands out, base risk"
    action = f"  \n   Do: {_sentence(risk.recommended_action)}" if risk.risk_level in {"High", "Critical"} else ""
    return (
        f"{place}. **{risk.equipment_id}** {percent(risk.failure_probability)} ({risk.risk_level}): {reason}.{action}"
    )


def _interval(risk: FailureRisk) -> str:
    if risk.probability_interval is None:
        return ""
    low, high = risk.probability_interval
    if high > 0.99:
        return f" (at least {percent(low)})" if low <= 0.99 else ""
    return f" (between {percent(low)} and {percent(high)})"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
