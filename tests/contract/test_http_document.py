"""The OpenAPI document: valid, complete, and saying what the routes do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from api.app import create_app
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_the_document_says_who_and_where(document: dict[str, Any]) -> None:
    assert document["info"].keys() >= {"title", "version", "description", "contact", "license"}
    assert document["servers"]


def test_every_operation_is_named_described_and_tagged(document: dict[str, Any]) -> None:
    known = {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations(document):
        assert operation["operationId"], (method, path)
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert set(operation["tags"]) <= known, (method, path)


def test_operation_names_are_unique(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and (path, status) != ("/readyz", "503"):
                assert list(response["content"]) == [PROBLEM], (method, path, status)


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/predict", "/v1/analytics", "/v1/forecast", "/v1/feedback"])
def test_a_body_may_be_refused_in_every_documented_way(document: dict[str, Any], path: str) -> None:
    assert document["paths"][path]["post"]["responses"].keys() >= {"400", "404", "413", "415", "422", "500"}


@pytest.mark.parametrize(("path", "method"), [("/v1/chat", "post"), ("/v1/chat/runs/{run_id}/events", "get")])
def test_a_stream_is_declared_as_one(document: dict[str, Any], path: str, method: str) -> None:
    assert list(document["paths"][path][method]["responses"]["200"]["content"]) == ["text/event-stream"]


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/analytics", "/v1/forecast", "/v1/feedback"])
def test_a_request_body_has_an_example(document: dict[str, Any], path: str) -> None:
    reference = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert document["components"]["schemas"][reference.rpartition("/")[2]]["examples"]


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (method, path, parameter["name"])


def test_every_operation_stands_in_the_reference(document: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    missing = [f"{method} {path}" for method, path, _ in operations(document) if f"`{method} {path}`" not in page]
    assert missing == []


def test_every_problem_code_stands_in_the_reference() -> None:
    from core.errors import CopilotError

    def codes(kind: type[CopilotError]) -> set[str]:
        own = set() if kind.__module__.startswith("cli.") else {kind.code}
        return own.union(*(codes(child) for child in kind.__subclasses__()))

    page = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    assert [code for code in sorted(codes(CopilotError)) if f"`{code}`" not in page] == []
