"""Labels, purge and censoring."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.datasets.history import PlantHistory
from ml.datasets.person_period import (
    HORIZON_EDGES_H,
    MOST_DECISIONS,
    decision_grid,
    grid_hours,
    machine_days,
    person_periods,
    running_only,
)
from ml.datasets.split import Part, split_by_time

EVERYTHING = Part(0, 10**9)
HOURS = st.integers(0, 3000)


def history(*outages: tuple[float, float], end: int = 5000) -> PlantHistory:
    frame = pl.DataFrame(
        [{"equipment_id": "P-1", "failed_at": float(at), "until": float(until)} for at, until in outages],
        schema={"equipment_id": pl.String, "failed_at": pl.Float64, "until": pl.Float64},
    ).sort("failed_at")
    return PlantHistory(machines=("P-1",), start=0, end=end, outages=frame)


def decisions(*hours: int, of: PlantHistory) -> pl.DataFrame:
    grid = pl.DataFrame({"equipment_id": ["P-1"] * len(hours), "tile": list(hours)})
    return running_only(grid.cast({"tile": pl.Int64}), of)


def rows(frame: pl.DataFrame, part: Part) -> list[tuple[int, bool]]:
    found = person_periods(frame, part)
    return [(HORIZON_EDGES_H[i], bool(label)) for i, label in zip(found.interval, found.label, strict=True)]


def test_a_failure_ends_the_rows_of_a_decision_in_its_interval() -> None:
    assert rows(decisions(100, of=history((150, 151))), EVERYTHING) == [(24, False), (48, False), (72, True)]


def test_a_decision_at_the_hour_of_the_failure_is_a_failure_of_the_first_interval() -> None:
    assert rows(decisions(150, of=history((150, 160))), EVERYTHING) == [(24, True)]


def test_a_machine_under_repair_makes_no_decision() -> None:
    kept = decisions(150, 151, 159, 160, of=history((150, 160)))
    assert kept["tile"].to_list() == [150, 160]


def test_after_the_repair_the_next_failure_is_the_one_that_counts() -> None:
    kept = decisions(160, of=history((150, 160), (200, 201)))
    assert kept["hours_to_failure"].to_list() == [40]


def test_an_interval_that_reaches_past_the_end_of_the_data_is_left_out() -> None:
    assert rows(decisions(100, of=history()), Part(0, 100 + 72)) == [(24, False), (48, False), (72, False)]


def test_a_failure_does_not_smuggle_in_a_window_that_its_survivors_may_not_use() -> None:
    """Keeping failures whose window is cut while dropping survivors of the same window would inflate the base rate."""
    assert rows(decisions(100, of=history((155, 156))), Part(0, 100 + 50)) == [(24, False), (48, False)]


@given(tile=HOURS, failures=st.lists(HOURS, max_size=4), last=HOURS)
def test_no_label_window_reaches_across_the_cut(tile: int, failures: list[int], last: int) -> None:
    frame = decisions(tile, of=history(*((at, at) for at in failures)))
    assert all(tile + edge <= last for edge, _ in rows(frame, Part(0, last)))


@given(tile=HOURS, failures=st.lists(HOURS, max_size=4))
def test_at_most_one_interval_fails_and_it_is_the_last(tile: int, failures: list[int]) -> None:
    labels = [label for _, label in rows(decisions(tile, of=history(*((at, at) for at in failures))), EVERYTHING)]
    assert not any(labels[:-1])


@given(tile=HOURS, failures=st.lists(HOURS, max_size=4), horizon=st.sampled_from(HORIZON_EDGES_H))
def test_a_machine_day_fails_when_a_failure_falls_within_the_horizon(
    tile: int, failures: list[int], horizon: int
) -> None:
    noon = tile - tile % 24 + 12
    frame = decisions(noon, of=history(*((at, at) for at in failures)))
    indices, labels = machine_days(frame, EVERYTHING, horizon)
    assert [bool(label) for label in labels] == [any(noon <= at < noon + horizon for at in failures)]
    assert indices.tolist() == [0]


def test_the_grid_of_a_whole_plant_keeps_noon() -> None:
    grid = decision_grid(history(), 100, 400)
    assert {tile % 24 for tile in grid["tile"].to_list()} == {0, 6, 12, 18}


@pytest.mark.parametrize(("machines", "hours", "step"), [(60, 1992, 6), (100, 6400, 24), (10_000, 2000, 24)])
def test_a_larger_plant_gets_a_coarser_grid_that_still_keeps_noon(machines: int, hours: int, step: int) -> None:
    found = grid_hours(7, 7 + hours, machines=machines)
    assert {b - a for a, b in pairwise(found)} == {step}
    assert any(hour % 24 == 12 for hour in found)


def test_a_grid_stays_within_its_budget_where_it_can() -> None:
    assert len(grid_hours(0, 1992, machines=60)) * 60 <= MOST_DECISIONS


@given(start=st.integers(0, 500_000), days=st.integers(30, 1000))
def test_the_parts_follow_each_other_with_the_same_shares_for_every_data_set(start: int, days: int) -> None:
    split = split_by_time(start, start + days * 24)
    assert split.train.last < split.validate.first
    assert split.validate.last < split.test.first
    assert abs((split.train_end - start) / (days * 24) - 0.6) < 2 / days
