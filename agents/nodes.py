"""The stations of the graph, in order: guard, understand, agent (many at once), compose, check, say, remember."""

from __future__ import annotations

import asyncio
import logging
import re

from langgraph.runtime import Runtime
from langgraph.types import Send

from agents.composing.compose import Composed, compose
from agents.guardrails.message import checked_message
from agents.guardrails.phrasing import objections
from agents.models import AgentResult, Answer, Focus, Plan, Step
from agents.registry import AGENTS
from agents.routing.classifier import sentence_encoder
from agents.routing.router import Router, focus_after
from agents.state import RunContext, RunState, StepState
from agents.toolset import Desk
from core.errors import CopilotError, Internal, NotReady, Unavailable
from tools.models import Equipment

_log = logging.getLogger(__name__)
_CHUNK = re.compile(r"\S+\s*|\s+")
_WORDS_A_DELTA = 6


async def guard(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    limit = runtime.context.toolbox.settings.max_message_bytes
    return {"message": checked_message(state["message"], max_bytes=limit)}


async def understand(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    context = runtime.context
    focus = await context.memory.focus(context.thread_id, subject=context.scope.subject)
    context.machines = await asyncio.to_thread(_machines, context)
    router = Router(
        context.machines,
        now=context.toolbox.clock.now(),
        threshold=context.toolbox.settings.routing_threshold,
        metrics_file=context.toolbox.workspace.metrics_file,
        encoder=sentence_encoder(context.toolbox.workspace),
    )
    plan = await router.plan(state["message"], focus, context.llm)
    steps = [step.model_dump(mode="json") for step in plan.steps]
    context.write("route_decided", {**plan.decision.model_dump(mode="json"), "steps": steps, "question": plan.question})
    return {"plan": plan.model_dump(mode="json"), "focus": focus.model_dump(mode="json")}


def _machines(context: RunContext) -> tuple[Equipment, ...]:
    try:
        return tuple(context.tools.list_equipment(context.toolbox, context.scope))
    except NotReady:
        return ()  # nothing imported yet: the manuals still answer, every other tool says what to run first


def fan_out(state: RunState) -> list[Send] | str:
    steps = state["plan"]["steps"]
    return [Send("agent", StepState(number=number, step=step)) for number, step in enumerate(steps)] or "compose"


async def agent(state: StepState, runtime: Runtime[RunContext]) -> RunState:
    step, number, context = Step.model_validate(state["step"]), state["number"], runtime.context
    told = {"agent": step.agent, "intent": step.intent, "step": number}
    context.write("agent_started", told)
    desk = Desk(
        tools=context.tools,
        toolbox=context.toolbox,
        scope=context.scope,
        now=context.toolbox.clock.now(),
        agent=step.agent,
        step=number,
        machines=context.machines,
        emit=context.write,
        stopped=context.stopped,
    )
    result = await asyncio.to_thread(_answered, step, desk, context)
    context.write("agent_finished", {**told, "status": result.status, "notes": result.notes})
    return {"results": [{"number": number, "result": result.model_dump(mode="json")}]}


def _answered(step: Step, desk: Desk, context: RunContext) -> AgentResult:
    handler = AGENTS[step.agent].handler
    assert handler is not None  # the router plans offered agents only
    try:
        return handler(step, desk)
    except CopilotError as error:
        return _failed(step, desk.step, error, context)
    except Exception:  # noqa: BLE001  # boundary: one part's defect must not take the others with it
        _log.exception("agent %s failed in run %s", step.agent, context.run_id)
        defect = Internal("Something went wrong on our side.", remedy=f"The reference is {context.run_id}.")
        return _failed(step, desk.step, defect, context)


def _failed(step: Step, number: int, error: CopilotError, context: RunContext) -> AgentResult:
    context.failures[number] = error
    label = AGENTS[step.agent].label
    text = f"**{label}: no answer.** {error.message} {error.remedy}".rstrip()
    return AgentResult(agent=step.agent, intent=step.intent, status="failed", text=text, error_code=error.code)


async def compose_answer(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    """Raises the first failure when there is nothing else to say."""
    context, plan = runtime.context, Plan.model_validate(state["plan"])
    results = _in_order(state)
    failed = [result for result in results if result.status == "failed"]
    if results and len(failed) == len(results) and not plan.remarks and plan.question is None:
        raise context.failures[min(context.failures)]
    context.composed = compose(results, plan.remarks, plan.question, context.toolbox.clock.now())
    return {"text": context.composed.text, "phrased_by": "templates"}


def _in_order(state: RunState) -> list[AgentResult]:
    ordered = sorted(state.get("results", []), key=lambda item: int(item["number"]))
    return [AgentResult.model_validate(item["result"]) for item in ordered]


async def check(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    """With a language model: its wording when it passes every check, else the templates'. Without: nothing to do."""
    context = runtime.context
    if context.llm is None or not state["plan"]["steps"]:
        return {}
    phrased = await _phrased(state["message"], context)
    if phrased is None:
        return {}
    footer = context.composed.footer
    return {"text": f"{phrased}\n\n{footer}" if footer else phrased, "phrased_by": "llm"}


async def _phrased(message: str, context: RunContext) -> str | None:
    assert context.llm is not None
    facts = context.composed.body
    try:
        async with asyncio.timeout(context.toolbox.settings.llm_timeout_seconds):
            text = (await context.llm.phrase(message, facts)).strip()
    except (Unavailable, TimeoutError) as error:
        reason = error.message if isinstance(error, Unavailable) else "The language model did not answer in time."
        context.phrasing_notes.append(f"{reason} The answer is in the templates' words.")
        return None
    wrong = objections(text, facts)
    if wrong:
        context.phrasing_notes.append(f"The language model's wording was refused: {wrong[0].reason}.")
        return None
    return text


async def say(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    context, plan, composed = runtime.context, Plan.model_validate(state["plan"]), runtime.context.composed
    context.answer = Answer(
        run_id=context.run_id,
        thread_id=context.thread_id,
        text=state["text"],
        results=composed.results,
        decision=plan.decision,
        phrased_by=state["phrased_by"],
        focus=focus_after(plan, Focus.model_validate(state["focus"])),
        finished_at=context.toolbox.clock.now(),
    )
    for piece in deltas(state["text"]):
        context.write("text_delta", {"text": piece})
    _write_all(context, composed)
    return {}


def _write_all(context: RunContext, composed: Composed) -> None:
    for citation in composed.citations:
        context.write("citation", citation.model_dump(mode="json"))
    for result in composed.results:
        for chart in result.charts:
            context.write("chart", chart.model_dump(mode="json"))
    for evidence in composed.evidence:
        context.write("evidence", evidence.model_dump(mode="json"))


def deltas(text: str) -> list[str]:
    """Groups of a few words; joined they are `text`."""
    words = _CHUNK.findall(text)
    return ["".join(words[start : start + _WORDS_A_DELTA]) for start in range(0, len(words), _WORDS_A_DELTA)]


async def remember(state: RunState, runtime: Runtime[RunContext]) -> RunState:
    context = runtime.context
    assert context.answer is not None
    await context.memory.remember(
        context.thread_id,
        subject=context.scope.subject,
        question=state["message"],
        answer=context.answer.text,
        focus=context.answer.focus,
        run_id=context.run_id,
    )
    return {}
