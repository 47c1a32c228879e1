"""The run log: what happens in a run, in order, once. The API projects it; nothing else knows it.

Order: run_started, route_decided, (agent_started, tool_started, tool_finished, agent_finished)*, text_delta*,
citation*, chart*, evidence*, then exactly one of run_finished or run_failed.
Agents run side by side, so their events interleave.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RunEventType = Literal[
    "run_started",  # {message}
    "route_decided",  # Decision + steps: [{agent, intent, slots, clause}]
    "agent_started",  # {agent, intent, step}
    "tool_started",  # {agent, step, tool, call_id, arguments}
    "tool_finished",  # {agent, step, tool, call_id, ok, rows, milliseconds}
    "agent_finished",  # {agent, intent, step, status, notes}
    "text_delta",  # {text}
    "citation",  # Citation
    "chart",  # Chart
    "evidence",  # Evidence
    "run_finished",  # {phrased_by, notes, focus}
    "run_failed",  # {code, message, remedy, retriable}
]
TERMINAL: frozenset[RunEventType] = frozenset({"run_finished", "run_failed"})


class RunEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    run_id: str
    thread_id: str
    seq: int = Field(ge=0, description="0, 1, 2, ... within the run, no holes.")
    type: RunEventType
    at: datetime
    data: dict[str, Any] = Field(default_factory=dict)
