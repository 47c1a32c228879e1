"""The same graph with a language model behind real HTTP: it may phrase and choose, never decide a number."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.llm import openai_model
from agents.models import Answer
from agents.supervisor import Copilot
from core.scope import LOCAL
from core.settings import Settings
from tests.doubles.agent_tools import DictMemory, scripted_toolbox, scripted_tools
from tests.doubles.llm_server import LlmServer, Reply, Script, llm_server

RISK = "Is CNC-A-102 likely to fail?"
HOW_TO = "How do I change the seal on PUMP-B-203?"


@pytest.fixture(autouse=True)
def _loopback_only(socket_enabled: None) -> None:
    return None


def facts(user: str) -> str:
    return user.split("FACTS:\n", 1)[1]


async def asked(
    script: Script, tmp_path: Path, message: str = RISK, **settings: float
) -> tuple[Answer, list[str], LlmServer]:
    """(answer, notes of the run, the server with what it was sent)."""
    with llm_server(script) as server:
        configured = Settings(home=tmp_path, llm_base_url=server.base_url, llm_timeout_seconds=5.0).model_copy(
            update=settings
        )
        toolbox = scripted_toolbox(tmp_path, configured)
        copilot = Copilot(toolbox, DictMemory(), openai_model(configured), tools=scripted_tools())
        answer, log = await copilot.answer(message, thread_id="t", run_id="r", scope=LOCAL)
        return answer, log[-1].data["notes"], server


async def test_a_faithful_wording_is_shown_and_the_sources_stay(tmp_path: Path) -> None:
    text = "Expect trouble: CNC-A-102 has a 73 % risk of failing within 7 days. High risk."
    answer, _, _ = await asked(lambda system, user: Reply(text), tmp_path)
    assert answer.phrased_by == "llm"
    assert answer.text.startswith(text)
    assert "From: model failure 14" in answer.text


async def test_the_model_is_asked_at_temperature_zero(tmp_path: Path) -> None:
    _, _, server = await asked(lambda system, user: Reply("Plan it."), tmp_path)
    assert server.requests[0]["temperature"] == 0


async def test_the_model_is_shown_the_facts_and_no_sources(tmp_path: Path) -> None:
    _, _, server = await asked(lambda system, user: Reply("Plan it."), tmp_path)
    shown = server.requests[0]["messages"][1]["content"]
    assert "73 %" in shown
    assert "From:" not in shown


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CNC-A-102 has a 91 % risk of failing within 7 days.", "91 %"),
        ("CNC-A-103 has a 73 % risk.", "CNC-A-103"),
        ("See https://example.com for CNC-A-102.", "link"),
        ("Read ![x](y) first.", "link"),
        ("As the manual says [7], it is fine.", "[7]"),
        ("About eleven failures are near.", "eleven"),
        ("Low risk for CNC-A-102.", "Low"),
        ("word " * 2000, "longer"),
    ],
)
async def test_an_unfaithful_wording_is_refused_and_said(text: str, reason: str, tmp_path: Path) -> None:
    answer, notes, _ = await asked(lambda system, user: Reply(text), tmp_path)
    assert answer.phrased_by == "templates"
    assert "73 % risk of failing within 7 days" in answer.text
    assert any("refused" in note and reason in note for note in notes)


async def test_a_dropped_safety_step_is_refused(tmp_path: Path) -> None:
    answer, notes, _ = await asked(
        lambda system, user: Reply("Drain the casing and change the seal [1]."), tmp_path, HOW_TO
    )
    assert answer.phrased_by == "templates"
    assert "Lock out the drive" in answer.text
    assert any("safety" in note for note in notes)


async def test_quoted_steps_kept_word_for_word_may_be_introduced_anew(tmp_path: Path) -> None:
    answer, _, _ = await asked(lambda system, user: Reply(f"Here is how:\n\n{facts(user)}"), tmp_path, HOW_TO)
    assert answer.phrased_by == "llm"
    assert "Lock out the drive" in answer.text


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, raw=b'{"error": {"message": "boom"}}'),
        Reply(raw=b"<html>not json"),
        Reply(raw=b'{"choices": []}'),
        Reply(raw=b""),
        Reply(text="   "),
        Reply(status=401, raw=b'{"error": {"message": "no key"}}'),
    ],
    ids=["error-500", "html", "no-choice", "empty-body", "blank-text", "no-key"],
)
async def test_a_broken_endpoint_loses_no_answer(reply: Reply, tmp_path: Path) -> None:
    answer, notes, _ = await asked(lambda system, user: reply, tmp_path)
    assert answer.phrased_by == "templates"
    assert "73 % risk of failing within 7 days" in answer.text
    assert any("language model" in note for note in notes)


async def test_a_slow_endpoint_loses_no_answer(tmp_path: Path) -> None:
    answer, notes, _ = await asked(
        lambda system, user: Reply("late", delay_seconds=1.0), tmp_path, llm_timeout_seconds=0.3
    )
    assert answer.phrased_by == "templates"
    assert any("time" in note for note in notes)


async def test_an_endpoint_that_is_not_there_loses_no_answer(tmp_path: Path) -> None:
    configured = Settings(home=tmp_path, llm_base_url="http://127.0.0.1:9/v1", llm_timeout_seconds=2.0)
    copilot = Copilot(
        scripted_toolbox(tmp_path, configured), DictMemory(), openai_model(configured), tools=scripted_tools()
    )
    answer, _ = await copilot.answer(RISK, thread_id="t", run_id="r", scope=LOCAL)
    assert answer.phrased_by == "templates"


def chooser(number: str) -> Script:
    def reply(system: str, user: str) -> Reply:
        return Reply(number) if "READINGS:" in user else Reply("")

    return reply


UNCLEAR = "CNC-A-102 qwertz asdf"


async def test_without_a_model_an_unclear_request_is_asked_back(tmp_path: Path) -> None:
    copilot = Copilot(scripted_toolbox(tmp_path), DictMemory(), tools=scripted_tools())
    answer, _ = await copilot.answer(UNCLEAR, thread_id="t", run_id="r", scope=LOCAL)
    assert answer.decision.path == "clarify"


async def test_the_model_settles_an_unclear_request(tmp_path: Path) -> None:
    answer, _, _ = await asked(chooser("1"), tmp_path, UNCLEAR)
    assert answer.decision.path == "llm"
    assert answer.results


@pytest.mark.parametrize("number", ["0", "17", "the second one, surely", "-1"])
async def test_a_choice_that_was_not_offered_leaves_the_question(number: str, tmp_path: Path) -> None:
    answer, _, _ = await asked(chooser(number), tmp_path, UNCLEAR)
    assert answer.decision.path == "clarify"


def test_no_endpoint_means_no_model() -> None:
    assert openai_model(Settings()) is None
