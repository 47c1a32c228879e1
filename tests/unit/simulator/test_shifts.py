from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_engineering.simulator.models import ShiftPattern
from data_engineering.simulator.shifts import DAY, HOUR, WorkClock, ambient, load

TWO_SHIFT = WorkClock(ShiftPattern(days=(0, 1, 2, 3, 4), start_hour=6, end_hour=22))
MONDAY = 1_772_409_600  # 2026-03-02T00:00:00Z
SECONDS = st.integers(min_value=10**9, max_value=3 * 10**9)


@pytest.mark.parametrize(
    ("second", "runs"),
    [(MONDAY + 6 * HOUR, True), (MONDAY + 6 * HOUR - 1, False), (MONDAY + 22 * HOUR, False), (MONDAY - DAY, False)],
)
def test_a_two_shift_line_stands_at_night_and_on_sunday(second: int, runs: bool) -> None:
    assert TWO_SHIFT.is_shift_at(second) is runs


def test_a_two_shift_line_works_eighty_hours_a_week() -> None:
    assert TWO_SHIFT.weekly == 80 * HOUR


@given(SECONDS)
def test_the_moment_of_the_work_done_lies_in_a_shift_and_gives_the_same_work(second: int) -> None:
    worked = TWO_SHIFT.worked_at(second)
    moment = TWO_SHIFT.moment(worked)
    assert TWO_SHIFT.is_shift_at(moment)
    assert TWO_SHIFT.worked_at(moment) == worked


@given(SECONDS, st.integers(min_value=0, max_value=30 * DAY))
def test_work_never_falls_and_never_outruns_the_calendar(second: int, later: int) -> None:
    done = TWO_SHIFT.worked_at(second + later) - TWO_SHIFT.worked_at(second)
    assert 0 <= done <= later


@given(SECONDS)
def test_work_of_one_second_equals_work_of_an_array(second: int) -> None:
    assert TWO_SHIFT.worked(np.array([second]))[0] == TWO_SHIFT.worked_at(second)


@given(SECONDS)
def test_the_next_running_second_is_in_a_shift_and_not_earlier(second: int) -> None:
    following = TWO_SHIFT.next_running(second)
    assert following >= second
    assert TWO_SHIFT.is_shift_at(following)


def test_halls_are_warmer_in_july_than_in_january() -> None:
    january, july = 1_768_000_000, 1_784_000_000
    week = np.arange(0, 7 * DAY, HOUR)
    assert ambient(1, "north", july + week).mean() > ambient(1, "north", january + week).mean() + 5


def test_nights_run_slower_than_mornings() -> None:
    days = MONDAY + np.arange(60) * DAY
    night, morning = (load(1, "CNC-A-101", "A", 0.65, days + hour * HOUR).mean() for hour in (2, 10))
    assert night < morning
