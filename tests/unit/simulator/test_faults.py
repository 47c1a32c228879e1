from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_engineering.simulator.catalogue import machine_types
from data_engineering.simulator.faults import Ending, Fault
from data_engineering.simulator.models import ShiftPattern
from data_engineering.simulator.shifts import DAY, WorkClock

CLOCK = WorkClock(ShiftPattern(days=(0, 1, 2, 3, 4, 5), start_hour=0, end_hour=24))
MODE = machine_types()["cnc"].failure_mode("spindle_bearing_wear")
ONSET = 1_772_409_600
GROWTH = 10.0 * DAY
END = CLOCK.moment(CLOCK.worked_at(ONSET) + GROWTH)
FAULT = Fault("CNC-A-102/test", "CNC-A-102", MODE, ONSET, GROWTH, END, Ending.FAILED)
GRID = np.arange(ONSET, END, 600)


def test_a_fault_has_no_severity_before_its_onset_and_after_its_repair() -> None:
    assert not FAULT.severity(np.array([ONSET - 1, END, END + DAY]), CLOCK).any()


def test_severity_only_grows_until_the_failure() -> None:
    assert (np.diff(FAULT.severity(GRID, CLOCK)) >= 0).all()


def test_severity_is_one_when_the_machine_fails() -> None:
    assert FAULT.severity(np.array([END - 1]), CLOCK)[0] > 0.999


def test_nothing_wears_while_the_line_stands() -> None:
    sunday = 1_773_014_400 - DAY
    before, after = FAULT.severity(np.array([sunday, sunday + DAY - 1]), CLOCK)
    assert before == after > 0


@given(st.floats(min_value=0.05, max_value=1.0))
def test_severity_stays_below_the_peak(peak: float) -> None:
    assert replace(FAULT, peak=peak).severity(GRID, CLOCK).max() <= peak


def test_a_fault_that_passes_ends_without_a_trace() -> None:
    passing = replace(FAULT, peak=0.5, ending=Ending.PASSED, fades_until=END)
    assert passing.severity(np.array([END - 60]), CLOCK)[0] < 0.001


def test_a_growing_bearing_fault_raises_the_vibration_by_its_full_shift() -> None:
    shift = FAULT.shifts(np.array([0.0, 1.0]))["vibration"]
    assert shift.tolist() == [0.0, MODE.effects["vibration"].at_failure]
