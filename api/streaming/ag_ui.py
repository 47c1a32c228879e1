"""The run log as AG-UI 1.0 events. A projection, nothing else: the same log always gives the same events.

The wire number of an event is its place in this projection (0, 1, 2, ...), so `id: <run>:<number>` names one event
exactly and a client resumes behind the last one it saw.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ag_ui.core import (
    PROTOCOL_VERSION,
    BaseEvent,
    CustomEvent,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StepFinishedEvent,
    StepStartedEvent,
    SubagentErrorEvent,
    SubagentFinishedEvent,
    SubagentFinishedSuccessOutcome,
    SubagentStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)

from agents.events import RunEvent

CANCELLED = "cancelled"
"""`code` of the run_failed event of a run that a person stopped; AG-UI calls that finished, with outcome cancelled."""

CUSTOM_EVENTS = {
    "copilot.route": "How the question was understood: path, confidence, reason, votes, steps.",
    "copilot.citation": "A passage the answer rests on: number, document, title, section, page, quote.",
    "copilot.chart": "A small line chart: title, unit, series, forecast, band, limits.",
    "copilot.evidence": "What a number stands on (core.evidence.Evidence).",
    "copilot.gap": "The log holds no such Last-Event-ID: reason, after, runId. The run's events follow from the start.",
}
"""Every CUSTOM event of ours, by name."""

_Projection = Callable[["AgUiProjector", RunEvent], list[BaseEvent]]


class AgUiProjector:
    """Feeds run events in order, gives AG-UI events. State is only what the protocol's brackets need."""

    def __init__(self) -> None:
        self._open_step: str | None = None
        self._is_message_open = False

    def feed(self, event: RunEvent) -> list[BaseEvent]:
        """The AG-UI events of one run event, in order."""
        projected = _PROJECTIONS[event.type](self, event)
        stamp = int(event.at.timestamp() * 1000)
        for item in projected:
            item.timestamp = stamp
        return projected

    def run_started(self, event: RunEvent) -> list[BaseEvent]:
        started = RunStartedEvent(thread_id=event.thread_id, run_id=event.run_id, protocol_version=PROTOCOL_VERSION)
        return [started, *self._enter("understand")]

    def route_decided(self, event: RunEvent) -> list[BaseEvent]:
        return [CustomEvent(name="copilot.route", value=event.data), *self._enter("work")]

    def agent_started(self, event: RunEvent) -> list[BaseEvent]:
        data = event.data
        return [
            SubagentStartedEvent(subagent_run_id=_subagent(event), name=data["agent"], description=data.get("intent"))
        ]

    def tool_started(self, event: RunEvent) -> list[BaseEvent]:
        call, agent = event.data["call_id"], _subagent(event)
        arguments = json.dumps(event.data.get("arguments", {}), ensure_ascii=False, default=str)
        return [
            ToolCallStartEvent(tool_call_id=call, tool_call_name=event.data["tool"], subagent_run_id=agent),
            ToolCallArgsEvent(tool_call_id=call, delta=arguments, subagent_run_id=agent),
            ToolCallEndEvent(tool_call_id=call, subagent_run_id=agent),
        ]

    def tool_finished(self, event: RunEvent) -> list[BaseEvent]:
        call = event.data["call_id"]
        content = {key: event.data.get(key) for key in ("ok", "rows", "milliseconds")}
        return [
            ToolCallResultEvent(
                message_id=f"{event.run_id}-{call}-result",
                tool_call_id=call,
                content=json.dumps(content),
                role="tool",
                subagent_run_id=_subagent(event),
            )
        ]

    def agent_finished(self, event: RunEvent) -> list[BaseEvent]:
        status, notes = event.data["status"], event.data.get("notes", [])
        if status == "failed":
            message = " ".join(notes) or f"{event.data['agent']} could not answer."
            return [
                SubagentErrorEvent(subagent_run_id=_subagent(event), message=message, code=event.data.get("error_code"))
            ]
        return [
            SubagentFinishedEvent(
                subagent_run_id=_subagent(event),
                result={"status": status, "notes": notes},
                outcome=SubagentFinishedSuccessOutcome(),
            )
        ]

    def text_delta(self, event: RunEvent) -> list[BaseEvent]:
        opening: list[BaseEvent] = []
        if not self._is_message_open:
            self._is_message_open = True
            opening = [*self._enter("answer"), TextMessageStartEvent(message_id=_message(event), role="assistant")]
        return [*opening, TextMessageContentEvent(message_id=_message(event), delta=event.data["text"])]

    def custom(self, event: RunEvent) -> list[BaseEvent]:
        return [CustomEvent(name=f"copilot.{event.type}", value=event.data)]

    def run_finished(self, event: RunEvent) -> list[BaseEvent]:
        result = {key: event.data[key] for key in ("phrased_by", "notes") if key in event.data}
        return [*self._close(event), _finished(event, result, RunFinishedSuccessOutcome())]

    def run_failed(self, event: RunEvent) -> list[BaseEvent]:
        data = event.data
        closing = self._close(event)
        if data["code"] == CANCELLED:
            return [*closing, _finished(event, {"notes": [data["message"]]}, RunFinishedCancelledOutcome())]
        more = {key: data[key] for key in ("remedy", "retriable", "reference") if key in data}
        return [*closing, RunErrorEvent(message=data["message"], code=data["code"], metadata=more)]

    def _enter(self, step: str) -> list[BaseEvent]:
        left = self._leave()
        self._open_step = step
        return [*left, StepStartedEvent(step_name=step)]

    def _leave(self) -> list[BaseEvent]:
        step, self._open_step = self._open_step, None
        return [StepFinishedEvent(step_name=step)] if step else []

    def _close(self, event: RunEvent) -> list[BaseEvent]:
        ending: list[BaseEvent] = [TextMessageEndEvent(message_id=_message(event))] if self._is_message_open else []
        self._is_message_open = False
        return [*ending, *self._leave()]


_PROJECTIONS: dict[str, _Projection] = {
    "run_started": AgUiProjector.run_started,
    "route_decided": AgUiProjector.route_decided,
    "agent_started": AgUiProjector.agent_started,
    "tool_started": AgUiProjector.tool_started,
    "tool_finished": AgUiProjector.tool_finished,
    "agent_finished": AgUiProjector.agent_finished,
    "text_delta": AgUiProjector.text_delta,
    "citation": AgUiProjector.custom,
    "chart": AgUiProjector.custom,
    "evidence": AgUiProjector.custom,
    "run_finished": AgUiProjector.run_finished,
    "run_failed": AgUiProjector.run_failed,
}


def project(events: Iterable[RunEvent]) -> Iterator[BaseEvent]:
    """A whole log as AG-UI events."""
    projector = AgUiProjector()
    for event in events:
        yield from projector.feed(event)


def _subagent(event: RunEvent) -> str:
    return f"{event.run_id}-{event.data['agent']}-{event.data.get('step', 0)}"


def _message(event: RunEvent) -> str:
    return f"{event.run_id}-answer"


def _finished(event: RunEvent, result: dict[str, Any], outcome: Any) -> BaseEvent:
    return RunFinishedEvent(thread_id=event.thread_id, run_id=event.run_id, result=result, outcome=outcome)
