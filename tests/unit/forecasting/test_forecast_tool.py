"""The forecast tool: one machine, one metric, from its own data on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.clock import FixedClock
from core.errors import InvalidInput, UnknownEquipment, UnknownMetric
from core.scope import LOCAL
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.warehouse.models import Value
from tests.doubles.warehouse import Answer, ScriptedWarehouse
from tools.forecast import forecast
from tools.models import ForecastRequest, SearchRequest, SearchResult
from tools.ports import Toolbox

UNTIL = datetime(2026, 3, 1, 5, 50, tzinfo=UTC)
HOUR = timedelta(hours=1)
EQUIPMENT = ("equipment_id", "name", "equipment_type", "plant_id", "area", "line", "model", "criticality")
METRICS = (
    *("metric", "label", "unit", "bad_direction", "warning_low", "warning_high", "alarm_low", "alarm_high"),
    *("limit_source", "last_at", "last_value"),
)
SERIES = ("tile_start", "mean", "std", "min_value", "max_value", "n")


class NoManuals:
    def search(self, request: SearchRequest) -> SearchResult:
        raise AssertionError


def wave(hours: int, *, slope: float = 0.0) -> list[float]:
    at = np.arange(hours)
    noise = np.random.default_rng(7).normal(0, 0.5, hours)
    return [float(value) for value in 60 + 5 * np.sin(2 * np.pi * at / 24) + slope * at + noise]


def toolbox(
    workspace: Workspace,
    values: list[float | None],
    *,
    warning: float | None = 90.0,
    alarm: float | None = 100.0,
    last_n: int = 6,
    now: datetime = UNTIL + timedelta(minutes=10),
) -> Toolbox:
    end = UNTIL.replace(minute=0) + HOUR

    def series(bound: Mapping[str, Value]) -> Answer:
        rows: list[tuple[Any, ...]] = [
            (end - (len(values) - at) * HOUR, value, 0.1, value, value, 6 if at < len(values) - 1 else last_n)
            for at, value in enumerate(values)
            if value is not None
        ]
        return SERIES, rows

    metric = ("temperature", "temperature", "degC", "high", None, warning, None, alarm, "type", UNTIL, 60.0)
    answers: dict[str, Any] = {
        "equipment_list": (EQUIPMENT, [("CNC-A-102", None, "cnc", "north", None, "A", None, None)]),
        "last_known": (("last_reading_at",), [(UNTIL,)]),
        "equipment_metrics": (METRICS, [metric]),
        "hourly_series": series,
    }
    warehouse = ScriptedWarehouse(answers, data_until=UNTIL)
    return Toolbox(Settings(), workspace, warehouse, NoManuals(), FixedClock(now))


def ask(horizon: str = "24_hours", metric: str = "temperature", equipment_id: str = "CNC-A-102") -> ForecastRequest:
    return ForecastRequest(equipment_id=equipment_id, metric=metric, forecast_horizon=horizon)


def test_values_start_in_the_hour_after_the_newest_whole_hour(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)]), LOCAL).result
    assert found.forecasted_values[0].timestamp == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert len(found.forecasted_values) == 24


def test_an_hour_with_few_readings_so_far_is_forecast_instead_of_used(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)], last_n=1), LOCAL).result
    assert found.forecasted_values[0].timestamp == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_evidence_counts_the_readings_and_names_the_model(workspace: Workspace) -> None:
    evidence = forecast(ask(), toolbox(workspace, [*wave(720)]), LOCAL).evidence[0]
    assert (evidence.rows, evidence.model_name, evidence.query) == (720 * 6, "profile-daily", "hourly_series")


def test_a_quiet_metric_needs_no_action(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)]), LOCAL).result
    assert found.threshold_violations == []
    assert found.recommendation == (
        "No action needed: under 1 % chance of passing the warning limit of 90 °C by 2026-03-02 06:00 UTC."
    )


def test_a_metric_that_climbs_to_its_limit_is_listed_with_a_window(workspace: Workspace) -> None:
    values = wave(720, slope=0.04)
    found = forecast(ask("7_days"), toolbox(workspace, [*values], warning=max(values) + 1, alarm=None), LOCAL).result
    violation = found.threshold_violations[0]
    assert violation.earliest is not None
    assert violation.latest is not None
    assert violation.earliest <= violation.timestamp <= violation.latest


def test_a_limit_passed_already_is_said(workspace: Workspace) -> None:
    values = wave(720)
    values[-2:] = [95.0, 96.0]
    found = forecast(ask(), toolbox(workspace, [*values], warning=80.0, alarm=94.0), LOCAL).result
    assert found.recommendation.startswith(
        "Inspect CNC-A-102 now: temperature is above its alarm limit of 94 °C already"
    )


def test_a_limit_passed_every_day_calls_for_nothing(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)], warning=62.0, alarm=None), LOCAL)
    assert "routinely" in found.result.recommendation
    assert "often above its warning limit of 62 °C" in " ".join(found.notes)


def test_without_limits_crossings_are_not_judged(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)], warning=None, alarm=None), LOCAL).result
    assert not found.has_limits
    assert "No limit is known" in found.recommendation


def test_a_metric_that_cannot_be_negative_has_no_negative_band(workspace: Workspace) -> None:
    noise = np.random.default_rng(3).exponential(0.2, 720) - 200.0
    found = forecast(ask(), toolbox(workspace, [float(value) for value in noise]), LOCAL).result
    assert min(value.confidence_interval[0] for value in found.forecasted_values) >= -60.0


def test_history_shows_three_days_with_holes_as_null(workspace: Workspace) -> None:
    values: list[float | None] = [*wave(720)]
    values[-10] = None
    history = forecast(ask(), toolbox(workspace, values), LOCAL).result.history
    assert (len(history), history[-10].value) == (72, None)


def test_stale_data_is_said(workspace: Workspace) -> None:
    found = forecast(ask(), toolbox(workspace, [*wave(720)], now=UNTIL + timedelta(days=3)), LOCAL)
    assert found.evidence[0].is_stale
    assert "3 days old" in found.notes[0]


def test_many_missing_hours_are_said(workspace: Workspace) -> None:
    values: list[float | None] = [*wave(720)]
    values[100:250] = [None] * 150
    assert "21 % of the hours" in " ".join(forecast(ask(), toolbox(workspace, values), LOCAL).notes)


def test_an_unknown_metric_names_those_the_machine_has(workspace: Workspace) -> None:
    with pytest.raises(UnknownMetric) as refused:
        forecast(ask(metric="pressure"), toolbox(workspace, [*wave(720)]), LOCAL)
    assert "temperature" in refused.value.remedy


def test_an_unknown_machine_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UnknownEquipment):
        forecast(ask(equipment_id="CNC-A-120"), toolbox(workspace, [*wave(720)]), LOCAL)


@pytest.mark.parametrize("horizon", ["-3_days", "15_days", "soon", "0_hours"])
def test_a_horizon_outside_its_range_is_refused(workspace: Workspace, horizon: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        forecast(ask(horizon), toolbox(workspace, [*wave(720)]), LOCAL)
    assert refused.value.field == "forecast_horizon"


def test_a_sensor_silent_for_a_day_is_not_forecast(workspace: Workspace) -> None:
    values: list[float | None] = [*wave(720)]
    values[-20:] = [None] * 20
    with pytest.raises(InvalidInput, match="last day"):
        forecast(ask(), toolbox(workspace, values), LOCAL)


def test_a_metric_may_be_asked_for_in_plant_words(workspace: Workspace) -> None:
    assert forecast(ask(metric="temp"), toolbox(workspace, [*wave(720)]), LOCAL).result.metric == "temperature"
