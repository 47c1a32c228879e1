from __future__ import annotations

import pytest

from data_engineering.simulator.catalogue import machine_types
from data_engineering.simulator.faults import Ending, Fault
from data_engineering.simulator.models import FailureMode
from data_engineering.simulator.noise import generator
from data_engineering.simulator.notes import note_of, symptom_of
from data_engineering.simulator.plant import DemoPlant

MODES = [mode for kind in machine_types().values() for mode in kind.failure_modes]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.id)
def test_every_failure_mode_has_words_for_its_symptoms(mode: FailureMode) -> None:
    fault = Fault("f", "m", mode, 0, 1.0, 1, Ending.FAILED)
    assert all(symptom_of(generator("words", draw), fault) for draw in range(20))


def test_every_job_has_a_note_and_the_same_one_each_time(plant: DemoPlant) -> None:
    for story in plant.stories.values():
        for job in story.jobs:
            assert note_of(1, story, job) == note_of(1, story, job) != ""


def test_most_notes_of_a_repair_name_the_component(plant: DemoPlant) -> None:
    jobs = [
        (job.fault.mode.component, note_of(1, story, job).lower())
        for story in plant.stories.values()
        for job in story.jobs
        if job.fault is not None
    ]
    assert sum(component in note for component, note in jobs) / len(jobs) > 0.5


def test_notes_vary(plant: DemoPlant) -> None:
    notes = [note_of(1, story, job) for story in plant.stories.values() for job in story.jobs if job.fault]
    assert len(set(notes)) / len(notes) > 0.8
