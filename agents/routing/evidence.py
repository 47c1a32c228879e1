"""What was named speaks for or against a reading: a forecast without a measurement is suspect."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agents.routing.intents import intents
from agents.routing.mentions import Mentions

Factors = dict[str, float]
AGAINST, DOUBTED, FOR, CLEARLY, STRONGLY = 0.1, 0.4, 2.5, 6.0, 12.0

_OVERVIEW = ("failure_ranking", "equipment_list")
_ONE_MACHINE = ("failure_risk", "machine_state", "explain_change", "forecast", "forecast_threshold")
_ANALYSES = ("performance_trend", "oee", "quality", "downtime", "reliability", "explain_change")
_FORECASTS = ("forecast", "forecast_threshold")
_TERMS = {
    "oee": re.compile(r"\boee\b|\bequipment effectiveness\b"),
    "reliability": re.compile(r"\bmtbf\b|\bmttr\b|\bmean time (?:between|to)\b"),
    "downtime": re.compile(r"\bdown ?time\b|\bstandstills?\b"),
    "quality": re.compile(r"\bscrap\b|\bdefect rate\b|\breject rate\b|\bfirst pass yield\b"),
}
"""Terms of the trade that name a key figure."""


def weighed(shares: Mapping[str, float], named: Mentions, *, has_machine: bool) -> dict[str, float]:
    """`shares` times the evidence of each reading, summing to 1 again. `has_machine`: the thread speaks of one."""
    factors = _factors(named, has_machine=has_machine)
    raw = {name: share * factors.get(name, 1.0) for name, share in shares.items()}
    total = sum(raw.values())
    return {name: value / total for name, value in raw.items()}


def _factors(named: Mentions, *, has_machine: bool) -> Factors:
    factors: Factors = {}
    parts = (
        _about_machines(named, has_machine),
        _about_metrics(named),
        _about_times(named),
        _about_codes(named),
        {name: CLEARLY for name, term in _TERMS.items() if term.search(named.masked)},
    )
    for part in parts:
        for name, factor in part.items():
            factors[name] = factors.get(name, 1.0) * factor
    return factors


def _about_machines(named: Mentions, has_machine: bool) -> Factors:
    if named.machines:
        return dict.fromkeys(_OVERVIEW, AGAINST) | {"out_of_scope": AGAINST, "help": AGAINST}
    if has_machine:
        return {}
    factors = dict.fromkeys(_ONE_MACHINE, DOUBTED)
    if named.types or named.lines or named.plants:
        factors["out_of_scope"] = AGAINST
    return factors


def _about_metrics(named: Mentions) -> Factors:
    if named.metrics:
        return {"out_of_scope": DOUBTED, "help": AGAINST}
    if named.levels:
        return {"forecast": AGAINST, "explain_change": DOUBTED}
    return {"forecast": AGAINST, "explain_change": AGAINST, "forecast_threshold": DOUBTED}


def _about_times(named: Mentions) -> Factors:
    factors: Factors = {}
    is_past = any(when.past and not when.future for when in named.whens)
    is_future = any(when.future and not when.past for when in named.whens)
    if is_past:
        factors |= dict.fromkeys((*_FORECASTS, "failure_risk", "failure_ranking"), AGAINST)
    if is_future:
        factors |= dict.fromkeys((*_ANALYSES, "machine_state"), AGAINST)
    if is_past or is_future:
        factors |= {name: DOUBTED for name, intent in intents().items() if intent.agent == "rag"}
    factors["forecast_threshold"] = FOR if named.levels else factors.get("forecast_threshold", 1.0)
    return factors


def _about_codes(named: Mentions) -> Factors:
    factors: Factors = {"error_code": STRONGLY} if named.codes else {"error_code": DOUBTED}
    if named.parts:
        factors["spare_part"] = STRONGLY
    return factors
