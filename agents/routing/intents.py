"""Every intent of the house, read from the agents' intents.yml: its templates, what it needs, how it is read back."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from agents.models import AgentName
from agents.routing.text import words

_HERE = Path(__file__).parent
_GROUP = re.compile(r"\[([^\[\]()]*)\]|\(([^\[\]()]*)\)")


class Intent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    agent: AgentName | None = Field(None, description="None: said without an agent.")
    reading: str = Field(description="How a clarifying question names it.")
    needs: tuple[Literal["machine", "metric", "code"], ...] = ()
    time: Literal["past", "future", "none"] = "none"
    says: str = Field("", description="The remark of an intent without an agent.")
    templates: tuple[str, ...] = Field((), description="[optional], (one|other), {mask}.")
    examples: tuple[str, ...] = Field((), description="Masked paraphrases that train the classifier.")


_INTENTS = TypeAdapter(list[Intent])


@cache
def intents() -> dict[str, Intent]:
    """By name, agents' first, in a stable order."""
    found: dict[str, Intent] = {}
    for path in [*sorted(_HERE.parent.glob("*/intents.yml"))]:
        for intent in _INTENTS.validate_python(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found[intent.name] = intent
    return found


def sentence(template: str, random: Random) -> str:
    """One sentence a template stands for: 'is {machine} [likely] to (fail|stop)' -> 'is {machine} to stop'."""
    text = template
    while (group := _GROUP.search(text)) is not None:
        choices = [*group[1].split("|"), ""] if group[1] is not None else group[2].split("|")
        text = f"{text[: group.start()]} {random.choice(choices)} {text[group.end() :]}"
    return words(text)


def matched(masked: str) -> frozenset[str]:
    """The intents whose templates are exactly this; a time that may be past or future fits both masks."""
    spellings = {masked, masked.replace("{when}", "{past}"), masked.replace("{when}", "{future}")}
    return frozenset(name for pattern, name in _patterns() if any(pattern.fullmatch(f"{text} ") for text in spellings))


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(_pattern(template), intent.name) for intent in intents().values() for template in intent.templates]


def _pattern(template: str) -> re.Pattern[str]:
    """Every word carries its trailing space, so optional words leave no gap."""
    signs = {"[": "(?:", "]": ")?", "(": "(?:", ")": ")", "|": "|"}
    pieces = re.findall(r"[\[\]()|]|[^\s\[\]()|]+", template)
    return re.compile("".join(signs.get(piece) or _word(piece) for piece in pieces))


def _word(piece: str) -> str:
    return re.escape(f"{words(piece)} ") if words(piece) else ""
