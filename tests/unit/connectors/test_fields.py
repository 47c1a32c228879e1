"""Numbers and times come out as they were written, whatever they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_engineering.connectors.fields import Columns, Parsed, parse_field
from data_engineering.connectors.mapping import CsvOptions, FieldSpec
from data_engineering.contracts.tables import BronzeTable

BERLIN = ZoneInfo("Europe/Berlin")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001


def columns(options: CsvOptions | None = None) -> Columns:
    return Columns({"x": pl.String()}, options or CsvOptions(), lambda *_: [])


def evaluate(parsed: Parsed, texts: list[str], read: Columns, name: str) -> list[tuple[object, str | None]]:
    """(value, problem) of each text."""
    frame = read.cleaned(pl.DataFrame({"x": texts}, schema={"x": pl.String}), {"x"})
    steps = frame.with_columns(*parsed.steps).with_columns(parsed.value.alias(f"={name}"))
    return steps.select(pl.col(f"={name}"), parsed.problem.alias("!")).rows()


def numbers(texts: list[str], options: CsvOptions | None = None) -> list[tuple[object, str | None]]:
    read = columns(options)
    value, problem = read.number("x")
    frame = read.cleaned(pl.DataFrame({"x": texts}, schema={"x": pl.String}), {"x"})
    return frame.select(value.alias("value"), problem.alias("problem")).rows()


def moments(texts: list[str], zone: str) -> list[tuple[object, str | None]]:
    read, spec = columns(), FieldSpec(column="x", zone=zone)
    return evaluate(parse_field(BronzeTable.READINGS, "source_ts", spec, read), texts, read, "source_ts")


@given(FLOATS)
def test_a_number_is_read_as_it_was_written(value: float) -> None:
    assert numbers([repr(value)]) == [(value, None)]


@given(FLOATS)
def test_a_decimal_comma_reads_as_a_point(value: float) -> None:
    assert numbers([repr(value).replace(".", ",")], CsvOptions(decimal=",")) == [(value, None)]


@given(st.integers(0, 10**12))
def test_thousands_are_read_over(value: int) -> None:
    assert numbers([f"{value:,}"], CsvOptions(thousands=",")) == [(float(value), None)]


@given(
    st.text(st.characters(categories=["L"], exclude_characters="eE"), min_size=1).filter(
        lambda text: text.lower() not in ("nan", "inf", "infinity")
    )
)
def test_words_are_not_numbers(text: str) -> None:
    assert numbers([text]) == [(None, "not a number")]


@given(MOMENTS)
def test_a_utc_time_is_read_to_the_microsecond(moment: datetime) -> None:
    assert moments([moment.isoformat()], "UTC") == [(moment.replace(tzinfo=UTC), None)]


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_stated_offset_is_taken_off(moment: datetime, minutes: int) -> None:
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{moment.isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    expected = (moment - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    assert moments([text], "stated") == [(expected, None)]


@given(MOMENTS)
def test_a_local_time_is_read_as_pythons_zones_say_or_refused(moment: datetime) -> None:
    early, late = (moment.replace(tzinfo=BERLIN, fold=fold).astimezone(UTC) for fold in (0, 1))
    [(value, problem)] = moments([moment.isoformat()], "Europe/Berlin")
    assert (value, problem is None) == ((early, True) if early == late else (None, False))


@pytest.mark.parametrize("text", ["2026-02-30 00:00:00", "2026-01-01T25:00:00", "12:00", "2026", "01/02/2026"])
def test_what_is_no_iso_time_is_refused(text: str) -> None:
    assert moments([text], "UTC") == [(None, "not a time")]
