from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.errors import StaleData
from tests.doubles.copilot import ANSWER, ScriptedCopilot, full_answer
from tests.unit.api.conftest import MakeClient
from tests.unit.api.streams import read_events, text_of

TERMINAL = {"RUN_FINISHED", "RUN_ERROR"}
QUESTION = {"message": "Which machines fail this week?"}


def ag_ui(**changes: Any) -> dict[str, Any]:
    message = {"id": "m1", "role": "user", "content": "Which machines fail this week?"}
    return {"threadId": "t-1", "runId": "r-1", "messages": [message], **changes}


def test_an_answer_streams_as_server_sent_events(client: TestClient) -> None:
    answer = client.post("/v1/chat", json=QUESTION)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert text_of(read_events(answer.text)) == ANSWER


def test_a_stream_ends_with_exactly_one_terminal_event(client: TestClient) -> None:
    kinds = [event.type for event in read_events(client.post("/v1/chat", json=QUESTION).text)]
    assert [kind for kind in kinds if kind in TERMINAL] == ["RUN_FINISHED"]
    assert kinds[-1] == "RUN_FINISHED"


def test_every_event_has_its_place_in_the_run_as_id(client: TestClient) -> None:
    events = read_events(client.post("/v1/chat", json=ag_ui()).text)
    assert [event.id for event in events] == [f"r-1:{number}" for number in range(len(events))]


def test_a_run_agent_input_keeps_its_own_ids(client: TestClient) -> None:
    started = read_events(client.post("/v1/chat", json=ag_ui()).text)[0]
    assert (started.data["threadId"], started.data["runId"]) == ("t-1", "r-1")


def test_the_last_user_message_is_the_question(make_client: MakeClient) -> None:
    copilot = ScriptedCopilot()
    messages = [
        {"id": "1", "role": "user", "content": "first"},
        {"id": "2", "role": "assistant", "content": "answer"},
        {"id": "3", "role": "user", "content": [{"type": "text", "text": "second"}]},
    ]
    make_client(copilot=copilot).post("/v1/chat", json=ag_ui(messages=messages))
    assert [asked for asked, _, _ in copilot.asked] == ["second"]


def test_the_same_run_sent_twice_is_answered_once(make_client: MakeClient) -> None:
    copilot = ScriptedCopilot()
    client = make_client(copilot=copilot)
    first, second = (client.post("/v1/chat", json=ag_ui()).text for _ in range(2))
    assert first == second
    assert len(copilot.asked) == 1


def test_a_run_id_taken_by_another_question_is_refused(client: TestClient) -> None:
    client.post("/v1/chat", json=ag_ui())
    refused = client.post("/v1/chat", json=ag_ui(messages=[{"id": "m", "role": "user", "content": "other"}]))
    assert (refused.status_code, refused.json()["field"]) == (422, "runId")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"message": ""}, 422, "message"),
        ({"message": "  \n"}, 422, "message"),
        ({"message": "ü" * 101}, 413, "message"),
        ({"message": 7}, 422, "message"),
        ({"message": None}, 422, "message"),
        ({}, 422, "message"),
        ({"message": "a", "thread_id": "../x"}, 422, "thread_id"),
        ({"message": "a", "model": "x"}, 422, "model"),
        (ag_ui(messages=[]), 422, "messages"),
        (ag_ui(runId="a:b"), 422, "runId"),
        (ag_ui(threadId=""), 422, "threadId"),
    ],
)
def test_a_question_nobody_can_answer_is_refused_by_field(
    client: TestClient, body: dict[str, Any], status: int, field: str
) -> None:
    refused = client.post("/v1/chat", json=body)
    assert (refused.status_code, refused.json()["field"].split(".")[-1]) == (status, field)
    assert refused.json()["remedy"]


def test_half_a_character_is_refused(client: TestClient) -> None:
    refused = client.post("/v1/chat", content=rb'{"message": "a\ud800b"}', headers={"content-type": "application/json"})
    assert (refused.status_code, refused.json()["field"]) == (422, "message")


def test_a_photo_is_refused_with_a_remedy(client: TestClient) -> None:
    part = {"type": "image", "source": {"type": "data", "value": "AAAA", "mimeType": "image/png"}}
    refused = client.post("/v1/chat", json=ag_ui(messages=[{"id": "m", "role": "user", "content": [part]}]))
    assert refused.status_code == 422
    assert "only text" in refused.json()["detail"]


def test_an_error_of_the_house_becomes_the_terminal_event(make_client: MakeClient) -> None:
    copilot = ScriptedCopilot(full_answer()[:3], error=StaleData("Too old.", remedy="Import newer data."))
    last = read_events(make_client(copilot=copilot).post("/v1/chat", json=QUESTION).text)[-1]
    assert (last.type, last.data["code"], last.data["message"]) == ("RUN_ERROR", "stale_data", "Too old.")
    assert last.data["metadata"]["remedy"] == "Import newer data."


def test_the_text_of_a_defect_never_reaches_the_stream(make_client: MakeClient) -> None:
    copilot = ScriptedCopilot(full_answer()[:3], error=RuntimeError("postgres://user:secret@host"))
    text = make_client(copilot=copilot).post("/v1/chat", json=QUESTION).text
    assert "secret" not in text
    assert read_events(text)[-1].data["code"] == "internal"


def test_a_copilot_that_forgets_its_terminal_event_still_ends(make_client: MakeClient) -> None:
    copilot = ScriptedCopilot(full_answer()[:-1])
    kinds = [event.type for event in read_events(make_client(copilot=copilot).post("/v1/chat", json=QUESTION).text)]
    assert [kind for kind in kinds if kind in TERMINAL] == ["RUN_ERROR"]


def test_a_run_beyond_its_time_ends_with_the_limit(make_client: MakeClient) -> None:
    from core.settings import Settings

    copilot = ScriptedCopilot(hold_at=2)
    client = make_client(copilot=copilot, settings=Settings(run_max_seconds=0.05))
    last = read_events(client.post("/v1/chat", json=QUESTION).text)[-1]
    assert (last.type, last.data["code"]) == ("RUN_ERROR", "limit_exceeded")


def test_a_finished_run_is_read_again_from_its_log(client: TestClient) -> None:
    first = client.post("/v1/chat", json=ag_ui()).text
    assert client.get("/v1/chat/runs/r-1/events").text == first


def test_a_reader_resumes_behind_the_last_event_it_saw(client: TestClient) -> None:
    whole = read_events(client.post("/v1/chat", json=ag_ui()).text)
    rest = read_events(client.get("/v1/chat/runs/r-1/events", headers={"Last-Event-ID": "r-1:9"}).text)
    assert rest == whole[10:]


@pytest.mark.parametrize("last", ["r-1:9999", "r-2:3", "nonsense", "r-1:-1", "r-1:٣"])
def test_a_place_the_log_does_not_hold_is_called_a_gap(client: TestClient, last: str) -> None:
    whole = read_events(client.post("/v1/chat", json=ag_ui()).text)
    followed = client.get("/v1/chat/runs/r-1/events", headers=[(b"Last-Event-ID", last.encode())])
    gap, *rest = read_events(followed.text)
    assert gap.data["name"] == "copilot.gap"
    assert rest == whole


def test_a_run_nobody_asked_for_does_not_exist(client: TestClient) -> None:
    assert client.get("/v1/chat/runs/nope/events").json()["code"] == "not_found"


def test_a_run_that_ended_cannot_be_cancelled(client: TestClient) -> None:
    client.post("/v1/chat", json=ag_ui())
    assert client.post("/v1/chat/runs/r-1/cancel").json() == {"run_id": "r-1", "cancelled": False}


def test_route_citation_chart_and_evidence_travel_as_custom_events(client: TestClient) -> None:
    events = read_events(client.post("/v1/chat", json=QUESTION).text)
    names = {event.data["name"] for event in events if event.type == "CUSTOM"}
    assert names == {"copilot.route", "copilot.citation", "copilot.chart", "copilot.evidence"}
