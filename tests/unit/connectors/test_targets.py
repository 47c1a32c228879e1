"""No cell gets lost: each is a reading, or stands in the reject file once."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from core.metrics import metric_catalogue
from data_engineering.connectors.fields import Columns
from data_engineering.connectors.mapping import FileSpec
from data_engineering.connectors.sources import ROW, Batch
from data_engineering.connectors.targets import SLOT, Transformer
from data_engineering.contracts.quality import BAD_NO_DATA, BAD_OUT_OF_RANGE, GOOD
from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Source
from tests.unit.connectors.plant_export import WIDE_TARGET

SPEC = FileSpec.model_validate({"match": "*", "format": "csv", "targets": [WIDE_TARGET]})
NAMES = ("time", "machine", "vib", "temp")
TIMES = st.sampled_from(["2026-03-01 12:00:00", "2026-03-01T12:00:00+01:00", "soon", ""])
CELLS = st.sampled_from(["1", "-5", "9e9", "", "NaN", "inf", "x", " 2.5 "])
ROWS = st.lists(st.tuples(TIMES, st.sampled_from(["CNC-A-102", ""]), CELLS, CELLS), min_size=1, max_size=20)
Row = tuple[str, str, str, str]


def transform(rows: list[Row], start: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(readings, refused)."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(NAMES, pl.String), orient="row")
    numbered = frame.with_columns(pl.int_range(start, start + len(rows), dtype=pl.Int64).alias(ROW))
    columns = Columns(dict.fromkeys(NAMES, pl.String()), SPEC.csv, lambda *_: [])
    batch = Batch(start, start + len(rows), numbered)
    sender = Source(device_id="import:test", epoch="e")
    tables, refused = Transformer(SPEC, columns, metric_catalogue(), None).rows(
        batch, sender, datetime(2026, 3, 1, tzinfo=UTC)
    )
    return tables[BronzeTable.READINGS], refused


@given(ROWS)
def test_every_cell_of_a_whole_row_is_a_reading_or_a_refusal(rows: list[Row]) -> None:
    readings, refused = transform(rows)
    broken = set(refused.filter(pl.col("field").is_in(["time", "machine"]))[ROW])
    assert readings.height + refused.filter(pl.col("field").is_in(["vib", "temp"])).height == 2 * (
        len(rows) - len(broken)
    )


@given(ROWS)
def test_a_row_without_time_or_machine_gives_no_reading(rows: list[Row]) -> None:
    readings, refused = transform(rows)
    expected = {n for n, (time, machine, *_) in enumerate(rows) if time in ("soon", "") or not machine}
    assert set(refused.filter(pl.col("field").is_in(["time", "machine"]))[ROW]) == expected
    assert not set((readings[SLOT] // 2).to_list()) & expected


@given(ROWS, st.integers(0, 10**9))
def test_the_counter_says_row_and_column(rows: list[Row], start: int) -> None:
    readings, _ = transform(rows, start)
    assert readings["seq"].equals(readings[SLOT], check_names=False)
    assert readings["seq"].is_unique().all()
    assert readings.filter(pl.col("seq") % 2 == 0)["metric"].unique().to_list() in ([], ["vibration"])


@given(ROWS)
def test_the_status_follows_from_the_value(rows: list[Row]) -> None:
    catalogue = metric_catalogue()
    for metric, value, status in transform(rows)[0].select("metric", "value", "status_code").iter_rows():
        sane = catalogue[metric].minimum <= (value if value is not None else math.inf) <= catalogue[metric].maximum
        assert status == (BAD_NO_DATA if value is None else GOOD if sane else BAD_OUT_OF_RANGE)


@given(ROWS)
def test_rows_have_the_contracts_columns(rows: list[Row]) -> None:
    assert dict(transform(rows)[0].drop(SLOT).schema) == polars_schema(BronzeTable.READINGS)
