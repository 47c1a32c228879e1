from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import UnknownEquipment
from core.scope import LOCAL
from tests.doubles.plant import NOW, no_rows, toolbox
from tools.equipment import equipment_state, find_equipment, list_equipment, spellings
from tools.grounding import age_in_words


def test_a_machine_is_found_whatever_its_case() -> None:
    assert find_equipment(" cnc-a-102", toolbox(), LOCAL).equipment_id == "CNC-A-102"


def test_people_write_a_machine_in_several_ways() -> None:
    assert {"CNC A 102", "CNCA102", "CNC A102", "Mill 2"} <= set(spellings("CNC-A-102", "Mill 2"))


def test_machines_come_in_order() -> None:
    assert [machine.equipment_id for machine in list_equipment(toolbox(), LOCAL)] == ["CNC-A-102", "PUMP-B-203"]


def test_the_state_shows_each_metric_against_its_normal() -> None:
    state = equipment_state("CNC-A-102", toolbox(), LOCAL).result
    vibration = next(metric for metric in state.metrics if metric.metric == "vibration")
    assert vibration.normal_30d == pytest.approx(3.45)
    assert state.failure_probability_7d == 0.73
    assert state.open_alarms == ["E-417 at 2026-03-01 00:50: Spindle vibration"]


def test_a_machine_that_never_reported_says_so() -> None:
    silent = {"last_known": no_rows("last_reading_at"), "equipment_metrics": no_rows("metric")}
    answer = equipment_state("CNC-A-102", toolbox(silent), LOCAL)
    assert answer.result.health_score is None
    assert answer.notes == ["No reading of CNC-A-102 has been received."]


def test_an_unknown_machine_without_neighbours_is_refused_plainly() -> None:
    with pytest.raises(UnknownEquipment, match=r"no machine 'Q'"):
        find_equipment("Q", toolbox(), LOCAL)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=12), "12 minutes"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(days=3), "3 days"),
        (NOW - NOW.replace(year=2015), "11 years"),
    ],
)
def test_an_age_is_said_in_the_largest_fitting_unit(age: timedelta, words: str) -> None:
    assert age_in_words(age) == words
