from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ag_ui.core import Event
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agents.events import RunEvent, RunEventType
from api.streaming.ag_ui import CUSTOM_EVENTS, AgUiProjector, project
from api.streaming.sse import parse_event_id
from tests.doubles.copilot import Line, full_answer

GOLDEN = Path(__file__).with_name("ag_ui_golden.jsonl")
AT = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
FAILED: dict[str, Any] = {"code": "stale_data", "message": "Too old.", "remedy": "Import.", "retriable": False}


def log_of(lines: Sequence[Line]) -> list[RunEvent]:
    return [
        RunEvent(run_id="r", thread_id="t", seq=seq, type=kind, at=AT + timedelta(milliseconds=seq), data=data)
        for seq, (kind, data) in enumerate(lines)
    ]


def projected(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [event.model_dump(mode="json", by_alias=True) for event in project(log_of(lines))]


def kinds(lines: Sequence[Line]) -> list[str]:
    return [event["type"] for event in projected(lines)]


def test_the_projection_of_a_whole_run_is_the_golden_one() -> None:
    lines = [json.dumps(event, ensure_ascii=False) for event in projected(full_answer("One **fact** [1]."))]
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_projected_event_is_of_the_protocol() -> None:
    protocol: TypeAdapter[Any] = TypeAdapter(Event)
    for event in projected([*full_answer()[:-1], ("run_failed", FAILED)]):
        protocol.validate_python(event)


def test_brackets_are_closed_before_the_run_is() -> None:
    events = projected([*full_answer()[:12], ("run_failed", FAILED)])
    opened = [event["type"] for event in events]
    assert opened.count("TEXT_MESSAGE_START") == opened.count("TEXT_MESSAGE_END") == 1
    assert opened.count("STEP_STARTED") == opened.count("STEP_FINISHED")
    assert opened[-1] == "RUN_ERROR"


def test_a_failed_run_says_what_to_do() -> None:
    last = projected([("run_started", {}), ("run_failed", FAILED)])[-1]
    assert (last["message"], last["code"]) == ("Too old.", "stale_data")
    assert last["metadata"] == {"remedy": "Import.", "retriable": False}


def test_a_stopped_run_is_finished_as_cancelled() -> None:
    stopped = {**FAILED, "code": "cancelled", "message": "Stopped on request."}
    last = projected([("run_started", {}), ("run_failed", stopped)])[-1]
    assert (last["type"], last["outcome"]) == ("RUN_FINISHED", {"type": "cancelled"})


def test_a_failed_agent_does_not_fail_the_run() -> None:
    agent = {"agent": "ml", "intent": "failure_risk", "step": 0}
    ended = {**agent, "status": "failed", "notes": ["No score."]}
    events = projected([("run_started", {}), ("agent_started", agent), ("agent_finished", ended)])
    assert (events[-1]["type"], events[-1]["message"]) == ("SUBAGENT_ERROR", "No score.")


def test_the_same_agent_in_two_steps_is_two_subagents() -> None:
    lines: list[Line] = [("agent_started", {"agent": "ml", "intent": "i", "step": step}) for step in (0, 1)]
    assert len({event["subagentRunId"] for event in projected(lines)}) == 2


def test_custom_events_are_all_documented() -> None:
    names = {event["name"] for event in projected(full_answer()) if event["type"] == "CUSTOM"}
    page = (Path(__file__).parents[3] / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    assert names <= CUSTOM_EVENTS.keys()
    assert all(name in page for name in CUSTOM_EVENTS)


TYPES: list[RunEventType] = ["text_delta", "citation", "evidence", "agent_started", "route_decided"]


@given(st.lists(st.sampled_from(TYPES), max_size=20), st.booleans())
def test_any_log_ends_with_one_terminal_event_and_closed_brackets(middle: list[RunEventType], is_failed: bool) -> None:
    data = {"text": "a", "agent": "ml", "step": 0}
    end: Line = ("run_failed", FAILED) if is_failed else ("run_finished", {})
    found = kinds([("run_started", {}), *((kind, data) for kind in middle), end])
    assert sum(kind in ("RUN_FINISHED", "RUN_ERROR") for kind in found) == 1
    assert found.count("STEP_STARTED") == found.count("STEP_FINISHED")
    assert found.count("TEXT_MESSAGE_START") == found.count("TEXT_MESSAGE_END") <= 1


@given(st.integers(min_value=0, max_value=40))
def test_feeding_in_two_parts_gives_the_same_events(cut: int) -> None:
    log = log_of(full_answer())
    projector = AgUiProjector()
    first = [event for item in log[:cut] for event in projector.feed(item)]
    rest = [event for item in log[cut:] for event in projector.feed(item)]
    assert first + rest == list(project(log))


@pytest.mark.parametrize(
    ("text", "number"),
    [("r:0", 0), ("r:17", 17), (None, None), ("", None), ("r", None), ("x:1", None), ("r:-1", None), ("r:1e3", None)],
)
def test_an_event_id_names_a_place_in_its_run(text: str | None, number: int | None) -> None:
    assert parse_event_id(text, "r") == number
