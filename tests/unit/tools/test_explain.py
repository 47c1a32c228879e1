from __future__ import annotations

import pytest

from core.errors import NotReady, UnknownMetric
from core.scope import LOCAL
from tests.doubles.plant import no_rows, toolbox
from tools.explain import explain_change
from tools.models import ExplainChangeRequest

WHY = ExplainChangeRequest(equipment_id="CNC-A-102", metric="vibration")


def test_the_change_is_measured_against_the_windows_before() -> None:
    found = explain_change(WHY, toolbox(), LOCAL).result
    assert found.mean == 3.9
    assert found.baseline_mean == pytest.approx(3.025)
    assert found.change_percent == pytest.approx(28.93, abs=0.01)
    assert found.is_unusual


def test_a_code_that_came_more_often_is_named_first() -> None:
    causes = explain_change(WHY, toolbox(), LOCAL).result.likely_causes
    assert causes[0] == "E-417 (Spindle vibration) once in the window, never in the 4 before it."


def test_a_load_that_did_not_change_is_ruled_out() -> None:
    causes = explain_change(WHY, toolbox(), LOCAL).result.likely_causes
    assert causes[-1] == "Load did not change, so the way it was run does not explain it."


def test_the_rows_behind_it_are_counted() -> None:
    assert explain_change(WHY, toolbox(), LOCAL).evidence[0].rows == 5 * 1008


def test_a_metric_the_machine_does_not_report_is_refused_with_those_it_has() -> None:
    with pytest.raises(UnknownMetric) as refusal:
        explain_change(WHY.model_copy(update={"metric": "torque"}), toolbox(), LOCAL)
    assert refusal.value.remedy == "It reports vibration, load."


def test_too_few_readings_are_an_error_and_not_a_change_of_zero() -> None:
    with pytest.raises(NotReady):
        explain_change(WHY, toolbox({"metric_windows": no_rows("window_index", "mean", "n")}), LOCAL)
