"""From words to a plan: templates, then the calibrated classifier weighed by what was named, then one question.

Nothing here calls a tool or knows a number of the plant. Every decision carries its votes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from agents.models import Decision, Focus, Plan, Slots, Step, Vote
from agents.ports import LanguageModel
from agents.registry import AGENTS
from agents.routing.classifier import SentenceEncoder, classifier
from agents.routing.clauses import MOST_CLAUSES, clauses, is_elliptic, leans, pieces, with_shared_tail
from agents.routing.evidence import weighed
from agents.routing.intents import Intent, intents, matched
from agents.routing.mentions import Mentions, Reader
from agents.routing.slots import Before, before_thread, fill
from agents.routing.text import normalised, without_politeness, words
from core.errors import Unavailable
from tools.models import Equipment

Path_ = Literal["template", "classifier", "llm", "clarify", "refuse"]
SPLIT_CONFIDENCE = 0.7
"""Two pieces joined without a verb of their own are two requests when both are at least this sure and differ."""
OFFERED_READINGS = 4


@dataclass(frozen=True, slots=True)
class Understood:
    """One clause and what it most likely asks."""

    named: Mentions
    intent: Intent
    confidence: float
    votes: list[Vote]
    path: Path_
    ranked: Sequence[tuple[str, float]] = ()
    is_elliptic: bool = False


class Router:
    def __init__(
        self,
        machines: Sequence[Equipment],
        *,
        now: datetime,
        threshold: float,
        metrics_file: Path | None = None,
        encoder: SentenceEncoder | None = None,
    ) -> None:
        self._machines = machines
        self._threshold = threshold
        self._encoder = encoder
        self._seen: dict[tuple[str, str], Mapping[str, float]] = {}
        self._reader = Reader(machines, now, metrics_file)

    async def plan(self, message: str, focus: Focus, llm: LanguageModel | None = None) -> Plan:
        """Every request of the message as a step, a remark or a question. A failing `llm` changes nothing."""
        draft = _Draft(before=before_thread(focus))
        for clause in (await asyncio.to_thread(self._clauses, normalised(message)))[:MOST_CLAUSES]:
            understood = await asyncio.to_thread(self.understand, clause, draft.before)
            if understood.confidence < self._threshold:
                understood = await _settled(self._unnamed(understood), llm)
            self._add(understood, draft)
        return draft.plan()

    def understand(self, clause: str, before: Before) -> Understood:
        named = self._reader.read(without_politeness(clause))
        if (leaning := self._leaning(clause, named, before)) is not None:
            return leaning
        found = matched(named.masked)
        if len(found) == 1:
            name = next(iter(found))
            return Understood(named, intents()[name], 1.0, [Vote(voter="template", intent=name, score=1.0)], "template")
        return self._classified(named, before)

    def _unnamed(self, understood: Understood) -> Understood:
        """An unsure clause that names nothing of ours goes to the manuals, which refuse what they lack, or outside."""
        shares = dict(understood.ranked)
        manuals = next((name for name in shares if intents()[name].agent == "rag"), "")
        outside = max(("out_of_scope", manuals), key=lambda name: shares.get(name, 0.0))
        if understood.named.names_something or understood.intent.name not in {"out_of_scope", "help", manuals}:
            return understood
        return replace(understood, intent=intents()[outside], confidence=self._threshold)

    def _leaning(self, clause: str, named: Mentions, before: Before) -> Understood | None:
        """'and last month?' asks again what was asked before."""
        if before.intent not in intents():
            return None
        is_bare = named.masked == "{machine}" and not words(clause).startswith(("and ", "also "))
        is_short = is_elliptic(named.masked) and not is_bare
        if not (is_short or leans(named.clause)):
            return None
        intent = intents()[before.intent]
        vote = Vote(voter="focus", intent=intent.name, score=1.0)
        return Understood(named, intent, 1.0, [vote], "template", is_elliptic=True)

    def _classified(self, named: Mentions, before: Before) -> Understood:
        raw = self._shares(named.masked, named.raw_metric)
        shares = weighed(raw, named, has_machine=bool(before.slots.equipment_ids))
        ranked = _pooled(shares)
        name, confidence = ranked[0]
        votes = [Vote(voter="classifier", intent=n, score=round(raw[n], 3)) for n, _ in ranked[:3]]
        votes += [Vote(voter="slots", intent=n, score=round(score, 3)) for n, score in ranked[:3]]
        return Understood(named, intents()[name], confidence, votes, "classifier", ranked)

    def _shares(self, masked: str, raw_metric: str) -> Mapping[str, float]:
        """Once a sentence: pieces are weighed before a cut and again after it."""
        if (masked, raw_metric) not in self._seen:
            self._seen[masked, raw_metric] = classifier().probabilities(masked, raw_metric, self._encoder)
        return self._seen[masked, raw_metric]

    def _clauses(self, text: str) -> list[str]:
        return [part for clause in clauses(text) for part in self._parted(clause)]

    def _parted(self, clause: str) -> list[str]:
        """'OEE of line 1, vibration forecast for CNC-A-102': cut where every piece is a sure request of its own."""
        cut = pieces(clause)
        if len(cut) < 2 or any(leans(one) or is_elliptic(self._masked(one)) for one in cut):
            return [clause]
        if matched(self._masked(clause)):
            return [clause]
        if any(_is_coordinated(self._masked(one), self._masked(two)) for one, two in pairwise(cut)):
            return [clause]
        nothing = before_thread(Focus())
        readings = [self.understand(piece, nothing) for piece in cut]
        names = [reading.intent.name for reading in readings]
        is_sure = all(r.confidence >= SPLIT_CONFIDENCE for r in readings) and all(
            r.path == "template" or len(words(r.named.clause).split()) > 1 for r in readings
        )
        differ = all(first != second for first, second in pairwise(names))
        return with_shared_tail(cut) if is_sure and differ else [clause]

    def _masked(self, clause: str) -> str:
        return self._reader.read(without_politeness(clause)).masked

    def _add(self, understood: Understood, draft: _Draft) -> None:
        draft.clauses.append(understood.named.clause)
        draft.votes.append(understood.votes)
        intent, agent = understood.intent, understood.intent.agent
        if understood.confidence < self._threshold:
            return draft.ask(understood.confidence, _unsure(understood.ranked))
        draft.say(understood.confidence, understood.path)
        if agent is None:
            return draft.remark(intent)
        if not AGENTS[agent].offered:
            return draft.remarks.append(AGENTS[agent].instead)
        filled = fill(intent, understood.named, draft.before, self._machines, is_elliptic=understood.is_elliptic)
        if filled.question is not None:
            return draft.ask(understood.confidence, filled.question)
        draft.remarks += [
            f"I read '{m.text}' as {m.ids[0]}." for m in understood.named.machines if m.is_corrected and len(m.ids) == 1
        ]
        for slots in filled.slots:
            draft.steps.append(Step(agent=agent, intent=intent.name, slots=slots, clause=understood.named.clause))
        draft.lean_on(intent, filled.slots)
        return None


class _Draft:
    """A plan being made, left to right, so that each clause can lean on the one before."""

    def __init__(self, before: Before) -> None:
        self.before = before
        self.steps: list[Step] = []
        self.remarks: list[str] = []
        self.clauses: list[str] = []
        self.votes: list[list[Vote]] = []
        self._questions: list[str] = []
        self._confidence = 1.0
        self._paths: list[Path_] = []
        self._is_outside = False

    def ask(self, confidence: float, question: str) -> None:
        self.say(confidence, "clarify")
        self._questions.append(question)

    def say(self, confidence: float, path: Path_) -> None:
        self._confidence = min(self._confidence, confidence)
        self._paths.append(path)

    def remark(self, intent: Intent) -> None:
        self.remarks.append(intent.says)
        self._is_outside = self._is_outside or intent.name == "out_of_scope"

    def lean_on(self, intent: Intent, slots: Sequence[Slots]) -> None:
        ids = tuple(dict.fromkeys(i for one in slots for i in one.equipment_ids))
        kept = self.before.slots
        latest = slots[-1].model_copy(update={"equipment_ids": ids or kept.equipment_ids})
        if latest.metric is None:
            latest = latest.model_copy(update={"metric": kept.metric})
        self.before = Before(latest, intent.name, is_same_message=True)

    def plan(self) -> Plan:
        decision = Decision(
            clauses=self.clauses,
            votes=self.votes,
            confidence=round(self._confidence, 3),
            path=self._path(),
            reason="; ".join(self._questions),
        )
        question = self._questions[0] if self._questions else None
        return Plan(steps=list(dict.fromkeys(self.steps)), decision=decision, question=question, remarks=self.remarks)

    def _path(self) -> Path_:
        if self._questions:
            return "clarify"
        if self._is_outside and not self.steps:
            return "refuse"
        if "llm" in self._paths:
            return "llm"
        return "classifier" if "classifier" in self._paths else "template"


def _is_coordinated(left: str, right: str) -> bool:
    """'the OEE of {machine} and {machine}', 'the {metric} and the {metric} of': two names, one request."""
    ends = re.search(r"\{(\w+)\}$", left)
    return ends is not None and re.match(rf"(?:the |its )?\{{{ends[1]}\}}", right) is not None


def _pooled(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Best intent first. All intents of the manuals lead to one tool, so their shares count together."""
    groups: dict[str, list[str]] = {}
    for name in shares:
        groups.setdefault("rag" if intents()[name].agent == "rag" else name, []).append(name)
    pooled = [
        (max(names, key=lambda name: shares[name]), sum(shares[name] for name in names)) for names in groups.values()
    ]
    return sorted(pooled, key=lambda entry: -entry[1])


def _unsure(ranked: Sequence[tuple[str, float]]) -> str:
    first, second = (intents()[name].reading for name, _ in ranked[:2])
    return f"I am not sure what you mean: {first}, or {second}?"


async def _settled(understood: Understood, llm: LanguageModel | None) -> Understood:
    """The language model's choice among the best readings; as it was without one, when it fails or cannot say."""
    if llm is None:
        return understood
    readings = {intents()[name].reading: name for name, _ in understood.ranked[:OFFERED_READINGS]}
    try:
        chosen = await llm.choose(understood.named.clause, list(readings))
    except Unavailable:
        return understood
    if chosen not in readings:
        return understood
    name = readings[chosen]
    vote = Vote(voter="llm", intent=name, score=1.0)
    return Understood(understood.named, intents()[name], 1.0, [*understood.votes, vote], "llm")


def focus_after(plan: Plan, before: Focus) -> Focus:
    """What the conversation is about once the plan is answered."""
    if not plan.steps:
        return before
    last = plan.steps[-1]
    ids = tuple(dict.fromkeys(i for step in plan.steps for i in step.slots.equipment_ids))
    return Focus(
        equipment_ids=ids or before.equipment_ids,
        equipment_type=last.slots.equipment_type,
        plant_id=last.slots.plant_id,
        line=last.slots.line,
        metric=last.slots.metric or before.metric,
        time_range=last.slots.time_range or before.time_range,
        horizon=last.slots.horizon or before.horizon,
        last_intent=last.intent,
        error_code=last.slots.error_code or before.error_code,
    )
