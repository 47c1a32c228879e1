"""Which machines get a score, when, and why not."""

from __future__ import annotations

from datetime import datetime

import pytest

from ml.datasets.history import read_history
from ml.serving.readiness import Readiness, readiness
from tests.doubles.snapshot import HandMadeSnapshot, hour

END = 491_000


def plant() -> HandMadeSnapshot:
    """A plant whose machine P-0 reported without a gap until END."""
    snapshot = HandMadeSnapshot()
    reporting(snapshot, "P-0", END - 800, END)
    return snapshot


def reporting(snapshot: HandMadeSnapshot, name: str, start: int, end: int, *, every: int = 1) -> None:
    snapshot.machine(name)
    for tile in range(start, end, every):
        snapshot.readings(name, "vibration", tile, [3.0])


def found(snapshot: HandMadeSnapshot, *, now: datetime = hour(END + 1)) -> Readiness:  # noqa: B008
    with snapshot.write() as connection:
        return readiness(connection, read_history(connection), now=now)


def test_a_reporting_machine_is_scored_at_the_end_of_its_own_data() -> None:
    snapshot = plant()
    reporting(snapshot, "P-1", END - 800, END - 3)
    assert found(snapshot).ready == {"P-0": END, "P-1": END - 3}


def test_the_hour_that_still_runs_is_not_looked_at() -> None:
    """Readings until 14:05 are scored as of 14:00, never as of an hour that has not ended."""
    assert found(plant(), now=hour(END - 0.9)).ready == {"P-0": END - 1}


def test_a_machine_that_fell_silent_has_no_score_and_the_reason_names_the_hour() -> None:
    snapshot = plant()
    reporting(snapshot, "P-1", END - 800, END - 30)
    assert found(snapshot).reasons["P-1"].startswith("no readings since 2026-01-")


def test_a_machine_known_by_its_events_alone_is_scored_at_the_end_of_its_plants_data() -> None:
    snapshot = plant()
    snapshot.machine("P-1")
    snapshot.event("P-1", END - 200)
    assert found(snapshot).ready["P-1"] == END


def test_a_machine_recorded_now_and_then_is_not_called_silent() -> None:
    snapshot = plant()
    reporting(snapshot, "P-1", END - 800, END - 100, every=5)
    assert found(snapshot).ready["P-1"] == END


@pytest.mark.parametrize("heard", [None, END - 900])
def test_a_machine_nobody_heard_of_has_no_score(heard: int | None) -> None:
    snapshot = plant()
    snapshot.machine("P-1")
    if heard is not None:
        snapshot.event("P-1", heard)
    assert "P-1" in found(snapshot).reasons


def test_a_machine_under_repair_has_no_score() -> None:
    snapshot = plant()
    snapshot.event("P-0", END - 5, kind="failure")
    snapshot.work("P-0", END - 4, END + 4)
    assert "under repair" in found(snapshot).reasons["P-0"]


def test_a_repaired_machine_is_scored_again() -> None:
    snapshot = plant()
    snapshot.event("P-0", END - 5, kind="failure")
    snapshot.work("P-0", END - 4, END - 1)
    assert found(snapshot).ready["P-0"] == END


def test_a_restart_ends_a_repair_that_nobody_wrote_down() -> None:
    snapshot = plant()
    snapshot.event("P-0", END - 5, kind="failure")
    snapshot.event("P-0", END - 2, kind="state", state="executing")
    assert found(snapshot).ready["P-0"] == END
