from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.horizon import parse_horizon, parse_range

MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("7_days", 168), ("24_hours", 24), ("last_30_days", 720), ("2 weeks", 336), ("1_month", 720), ("36h", 36)],
)
def test_a_duration_is_read_as_the_api_spells_it(text: str, hours: float) -> None:
    assert parse_horizon(text, field="time_horizon", longest=MONTH) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["-3_days", "0_days", "31_days", "soon", "", "7", "7_parsecs"])
def test_a_duration_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^time_horizon: ") as refusal:
        parse_horizon(text, field="time_horizon", longest=MONTH)
    assert refusal.value.remedy


@given(st.integers(1, 30))
def test_days_and_hours_agree(days: int) -> None:
    in_days, in_hours = f"{days}_days", f"last_{24 * days}_hours"
    assert parse_horizon(in_days, field="d", longest=MONTH) == parse_horizon(in_hours, field="h", longest=MONTH)


def test_a_calendar_range_is_itself() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    window = parse_range("2026-03-01/2026-03-08", field="time_range", now=now, longest=MONTH)
    assert (window.start, window.end) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC))


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidInput, match="empty"):
        parse_range("2026-03-08/2026-03-01", field="r", now=datetime(2026, 5, 1, tzinfo=UTC), longest=MONTH)
