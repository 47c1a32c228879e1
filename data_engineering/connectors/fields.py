"""One field of a mapping as a polars expression, with the reason wherever a value is refused."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

import polars as pl

from core.errors import InvalidInput
from core.units import conversion
from data_engineering.connectors.mapping import FIELD_UNITS, STATED, CsvOptions, FieldSpec, RowClock, template_parts
from data_engineering.connectors.sources import ROW
from data_engineering.contracts.records import allowed_values, bounds
from data_engineering.contracts.tables import BronzeTable, polars_schema, required_columns

Schema = Mapping[str, pl.DataType]
TEXT = pl.String()
_EPOCH_MICROSECONDS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_OFFSET = r"(Z|[+-]\d{2}:?\d{2})$"
_DAYS_OF_YEAR = 365.25
_TRUE, _FALSE = ("true", "1", "yes", "t", "y"), ("false", "0", "no", "f", "n")


@dataclass(frozen=True)
class Parsed:
    """`value` has the contract's type; `problem` says why a row's value is refused, null where it is fine.

    Evaluated in this order: `steps`, then `value` (named by `valued`), then `problem`; each may use what is before it.
    """

    value: pl.Expr
    problem: pl.Expr
    raw: pl.Expr
    column: str
    steps: tuple[pl.Expr, ...] = ()


@dataclass(frozen=True)
class Columns:
    """The columns of one source and how their text is to be read."""

    schema: Schema
    options: CsvOptions
    lookup: Callable[[str, tuple[str, ...]], list[str]]
    """(file, columns) to the joined keys of another file beside this one."""

    def cleaned(self, frame: pl.DataFrame, names: set[str]) -> pl.DataFrame:
        """Text columns stripped, and null where they are empty or say that there is no value."""
        nothing = ["", *self.options.no_value]
        texts = [pl.col(name).str.strip_chars() for name in sorted(names) if self.schema[name] == pl.String]
        return frame.with_columns(pl.when(~text.is_in(nothing)).then(text) for text in texts)

    def text(self, column: str) -> pl.Expr:
        """A cleaned column as text; a whole float is written without its .0."""
        dtype, source = self.schema[column], pl.col(column)
        if dtype == pl.String:
            return source
        if dtype.is_float():
            whole = source.cast(pl.Int64, strict=False)
            source = pl.when(whole == source).then(whole.cast(TEXT)).otherwise(source.cast(TEXT))
        return source.cast(TEXT)

    def number(self, column: str) -> tuple[pl.Expr, pl.Expr]:
        """(float, problem). Empty and NaN are null without a problem; infinite is a problem."""
        dtype = self.schema[column]
        if dtype.is_numeric():
            value = pl.col(column).cast(pl.Float64)
        elif dtype == pl.String:
            value = self._plain_number(self.text(column)).cast(pl.Float64, strict=False)
        else:
            raise InvalidInput(f"column '{column}' holds {dtype}, not numbers.", field=column)
        is_wrong = (value.is_null() & self.text(column).is_not_null()) | value.is_infinite()
        return value.fill_nan(None), reasons([(is_wrong, "not a number")])

    def _plain_number(self, text: pl.Expr) -> pl.Expr:
        if self.options.thousands:
            text = text.str.replace_all(self.options.thousands, "", literal=True)
        return text.str.replace(",", ".", literal=True) if self.options.decimal == "," else text


def valued(name: str) -> pl.Expr:
    """The column of a field's value."""
    return pl.col(f"={name}")


def reasons(cases: list[tuple[pl.Expr, str]]) -> pl.Expr:
    """The first reason whose condition holds, else null."""
    return pl.coalesce([pl.when(condition).then(pl.lit(reason)) for condition, reason in cases])


def parse_field(table: BronzeTable, name: str, spec: FieldSpec, columns: Columns) -> Parsed:
    """`spec` as the contract's field `table.name`."""
    dtype = polars_schema(table)[name]
    parsed = _of_type(dtype, name, spec, columns)
    problems = [parsed.problem, _contract_problem(table, name, dtype)]
    if name in required_columns(table):
        problems.append(reasons([(valued(name).is_null(), "is empty")]))
    return replace(parsed, problem=pl.coalesce(problems))


def _of_type(dtype: pl.DataType, name: str, spec: FieldSpec, columns: Columns) -> Parsed:
    if isinstance(dtype, pl.Datetime):
        return _time(name, spec, columns)
    if isinstance(dtype, pl.Date):
        return _date(spec, columns)
    if dtype.is_numeric() and spec.column is not None and spec.map is None:
        return _number(name, dtype, spec, *columns.number(spec.column), columns.text(spec.column))
    text = _text(spec, columns)
    if dtype == pl.Boolean:
        return _boolean(text)
    if dtype.is_numeric():
        return _number(name, dtype, spec, text.value.cast(pl.Float64, strict=False), text.problem, text.raw)
    return text


def _text(spec: FieldSpec, columns: Columns) -> Parsed:
    raw = _text_origin(spec, columns)
    label = ", ".join(sorted(spec.columns()))
    if spec.map is None:
        return Parsed(raw, pl.lit(None, TEXT), raw, label)
    known = {scalar_text(key): scalar_text(value) for key, value in spec.map.items()}
    value = raw.replace_strict(list(known), list(known.values()), default=None, return_dtype=TEXT)
    return Parsed(value, reasons([(value.is_null() & raw.is_not_null(), "not in the mapping's map")]), raw, label)


def _text_origin(spec: FieldSpec, columns: Columns) -> pl.Expr:
    if spec.column is not None:
        return columns.text(spec.column)
    if spec.template is not None:
        return _template(spec.template, columns)
    if spec.flags is not None:
        names = [pl.when(columns.text(flag) == "1").then(pl.lit(flag)) for flag in spec.flags]
        joined = pl.concat_str(names, separator="+", ignore_nulls=True)
        return pl.when(joined != "").then(joined)
    if spec.matched is not None:
        here, there = tuple(spec.matched.columns), tuple(spec.matched.columns.values())
        key = pl.concat_str([columns.text(column) for column in here], separator="\x1f")
        is_there = key.is_in(columns.lookup(spec.matched.file, there))
        return (
            pl.when(is_there)
            .then(pl.lit(scalar_text(spec.matched.then)))
            .otherwise(pl.lit(scalar_text(spec.matched.otherwise)))
        )
    return pl.lit(scalar_text(spec.constant))


def _template(template: str, columns: Columns) -> pl.Expr:
    literals = [literal for literal, *_ in string.Formatter().parse(template)]
    fields = [columns.text(column).str.zfill(width) for column, width in template_parts(template)]
    pieces: list[pl.Expr] = []
    for position, literal in enumerate(literals):
        pieces += [pl.lit(literal), *fields[position : position + 1]]
    return pl.concat_str(pieces)


def _number(name: str, dtype: pl.DataType, spec: FieldSpec, value: pl.Expr, problem: pl.Expr, raw: pl.Expr) -> Parsed:
    if name in FIELD_UNITS:
        value = convert(value, *conversion(str(spec.unit), FIELD_UNITS[name]))
    if dtype.is_integer():
        problem = pl.coalesce([problem, reasons([(value != value.floor(), "not a whole number")])])
    return Parsed(value.cast(dtype, strict=False), problem, raw, spec.column or "")


def convert(value: pl.Expr, scale: float, offset: float) -> pl.Expr:
    """value * scale + offset; bit for bit the same value when nothing is to be converted."""
    return value if (scale, offset) == (1.0, 0.0) else value * scale + offset


def _boolean(text: Parsed) -> Parsed:
    lower = text.value.str.to_lowercase()
    value = pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False)
    problem = reasons([(value.is_null() & lower.is_not_null(), "neither true nor false")])
    return Parsed(value, pl.coalesce([text.problem, problem]), text.raw, text.column)


def _date(spec: FieldSpec, columns: Columns) -> Parsed:
    if spec.column is None:
        value = pl.lit(spec.constant).cast(TEXT).str.to_date("%Y-%m-%d")
        return Parsed(value, pl.lit(None, TEXT), pl.lit(None, TEXT), "")
    raw = columns.text(spec.column)
    if spec.years_before is not None:
        years, problem = columns.number(spec.column)
        days = (years * _DAYS_OF_YEAR).round(0).cast(pl.Int32)
        return Parsed(pl.lit(spec.years_before) - pl.duration(days=days), problem, raw, spec.column)
    if isinstance(columns.schema[spec.column], pl.Date | pl.Datetime):
        return Parsed(pl.col(spec.column).cast(pl.Date), pl.lit(None, TEXT), raw, spec.column)
    value = raw.str.to_date(spec.format or "%Y-%m-%d", strict=False)
    return Parsed(value, reasons([(value.is_null() & raw.is_not_null(), "not a date")]), raw, spec.column)


def _time(name: str, spec: FieldSpec, columns: Columns) -> Parsed:
    """A moment in UTC. Naive values are local to `spec.zone`; those that summer time makes ambiguous are refused."""
    if spec.row_clock is not None:
        return Parsed(_row_time(spec.row_clock), pl.lit(None, TEXT), pl.lit(None, TEXT), ROW)
    assert spec.column is not None
    raw = columns.text(spec.column)
    read = _moments(spec, columns.schema[spec.column], raw)
    steps = tuple(step.alias(f"~{name} {kind}") for step, kind in zip(read, ("aware", "naive"), strict=True))
    aware, naive = pl.col(f"~{name} aware"), pl.col(f"~{name} naive")
    if spec.zone == STATED:
        value, reason = aware, "has no time zone"
    else:
        local = naive.dt.replace_time_zone(str(spec.zone), ambiguous="null", non_existent="null")
        value, reason = pl.coalesce([aware, local.dt.convert_time_zone("UTC")]), f"no such time, or two, in {spec.zone}"
    is_missing = valued(name).is_null()
    problem = reasons([(is_missing & naive.is_not_null(), reason), (is_missing & raw.is_not_null(), "not a time")])
    return Parsed(value, problem, raw, spec.column, steps)


def _moments(spec: FieldSpec, dtype: pl.DataType, raw: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """(aware in UTC, naive): one of them null, both where the value cannot be read."""
    none_aware, none_naive = pl.lit(None, pl.Datetime("us", "UTC")), pl.lit(None, pl.Datetime("us"))
    column = pl.col(str(spec.column))
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            if spec.zone == STATED:
                raise InvalidInput(f"column '{spec.column}' holds times without zone.", remedy="State their `zone`.")
            return none_aware, column.cast(pl.Datetime("us"))
        return column.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC")), none_naive
    if isinstance(dtype, pl.Date):
        return none_aware, column.cast(pl.Datetime("us"))
    if spec.format in _EPOCH_MICROSECONDS:
        ticks = column.cast(pl.Float64, strict=False) * _EPOCH_MICROSECONDS[spec.format]
        return ticks.round(0).cast(pl.Int64, strict=False).cast(pl.Datetime("us", "UTC")), none_naive
    return _from_text(spec.format, raw, none_aware, none_naive)


def _from_text(pattern: str | None, raw: pl.Expr, none_aware: pl.Expr, none_naive: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    if pattern is None:
        iso = raw.str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T")
        stated = pl.when(iso.str.contains("T.*" + _OFFSET)).then(iso)
        aware = stated.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
        formats = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
        return aware, pl.coalesce([iso.str.to_datetime(f, time_unit="us", strict=False) for f in formats])
    if re.search(r"%:*#?z", pattern):
        return raw.str.to_datetime(pattern, time_unit="us", time_zone="UTC", strict=False), none_naive
    return none_aware, raw.str.to_datetime(pattern, time_unit="us", strict=False)


def _row_time(clock: RowClock) -> pl.Expr:
    step = timedelta(seconds=clock.step_seconds) // timedelta(microseconds=1)
    start = pl.lit(clock.start.astimezone(UTC)).cast(pl.Datetime("us", "UTC"))
    return start + pl.duration(microseconds=pl.col(ROW) * step)


def _contract_problem(table: BronzeTable, name: str, dtype: pl.DataType) -> pl.Expr:
    """What the typed record of the contract would refuse: a word outside its list, a number outside its bounds."""
    allowed = allowed_values(table.schema_name, name)
    if allowed:
        return reasons([(~valued(name).is_in(allowed), f"none of {', '.join(allowed)}")])
    lowest, highest = bounds(table.schema_name, name)
    if not dtype.is_numeric() or (lowest is None and highest is None):
        return pl.lit(None, TEXT)
    below = [] if lowest is None else [(valued(name) < lowest, f"below {lowest:g}")]
    above = [] if highest is None else [(valued(name) > highest, f"above {highest:g}")]
    return reasons([*below, *above])


def scalar_text(value: object) -> str:
    """A YAML scalar as the text a file has: true and false in lower case, whole floats without .0."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
