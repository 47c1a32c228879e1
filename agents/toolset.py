"""The tools agents may call, by name, and the desk at which one step calls them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from core.errors import CopilotError, LimitExceeded
from core.evidence import Evidenced
from core.scope import Scope
from tools.models import (
    AnalyticsRequest,
    ChangeExplanation,
    Equipment,
    EquipmentState,
    ExplainChangeRequest,
    FailureRisk,
    Forecast,
    ForecastRequest,
    PerformanceTrend,
    PredictRequest,
    RankRequest,
    RiskRanking,
    SearchRequest,
    SearchResult,
)
from tools.ports import Toolbox

Q = TypeVar("Q")
R = TypeVar("R")
Q_contra = TypeVar("Q_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Tool(Protocol[Q_contra, R_co]):
    """Blocking; raises CopilotError."""

    @property
    def __name__(self) -> str: ...

    def __call__(self, request: Q_contra, toolbox: Toolbox, scope: Scope, /) -> R_co: ...


@dataclass(frozen=True, slots=True)
class Toolset:
    predict_failure: Tool[PredictRequest, Evidenced[FailureRisk]]
    rank_failures: Tool[RankRequest, Evidenced[RiskRanking]]
    analyse: Tool[AnalyticsRequest, Evidenced[PerformanceTrend]]
    explain_change: Tool[ExplainChangeRequest, Evidenced[ChangeExplanation]]
    equipment_state: Tool[str, Evidenced[EquipmentState]]
    forecast: Tool[ForecastRequest, Evidenced[Forecast]]
    search_manuals: Tool[SearchRequest, Evidenced[SearchResult]]
    list_equipment: Callable[[Toolbox, Scope], list[Equipment]]


def house_tools() -> Toolset:
    """The tools of `tools/`; imported on first use so that routing alone stays light."""
    from tools.analytics import analyse
    from tools.equipment import equipment_state, list_equipment
    from tools.explain import explain_change
    from tools.forecast import forecast
    from tools.predict import predict_failure, rank_failures
    from tools.search import search_manuals

    return Toolset(
        predict_failure=predict_failure,
        rank_failures=rank_failures,
        analyse=analyse,
        explain_change=explain_change,
        equipment_state=equipment_state,
        forecast=forecast,
        search_manuals=search_manuals,
        list_equipment=list_equipment,
    )


Emit = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """One step of one run at work: calls tools, and says so in the run log."""

    tools: Toolset
    toolbox: Toolbox
    scope: Scope
    now: datetime
    agent: str
    step: int
    machines: tuple[Equipment, ...]
    emit: Emit
    stopped: threading.Event = field(default_factory=threading.Event)

    def use(self, tool: Tool[Q, R], request: Q) -> R:
        """Call one tool.

        Raises:
            CopilotError: the tool's own, or LimitExceeded when the run has been stopped meanwhile.
        """
        if self.stopped.is_set():
            raise LimitExceeded("The run was stopped.", remedy="Ask again.")
        call = {"agent": self.agent, "step": self.step, "tool": tool.__name__, "call_id": uuid4().hex}
        self.emit("tool_started", {**call, "arguments": _arguments(request)})
        began = time.perf_counter()
        try:
            result = tool(request, self.toolbox, self.scope)
        except CopilotError as error:
            self._finished(call, began, ok=False, rows=None, error=error.code)
            raise
        self._finished(call, began, ok=True, rows=_rows(result), error=None)
        return result

    def _finished(self, call: dict[str, Any], began: float, *, ok: bool, rows: int | None, error: str | None) -> None:
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        outcome = {"ok": ok, "rows": rows, "milliseconds": milliseconds, "error": error}
        self.emit("tool_finished", {**call, **outcome})

    def equipment_type(self, equipment_id: str) -> str | None:
        return next((m.equipment_type for m in self.machines if m.equipment_id == equipment_id), None)


def _arguments(request: object) -> dict[str, Any]:
    return request.model_dump(mode="json") if isinstance(request, BaseModel) else {"equipment_id": str(request)}


def _rows(result: object) -> int | None:
    if not isinstance(result, Evidenced):
        return None
    counts = [evidence.rows for evidence in result.evidence if evidence.rows is not None]
    return sum(counts) if counts else None
