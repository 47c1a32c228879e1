"""The mapping file: how the columns of an export become the fields of our contracts. See docs/how-to/import.md."""

from __future__ import annotations

import fnmatch
import string
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidInput
from core.metrics import Metric
from data_engineering.contracts.records import allowed_values
from data_engineering.contracts.tables import BronzeTable, polars_schema, required_columns

SHIPPED = Path(__file__).with_name("mappings")
UNDECIDED = "DECIDE"
"""What `suggest_mapping` writes where only a person can know."""
STATED = "stated"
"""The zone of a column whose every value carries its own offset."""

Scalar = str | int | float | bool
FIELD_UNITS = {
    "planned_busy_time_s": "s",
    "actual_production_time_s": "s",
    "planned_run_time_per_item_s": "s",
    "rated_power_kw": "kW",
}
"""Fields that carry a unit in their name; a mapping must say the unit of their column."""
_FILLED_BY_US = {"device_id", "epoch", "seq", "ingest_ts"}
_OURS = {BronzeTable.PREDICTIONS, BronzeTable.FEEDBACK}
_READING_FIELDS = {"equipment_id", "source_ts", "status_code"}


def _known_zone(zone: str) -> str:
    if zone == STATED:
        return zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"'{zone}' is no IANA time zone (UTC, Europe/Berlin) and not '{STATED}'") from error
    return zone


def _column_shorthand(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(_known_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class RowClock(_Strict):
    """A made-up clock for rows that have an order but no time: row n is at start + n * step. Say so in a comment."""

    start: datetime
    step_seconds: float = Field(gt=0)

    @model_validator(mode="after")
    def _start_is_aware(self) -> Self:
        if self.start.tzinfo is None:
            raise ValueError("start has no time zone; write it like 2020-01-01T00:00:00Z")
        return self


class Matched(_Strict):
    """`then` where another file beside this one has a row with the same values, else `otherwise`."""

    file: str = Field(description="CSV file in the same folder.")
    columns: dict[str, str] = Field(min_length=1, description="Column here: column there.")
    then: Scalar
    otherwise: Scalar


class FieldSpec(_Strict):
    """Where one field comes from: exactly one of the first six."""

    column: str | None = None
    constant: Scalar | None = None
    template: str | None = Field(None, description="Text with {column} or {column:3}, zero-padded to that width.")
    flags: tuple[str, ...] | None = Field(None, description="0/1 columns: names of those that are 1, joined by '+'.")
    row_clock: RowClock | None = None
    matched: Matched | None = None
    map: dict[Scalar, Scalar] | None = Field(None, description="Value of the source to ours; others are refused.")
    unit: str | None = Field(None, description="Unit of the column, spelled as pint spells it.")
    zone: Zone | None = Field(None, description=f"IANA zone of naive times, or '{STATED}' when each has its offset.")
    format: str | None = Field(None, description="strftime format, or epoch_s, epoch_ms, epoch_us; default ISO 8601.")
    years_before: date | None = Field(None, description="The column is an age in years at this date.")

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        origins = ("column", "constant", "template", "flags", "row_clock", "matched")
        given = [name for name in origins if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(origins)}; got {', '.join(given) or 'none'}")
        list(template_parts(self.template or ""))
        return self

    def columns(self) -> set[str]:
        """Columns of the source this field reads."""
        named = {self.column} if self.column is not None else set()
        in_template = {name for name, _ in template_parts(self.template)} if self.template is not None else set()
        return named | in_template | set(self.flags or ()) | set(self.matched.columns if self.matched else ())


Spec = Annotated[FieldSpec, BeforeValidator(_column_shorthand)]


class ValueColumn(_Strict):
    """Wide layout: one column is one metric."""

    column: str
    metric: str
    unit: str


class Tag(_Strict):
    metric: str
    unit: str | None = None


class Series(_Strict):
    """Long layout: one row is one reading."""

    name: str = Field(description="Column that names the metric.")
    value: str = Field(description="Column of the value.")
    unit: str | None = Field(None, description="Column of the unit; unset when each tag states its own.")
    tags: dict[str, Tag] = Field(default_factory=dict, description="Name in the file to metric; empty: same names.")

    @model_validator(mode="after")
    def _every_value_has_a_unit(self) -> Self:
        without = [name for name, tag in self.tags.items() if tag.unit is None]
        if self.unit is None and (without or not self.tags):
            raise ValueError(
                f"no unit for {', '.join(without) or 'the values'}: give a unit column or one for each tag"
            )
        return self


class Target(_Strict):
    """Rows of one bronze table made from the rows of a file."""

    table: BronzeTable
    where: dict[str, Scalar] = Field(default_factory=dict, description="Only rows with these values.")
    fields: dict[str, Spec]
    values: tuple[ValueColumn, ...] = ()
    series: Series | None = None
    empty: Literal["no_data", "skip"] = Field("no_data", description="An empty value: a BadNoData reading, or none.")

    @property
    def slots(self) -> int:
        """Rows of the table that one row of the file may give."""
        return len(self.values) or 1

    @model_validator(mode="after")
    def _fits_the_contract(self) -> Self:
        if self.table in _OURS:
            raise ValueError(f"{self.table} is made by the copilot itself, not imported")
        is_readings = self.table is BronzeTable.READINGS
        if is_readings != bool(self.values or self.series) or (self.values and self.series):
            raise ValueError("readings need exactly one of values (wide) and series (long); other tables neither")
        known = _READING_FIELDS if is_readings else set(polars_schema(self.table)) - _FILLED_BY_US
        if unknown := sorted(set(self.fields) - known):
            raise ValueError(f"{self.table} has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}")
        required = (required_columns(self.table) & known) - {"status_code"}
        if missing := sorted(required - set(self.fields)):
            raise ValueError(f"{self.table} needs {', '.join(missing)}")
        for name, spec in self.fields.items():
            _check_field(self.table, name, spec)
        return self

    def columns(self) -> set[str]:
        """Columns of the source this target reads."""
        named = {value.column for value in self.values} | set(self.where)
        if self.series is not None:
            named |= {self.series.name, self.series.value} | ({self.series.unit} if self.series.unit else set())
        return named | {column for spec in self.fields.values() for column in spec.columns()}


class CsvOptions(_Strict):
    separator: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    encoding: str = "utf-8"
    skip_rows: int = Field(0, ge=0, description="Rows before the header.")
    no_value: tuple[str, ...] = Field((), description="Texts that mean no value, beside the empty one and NaN.")


class FileSpec(_Strict):
    """How files whose name matches are read. The first matching entry counts."""

    match: str = Field(description="Shell pattern of the file name; a further .gz is allowed.")
    format: Literal["csv", "parquet"]
    csv: CsvOptions = CsvOptions()
    known_equipment: bool = Field(False, description="Refuse rows of machines that the equipment table does not have.")
    targets: tuple[Target, ...] = Field(min_length=1)

    def matches(self, file: Path) -> bool:
        return any(fnmatch.fnmatch(file.name, pattern) for pattern in (self.match, f"{self.match}.gz"))

    def columns(self) -> set[str]:
        return {column for target in self.targets for column in target.columns()}


class Mapping(_Strict):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    metrics: tuple[Metric, ...] = Field((), description="Metrics beside the catalogue, e.g. of values without unit.")
    files: tuple[FileSpec, ...] = Field(min_length=1)

    def spec_for(self, file: Path) -> tuple[int, FileSpec]:
        """(position in `files`, entry) that reads `file`.

        Raises:
            InvalidInput: no entry matches the file's name.
        """
        for position, spec in enumerate(self.files):
            if spec.matches(file):
                return position, spec
        raise InvalidInput(
            f"{file}: the mapping '{self.name}' knows no such file; it reads {', '.join(s.match for s in self.files)}.",
            remedy="Leave the file out, or add an entry to the mapping's `files`.",
            field="file",
        )


def load_mapping(mapping: str | Path) -> Mapping:
    """A shipped mapping by name, or a mapping file by path.

    Raises:
        InvalidInput: no such mapping, no YAML, or a key that is unknown, missing or wrong; names the file and the key.
    """
    path = _path_of(mapping)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: not a YAML file ({' '.join(str(error).split())}).", field="mapping") from error
    _refuse_undecided(path, content)
    try:
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(
            f"{path}: {'; '.join(_sentence(problem) for problem in error.errors())}.",
            remedy="docs/how-to/import.md describes every key of a mapping file.",
            field="mapping",
        ) from error


def template_parts(template: str) -> Iterator[tuple[str, int]]:
    """(column, width) of each placeholder; width 0 when none is given."""
    for _, column, width, _ in string.Formatter().parse(template):
        if column is None:
            continue
        if width and not width.isdigit():
            raise ValueError(f"template: '{{{column}:{width}}}' is not a column or a column and a width like {{id:3}}")
        yield column, int(width or 0)


def _path_of(mapping: str | Path) -> Path:
    path = Path(mapping)
    shipped = SHIPPED / f"{mapping}.yml"
    if shipped.is_file() and not path.is_file():
        return shipped
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yml")))
        raise InvalidInput(
            f"mapping: no file '{mapping}' and no shipped mapping of that name.",
            remedy=f"Give a path or one of {names}; `copilot import --suggest FILE` proposes a mapping.",
            field="mapping",
        )
    return path


def _check_field(table: BronzeTable, name: str, spec: FieldSpec) -> None:
    is_time = isinstance(polars_schema(table)[name], pl.Datetime)
    if is_time and spec.row_clock is None:
        if spec.column is None:
            raise ValueError(f"{name} is a time: give column or row_clock")
        if spec.zone is None:
            raise ValueError(
                f"{name}: zone is missing; a time without zone means nothing (UTC, Europe/Berlin, {STATED})"
            )
    if not is_time and (spec.zone is not None or spec.row_clock is not None):
        raise ValueError(f"{name} is not a time and takes neither zone nor row_clock")
    if name in FIELD_UNITS and spec.unit is None:
        raise ValueError(f"{name}: unit is missing; state the unit of the column, e.g. {FIELD_UNITS[name]}")
    if name not in FIELD_UNITS and spec.unit is not None:
        raise ValueError(f"{name} takes no unit")
    _check_values(table, name, spec)


def _check_values(table: BronzeTable, name: str, spec: FieldSpec) -> None:
    allowed = allowed_values(table.schema_name, name)
    chosen = [spec.constant, *(spec.map or {}).values()]
    if spec.matched is not None:
        chosen += [spec.matched.then, spec.matched.otherwise]
    wrong = [str(value) for value in chosen if value is not None and allowed and str(value) not in allowed]
    if wrong:
        raise ValueError(f"{name}: {', '.join(wrong)} is none of {', '.join(allowed)}")


def _refuse_undecided(path: Path, content: Any, key: str = "") -> None:
    if isinstance(content, dict | list):
        for name, value in content.items() if isinstance(content, dict) else enumerate(content):
            _refuse_undecided(path, value, f"{key}.{name}".lstrip("."))
    elif content == UNDECIDED:
        raise InvalidInput(
            f"{path}: {key} is still to be decided.",
            remedy=f"Replace {UNDECIDED} by what you know of the source; the comment beside it says what is asked.",
            field=key,
        )


def _sentence(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"]) or "the file"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{key}: {message[:1].lower()}{message[1:]}"
