from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import NotReady, UnknownMetric
from core.scope import LOCAL
from tests.doubles.plant import UNTIL, no_rows, toolbox
from tools.explain import Case, _likely_causes, explain_change
from tools.models import ExplainChangeRequest, RelatedChange

WHY = ExplainChangeRequest(equipment_id="CNC-A-102", metric="vibration")


def test_the_change_is_measured_against_the_windows_before() -> None:
    found = explain_change(WHY, toolbox(), LOCAL).result
    assert found.mean == 3.9
    assert found.baseline_mean == pytest.approx(3.025)
    assert found.change_percent == pytest.approx(28.93, abs=0.01)
    assert found.is_unusual


def test_a_code_that_came_more_often_is_named_first() -> None:
    causes = explain_change(WHY, toolbox(), LOCAL).result.likely_causes
    assert causes[0] == "E-417 (Spindle vibration) once in that time, never in the 4 weeks before."


def test_a_load_that_did_not_change_is_ruled_out() -> None:
    causes = explain_change(WHY, toolbox(), LOCAL).result.likely_causes
    assert causes[-1] == "Load did not change enough to explain it."


def case(hours: float) -> Case:
    start = datetime(2026, 2, 20, tzinfo=UTC)
    return Case("CNC-A-102", {}, start, start + timedelta(hours=hours), UNTIL, toolbox(), LOCAL)


@pytest.mark.parametrize(
    ("hours", "said"),
    [(168, "the 4 weeks before"), (24, "the 4 days before"), (6, "the 24 hours before"), (72, "the 12 days before")],
)
def test_the_time_compared_with_is_said_in_the_unit_that_fits(hours: float, said: str) -> None:
    assert case(hours).before == said


def moved(percent: float, strength: float = 0.8, subject: str = "load") -> RelatedChange:
    return RelatedChange(kind="metric", text="It moved", subject=subject, strength=strength, change_percent=percent)


@pytest.mark.parametrize(("asked", "load"), [(6.0, 3.0), (60.0, 9.0), (6.0, 0.0)])
def test_a_driver_that_hardly_moved_is_ruled_out(asked: float, load: float) -> None:
    assert _likely_causes(asked, [moved(load)], {"load"}) == ["Load did not change enough to explain it."]


def test_a_driver_that_moved_in_proportion_is_a_cause() -> None:
    assert _likely_causes(30.0, [moved(9.0)], {"load"}) == ["It moved."]


def test_a_metric_that_moved_the_other_way_is_no_cause() -> None:
    assert _likely_causes(30.0, [moved(-9.0, subject="pressure")], set()) == []


def test_a_change_that_goes_with_nothing_is_no_cause() -> None:
    assert _likely_causes(30.0, [moved(40.0, strength=0.1)], {"load"}) == []


def test_the_rows_behind_it_are_counted() -> None:
    assert explain_change(WHY, toolbox(), LOCAL).evidence[0].rows == 5 * 1008


def test_a_metric_the_machine_does_not_report_is_refused_with_those_it_has() -> None:
    with pytest.raises(UnknownMetric) as refusal:
        explain_change(WHY.model_copy(update={"metric": "torque"}), toolbox(), LOCAL)
    assert refusal.value.remedy == "It reports vibration, load."


def test_too_few_readings_are_an_error_and_not_a_change_of_zero() -> None:
    with pytest.raises(NotReady):
        explain_change(WHY, toolbox({"metric_windows": no_rows("window_index", "mean", "n")}), LOCAL)
