"""What the supervisor and the agents say to each other. JSON types only, so that state can be checkpointed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.evidence import Evidence

AgentName = Literal["vision", "rag", "report", "ml", "analytics", "forecasting"]
OFFERED: tuple[AgentName, ...] = ("ml", "analytics", "forecasting", "rag")
"""Agents that answer today. Vision and Report have their places and are not offered."""


class AgentModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Slots(AgentModel):
    """What was understood. A value stands here only when it resolved in the registry or parsed."""

    equipment_ids: tuple[str, ...] = ()
    equipment_type: str | None = None
    plant_id: str | None = None
    line: str | None = None
    metric: str | None = None
    time_range: str | None = Field(None, description="Past, e.g. last_7_days.")
    horizon: str | None = Field(None, description="Future, e.g. 24_hours.")
    error_code: str | None = None
    topic: str | None = Field(None, description="Rest of a question to the manuals.")
    window: str | None = Field(None, description="Part of the future asked about, 'START/END' in ISO 8601, UTC.")
    threshold: float | None = Field(None, description="Level asked about, in `threshold_unit`.")
    threshold_unit: str | None = Field(None, description="pint spelling.")


class Step(AgentModel):
    """One call of one agent."""

    agent: AgentName
    intent: str = Field(description="Name in the agent's intents.yml, e.g. failure_risk.")
    slots: Slots
    clause: str = Field(description="The words it answers.")


class Vote(AgentModel):
    voter: Literal["template", "classifier", "slots", "llm", "focus"]
    intent: str
    score: float


class Decision(AgentModel):
    """How the request was understood; part of the run, so it can be explained."""

    clauses: list[str]
    votes: list[list[Vote]]
    confidence: float
    path: Literal["template", "classifier", "llm", "clarify", "refuse"]
    reason: str = ""


class Plan(AgentModel):
    steps: list[Step]
    decision: Decision
    question: str | None = Field(None, description="One short question back, when no reading is sure enough.")
    remarks: list[str] = Field(default=[], description="Said without an agent: help, out of scope, not offered yet.")


class Focus(AgentModel):
    """What the conversation is about, so that 'it' and 'last month?' work."""

    equipment_ids: tuple[str, ...] = ()
    equipment_type: str | None = Field(None, description="With plant_id and line: of the last answer about a group.")
    plant_id: str | None = None
    line: str | None = None
    metric: str | None = None
    time_range: str | None = None
    horizon: str | None = None
    last_intent: str | None = None
    error_code: str | None = None


class Citation(AgentModel):
    number: int
    document: str
    title: str
    section: str
    page: int | None
    quote: str


class Chart(AgentModel):
    """A small line chart: points are [ISO time, value] ; band is [ISO time, low, high]."""

    title: str
    unit: str
    series: list[tuple[str, float | None]]
    forecast: list[tuple[str, float]] = []
    band: list[tuple[str, float, float]] = []
    limits: list[tuple[str, float]] = Field(default=[], description="(name, value)")


class AgentResult(AgentModel):
    agent: AgentName
    intent: str
    status: Literal["answered", "refused", "failed"]
    text: str = Field(description="Markdown of this part of the answer, numbers from tools only.")
    data: dict[str, Any] = Field(default_factory=dict, description="The tool's result as JSON.")
    evidence: list[Evidence] = []
    citations: list[Citation] = []
    charts: list[Chart] = []
    notes: list[str] = []
    error_code: str | None = None


class Answer(AgentModel):
    """The unified answer of one run."""

    run_id: str
    thread_id: str
    text: str
    results: list[AgentResult]
    decision: Decision
    phrased_by: Literal["templates", "llm"]
    focus: Focus
    finished_at: datetime
