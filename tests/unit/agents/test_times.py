"""Time expressions relative to Sunday 2026-03-01 06:00 UTC."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.times import When, times
from tests.doubles.agent_tools import NOW


def only(text: str) -> When:
    found = list(times(text, NOW))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "time_range"),
    [
        ("over the last week", "last_7_days"),
        ("in the past 24 hours", "last_24_hours"),
        ("last 3 months", "last_3_months"),
        ("last month", "last_30_days"),
        ("last quarter", "last_90_days"),
        ("last 2 years", "last_730_days"),
        ("yesterday", "2026-02-28/2026-03-01"),
        ("the day before yesterday", "2026-02-27/2026-02-28"),
        ("in January", "2026-01-01/2026-02-01"),
        ("in December", "2025-12-01/2026-01-01"),
        ("in March 2024", "2024-03-01/2024-04-01"),
        ("on 2026-02-14", "2026-02-14/2026-02-15"),
        ("between 2026-02-01 and 2026-02-10", "2026-02-01/2026-02-11"),
        ("since Thursday", "2026-02-26/2026-03-01T06:00Z"),
        ("since 2026-02-20", "2026-02-20/2026-03-01T06:00Z"),
        ("last Friday", "2026-02-27/2026-02-28"),
        ("2 days ago", "last_2_days"),
    ],
)
def test_a_past_time_becomes_a_range(text: str, time_range: str) -> None:
    when = only(text)
    assert (when.past, when.future) == (time_range, None)


@pytest.mark.parametrize(
    ("text", "horizon"),
    [
        ("in the next 3 days", "3_days"),
        ("within 48 hours", "48_hours"),
        ("in 2 weeks", "2_weeks"),
        ("next week", "7_days"),
        ("for the next month", "30_days"),
        ("tomorrow", "42_hours"),
        ("the day after tomorrow", "66_hours"),
        ("by Friday", "138_hours"),
        ("within -3 days", "-3_days"),
    ],
)
def test_a_future_time_becomes_a_horizon(text: str, horizon: str) -> None:
    when = only(text)
    assert (when.past, when.future) == (None, horizon)


@pytest.mark.parametrize("text", ["this week", "today", "this month", "for 5 days"])
def test_a_time_that_may_be_either_keeps_both_readings(text: str) -> None:
    when = only(text)
    assert when.past is not None
    assert when.future is not None


def test_tomorrow_names_the_day_that_is_meant() -> None:
    assert only("tomorrow").window == "2026-03-02T00:00:00+00:00/2026-03-03T00:00:00+00:00"


@pytest.mark.parametrize(
    "text", ["PUMP-B-203", "E-417", "how do I march on", "line 1", "part 6205-2RS", "may I open it"]
)
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert list(times(text, NOW)) == []


@given(st.text(max_size=80))
def test_any_text_gives_times_that_do_not_overlap(text: str) -> None:
    found = list(times(text, NOW))
    assert all(first.end <= second.start for first, second in pairwise(found))
