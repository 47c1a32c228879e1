"""A copilot that answers from a script. A test double: never imported by production code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from agents.events import RunEvent, RunEventType
from core.scope import Scope

Line = tuple[RunEventType, dict[str, Any]]

ANSWER = (
    "**CNC-A-102** will most likely fail within 7 days: **73 %**.\n\n"
    "Why: vibration 12 % above its 30-day normal, 3 motor-overload alarms since Monday.\n\n"
    "Do: plan the spindle bearing before Thursday's shift; lock out first [1].\n\n"
    "From: model failure 14, 4,291 readings until 14:05."
)


def _deltas(text: str) -> list[Line]:
    words = text.split(" ")
    return [
        ("text_delta", {"text": word + (" " if index < len(words) - 1 else "")}) for index, word in enumerate(words)
    ]


def full_answer(text: str = ANSWER) -> list[Line]:
    """One run with two agents, a citation, a chart and evidence. Its numbers are the script's own."""
    hours = [datetime(2026, 3, 1, hour, tzinfo=UTC).isoformat() for hour in range(24)]
    return [
        ("run_started", {"message": "?"}),
        (
            "route_decided",
            {"path": "template", "confidence": 0.97, "reason": "", "clauses": ["?"], "votes": [], "steps": []},
        ),
        ("agent_started", {"agent": "ml", "intent": "failure_risk", "step": 0}),
        ("agent_started", {"agent": "rag", "intent": "procedure", "step": 1}),
        (
            "tool_started",
            {
                "agent": "ml",
                "step": 0,
                "tool": "predict_failure",
                "call_id": "c0",
                "arguments": {"equipment_id": "CNC-A-102"},
            },
        ),
        (
            "tool_finished",
            {
                "agent": "ml",
                "step": 0,
                "tool": "predict_failure",
                "call_id": "c0",
                "ok": True,
                "rows": 4,
                "milliseconds": 3.2,
            },
        ),
        ("agent_finished", {"agent": "ml", "intent": "failure_risk", "step": 0, "status": "answered", "notes": []}),
        ("agent_finished", {"agent": "rag", "intent": "procedure", "step": 1, "status": "answered", "notes": []}),
        *_deltas(text),
        (
            "citation",
            {
                "number": 1,
                "document": "cnc-manual.pdf",
                "title": "CNC machining centre",
                "section": "4 Maintenance > 4.2 Spindle bearing",
                "page": 12,
                "quote": "Lock out the machine before opening the spindle housing.",
            },
        ),
        (
            "chart",
            {
                "title": "CNC-A-102 temperature",
                "unit": "°C",
                "series": [[t, 60.0 + i * 0.3] for i, t in enumerate(hours[:16])],
                "forecast": [[t, 65.0 + i * 0.5] for i, t in enumerate(hours[16:])],
                "band": [[t, 63.0 + i * 0.4, 67.0 + i * 0.6] for i, t in enumerate(hours[16:])],
                "limits": [["warning", 68.0], ["alarm", 72.0]],
            },
        ),
        (
            "evidence",
            {
                "tool": "predict_failure",
                "source": "model",
                "query": "risk_curve",
                "parameters": {"equipment_id": "CNC-A-102"},
                "snapshot": "20260301T0600",
                "model_name": "failure",
                "model_version": "14",
                "trained_until": "2026-02-20T00:00:00Z",
                "window": {"start": "2026-01-30T06:00:00Z", "end": "2026-03-01T05:50:00Z"},
                "rows": 4291,
                "data_until": "2026-03-01T05:50:00Z",
                "is_stale": False,
                "documents": [],
            },
        ),
        (
            "evidence",
            {
                "tool": "search_manuals",
                "source": "documents",
                "query": None,
                "parameters": {},
                "documents": ["CNC machining centre, 4.2, p. 12"],
                "is_stale": False,
            },
        ),
        (
            "run_finished",
            {
                "phrased_by": "templates",
                "notes": ["The newest reading is 10 minutes old."],
                "focus": {"equipment_ids": ["CNC-A-102"]},
            },
        ),
    ]


class ScriptedCopilot:
    """Plays `script`; `pause_s` between events; `hold_at` stops before that index until `release` is set."""

    def __init__(
        self,
        script: Sequence[Line] | None = None,
        *,
        pause_s: float = 0.0,
        hold_at: int | None = None,
        error: Exception | None = None,
    ) -> None:
        self._script = list(script if script is not None else full_answer())
        self._pause_s = pause_s
        self._hold_at = hold_at
        self._error = error
        self.release = asyncio.Event()
        self.asked: list[tuple[str, str, str]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def let_go(self) -> None:
        """Sets `release` from another thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.release.set)

    async def run(self, message: str, *, thread_id: str, run_id: str, scope: Scope) -> AsyncIterator[RunEvent]:
        self._loop = asyncio.get_running_loop()
        self.asked.append((message, thread_id, scope.subject))
        at = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
        for seq, (kind, data) in enumerate(self._script):
            if seq == self._hold_at:
                await self.release.wait()
            if self._pause_s:
                await asyncio.sleep(self._pause_s)
            yield RunEvent(run_id=run_id, thread_id=thread_id, seq=seq, type=kind, at=at, data=data)
        if self._error is not None:
            raise self._error
