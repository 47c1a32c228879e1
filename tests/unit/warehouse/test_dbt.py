"""What dbt says, in our words."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.errors import CopilotError, CorruptData, StorageFull
from core.workspace import Workspace
from data_engineering.warehouse import dbt
from data_engineering.warehouse.dbt import BuildFileTorn, NodeResult


def follow(event: Mapping[str, object] | str) -> tuple[list[tuple[str, int, int]], list[str]]:
    progress: list[tuple[str, int, int]] = []
    said: deque[str] = deque()
    line = event if isinstance(event, str) else json.dumps(event)
    dbt._follow(line + "\n", said, lambda *step: progress.append(step))
    return progress, list(said)


@pytest.mark.parametrize(("name", "total"), [("LogModelResult", "total"), ("LogTestResult", "num_models")])
def test_a_finished_model_or_test_is_progress(name: str, total: str) -> None:
    event = {"info": {"name": name, "level": "info", "msg": "ok"}, "data": {"index": 3, total: 62}}
    assert follow(event) == ([("Building marts", 3, 62)], [])


def test_an_error_is_kept_for_the_message() -> None:
    event = {"info": {"name": "MainEncounteredError", "level": "error", "msg": " no such macro "}, "data": {}}
    assert follow(event) == ([], ["no such macro"])


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "12", "null", "{}"])
def test_what_is_no_event_is_kept_too(line: str) -> None:
    assert follow(line) == ([], [line])


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("IO Error: could not write: No space left on device", StorageFull),
        ("Invalid Input Error: file is too small to be a Parquet file", CorruptData),
        ("IO Error: Corrupt database file: computed checksum", BuildFileTorn),
        ("INTERNAL Error: Attempted to access index", BuildFileTorn),
        ("Got 3 results, configured to fail if != 0", CorruptData),
    ],
)
def test_a_failure_has_its_kind_and_names_the_model(
    workspace: Workspace, message: str, kind: type[CopilotError]
) -> None:
    error = dbt._failure("model dim_metric", message, workspace)
    assert type(error) is kind
    assert "model dim_metric" in error.message
    assert "stays served" in error.remedy


def test_a_node_knows_its_kind_and_name() -> None:
    node = NodeResult(unique_id="test.manufacturing_copilot.unique_dim_metric_metric.abc", status="fail")
    assert (node.kind, node.name, node.has_failed) == ("test", "unique_dim_metric_metric", True)


def test_nothing_is_sent_and_nothing_is_written_beside_the_workspace() -> None:
    arguments = dbt._arguments(Path("/workspace/dbt"), "fact_predictions+ stg_feedback")
    assert "--no-send-anonymous-usage-stats" in arguments
    assert arguments[arguments.index("--target-path") + 1] == "/workspace/dbt"
    assert arguments[-3:] == ["--select", "fact_predictions+", "stg_feedback"]


@pytest.mark.parametrize("content", [None, "", '{"results": [{"uni'])
def test_results_that_a_failed_run_left_half_written_are_no_results(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "run_results.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert dbt._results_left(file) == []
