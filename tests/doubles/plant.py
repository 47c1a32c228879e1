"""A toolbox over a scripted warehouse with two machines. Test doubles: never imported by production code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import FixedClock
from core.errors import NotReady
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.warehouse.models import Value
from tests.doubles.warehouse import Answer, ScriptedWarehouse
from tools.models import SearchRequest, SearchResult
from tools.ports import Toolbox

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
UNTIL = NOW - timedelta(minutes=10)
EQUIPMENT = ("equipment_id", "name", "equipment_type", "plant_id", "area", "line", "model", "criticality")
METRIC = (
    "metric",
    "label",
    "unit",
    "bad_direction",
    "warning_low",
    "warning_high",
    "alarm_low",
    "alarm_high",
    "limit_source",
    "last_at",
    "last_value",
)
CURVE = (
    "equipment_id",
    "horizon_hours",
    "failure_probability",
    "probability_low",
    "probability_high",
    "as_of",
    "scored_at",
    "model_name",
    "model_version",
    "factors",
)
FACTORS = json.dumps(
    [
        {
            "text": "Vibration 12 % above its 30-day normal (3.4 against 3.0 mm/s)",
            "feature": "vibration_deviation_24h",
            "value": 3.4,
            "normal": 3.0,
            "unit": "mm/s",
            "contribution": 1.2,
        }
    ]
)


def no_rows(*columns: str) -> Answer:
    return columns, []


def hourly(values: Mapping[str, Value]) -> Answer:
    """A vibration that steps from 3 to 4 mm/s two days before the end; load constant but for a daily swing."""
    start, end = values["start"], values["end"]
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    rows: list[tuple[Any, ...]] = []
    moment = start
    while moment < end:
        swing = 0.1 * (moment.hour % 12)
        step = 1.0 if values["metric"] == "vibration" and moment >= UNTIL - timedelta(days=2) else 0.0
        rows.append((moment, (3.0 if values["metric"] == "vibration" else 60.0) + swing + step, 0.0, 0.0, 9.0, 6))
        moment += timedelta(hours=1)
    return ("tile_start", "mean", "std", "min_value", "max_value", "n"), rows


def answers() -> dict[str, Any]:
    risk = (UNTIL, NOW, "failure", "3", FACTORS)
    return {
        "equipment_list": (
            EQUIPMENT,
            [
                ("CNC-A-102", "Mill 2", "cnc", "north", "machining", "A", "M500", "A"),
                ("PUMP-B-203", None, "pump", "south", "utilities", "B", "P20", "B"),
            ],
        ),
        "equipment_metrics": (
            METRIC,
            [
                ("vibration", "vibration", "mm/s", "high", None, 4.5, None, 7.1, "manual", UNTIL, 4.1),
                ("load", "load", "percent", "high", None, None, None, None, None, UNTIL, 61.0),
            ],
        ),
        "last_known": (
            ("state", "state_since", "last_failure_at", "last_maintenance_at", "last_reading_at"),
            [("executing", UNTIL - timedelta(hours=2), None, UNTIL - timedelta(days=20), UNTIL)],
        ),
        "daily_metrics": (
            ("date", "metric", "mean", "min_value", "max_value", "n"),
            [((UNTIL - timedelta(days=9 - d)).date(), "vibration", 3.0 + 0.1 * d, 2.0, 5.0, 144) for d in range(10)],
        ),
        "metric_windows": (
            ("window_index", "mean", "n"),
            [(0, 3.9, 1008), (1, 3.1, 1008), (2, 3.0, 1008), (3, 3.05, 1008), (4, 2.95, 1008)],
        ),
        "hourly_series": hourly,
        "equipment_events": (
            ("event_id", "kind", "code", "severity", "state", "component", "message", "source_ts"),
            [("e1", "alarm", "E-417", 700, None, "spindle", "Spindle vibration", UNTIL - timedelta(hours=5))],
        ),
        "maintenance_history": no_rows("kind", "component", "started_at", "note"),
        "health_history": (("date", "health_score"), [(UNTIL.date(), 71.0)]),
        "latest_risk": (
            (
                "equipment_id",
                "p_24h",
                "p_48h",
                "p_7d",
                "p_30d",
                "as_of",
                "scored_at",
                "model_name",
                "model_version",
                "factors",
            ),
            [("CNC-A-102", 0.2, 0.35, 0.73, 0.95, *risk)],
        ),
        "risk_curve": (
            CURVE,
            [
                ("CNC-A-102", 24, 0.2, 0.1, 0.3, *risk),
                ("CNC-A-102", 48, 0.35, 0.2, 0.5, *risk),
                ("CNC-A-102", 168, 0.73, 0.6, 0.85, *risk),
                ("CNC-A-102", 720, 0.95, 0.9, 0.99, *risk),
            ],
        ),
        "uptime": (
            ("date", "executing_s", "known_s", "planned_stop_s"),
            [("2026-02-28", 60_000.0, 86_400.0, 21_600.0)],
        ),
        "quality_kpi": (("date", "inspected", "defective", "top_defect_type"), [("2026-02-28", 1000, 21, "burr")]),
        "production_kpi": (
            ("date", "pbt_s", "apt_s", "pri_x_pq_s", "pri_x_gq_s", "produced", "good", "machines"),
            [("2026-02-28", None, None, None, None, None, None, 1)],
        ),
        "reliability_kpi": (
            ("equipment_id", "failures", "repair_hours", "exposure_hours"),
            [("CNC-A-102", 0, 0.0, 512.0)],
        ),
    }


class NoManuals:
    def search(self, request: SearchRequest) -> SearchResult:
        raise NotReady("No manual has been indexed.", remedy="Run `copilot index`.")


def toolbox(overrides: Mapping[str, Any] | None = None, *, now: datetime = NOW) -> Toolbox:
    return Toolbox(
        settings=Settings(home=Path("/nowhere")),
        workspace=Workspace(Path("/nowhere")),
        warehouse=ScriptedWarehouse({**answers(), **(overrides or {})}, data_until=UNTIL),
        manuals=NoManuals(),
        clock=FixedClock(now),
    )
