"""A batch of source rows as rows of the bronze tables, and what was refused of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from core.errors import InvalidInput
from core.metrics import Metric, MetricCatalogue
from core.units import conversion
from data_engineering.connectors.fields import TEXT, Columns, Parsed, convert, parse_field, reasons, scalar_text, valued
from data_engineering.connectors.mapping import FileSpec, Series, Target, ValueColumn
from data_engineering.connectors.sources import ROW, Batch
from data_engineering.contracts.quality import BAD_NO_DATA, BAD_OUT_OF_RANGE, GOOD
from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Source as Sender

SLOT = "_seq"
"""Column of the sender's counter of a row, also of tables that do not keep it."""
REFUSED = {ROW: pl.Int64(), "field": TEXT, "value": TEXT, "reason": TEXT}
Outcome = tuple[pl.DataFrame, list[pl.DataFrame]]


@dataclass(frozen=True)
class Layout:
    """How many rows of each table one row of the file may give, and where each target's begin."""

    width: dict[BronzeTable, int]
    offsets: tuple[int, ...]

    @staticmethod
    def of(spec: FileSpec) -> Layout:
        width: dict[BronzeTable, int] = {}
        offsets = []
        for target in spec.targets:
            offsets.append(width.get(target.table, 0))
            width[target.table] = offsets[-1] + target.slots
        return Layout(width, tuple(offsets))


@dataclass(frozen=True)
class Transformer:
    """Turns batches of one file into rows. `known_equipment` is None when any machine may be named."""

    spec: FileSpec
    columns: Columns
    catalogue: MetricCatalogue
    known_equipment: frozenset[str] | None
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", Layout.of(self.spec))

    def rows(
        self, batch: Batch, sender: Sender, ingest_ts: datetime
    ) -> tuple[dict[BronzeTable, pl.DataFrame], pl.DataFrame]:
        """(rows of each table in contract order plus SLOT, refused things)."""
        made: dict[BronzeTable, list[pl.DataFrame]] = {table: [] for table in self.layout.width}
        refused = [pl.DataFrame(batch.refused, schema=REFUSED, orient="row")] if batch.refused else []
        frame = self.columns.cleaned(batch.frame, self.spec.columns())
        for target, offset in zip(self.spec.targets, self.layout.offsets, strict=True):
            frames, problems = self._target(target, offset, frame)
            made[target.table] += [_finished(target.table, rows, sender, ingest_ts) for rows in frames]
            refused += problems
        tables = {table: pl.concat(frames) for table, frames in made.items()}
        return tables, pl.concat([pl.DataFrame(schema=REFUSED), *refused]).unique(maintain_order=True).sort(ROW)

    def _target(
        self, target: Target, offset: int, batch: pl.DataFrame
    ) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
        batch = _selected(target.where, batch, self.columns)
        fields = {name: parse_field(target.table, name, spec, self.columns) for name, spec in target.fields.items()}
        if "equipment_id" in fields and self.known_equipment is not None:
            fields["equipment_id"] = _known(fields["equipment_id"], self.known_equipment)
        width = self.layout.width[target.table]
        slot = (pl.col(ROW) * width + offset).alias(SLOT)
        kept = [slot, *(pl.col(name) for name in self.spec.columns() if name in batch.columns)]
        good, problems = _parsed(batch, fields, extra=kept if target.table is BronzeTable.READINGS else [slot])
        if target.table is not BronzeTable.READINGS:
            return [good], problems
        outcomes = list(self._readings(target, good))
        return [frame for frame, _ in outcomes], [*problems, *(one for _, refused in outcomes for one in refused)]

    def _readings(self, target: Target, rows: pl.DataFrame) -> Iterator[Outcome]:
        if target.series is not None:
            yield self._long(target, target.series, rows)
        for position, column in enumerate(target.values):
            yield self._wide(target, column, rows.with_columns(pl.col(SLOT) + position))

    def _wide(self, target: Target, column: ValueColumn, rows: pl.DataFrame) -> Outcome:
        metric = self.catalogue[column.metric]
        value, problem = self.columns.number(column.column)
        value = convert(value, *conversion(column.unit, metric.unit))
        parsed = Parsed(value, problem, self.columns.text(column.column), column.column)
        return _readings(target, rows, parsed, pl.lit(metric.name), pl.lit(metric.minimum), pl.lit(metric.maximum))

    def _long(self, target: Target, series: Series, rows: pl.DataFrame) -> Outcome:
        units = self._units(series, rows)
        joined = rows.with_columns(_key(series, self.columns)).join(units, on="_key", how="left", maintain_order="left")
        value, problem = self.columns.number(series.value)
        value = value * pl.col("_scale") + pl.col("_offset")
        named = pl.concat_str(
            [self.columns.text(series.name), *_unit_text(series, self.columns)], separator=" ", ignore_nulls=True
        )
        raw = pl.when(pl.col("_problem").is_null()).then(self.columns.text(series.value)).otherwise(named)
        parsed = Parsed(value, pl.coalesce([pl.col("_problem"), problem]), raw, series.value)
        return _readings(target, joined, parsed, pl.col("_metric"), pl.col("_minimum"), pl.col("_maximum"))

    def _units(self, series: Series, rows: pl.DataFrame) -> pl.DataFrame:
        """One row for each distinct (name, unit) of the batch: its metric and conversion, or why it has none."""
        names = [
            self.columns.text(series.name).alias("_name"),
            *(u.alias("_unit") for u in _unit_text(series, self.columns)),
        ]
        distinct = rows.select(names).unique().rows()
        found = [(_joined(pair), *self._series_entry(series, *pair)) for pair in distinct]
        numbers: dict[str, pl.DataType] = dict.fromkeys(("_scale", "_offset", "_minimum", "_maximum"), pl.Float64())
        schema = {"_key": TEXT, "_metric": TEXT, **numbers, "_problem": TEXT}
        return pl.DataFrame(found, schema=schema, orient="row")

    def _series_entry(
        self, series: Series, name: str | None, unit: str | None = None
    ) -> tuple[str | None, float, float, float, float, str | None]:
        tag = series.tags.get(name or "")
        metric_name = tag.metric if tag else name
        unit = (tag.unit if tag else None) or unit
        if series.tags and tag is None:
            return None, 1.0, 0.0, 0.0, 0.0, "name not in the mapping's tags"
        if metric_name not in self.catalogue:
            return None, 1.0, 0.0, 0.0, 0.0, "unknown metric"
        return _entry(self.catalogue[str(metric_name)], unit)


def check_units(spec: FileSpec, catalogue: MetricCatalogue) -> None:
    """Every unit that the mapping itself states converts to its metric's.

    Raises:
        UnknownMetric, InvalidInput: naming the metric, the unit and the remedy.
    """
    for target in spec.targets:
        for column in target.values:
            conversion(column.unit, catalogue[column.metric].unit)
        for tag in (target.series.tags if target.series else {}).values():
            metric = catalogue[tag.metric]
            if tag.unit is not None:
                conversion(tag.unit, metric.unit)


def _entry(metric: Metric, unit: str | None) -> tuple[str | None, float, float, float, float, str | None]:
    if unit is None:
        return metric.name, 1.0, 0.0, 0.0, 0.0, "no unit"
    try:
        scale, offset = conversion(unit, metric.unit)
    except InvalidInput:
        return metric.name, 1.0, 0.0, 0.0, 0.0, f"unit cannot be read as {metric.unit}"
    return metric.name, scale, offset, metric.minimum, metric.maximum, None


def _unit_text(series: Series, columns: Columns) -> list[pl.Expr]:
    return [columns.text(series.unit)] if series.unit is not None else []


def _key(series: Series, columns: Columns) -> pl.Expr:
    parts = [columns.text(series.name), *_unit_text(series, columns)]
    return pl.concat_str([part.fill_null("") for part in parts], separator="\x1f").alias("_key")


def _joined(pair: tuple[str | None, ...]) -> str:
    return "\x1f".join(part or "" for part in pair)


def _selected(where: Mapping[str, object], batch: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    for column, wanted in where.items():
        batch = batch.filter(columns.text(column) == scalar_text(wanted))
    return batch


def _known(parsed: Parsed, known: frozenset[str]) -> Parsed:
    is_unknown = ~valued("equipment_id").is_in(sorted(known))
    problem = pl.coalesce([parsed.problem, reasons([(is_unknown, "unknown equipment")])])
    return replace(parsed, problem=problem, raw=valued("equipment_id"))


def _parsed(batch: pl.DataFrame, fields: Mapping[str, Parsed], extra: list[pl.Expr]) -> Outcome:
    """(rows whose every field is fine, one frame of refused values for each field that has any)."""
    steps = batch.with_columns(step for parsed in fields.values() for step in parsed.steps)
    computed = steps.with_columns(parsed.value.alias(f"={name}") for name, parsed in fields.items()).select(
        ROW,
        *extra,
        *(valued(name) for name in fields),
        *(parsed.problem.alias(f"!{name}") for name, parsed in fields.items()),
        *(parsed.raw.alias(f"?{name}") for name, parsed in fields.items()),
    )
    refused = [
        computed.filter(pl.col(f"!{name}").is_not_null()).select(
            ROW,
            pl.lit(parsed.column or name).alias("field"),
            pl.col(f"?{name}").alias("value"),
            pl.col(f"!{name}").alias("reason"),
        )
        for name, parsed in fields.items()
        if computed.get_column(f"!{name}").null_count() < computed.height
    ]
    if refused:
        computed = computed.filter(pl.all_horizontal(pl.col(f"!{name}").is_null() for name in fields))
    return computed.drop(*(f"{mark}{name}" for mark in "!?" for name in fields)), refused


def _readings(
    target: Target, rows: pl.DataFrame, value: Parsed, metric: pl.Expr, minimum: pl.Expr, maximum: pl.Expr
) -> Outcome:
    """Readings of one value expression; out of range and empty ones are kept with a Bad status."""
    has_status = "status_code" in target.fields
    computed, refused = _parsed(
        rows, {"value": value}, [pl.col(SLOT), *(valued(name) for name in target.fields), metric.alias("metric"),
                                 minimum.alias("_low"), maximum.alias("_high")],
    )  # fmt: skip
    number = valued("value")
    ours = (
        pl.when(number.is_null())
        .then(BAD_NO_DATA)
        .when(~number.is_between(pl.col("_low"), pl.col("_high")))
        .then(BAD_OUT_OF_RANGE)
        .otherwise(GOOD)
        .cast(pl.Int64)
    )
    stated = valued("status_code") if has_status else pl.lit(GOOD, pl.Int64)
    status = pl.when(stated == GOOD).then(ours).otherwise(stated).alias("=status_code")
    if target.empty == "skip":
        computed = computed.filter(number.is_not_null())
    return computed.with_columns(status).rename({"metric": "=metric"}), refused


def _finished(table: BronzeTable, frame: pl.DataFrame, sender: Sender, ingest_ts: datetime) -> pl.DataFrame:
    """Contract columns in contract order, then SLOT."""
    schema = polars_schema(table)
    ours = {
        "device_id": pl.lit(sender.device_id),
        "epoch": pl.lit(sender.epoch),
        "seq": pl.col(SLOT),
        "ingest_ts": pl.lit(ingest_ts),
    }
    theirs = {name: valued(name) for name in schema if f"={name}" in frame.columns}
    columns = {**dict.fromkeys(schema, pl.lit(None)), **theirs, **{n: e for n, e in ours.items() if n in schema}}
    return frame.select(*(columns[name].cast(dtype).alias(name) for name, dtype in schema.items()), SLOT)
