"""Runs the router over its evaluation utterances. A manual question is right when it reaches the manuals."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from agents.models import Focus, Plan
from agents.routing.classifier import SentenceEncoder
from agents.routing.intents import intents
from agents.routing.mentions import Reader
from agents.routing.router import Router
from agents.routing.text import normalised, without_politeness
from core.settings import Settings
from tests.doubles.agent_tools import MACHINES, NOW

UTTERANCES = Path(__file__).with_name("routing.yml")


class Utterance(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str
    want: tuple[str, ...]
    slots: tuple[dict[str, Any], ...] = ()
    focus: Focus = Focus()

    @property
    def kind(self) -> str:
        if self.focus != Focus():
            return "follow-up"
        if self.want == ("out_of_scope",):
            return "out of scope"
        if self.want == ("ask",):
            return "to be asked back"
        return "compound" if len(self.want) > 1 else "single"


class Outcome(BaseModel):
    utterance: Utterance
    got: tuple[str, ...]
    are_intents_right: bool
    are_slots_right: bool
    cpu_milliseconds: float


def utterances(part: str) -> list[Utterance]:
    return [Utterance.model_validate(item) for item in yaml.safe_load(UTTERANCES.read_text(encoding="utf-8"))[part]]


def evaluate(part: str, encoder: SentenceEncoder | None = None) -> list[Outcome]:
    made = Router(MACHINES, now=NOW, threshold=Settings().routing_threshold, encoder=encoder)
    return [_outcome(made, utterance) for utterance in utterances(part)]


def masked(say: str) -> str:
    """The utterance as templates and training see it."""
    return Reader(MACHINES, NOW).read(without_politeness(normalised(say))).masked


def _outcome(made: Router, utterance: Utterance) -> Outcome:
    began = time.process_time()
    plan = asyncio.run(made.plan(utterance.say, utterance.focus))
    cpu_milliseconds = (time.process_time() - began) * 1000
    got = read(plan)
    return Outcome(
        utterance=utterance,
        got=got,
        are_intents_right=sorted(got) == sorted(utterance.want),
        are_slots_right=_slots_right(utterance, plan),
        cpu_milliseconds=cpu_milliseconds,
    )


def read(plan: Plan) -> tuple[str, ...]:
    """The plan in the words of the evaluation: intents, "manual", "ask", and remarks by their intent."""
    steps = ["manual" if step.agent == "rag" else step.intent for step in plan.steps]
    return (*steps, *(_remark(text) for text in plan.remarks), *(["ask"] if plan.question else []))


def _remark(text: str) -> str:
    by_text = {intent.says: name for name, intent in intents().items() if intent.says}
    return by_text.get(text) or ("inspect_photo" if "photos" in text else "write_report")


def _slots_right(utterance: Utterance, plan: Plan) -> bool:
    steps = [step.slots.model_dump(mode="json") for step in plan.steps]
    if not utterance.slots:
        return True
    if len(steps) < len(utterance.slots):
        return False
    return all(
        step[name] == value
        for wanted, step in zip(utterance.slots, steps, strict=False)
        for name, value in wanted.items()
    )
