from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from core import errors
from tests.unit.api.conftest import MakeClient, PlantClient

JSON = {"content-type": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "retriable"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/here", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("DELETE", "/v1/chat", 405, "method_not_allowed"),
        ("GET", "/v1/predict", 405, "method_not_allowed"),
        ("GET", "/v1/threads/none", 404, "not_found"),
        ("GET", "/v1/threads/a%20b", 422, "invalid_input"),
    ],
)
def test_every_refusal_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    refused = client.request(method, path)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json().keys() >= MEMBERS


def test_a_405_names_the_methods_there_are(client: TestClient) -> None:
    assert "POST" in client.get("/v1/predict").headers["allow"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"message": "a"} trailing', b"[" * 3000])
def test_what_is_not_json_is_refused_with_400_or_422(client: TestClient, body: bytes) -> None:
    refused = client.post("/v1/chat", content=body, headers=JSON)
    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_body_that_is_not_declared_as_json_is_refused(client: TestClient, content_type: str) -> None:
    refused = client.post("/v1/chat", content=b'{"message": "a"}', headers={"content-type": content_type})
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")


def test_json_with_a_charset_is_accepted(client: TestClient) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert client.post("/v1/chat", content=b'{"message": "a"}', headers=headers).status_code == 200


def test_a_body_longer_than_accepted_is_refused_by_its_declared_length(client: TestClient) -> None:
    refused = client.post("/v1/chat", json={"message": "a" * 5000})
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


def test_a_body_longer_than_accepted_is_refused_while_its_chunks_come(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    refused = client.post("/v1/chat", content=chunks(), headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


def test_a_refused_field_is_named_with_its_value_and_a_remedy(client: TestClient) -> None:
    problem = client.post("/v1/feedback", json={"run_id": "r", "verdict": "sideways"}).json()
    assert problem["errors"][0] == {
        "field": "verdict",
        "value": "'sideways'",
        "message": "Input should be 'up' or 'down'",
    }
    assert problem["remedy"]


def test_a_long_value_is_shown_shortened(client: TestClient) -> None:
    problem = client.post("/v1/feedback", json={"run_id": "r", "verdict": "x" * 3000}).json()
    assert len(problem["errors"][0]["value"]) < 100


def test_a_number_is_not_taken_for_a_string(client: TestClient) -> None:
    problem = client.post("/v1/predict", json={"equipment_id": 7}).json()
    assert (problem["status"], problem["field"]) == (422, "equipment_id")


class Exploding:
    def snapshot(self) -> Any:
        raise RuntimeError("postgres://user:secret@host")

    run = snapshot


def test_the_text_of_a_defect_never_leaves_the_process(plant_client: PlantClient) -> None:
    broken = plant_client(warehouse=Exploding()).get("/v1/equipment")
    assert broken.status_code == 500
    assert "secret" not in broken.text
    assert "RuntimeError" not in broken.text


def test_a_500_carries_the_reference_the_log_has(plant_client: PlantClient) -> None:
    broken = plant_client(warehouse=Exploding()).get("/v1/equipment", headers={"X-Request-ID": "ref-1"})
    assert broken.json()["instance"] == "urn:copilot:request:ref-1"
    assert broken.headers["x-request-id"] == "ref-1"


def test_an_internal_error_of_the_house_hides_its_text_too() -> None:
    from api.problems import problem_of

    problem = problem_of(errors.Internal("the secret reason", remedy="secret"), "ref")
    assert "secret" not in problem.model_dump_json()


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
def test_an_unsafe_request_id_is_replaced(client: TestClient, given: str) -> None:
    assert client.get("/livez", headers={"X-Request-ID": given}).headers["x-request-id"] != given


def all_errors(root: type[errors.CopilotError]) -> list[type[errors.CopilotError]]:
    return [kind for child in root.__subclasses__() for kind in [child, *all_errors(child)]]


@pytest.mark.parametrize("kind", all_errors(errors.CopilotError))
def test_every_error_of_the_house_has_a_problem(kind: type[errors.CopilotError]) -> None:
    from api.problems import problem_of

    problem = problem_of(kind("A sentence.", remedy="Do this."), "ref")
    assert problem.status == kind.status
    assert problem.detail


def test_access_lines_hold_no_message_text(make_client: MakeClient, capsys: pytest.CaptureFixture[str]) -> None:
    make_client().post("/v1/chat", json={"message": "my private question"})
    assert "private" not in "".join(capsys.readouterr())
