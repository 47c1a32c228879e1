"""Test doubles: tools that answer from a small fixed plant, and a thread memory in a dict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agents.models import Focus
from agents.toolset import Toolset
from core.clock import FixedClock
from core.errors import UnknownEquipment
from core.evidence import Evidence, Evidenced, Window
from core.scope import Scope
from core.settings import Settings
from core.workspace import Workspace
from tests.doubles.warehouse import ScriptedWarehouse
from tools.models import (
    AnalyticsRequest,
    ChangeExplanation,
    Equipment,
    EquipmentState,
    ExplainChangeRequest,
    FailureRisk,
    Forecast,
    ForecastRequest,
    ForecastValue,
    MetricState,
    Passage,
    PerformanceTrend,
    PredictRequest,
    RankRequest,
    RelatedChange,
    RiskRanking,
    SearchRequest,
    SearchResult,
    ThresholdViolation,
    Trend,
    TrendPoint,
)
from tools.ports import ManualSearch, Toolbox

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
NEWEST = NOW - timedelta(minutes=2)
_KINDS = {"CNC": "cnc", "PUMP": "pump", "ROBOT": "robot", "PRESS": "press", "CONV": "conveyor", "COMP": "compressor"}
_NUMBERS = (("A", 101), ("A", 102), ("B", 203), ("B", 204))

MACHINES = tuple(
    Equipment(
        equipment_id=f"{prefix}-{hall}-{number}",
        name=None,
        equipment_type=kind,
        plant_id="north" if hall == "A" else "south",
        area=None,
        line="N1" if hall == "A" else "S2",
        model=None,
        criticality=None,
        aliases=(f"{prefix} {hall}{number}",),
    )
    for prefix, kind in _KINDS.items()
    for hall, number in _NUMBERS
)


def model_evidence(tool: str) -> Evidence:
    return Evidence(
        tool=tool,
        source="model",
        query="latest_risk",
        model_name="failure",
        model_version="14",
        trained_until=NOW - timedelta(days=10),
        rows=4291,
        data_until=NEWEST,
    )


def rows_evidence(tool: str) -> Evidence:
    return Evidence(
        tool=tool,
        source="warehouse",
        query="daily_metrics",
        rows=4320,
        window=Window(start=NOW - timedelta(days=30), end=NOW),
        data_until=NEWEST,
    )


def list_equipment(toolbox: Toolbox, scope: Scope) -> list[Equipment]:
    return [machine for machine in MACHINES if scope.allows(machine.plant_id)]


def predict_failure(request: PredictRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[FailureRisk]:
    _known(request.equipment_id)
    return Evidenced(result=risk(request.equipment_id, 0.734), evidence=[model_evidence("predict_failure")])


def risk(equipment_id: str, probability: float) -> FailureRisk:
    return FailureRisk(
        equipment_id=equipment_id,
        failure_probability=probability,
        probability_interval=(max(probability - 0.13, 0.0), min(probability + 0.12, 1.0)),
        risk_level="High" if probability >= 0.5 else "Low",
        contributing_factors=["Vibration 12 % above its 30-day normal (3.4 against 3.0 mm/s)"],
        recommended_action="Plan the spindle bearing within 3 days",
        time_horizon="7_days",
        horizon_hours=168,
        factors=[],
        as_of=NEWEST,
        scored_at=NOW,
        model_name="failure",
        model_version="14",
    )


def rank_failures(request: RankRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[RiskRanking]:
    machines = [risk("CNC-A-102", 0.734), risk("PUMP-B-203", 0.31)]
    ranking = RiskRanking(machines=machines, considered=24, without_score=0, time_horizon=request.time_horizon)
    return Evidenced(result=ranking, evidence=[model_evidence("rank_failures")])


def trend() -> Trend:
    points = [TrendPoint(date=f"2026-02-{day:02}", value=3.0 + day / 40) for day in range(20, 28)]
    return Trend(
        metric="vibration", label="vibration", unit="mm/s", points=points, change_percent=6.2, direction="rising"
    )


def analyse(request: AnalyticsRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[PerformanceTrend]:
    result = PerformanceTrend(
        equipment_id=request.equipment_id,
        analysis_type=request.analysis_type,
        time_range=request.time_range,
        metrics={"avg_uptime": "92.3%", "oee": None},
        values={"avg_uptime": 92.3, "oee": None},
        units={"avg_uptime": "%", "oee": "%"},
        trends={"vibration": trend()},
        insights=["Vibration rose 6 % from the first half of the range to the second."],
    )
    return Evidenced(result=result, evidence=[rows_evidence("analyse")], notes=["OEE: planned busy time is not known."])


def explain_change(request: ExplainChangeRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[ChangeExplanation]:
    result = ChangeExplanation(
        equipment_id=request.equipment_id,
        metric=request.metric,
        label=request.metric,
        unit="mm/s",
        mean=3.4,
        baseline_mean=3.0,
        change_percent=13.3,
        is_unusual=True,
        likely_causes=["Temperature rose with it while load did not: the machine, not the work."],
        related=[RelatedChange(kind="alarm", text="3 alarms E-417", at=NOW - timedelta(days=2))],
        trend=trend(),
    )
    return Evidenced(result=result, evidence=[rows_evidence("explain_change")])


def equipment_state(equipment_id: str, toolbox: Toolbox, scope: Scope) -> Evidenced[EquipmentState]:
    machine = _known(equipment_id)
    state = EquipmentState(
        equipment=machine,
        state="running",
        state_since=NOW - timedelta(hours=3),
        metrics=[
            MetricState(
                metric="vibration",
                label="vibration",
                unit="mm/s",
                value=3.6,
                measured_at=NEWEST,
                warning_high=3.5,
                alarm_high=5.0,
                normal_30d=3.0,
            )
        ],
        last_failure_at=NOW - timedelta(days=21),
        last_maintenance_at=NOW - timedelta(days=20),
        open_alarms=["E-417 Spindle vibration above limit"],
        health_score=71.0,
        failure_probability_7d=0.734,
    )
    return Evidenced(result=state, evidence=[rows_evidence("equipment_state")])


def forecast(request: ForecastRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[Forecast]:
    values = [
        ForecastValue(
            timestamp=NOW + timedelta(hours=h), value=66 + h * 0.3, confidence_interval=(64 + h * 0.3, 69 + h * 0.3)
        )
        for h in range(1, 43)
    ]
    result = Forecast(
        equipment_id=request.equipment_id,
        metric=request.metric,
        label=request.metric,
        unit="°C",
        forecast_horizon=request.forecast_horizon,
        model="profile",
        forecasted_values=values,
        threshold_violations=[
            ThresholdViolation(
                timestamp=NOW + timedelta(hours=20),
                predicted_value=72.0,
                threshold=72.0,
                severity="Warning",
                probability=0.64,
                earliest=NOW + timedelta(hours=12),
                latest=NOW + timedelta(hours=30),
            )
        ],
        has_limits=True,
        recommendation="Clean the cooler before tomorrow evening.",
        history=[TrendPoint(date="2026-03-01T05:00:00+00:00", value=66.0)],
        band_coverage=0.9,
        backtest_coverage=0.91,
        backtest_mase=0.7,
    )
    return Evidenced(result=result, evidence=[rows_evidence("forecast")])


def search_manuals(request: SearchRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[SearchResult]:
    if "E-999" in request.question:
        refused = SearchResult(passages=[], is_answerable=False, mode="lexical", reason="E-999 is in no manual")
        return Evidenced(result=refused, evidence=[])
    passage = Passage(
        chunk_id="manual.md#1",
        document="manual.md",
        title="Service manual",
        section_path="Maintenance > Seal change",
        page=12,
        text="1. Lock out the drive (E-417 shows).\n2. Drain the casing.\n3. Change the seal MS-35.",
        score=0.9,
        equipment_types=(request.equipment_type,) if request.equipment_type else (),
    )
    result = SearchResult(passages=[passage], is_answerable=True, mode="hybrid")
    documents = [Evidence(tool="search_manuals", source="documents", documents=[passage.citation])]
    return Evidenced(result=result, evidence=documents)


def _known(equipment_id: str) -> Equipment:
    for machine in MACHINES:
        if machine.equipment_id == equipment_id:
            return machine
    raise UnknownEquipment(f"No equipment '{equipment_id}'.", remedy="List machines.", field="equipment_id")


def scripted_tools(**instead: Callable[..., Any]) -> Toolset:
    tools: dict[str, Callable[..., Any]] = {
        "predict_failure": predict_failure,
        "rank_failures": rank_failures,
        "analyse": analyse,
        "explain_change": explain_change,
        "equipment_state": equipment_state,
        "forecast": forecast,
        "search_manuals": search_manuals,
        "list_equipment": list_equipment,
    }
    return Toolset(**{**tools, **instead})


class NoManuals:
    def search(self, request: SearchRequest) -> SearchResult:
        raise AssertionError("the scripted tools never reach the index")


def scripted_toolbox(home: Path, settings: Settings | None = None) -> Toolbox:
    manuals: ManualSearch = NoManuals()
    return Toolbox(
        settings=settings or Settings(home=home),
        workspace=Workspace(home),
        warehouse=ScriptedWarehouse({}, data_until=NEWEST),
        manuals=manuals,
        clock=FixedClock(NOW),
    )


class DictMemory:
    """ThreadMemory in a dict; keyed by subject and thread."""

    def __init__(self) -> None:
        self.foci: dict[tuple[str, str], Focus] = {}
        self.turns: dict[tuple[str, str], list[tuple[str, str]]] = {}

    async def focus(self, thread_id: str, *, subject: str) -> Focus:
        return self.foci.get((subject, thread_id), Focus())

    async def history(self, thread_id: str, *, subject: str, last: int = 10) -> list[tuple[str, str]]:
        return self.turns.get((subject, thread_id), [])[-last:]

    async def remember(
        self, thread_id: str, *, subject: str, question: str, answer: str, focus: Focus, run_id: str
    ) -> None:
        self.foci[(subject, thread_id)] = focus
        self.turns.setdefault((subject, thread_id), []).extend([("user", question), ("assistant", answer)])
