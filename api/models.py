"""What travels over HTTP and is not a tool's own shape.

Requests are strict: a number is not a string, an unknown field is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.evidence import Evidence
from tools.models import (
    AnalyticsRequest,
    Equipment,
    EquipmentState,
    FailureRisk,
    Forecast,
    ForecastRequest,
    PerformanceTrend,
    PredictRequest,
)

if TYPE_CHECKING:
    from api.database.tables import RunRow

ID_PATTERN = r"^[A-Za-z0-9_.\-]{1,128}$"


def refuse_lone_surrogates(value: object) -> object:
    r"""JSON can spell half a character (\ud800); no database can store it."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("is not valid Unicode text") from None
    return value


class RequestBody(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, protected_namespaces=())

    _valid_text = field_validator("*", mode="before")(refuse_lone_surrogates)


class HttpModel(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


# --- chat ---


class ChatMessage(RequestBody):
    """A question in its shortest form."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message": "Which machines are most likely to fail this week and why?"}]}
    )

    message: str = Field(description="The question, at most COPILOT_MAX_MESSAGE_BYTES bytes of UTF-8.")
    thread_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Conversation to continue; left out: a new one."
    )


class CancelResult(HttpModel):
    run_id: str
    cancelled: bool = Field(description="False when the run had ended already.")


# --- feedback and threads ---


class FeedbackRequest(RequestBody):
    """A verdict on an answer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"run_id": "5f0c", "verdict": "down", "comment": "The seal kit is 4711-B."}]}
    )

    run_id: str = Field(pattern=ID_PATTERN, description="The runId of RUN_STARTED.")
    verdict: Literal["up", "down"]
    comment: str | None = Field(None, max_length=2000, description="Why, in the person's words.")


class FeedbackStored(HttpModel):
    feedback_id: str
    run_id: str
    verdict: Literal["up", "down"]
    created_at: datetime


class ThreadMessage(HttpModel):
    role: Literal["user", "assistant"]
    text: str
    run_id: str
    created_at: datetime


class ThreadRun(HttpModel):
    run_id: str
    question: str
    status: Literal["running", "finished", "failed"]
    started_at: datetime
    ended_at: datetime | None
    verdict: Literal["up", "down"] | None = Field(description="The last verdict given, if any.")

    @classmethod
    def of(cls, run: RunRow, verdict: str | None) -> ThreadRun:
        fields = {name: getattr(run, name) for name in cls.model_fields if name != "verdict"}
        return cls.model_validate({**fields, "verdict": verdict})


class ThreadView(HttpModel):
    """One conversation: what was said, and every run with its state."""

    thread_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    messages: list[ThreadMessage]
    runs: list[ThreadRun]


# --- tools over HTTP: the tool's request, strict; the tool's result with what it stands on ---


class PredictBody(PredictRequest, RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"equipment_id": "CNC-A-102", "prediction_type": "failure_risk", "time_horizon": "7_days"}]
        }
    )


class AnalyticsBody(AnalyticsRequest, RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"equipment_id": "CNC-A-102", "analysis_type": "performance_trend", "time_range": "last_30_days"}
            ]
        }
    )


class ForecastBody(ForecastRequest, RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"equipment_id": "CNC-A-102", "metric": "temperature", "forecast_horizon": "24_hours"}]
        }
    )


class Grounded(BaseModel):
    """What every answer adds to the tool's result."""

    evidence: list[Evidence] = Field(description="Tool, query or model version, window, rows, freshness.")
    notes: list[str] = Field(description="What the reader must know: stale, missing, partial.")


class PredictResponse(FailureRisk, Grounded):
    """Failure risk of one machine."""


class AnalyticsResponse(PerformanceTrend, Grounded):
    """KPIs and trends over a past range."""


class ForecastResponse(Forecast, Grounded):
    """A metric's course over the horizon, with its band and limit crossings."""


class EquipmentStateResponse(EquipmentState, Grounded):
    """One machine with its latest state."""


class EquipmentList(HttpModel):
    equipment: list[Equipment]
    count: int


# --- operations ---


class PortReport(HttpModel):
    """One port: which adapter is active, whether it answers, and how to change it."""

    port: str
    adapter: str
    version: str = Field("", description="Of the library behind it, when there is one.")
    state: Literal["ok", "empty", "off", "failed"]
    detail: str
    change: str = Field("", description="What to set or run to change it.")


class DataAge(HttpModel):
    snapshot: str
    published_at: datetime
    data_until: datetime | None
    age_seconds: float | None = Field(description="Now minus the newest reading.")
    is_stale: bool = Field(description="Older than COPILOT_STALE_AFTER_HOURS.")


class Health(HttpModel):
    status: Literal["ok", "degraded", "down"]
    version: str
    time: datetime
    ports: list[PortReport]
    data: DataAge | None = Field(description="Null until something has been published.")


class Ready(HttpModel):
    status: Literal["ready", "not_ready"]
    waiting_for: list[str]


class Alive(HttpModel):
    status: Literal["alive"] = "alive"


class FieldProblem(HttpModel):
    field: str
    value: str | None = Field(description="What was sent, shortened.")
    message: str


class Problem(HttpModel):
    """RFC 9457 problem details."""

    type: str = Field(description="urn:copilot:problem:<code>, listed in docs/reference/http.md.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="urn:copilot:request:<request id>, also in the X-Request-ID header.")
    code: str
    retriable: bool
    remedy: str | None = None
    field: str | None = None
    errors: list[FieldProblem] | None = Field(None, description="One entry per refused field.")


Json = dict[str, Any]
