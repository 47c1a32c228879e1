"""One run: its log in order, its failures, its end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.events import TERMINAL, RunEvent
from agents.supervisor import Copilot
from core.errors import InvalidInput, LimitExceeded, NotReady, PayloadTooLarge, Unavailable
from core.scope import LOCAL, Scope
from core.settings import Settings
from tests.doubles.agent_tools import DictMemory, scripted_toolbox, scripted_tools
from tools.models import PredictRequest
from tools.ports import Toolbox

COMPOUND = "Is PUMP-B-203 likely to fail, what will its temperature do tomorrow, and how do I change its seal?"
RISK = "Is CNC-A-102 likely to fail?"


@pytest.fixture
def copilot(tmp_path: Path) -> Copilot:
    return Copilot(scripted_toolbox(tmp_path), DictMemory(), tools=scripted_tools())


def copilot_with(tmp_path: Path, settings: Settings | None = None, **tools: Any) -> Copilot:
    return Copilot(scripted_toolbox(tmp_path, settings), DictMemory(), tools=scripted_tools(**tools))


async def log_of(copilot: Copilot, message: str, thread_id: str = "t", scope: Scope = LOCAL) -> list[RunEvent]:
    return [event async for event in copilot.run(message, thread_id=thread_id, run_id="r", scope=scope)]


def text_of(log: Sequence[RunEvent]) -> str:
    return "".join(event.data["text"] for event in log if event.type == "text_delta")


def failing(error: Exception) -> Any:
    def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Any:
        raise error

    return predict_failure


async def test_the_run_log_counts_without_holes(copilot: Copilot) -> None:
    log = await log_of(copilot, COMPOUND)
    assert [event.seq for event in log] == list(range(len(log)))


async def test_a_run_ends_with_its_one_terminal_event(copilot: Copilot) -> None:
    log = await log_of(copilot, COMPOUND)
    assert [event.type for event in log if event.type in TERMINAL] == ["run_finished"]
    assert log[-1].type == "run_finished"


async def test_events_come_in_the_order_of_the_contract(copilot: Copilot) -> None:
    kinds = [str(event.type) for event in await log_of(copilot, COMPOUND)]
    order = [
        "run_started",
        "route_decided",
        "agent_started",
        "text_delta",
        "citation",
        "chart",
        "evidence",
        "run_finished",
    ]
    assert sorted(order, key=kinds.index) == order


async def test_each_part_of_a_compound_request_is_answered_once(copilot: Copilot) -> None:
    log = await log_of(copilot, COMPOUND)
    finished = [event.data["agent"] for event in log if event.type == "agent_finished"]
    assert sorted(finished) == ["forecasting", "ml", "rag"]


async def test_the_answer_follows_the_order_of_the_questions(copilot: Copilot) -> None:
    text = text_of(await log_of(copilot, COMPOUND))
    assert text.index("73 % risk") < text.index("temperature on 2026-03-02") < text.index("Drain the casing")


async def test_the_streamed_text_is_the_answer(copilot: Copilot) -> None:
    answer, log = await copilot.answer(COMPOUND, thread_id="t", run_id="r", scope=LOCAL)
    assert text_of(log) == answer.text


async def test_the_answer_says_what_it_stands_on(copilot: Copilot) -> None:
    text = text_of(await log_of(copilot, RISK))
    assert "From: model failure 14, 4,291 rows of latest_risk" in text


async def test_a_measurement_no_group_is_compared_by_is_said_to_be_missing(copilot: Copilot) -> None:
    text = text_of(await log_of(copilot, "compressor pressure trend last month"))
    assert "Note: Pressure is compared for one machine at a time: name one." in text


async def test_agents_work_side_by_side(tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=5)

    def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Any:
        meeting.wait()
        return scripted_tools().predict_failure(request, toolbox, scope)

    log = await log_of(
        copilot_with(tmp_path, predict_failure=predict_failure), "Are CNC-A-101 and CNC-A-102 likely to fail?"
    )
    assert log[-1].type == "run_finished"


@pytest.mark.parametrize(("message", "code"), [("", "invalid_input"), ("x" * 20_000, "payload_too_large")])
async def test_a_message_that_cannot_be_read_ends_the_run(copilot: Copilot, message: str, code: str) -> None:
    log = await log_of(copilot, message)
    assert [event.type for event in log] == ["run_started", "run_failed"]
    assert log[-1].data["code"] == code


async def test_a_huge_message_is_not_echoed(copilot: Copilot) -> None:
    log = await log_of(copilot, "x" * 10_000_000)
    assert len(log[0].data["message"]) <= 2_000


async def test_answer_raises_what_the_log_would_end_with(copilot: Copilot) -> None:
    with pytest.raises(InvalidInput):
        await copilot.answer(" ", thread_id="t", run_id="r", scope=LOCAL)
    with pytest.raises(PayloadTooLarge):
        await copilot.answer("x" * 20_000, thread_id="t", run_id="r", scope=LOCAL)


async def test_one_failed_part_says_its_remedy_and_the_others_stand(tmp_path: Path) -> None:
    error = NotReady("No model is registered.", remedy="Run `copilot train failure`.")
    text = text_of(await log_of(copilot_with(tmp_path, predict_failure=failing(error)), COMPOUND))
    assert "No model is registered. Run `copilot train failure`." in text
    assert "Drain the casing" in text


async def test_when_every_part_fails_the_run_fails_with_its_code(tmp_path: Path) -> None:
    error = NotReady("No model is registered.", remedy="Run `copilot train failure`.")
    log = await log_of(copilot_with(tmp_path, predict_failure=failing(error)), RISK)
    assert log[-1].type == "run_failed"
    assert log[-1].data["code"] == "not_ready"
    assert log[-1].data["remedy"] == "Run `copilot train failure`."


async def test_a_negative_horizon_is_an_error_that_names_it(copilot: Copilot) -> None:
    log = await log_of(copilot, "Forecast the temperature of CNC-A-102 for -3 days")
    assert log[-1].data["code"] == "invalid_input"
    assert "-3_days" in log[-1].data["message"]


async def test_the_text_of_a_defect_never_leaves(tmp_path: Path) -> None:
    log = await log_of(copilot_with(tmp_path, predict_failure=failing(RuntimeError("secret path"))), RISK)
    assert log[-1].data["code"] == "internal"
    assert "secret" not in "".join(event.model_dump_json() for event in log)


async def test_a_defect_before_the_agents_ends_the_run_too(tmp_path: Path) -> None:
    def list_equipment(toolbox: Toolbox, scope: Scope) -> Any:
        raise RuntimeError("secret path")

    log = await log_of(copilot_with(tmp_path, list_equipment=list_equipment), RISK)
    assert log[-1].data["code"] == "internal"
    assert "secret" not in log[-1].model_dump_json()


async def test_an_unreachable_memory_fails_the_run_as_what_it_is(tmp_path: Path) -> None:
    class Away(DictMemory):
        async def remember(self, thread_id: str, **told: Any) -> None:
            raise Unavailable("The app database does not answer.", remedy="Start it.")

    copilot = Copilot(scripted_toolbox(tmp_path), Away(), tools=scripted_tools())
    assert (await log_of(copilot, RISK))[-1].data["code"] == "unavailable"


async def test_a_run_over_its_time_is_stopped_and_says_so(tmp_path: Path) -> None:
    def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Any:
        time.sleep(0.6)

    settings = Settings(home=tmp_path, run_max_seconds=0.2)
    copilot = copilot_with(tmp_path, settings, predict_failure=predict_failure)
    with pytest.raises(LimitExceeded, match=r"longer than 0\.2 seconds"):
        await copilot.answer(RISK, thread_id="t", run_id="r", scope=LOCAL)


async def test_closing_the_run_calls_no_further_tool(tmp_path: Path) -> None:
    started, go = threading.Event(), threading.Event()
    calls: list[str] = []

    def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Any:
        calls.append(request.equipment_id)
        started.set()
        go.wait(5)
        return scripted_tools().predict_failure(request, toolbox, scope)

    run = copilot_with(tmp_path, predict_failure=predict_failure).run(RISK, thread_id="t", run_id="r", scope=LOCAL)
    async for event in run:
        if event.type == "tool_started":
            break
    await asyncio.to_thread(started.wait, 5)
    await run.aclose()
    go.set()
    await asyncio.sleep(0.05)
    assert calls == ["CNC-A-102"]


async def test_nothing_imported_yet_still_lets_the_manuals_answer(tmp_path: Path) -> None:
    def list_equipment(toolbox: Toolbox, scope: Scope) -> Any:
        raise NotReady("Nothing has been published.", remedy="Run `copilot transform`.")

    text = text_of(await log_of(copilot_with(tmp_path, list_equipment=list_equipment), "How do I change the seal?"))
    assert "Drain the casing" in text


async def test_a_thread_remembers_its_machine(copilot: Copilot) -> None:
    await log_of(copilot, "How is CNC-A-102 doing?")
    assert "CNC-A-102: 73 %" in text_of(await log_of(copilot, "Will it fail this week?"))


async def test_another_subjects_thread_does_not_exist(copilot: Copilot) -> None:
    await log_of(copilot, "How is CNC-A-102 doing?")
    stranger = Scope(subject="stranger")
    assert "Which machine" in text_of(await log_of(copilot, "Will it fail this week?", scope=stranger))


async def test_a_machine_of_another_plant_is_unknown(copilot: Copilot) -> None:
    south = Scope(subject="s", plants=frozenset({"south"}))
    text = text_of(await log_of(copilot, RISK, scope=south))
    assert "I know no machine 'CNC-A-102'" in text
    assert "A-1" not in text.split("Nearest")[1]


async def test_an_agent_not_offered_says_so_and_what_can_be_done(copilot: Copilot) -> None:
    text = text_of(await log_of(copilot, "Will CNC-A-102 fail this week? Write me a report about it."))
    assert "Written reports come later" in text
    assert "73 % risk" in text


async def test_what_the_manuals_lack_is_refused_in_words(copilot: Copilot) -> None:
    text = text_of(await log_of(copilot, "What does E-999 mean?"))
    assert "E-999 is not in the manuals I have" in text


async def test_many_runs_at_once_keep_their_own_logs(copilot: Copilot) -> None:
    logs = await asyncio.gather(*(log_of(copilot, COMPOUND, thread_id=f"t{number}") for number in range(20)))
    assert all([event.seq for event in log] == list(range(len(log))) for log in logs)
    assert len({text_of(log) for log in logs}) == 1
