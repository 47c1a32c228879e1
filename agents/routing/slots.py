"""Fills what an intent needs from what a clause names, then from the clause before it, then from the thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.models import Focus, Slots
from agents.routing.intents import Intent
from agents.routing.mentions import Level, Mentions
from agents.routing.times import When
from tools.models import Equipment

_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|these|those|their|them|there|same|"
    r"(?:that|this|the) (?:machine|one|unit|asset|equipment))\b",
    re.IGNORECASE,
)
_MOST_WORDS_OF_A_REST = 3
_OF_GROUPS = {"analytics", "ml"}
"""Agents that answer about a type, a line or a plant."""
_MOST_NAMED = 4
MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class Before:
    """What was said before: in the same message (`is_same_message`) or earlier in the thread."""

    slots: Slots
    intent: str | None
    is_same_message: bool


def before_thread(focus: Focus) -> Before:
    slots = Slots(
        equipment_ids=focus.equipment_ids,
        equipment_type=focus.equipment_type,
        plant_id=focus.plant_id,
        line=focus.line,
        metric=focus.metric,
        time_range=focus.time_range,
        horizon=focus.horizon,
        error_code=focus.error_code,
    )
    return Before(slots, focus.last_intent, is_same_message=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """Slots of each step the clause asks for, or the one thing to ask back."""

    slots: tuple[Slots, ...] = ()
    question: str | None = None


def fill(
    intent: Intent, named: Mentions, before: Before, machines: Sequence[Equipment], *, is_elliptic: bool
) -> Filled:
    if (question := unresolved(intent, named)) is not None:
        return Filled(question=question)
    named = _with_kind(named, machines)
    ids = _machine_ids(intent, named, before, machines, is_elliptic=is_elliptic)
    if "machine" in intent.needs and not ids:
        return Filled(question=_which_machine(named, machines))
    metrics = named.metrics or _inherited_metric(intent, before, is_elliptic=is_elliptic)
    if not metrics and len(named.levels) == 1 and intent.name == "forecast_threshold":
        metrics = _metric_of(named.levels[0])
    if "metric" in intent.needs and not metrics:
        return Filled(question="Which measurement do you mean, for example temperature or vibration?")
    drafts = [
        _slots(intent, named, before, machine, metric, when, is_elliptic=is_elliptic)
        for machine in (ids or (None,))
        for metric in (metrics if "metric" in intent.needs else metrics[:1] or (None,))
        for when in (_whens(intent, named) or (None,))
    ]
    return Filled(slots=tuple(dict.fromkeys(drafts))[:MOST_STEPS])


def _with_kind(named: Mentions, machines: Sequence[Equipment]) -> Mentions:
    """'pump 203' that may be two pumps is a pump at any rate, which is all a manual asks for."""
    doubtful = {i for mention in named.machines if len(mention.ids) > 1 for i in mention.ids}
    kinds = {machine.equipment_type for machine in machines if machine.equipment_id in doubtful}
    return replace(named, types=tuple(kinds)) if len(kinds) == 1 and not named.types else named


def unresolved(intent: Intent, named: Mentions) -> str | None:
    for mention in named.machines:
        if len(mention.ids) > 1 and intent.agent != "rag":
            shown = _either(mention.ids[:_MOST_NAMED])
            return f"'{mention.text}' may be {shown}. Which one do you mean?"
        if not mention.ids and (mention.is_sure or "machine" in intent.needs):
            nearest = f" Nearest: {', '.join(mention.nearest)}." if mention.nearest else ""
            return f"I know no machine '{mention.text}'.{nearest} Which one do you mean?"
    return None


def _machine_ids(
    intent: Intent, named: Mentions, before: Before, machines: Sequence[Equipment], *, is_elliptic: bool
) -> tuple[str, ...]:
    if named.machine_ids:
        return named.machine_ids
    if named.types or named.lines or named.plants:
        return _of_kind(named, before, machines) if "machine" in intent.needs or intent.agent == "rag" else ()
    if intent.name in {"failure_ranking", "equipment_list"}:
        return ()
    points_back = is_elliptic or _goes_on(named)
    if "machine" not in intent.needs and _is_group(before.slots):
        return ()
    if points_back or before.is_same_message or "machine" in intent.needs:
        return before.slots.equipment_ids
    return ()


def _of_kind(named: Mentions, before: Before, machines: Sequence[Equipment]) -> tuple[str, ...]:
    """'the pump': the one spoken of, or the only one there is."""
    fitting = [
        machine.equipment_id
        for machine in machines
        if (not named.types or machine.equipment_type in named.types)
        and (not named.lines or machine.line in named.lines)
        and (not named.plants or machine.plant_id in named.plants)
    ]
    spoken_of = tuple(i for i in before.slots.equipment_ids if i in fitting)
    return spoken_of or (tuple(fitting) if len(fitting) == 1 else ())


def _which_machine(named: Mentions, machines: Sequence[Equipment]) -> str:
    fitting = [m.equipment_id for m in machines if not named.types or m.equipment_type in named.types]
    kind = named.types[0] if named.types else "machine"
    if not fitting:
        return "Which machine do you mean? I know none yet: import data first with `copilot import`."
    return f"Which {kind} do you mean, for example {_either(fitting[:3])}?"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _inherited_metric(intent: Intent, before: Before, *, is_elliptic: bool) -> tuple[str, ...]:
    is_wanted = "metric" in intent.needs or is_elliptic
    return (before.slots.metric,) if is_wanted and before.slots.metric else ()


def _metric_of(level: Level) -> tuple[str, ...]:
    """A unit that only one common measurement has names it: 75 °C is a temperature."""
    known = {"degC": "temperature", "degF": "temperature", "mm/s": "vibration", "A": "current", "rpm": "rotation_speed"}
    known |= {"bar": "pressure", "psi": "pressure", "kW": "power", "m^3/h": "flow"}
    return (known[level.unit],) if level.unit in known else ()


def _whens(intent: Intent, named: Mentions) -> tuple[When, ...]:
    if intent.time == "none":
        return ()
    return tuple(when for when in named.whens if (when.past if intent.time == "past" else when.future))


def _slots(
    intent: Intent,
    named: Mentions,
    before: Before,
    machine: str | None,
    metric: str | None,
    when: When | None,
    *,
    is_elliptic: bool,
) -> Slots:
    kept = before.slots if is_elliptic else Slots()
    level = named.levels[0] if named.levels and intent.name == "forecast_threshold" else None
    code = named.codes[0] if named.codes else (before.slots.error_code if intent.name == "error_code" else None)
    is_past, is_future = intent.time == "past", intent.time == "future"
    group = Slots() if machine else _group(intent, named, before, is_elliptic=is_elliptic)
    return Slots(
        equipment_ids=(machine,) if machine else (),
        equipment_type=group.equipment_type,
        plant_id=group.plant_id,
        line=group.line,
        metric=metric,
        time_range=(when.past if when else kept.time_range) if is_past else None,
        horizon=(when.future if when else kept.horizon) if is_future else None,
        window=(when.window if when else kept.window) if is_future else None,
        error_code=code if intent.agent == "rag" else None,
        topic=_topic(named) if intent.agent == "rag" else None,
        threshold=level.value if level else None,
        threshold_unit=level.unit if level else None,
    )


def _group(intent: Intent, named: Mentions, before: Before, *, is_elliptic: bool) -> Slots:
    """The machines named by type, plant or line; else those just spoken of, when the clause goes on about them."""
    if named.types or named.plants or named.lines:
        first = [names[0] if names else None for names in (named.types, named.plants, named.lines)]
        return Slots(equipment_type=first[0], plant_id=first[1], line=first[2])
    return before.slots if (is_elliptic or _goes_on(named)) and intent.agent in _OF_GROUPS else Slots()


def _goes_on(named: Mentions) -> bool:
    """'its load', 'the quality there', and '(and) the quality?', too short to be about something new."""
    return _POINTS_BACK.search(named.clause) is not None or len(named.masked.split()) <= _MOST_WORDS_OF_A_REST


def _is_group(slots: Slots) -> bool:
    return any((slots.equipment_type, slots.plant_id, slots.line))


def _topic(named: Mentions) -> str:
    """The question without the machine's own id, which no manual knows."""
    text = named.clause
    for mention in sorted(named.machines, key=lambda found: found.start, reverse=True):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    return re.sub(r"\s+", " ", text).strip()
