from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from data_engineering.simulator.catalogue import fleet, machine_types
from data_engineering.simulator.faults import Ending
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.shifts import DAY
from data_engineering.simulator.story import MachineStory, Reason, tell
from tests.unit.simulator.conftest import anchor


def _told(machine_id: str, days_after_end: int) -> MachineStory:
    machine = fleet().machine(machine_id)
    return tell(anchor(), fleet(), machine, machine_types()[machine.type], anchor().ends + days_after_end * DAY)


def test_a_plant_has_two_to_four_failures_a_machine_in_ninety_days(plant: DemoPlant) -> None:
    within = [s for story in plant.stories.values() for s in story.failures() if s.start >= plant.anchor.begins]
    failures = sum(stop.start < plant.anchor.ends for stop in within)
    assert 2 * 60 <= failures <= 4 * 60


def test_some_failures_come_without_warning(plant: DemoPlant) -> None:
    faults = [stop.fault for story in plant.stories.values() for stop in story.failures()]
    assert any(fault is not None and fault.mode.silent for fault in faults)


def test_some_faults_pass_are_prevented_or_caught(plant: DemoPlant) -> None:
    endings = {fault.ending for story in plant.stories.values() for fault in story.faults}
    assert endings == set(Ending)


def test_some_machines_carry_two_growing_faults_at_once(plant: DemoPlant) -> None:
    def overlaps(story: MachineStory) -> bool:
        spans = sorted((fault.onset, fault.end) for fault in story.faults if fault.onset < fault.end)
        return any(before[1] > after[0] for before, after in pairwise(spans))

    assert sum(overlaps(story) for story in plant.stories.values()) > 10


@pytest.mark.parametrize("machine_id", ["PUMP-B-201", "ROB-C-501", "CNC-D-103"])
def test_a_story_told_further_keeps_what_was_told(machine_id: str) -> None:
    short, long = _told(machine_id, 0), _told(machine_id, 60)
    told = [stop for stop in long.stops if stop.start < anchor().ends]
    assert [(stop.start, stop.end) for stop in short.stops] == [(stop.start, stop.end) for stop in told]


def test_a_repair_resets_the_wear(plant: DemoPlant) -> None:
    for story in plant.stories.values():
        for stop in story.failures():
            assert stop.fault is not None
            same = [fault for fault in story.faults if fault.mode.id == stop.fault.mode.id]
            moments = np.array([stop.start - 1, stop.end])
            before, after = np.max([fault.severity(moments, story.clock) for fault in same], axis=0)
            assert (before > 0.9, after) == (True, 0.0)


def test_a_repair_does_not_reset_the_age() -> None:
    """A machine commissioned earlier wears faster, whatever was replaced since."""
    machine = fleet().machine("PUMP-B-201")
    old = machine.model_copy(update={"commissioned_on": machine.commissioned_on.replace(year=1990)})
    kind, until = machine_types()["pump"], anchor().ends
    young_story, old_story = (tell(anchor(), fleet(), who, kind, until) for who in (machine, old))
    onsets = [min(f.onset for f in story.faults if f.mode.id == "bearing_wear") for story in (young_story, old_story)]
    assert onsets[1] < onsets[0]


def test_machines_fail_while_running(plant: DemoPlant) -> None:
    for story in plant.stories.values():
        assert all(story.clock.is_shift_at(stop.start) for stop in story.failures())


def test_a_machine_does_not_fail_or_get_serviced_while_it_is_being_repaired(plant: DemoPlant) -> None:
    for story in plant.stories.values():
        stops = [stop for stop in story.stops if stop.reason is not Reason.MESSAGE]
        assert all(before.end <= after.start for before, after in pairwise(stops))


def test_work_begins_after_the_stop_and_ends_with_it(plant: DemoPlant) -> None:
    for story in plant.stories.values():
        assert all(stop.start - 60 <= stop.hands_on < stop.end for stop in story.stops)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_spindle_of_cnc_a_102_is_wearing_when_the_history_ends(seed: int) -> None:
    machine = fleet().machine("CNC-A-102")
    at = anchor(seed=seed)
    story = tell(at, fleet(), machine, machine_types()["cnc"], at.ends + 30 * DAY)
    growing = [f.mode.id for f in story.faults if f.severity(np.array([at.ends]), story.clock)[0] > 0.3]
    assert growing == ["spindle_bearing_wear"]
