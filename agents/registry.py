"""The six agents: who answers what, and who is offered today. One line an agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agents.analytics.agent import answer as analytics
from agents.forecasting.agent import answer as forecasting
from agents.ml.agent import answer as ml
from agents.models import AgentName, AgentResult, Step
from agents.rag.agent import answer as rag
from agents.toolset import Desk

Handler = Callable[[Step, Desk], AgentResult]


@dataclass(frozen=True, slots=True)
class Registered:
    """`instead` is said when the agent is asked for and not offered yet."""

    name: AgentName
    label: str
    does: str
    handler: Handler | None
    instead: str = ""

    @property
    def offered(self) -> bool:
        return self.handler is not None


AGENTS: dict[AgentName, Registered] = {
    entry.name: entry
    for entry in (
        Registered("ml", "Failure risk", "how likely machines are to fail, and why", ml),
        Registered(
            "analytics", "Analytics", "how machines and lines have been doing, and why a value changed", analytics
        ),
        Registered(
            "forecasting", "Forecast", "where a measurement is heading, and when a limit is reached", forecasting
        ),
        Registered("rag", "Manuals", "error codes, procedures, spare parts and safety, quoted from the manuals", rag),
        Registered(
            "vision",
            "Inspection",
            "photos of parts and defects",
            None,
            "Looking at photos comes later. Today, describe what you see or name the error code, "
            "and I look it up in the manuals and in the machine's data.",
        ),
        Registered(
            "report",
            "Reports",
            "written reports",
            None,
            "Written reports come later. Today I can answer each part here: risk, trends, downtime, quality, "
            "forecasts.",
        ),
    )
}
