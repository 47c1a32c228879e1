"""One request, from words to one checked answer. The graph below is the picture in the design."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents import nodes
from agents.events import RunEvent, RunEventType
from agents.models import Answer
from agents.ports import LanguageModel, ThreadMemory
from agents.state import RunContext, RunState, nobody
from agents.toolset import Toolset, house_tools
from core.clock import Clock
from core.errors import CopilotError, Internal, LimitExceeded
from core.scope import Scope
from tools.ports import Toolbox

RECURSION_LIMIT = 12
"""Supersteps of one run: the longest path has eight."""
_SHOWN_MESSAGE = 2_000
_log = logging.getLogger(__name__)

Graph = CompiledStateGraph[RunState, RunContext, Any, Any]


def build_graph() -> Graph:
    graph = StateGraph(RunState, context_schema=RunContext)
    graph.add_node("guard", nodes.guard)
    graph.add_node("understand", nodes.understand)
    graph.add_node("agent", nodes.agent)
    graph.add_node("compose", nodes.compose_answer)
    graph.add_node("check", nodes.check)
    graph.add_node("say", nodes.say)
    graph.add_node("remember", nodes.remember)

    graph.add_edge(START, "guard")
    graph.add_edge("guard", "understand")
    graph.add_conditional_edges("understand", nodes.fan_out, ["agent", "compose"])
    graph.add_edge("agent", "compose")
    graph.add_edge("compose", "check")
    graph.add_edge("check", "say")
    graph.add_edge("say", "remember")
    graph.add_edge("remember", END)
    return graph.compile()


class Copilot:
    """Answers messages. One instance serves every run of the process."""

    def __init__(
        self,
        toolbox: Toolbox,
        memory: ThreadMemory,
        llm: LanguageModel | None = None,
        *,
        tools: Toolset | None = None,
    ) -> None:
        self._toolbox = toolbox
        self._memory = memory
        self._llm = llm
        self._tools = tools
        self._graph = build_graph()

    async def run(self, message: str, *, thread_id: str, run_id: str, scope: Scope) -> AsyncGenerator[RunEvent, None]:
        """The run log as it is written: `seq` from 0 without holes, exactly one terminal event, at the end.

        Closing the iterator stops the run: no further tool is called.
        """
        run = _Run(self._context(thread_id, run_id, scope), self._toolbox)
        async with contextlib.aclosing(run.events(self._graph, message)) as events:
            async for event in events:
                yield event

    async def answer(self, message: str, *, thread_id: str, run_id: str, scope: Scope) -> tuple[Answer, list[RunEvent]]:
        """The final answer and its run log.

        Raises:
            CopilotError: what a run log would end with as run_failed.
        """
        run = _Run(self._context(thread_id, run_id, scope), self._toolbox)
        log = [event async for event in run.events(self._graph, message)]
        if run.error is not None:
            raise run.error
        assert run.context.answer is not None  # no error means `say` was reached
        return run.context.answer, log

    def _context(self, thread_id: str, run_id: str, scope: Scope) -> RunContext:
        return RunContext(
            thread_id=thread_id,
            run_id=run_id,
            scope=scope,
            toolbox=self._toolbox,
            memory=self._memory,
            tools=self._tools or house_tools(),
            llm=self._llm,
            write=nobody,
        )


class _Run:
    """One run as a task of its own, so that its time limit and its cancellation are its own too."""

    def __init__(self, context: RunContext, toolbox: Toolbox) -> None:
        self.context = context
        self.error: CopilotError | None = None
        self._clock: Clock = toolbox.clock
        self._limit = toolbox.settings.run_max_seconds
        self._queue: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        self._seq = 0

    async def events(self, graph: Graph, message: str) -> AsyncGenerator[RunEvent, None]:
        loop = asyncio.get_running_loop()
        self.context.write = lambda kind, data: _post(loop, self._record, kind, data)
        task = asyncio.create_task(self._work(graph, message))
        try:
            while (event := await self._queue.get()) is not None:
                yield event
        finally:
            self.context.stopped.set()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _work(self, graph: Graph, message: str) -> None:
        self._record("run_started", {"message": message[:_SHOWN_MESSAGE]})
        try:
            async with asyncio.timeout(self._limit):
                await graph.ainvoke(
                    {"message": message}, context=self.context, config={"recursion_limit": RECURSION_LIMIT}
                )
        except CopilotError as error:
            self.error = error
        except TimeoutError:
            self.error = LimitExceeded(
                f"The run took longer than {self._limit:g} seconds and was stopped.",
                remedy="Ask for less at once, or raise COPILOT_RUN_MAX_SECONDS.",
            )
        except Exception:  # noqa: BLE001  # boundary: a defect of ours; its text stays in the log
            _log.exception("run %s failed", self.context.run_id)
            self.error = internal(self.context.run_id)
        await asyncio.sleep(0)  # what threads have posted stands in the log before its end
        self._finish()

    def _finish(self) -> None:
        self.context.stopped.set()
        if self.error is not None:
            self._record("run_failed", failure(self.error))
        else:
            answer = self.context.answer
            assert answer is not None
            notes = list(dict.fromkeys(note for result in answer.results for note in result.notes))
            focus = answer.focus.model_dump(mode="json")
            notes += self.context.phrasing_notes
            self._record("run_finished", {"phrased_by": answer.phrased_by, "notes": notes, "focus": focus})
        self._queue.put_nowait(None)

    def _record(self, kind: RunEventType, data: dict[str, Any]) -> None:
        event = RunEvent(
            run_id=self.context.run_id,
            thread_id=self.context.thread_id,
            seq=self._seq,
            type=kind,
            at=self._clock.now(),
            data=data,
        )
        self._seq += 1
        self._queue.put_nowait(event)


def _post(loop: asyncio.AbstractEventLoop, record: Any, kind: str, data: dict[str, Any]) -> None:
    """From any thread; after the loop has closed nobody listens any more."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(record, kind, data)


def internal(run_id: str) -> Internal:
    return Internal("Something went wrong on our side.", remedy=f"Tell your administrator the reference {run_id}.")


def failure(error: CopilotError) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": error.message,
        "remedy": error.remedy,
        "retriable": error.retriable,
        "field": error.field,
    }
