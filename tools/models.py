"""Requests and results of the tools. Field names of the public shapes stay as DESIGN section 9 gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RiskLevel = Literal["Low", "Medium", "High", "Critical"]


class ToolModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


# --- machines ---


class Equipment(ToolModel):
    equipment_id: str
    name: str | None
    equipment_type: str
    plant_id: str
    area: str | None
    line: str | None
    model: str | None
    criticality: str | None
    aliases: tuple[str, ...] = Field(default=(), description="Other ways people write it.")


class MetricState(ToolModel):
    metric: str
    label: str
    unit: str
    value: float
    measured_at: datetime
    warning_high: float | None = None
    alarm_high: float | None = None
    normal_30d: float | None = Field(None, description="Mean of the 30 days before.")


class EquipmentState(ToolModel):
    equipment: Equipment
    state: str | None = Field(description="Last reported state; None when the source reports none.")
    state_since: datetime | None
    metrics: list[MetricState]
    last_failure_at: datetime | None
    last_maintenance_at: datetime | None
    open_alarms: list[str]
    health_score: float | None = Field(
        description="0 to 100 of the latest day with enough coverage; None when unknown."
    )
    failure_probability_7d: float | None


# --- failure risk ---


class PredictRequest(ToolModel):
    equipment_id: str
    prediction_type: Literal["failure_risk"] = "failure_risk"
    time_horizon: str = "7_days"


class Factor(ToolModel):
    """One contribution to a risk, in plant language, with its numbers."""

    text: str = Field(description="e.g. 'Vibration 12 % above its 30-day normal (3.4 against 3.0 mm/s)'.")
    feature: str
    value: float | None
    normal: float | None = None
    unit: str = ""
    contribution: float = Field(description="Log-odds added to the hazard (xgboost pred_contribs).")


class FailureRisk(ToolModel):
    equipment_id: str
    failure_probability: float
    probability_interval: tuple[float, float] | None
    risk_level: RiskLevel
    contributing_factors: list[str]
    recommended_action: str
    time_horizon: str
    horizon_hours: float
    factors: list[Factor]
    as_of: datetime = Field(description="End of the data the score used.")
    scored_at: datetime
    model_name: str
    model_version: str


class RankRequest(ToolModel):
    time_horizon: str = "7_days"
    limit: int = Field(5, ge=1, le=100)
    equipment_type: str | None = None
    plant_id: str | None = None
    line: str | None = None


class RiskRanking(ToolModel):
    machines: list[FailureRisk]
    considered: int = Field(description="Machines with a score.")
    without_score: int = Field(description="Machines of the scope that have none.")
    time_horizon: str


# --- analytics ---


class AnalyticsRequest(ToolModel):
    equipment_id: str | None = None
    analysis_type: Literal["performance_trend", "quality", "downtime", "oee", "reliability"] = "performance_trend"
    time_range: str = "last_30_days"
    plant_id: str | None = None
    line: str | None = None
    equipment_type: str | None = None


class TrendPoint(ToolModel):
    date: str
    value: float | None


class Trend(ToolModel):
    metric: str
    label: str
    unit: str
    points: list[TrendPoint]
    change_percent: float | None = Field(description="Second half against first half of the range.")
    direction: Literal["rising", "falling", "steady", "unknown"]


class PerformanceTrend(ToolModel):
    equipment_id: str | None
    analysis_type: str
    time_range: str
    metrics: dict[str, str | None] = Field(
        description="Formatted, e.g. avg_uptime: '92.3%'; null when it cannot be computed."
    )
    values: dict[str, float | None] = Field(description="Numeric twins of `metrics`.")
    units: dict[str, str]
    trends: dict[str, Trend]
    insights: list[str]


class ExplainChangeRequest(ToolModel):
    """Why did a metric of a machine change?"""

    equipment_id: str
    metric: str
    time_range: str = "last_7_days"


class RelatedChange(ToolModel):
    kind: Literal["metric", "alarm", "failure", "maintenance", "note", "state"]
    text: str
    subject: str | None = Field(None, description="Label of the metric, code, or component.")
    at: datetime | None = None
    strength: float | None = Field(None, description="Correlation of hourly means with the asked metric, -1 to 1.")
    change_percent: float | None = Field(None, description="Change of a metric against the windows before.")


class ChangeExplanation(ToolModel):
    equipment_id: str
    metric: str
    label: str
    unit: str
    mean: float
    baseline_mean: float
    change_percent: float
    is_unusual: bool = Field(description="Outside 2 standard deviations of the machine's earlier same-length windows.")
    likely_causes: list[str]
    related: list[RelatedChange]
    trend: Trend


# --- forecast ---


class ForecastRequest(ToolModel):
    equipment_id: str
    metric: str
    forecast_horizon: str = "24_hours"
    model: Literal["profile", "prophet"] = "profile"


class ForecastValue(ToolModel):
    timestamp: datetime
    value: float
    confidence_interval: tuple[float, float]


class ThresholdViolation(ToolModel):
    timestamp: datetime = Field(description="Median first crossing.")
    predicted_value: float
    threshold: float
    severity: Literal["Warning", "Alarm"]
    probability: float
    earliest: datetime | None
    latest: datetime | None


class Forecast(ToolModel):
    equipment_id: str
    metric: str
    label: str
    unit: str
    forecast_horizon: str
    model: str
    forecasted_values: list[ForecastValue]
    threshold_violations: list[ThresholdViolation]
    has_limits: bool = Field(description="False when no limit is known: violations then cannot be judged.")
    recommendation: str
    history: list[TrendPoint] = Field(description="Last 72 hourly means, for the chart.")
    band_coverage: float
    backtest_coverage: float | None
    backtest_mase: float | None


# --- manuals ---


class SearchRequest(ToolModel):
    question: str
    equipment_type: str | None = None
    limit: int = Field(4, ge=1, le=20)


class Passage(ToolModel):
    """One chunk of a manual, with enough to find it on paper."""

    chunk_id: str
    document: str
    title: str
    section_path: str = Field(description="Headings from the top, joined by ' > '.")
    page: int | None
    text: str
    score: float
    equipment_types: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        page = f", p. {self.page}" if self.page is not None else ""
        return f"{self.title}, {self.section_path}{page}"


class SearchResult(ToolModel):
    passages: list[Passage]
    is_answerable: bool = Field(description="False: the manuals do not cover the question; do not answer from them.")
    mode: Literal["hybrid", "lexical"]
    reason: str | None = Field(None, description="Why it was refused.")


AnyResult = FailureRisk | RiskRanking | PerformanceTrend | ChangeExplanation | Forecast | SearchResult | EquipmentState
Json = dict[str, Any]
