from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cli import main
from cli.context import Context
from cli.summary import spelled, summary_table
from core.errors import NotReady, PayloadTooLarge


class Inner(BaseModel):
    readings: int


class Outer(BaseModel):
    snapshot: Inner
    warnings: list[str]


def outcome(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["copilot", *arguments])
    with pytest.raises(SystemExit) as ending:
        main.run()
    return int(ending.value.code or 0)


def test_an_error_is_two_lines_and_its_own_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(monkeypatch, "--home", str(tmp_path), "train", "failure") == NotReady.exit_code
    told = capsys.readouterr().err
    assert "error" in told
    assert "remedy" in told


def test_an_import_without_mapping_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    assert outcome(monkeypatch, "--home", str(tmp_path / "home"), "import", str(file)) == 2
    assert "--suggest" in capsys.readouterr().err


def test_an_empty_question_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(monkeypatch, "--home", str(tmp_path), "ask", "  ") == 2
    assert "message" in capsys.readouterr().err


def test_a_defect_keeps_its_text_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("secret: hunter2")

    monkeypatch.setattr(main, "app", broken)
    assert outcome(monkeypatch, "--home", str(tmp_path), "doctor") == 70
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert "hunter2" in (tmp_path / "state/errors.log").read_text(encoding="utf-8")


def test_progress_for_a_parent_is_one_json_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Context(tmp_path, json_progress=True).progress() as progress:
        progress("Reading", 1, 4)
    assert json.loads(capsys.readouterr().out) == {"label": "Reading", "done": 1, "total": 4}


def test_home_overrides_the_setting(tmp_path: Path) -> None:
    assert Context(tmp_path, json_progress=True).workspace.home == tmp_path.resolve()


def test_a_nested_summary_is_one_row_a_field() -> None:
    assert summary_table(Outer(snapshot=Inner(readings=6_000_000), warnings=[])).row_count == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6_129_400, "6,129,400"),
        (9.64, "9.6"),
        (None, "none"),
        ([], "none"),
        (True, "yes"),
        ({"readings": 3}, "3 readings"),
        (datetime(2026, 3, 1, 6, tzinfo=UTC), "2026-03-01 06:00:00 UTC"),
        (["a", "b"], "a, b"),
    ],
)
def test_a_value_is_written_for_people(value: Any, text: str) -> None:
    assert spelled(value) == text


def test_exit_codes_tell_errors_apart() -> None:
    assert NotReady.exit_code != PayloadTooLarge.exit_code
