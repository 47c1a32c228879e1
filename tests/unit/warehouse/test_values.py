"""Values are checked against their declared type before any SQL runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from data_engineering.warehouse.models import CatalogueEntry, ParameterType, Value
from data_engineering.warehouse.values import bind

MOMENT = datetime(2026, 3, 1, 6, tzinfo=UTC)
RIGHT: dict[ParameterType, Any] = {
    "text": "CNC-A-102",
    "integer": 24,
    "number": 0.5,
    "timestamp": MOMENT,
    "date": date(2026, 3, 1),
    "text_list": ["a", "b"],
    "integer_list": [1, 2],
}
KINDS = sorted(RIGHT)


def entry(kind: ParameterType, *, optional: bool = False) -> CatalogueEntry:
    return CatalogueEntry(
        name="question",
        description="",
        owner="",
        parameters={"value": kind},
        optional=("value",) if optional else (),
        columns={},
        sql={"duckdb": "select $value, $plants"},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_its_type_is_bound_as_it_is(kind: ParameterType) -> None:
    assert bind(entry(kind), {"value": RIGHT[kind]}) == {"value": RIGHT[kind]}


@pytest.mark.parametrize(
    ("kind", "given_as"), [(a, b) for a in KINDS for b in KINDS if a != b and (a, b) != ("number", "integer")]
)
def test_a_value_of_another_type_is_refused(kind: ParameterType, given_as: ParameterType) -> None:
    with pytest.raises(InvalidInput, match=f"is not a {kind}"):
        bind(entry(kind), {"value": RIGHT[given_as]})


def test_an_integer_is_a_number() -> None:
    assert bind(entry("number"), {"value": 24}) == {"value": 24}


@pytest.mark.parametrize("kind", ["integer", "number", "integer_list"])
def test_a_boolean_is_no_number(kind: ParameterType) -> None:
    value: Value = [True] if kind == "integer_list" else True
    with pytest.raises(InvalidInput):
        bind(entry(kind), {"value": value})


@pytest.mark.parametrize("kind", KINDS)
def test_null_is_refused_where_it_is_not_optional(kind: ParameterType) -> None:
    with pytest.raises(InvalidInput, match="value: is missing"):
        bind(entry(kind), {"value": None})


@pytest.mark.parametrize("kind", KINDS)
def test_an_optional_value_left_out_is_null(kind: ParameterType) -> None:
    assert bind(entry(kind, optional=True), {}) == {"value": None}


def test_a_name_that_is_not_declared_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput, match="plants: is not a parameter") as refused:
        bind(entry("text"), {"value": "x", "plants": ["south"]})
    assert refused.value.remedy == "Parameters: value."


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        bind(entry("timestamp"), {"value": MOMENT.replace(tzinfo=None)})


@given(hours=st.integers(-12, 14))
def test_a_time_is_bound_as_the_same_instant_in_utc(hours: int) -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=hours)))
    bound = bind(entry("timestamp"), {"value": local})["value"]
    assert (bound, bound.tzinfo) == (MOMENT, UTC)


@given(st.integers(min_value=2**63) | st.integers(max_value=-(2**63) - 1))
def test_an_integer_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(InvalidInput):
        bind(entry("integer"), {"value": number})
