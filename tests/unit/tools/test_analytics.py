from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, UnknownEquipment
from core.scope import LOCAL
from tests.doubles.plant import toolbox
from tools.analytics import analyse
from tools.kpis import Kpi, formatted, share
from tools.models import AnalyticsRequest
from tools.trends import Point, make_trend, welch_t

PRODUCTION = ("date", "pbt_s", "apt_s", "pri_x_pq_s", "pri_x_gq_s", "produced", "good", "machines")
ONE = AnalyticsRequest(equipment_id="cnc-a-102")


def test_the_seeds_figures_are_formatted_with_their_numeric_twins() -> None:
    result = analyse(ONE, toolbox(), LOCAL).result
    assert result.equipment_id == "CNC-A-102"
    assert result.metrics["avg_uptime"] == "92.6%"
    assert result.metrics["defect_rate"] == "2.1%"
    assert result.values["defect_rate"] == pytest.approx(2.1)


def test_oee_without_planned_time_is_null_and_says_why() -> None:
    answer = analyse(AnalyticsRequest(analysis_type="oee"), toolbox(), LOCAL)
    assert answer.result.metrics["oee"] is None
    assert any("planned busy time" in note for note in answer.notes)


@given(
    st.lists(st.tuples(st.floats(1, 1e5), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9)
)
def test_oee_is_the_product_of_its_factors(days: list[tuple[float, float, float, float]]) -> None:
    """ISO 22400-2: OEE = PRI x GQ / PBT."""
    rows = []
    for day, (pbt, availability, effectiveness, quality) in enumerate(days):
        apt = pbt * availability
        rows.append((str(day), pbt, apt, apt * effectiveness, apt * effectiveness * quality, 10.0, 10.0 * quality, 1))
    values = analyse(
        AnalyticsRequest(analysis_type="oee"), toolbox({"production_kpi": (PRODUCTION, rows)}), LOCAL
    ).result.values
    assert values["oee"] == pytest.approx(sum(row[4] for row in rows) / sum(row[1] for row in rows) * 100)


def test_a_share_leaves_out_days_of_which_one_side_is_unknown() -> None:
    rows = [{"date": "1", "a": 5.0, "b": 10.0}, {"date": "2", "a": 5.0, "b": None}]
    assert share("s", "s", rows, "a", "b", "").value == 50.0


def test_mtbf_without_a_failure_is_null_and_says_the_exposure() -> None:
    answer = analyse(AnalyticsRequest(equipment_id="CNC-A-102", analysis_type="reliability"), toolbox(), LOCAL)
    assert answer.result.values["mtbf_hours"] is None
    assert any("512 h" in note for note in answer.notes)


def test_a_window_that_ended_earlier_does_not_make_the_data_stale() -> None:
    answer = analyse(AnalyticsRequest(line="A", time_range="2026-02-10/2026-02-11"), toolbox(), LOCAL)
    assert not [note for note in answer.notes if "latest reading" in note]
    assert not any(evidence.is_stale for evidence in answer.evidence)


def test_a_repair_time_nobody_recorded_is_not_zero() -> None:
    columns = ("equipment_id", "failures", "repair_hours", "exposure_hours")
    unrecorded = {"reliability_kpi": (columns, [("CNC-A-102", 2, None, 400.0)])}
    request = AnalyticsRequest(equipment_id="CNC-A-102", analysis_type="reliability")
    assert analyse(request, toolbox(unrecorded), LOCAL).result.insights == ["2 failures, repair time not recorded."]


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(UnknownEquipment):
        analyse(AnalyticsRequest(equipment_id="XYZ-1"), toolbox(), LOCAL)


def test_a_range_that_is_no_range_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time_range"):
        analyse(AnalyticsRequest(time_range="last_-3_days"), toolbox(), LOCAL)


def test_every_table_asked_is_in_the_evidence() -> None:
    queries = [evidence.query for evidence in analyse(ONE, toolbox(), LOCAL).evidence]
    assert set(queries) >= {"uptime", "quality_kpi", "production_kpi", "daily_metrics"}


def test_a_trend_needs_more_than_noise_to_have_a_direction() -> None:
    noisy = [Point(str(day), 10.0 + (day % 3)) for day in range(12)]
    rising = [Point(str(day), 10.0 + day) for day in range(12)]
    assert make_trend("m", "m", "", noisy).direction == "steady"
    assert make_trend("m", "m", "", rising).direction == "rising"
    assert make_trend("m", "m", "", rising[:2]).direction == "unknown"


@given(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=20), st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=20))
def test_welchs_t_turns_its_sign_when_the_samples_are_swapped(first: list[float], second: list[float]) -> None:
    assert welch_t(first, second) == pytest.approx(-welch_t(second, first))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(92.34, "%", "92.3%"), (67.21, "°C", "67.2°C"), (3.4, "mm/s", "3.40 mm/s"), (7.0, "", "7"), (None, "%", None)],
)
def test_a_figure_is_written_with_its_unit(value: float | None, unit: str, text: str | None) -> None:
    assert formatted(Kpi("k", "k", unit, value, [])) == text
