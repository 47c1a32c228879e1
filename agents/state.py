"""What travels through the graph: JSON types only, so that a run can be checkpointed."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypedDict

from agents.composing.compose import Composed
from agents.models import Answer
from agents.ports import LanguageModel, ThreadMemory
from agents.toolset import Toolset
from core.errors import CopilotError
from core.scope import Scope
from tools.models import Equipment
from tools.ports import Toolbox

Json = dict[str, Any]


def nobody(kind: str, data: Json) -> None:
    """Listens to a run nobody follows."""


class RunState(TypedDict, total=False):
    message: str
    focus: Json
    plan: Json
    results: Annotated[list[Json], operator.add]
    text: str
    phrased_by: Literal["templates", "llm"]


class StepState(TypedDict):
    """What one agent is sent."""

    number: int
    step: Json


@dataclass(slots=True)
class RunContext:
    """Whose run it is and what it stands on; never part of the state."""

    thread_id: str
    run_id: str
    scope: Scope
    toolbox: Toolbox
    memory: ThreadMemory
    tools: Toolset
    llm: LanguageModel | None
    write: Callable[[str, Json], None]
    machines: tuple[Equipment, ...] = ()
    stopped: threading.Event = field(default_factory=threading.Event)
    failures: dict[int, CopilotError] = field(default_factory=dict)
    phrasing_notes: list[str] = field(default_factory=list)
    answer: Answer | None = None
    composed: Composed = field(default_factory=Composed.nothing)
