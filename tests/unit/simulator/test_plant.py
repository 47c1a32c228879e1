from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_engineering.contracts.tables import BronzeTable, polars_schema, required_columns
from data_engineering.simulator.catalogue import fleet, machine_types
from data_engineering.simulator.master_data import equipment_rows, limit_rows
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.recording import STREAMED
from data_engineering.simulator.shifts import DAY, HOUR
from data_engineering.simulator.story import as_datetime
from tests.unit.simulator.conftest import anchor, ninety_days

PLANT = ninety_days()
START, END = PLANT.anchor.begins, PLANT.anchor.ends
SERIES = sum(len(machine_types()[machine.type].metrics) for machine in fleet().machines)
HIDDEN = re.compile(r"\b(onset|ground truth|planned failure|staged|peak|gain|growth|label|passed|prevented|caught)\b")


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return PLANT.rows(BronzeTable.EVENTS, START, END)


@pytest.fixture(scope="module")
def maintenance() -> pl.DataFrame:
    return PLANT.rows(BronzeTable.MAINTENANCE, START, END)


@pytest.mark.parametrize("table", STREAMED)
def test_rows_have_the_columns_and_types_of_the_contract(table: BronzeTable) -> None:
    rows = PLANT.rows(table, START, START + 2 * DAY)
    assert rows.height > 0
    assert dict(rows.schema) == polars_schema(table)
    assert not rows.select(pl.any_horizontal(pl.col(*required_columns(table)).is_null().any())).item()


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (BronzeTable.EQUIPMENT, equipment_rows(PLANT.anchor.start)),
        (BronzeTable.LIMITS, limit_rows(PLANT.anchor.start)),
    ],
    ids=["equipment", "limits"],
)
def test_master_data_has_the_columns_and_types_of_the_contract(table: BronzeTable, rows: pl.DataFrame) -> None:
    assert dict(rows.schema) == polars_schema(table)


@settings(max_examples=4, deadline=None)
@given(st.integers(min_value=START, max_value=START + DAY))
@pytest.mark.parametrize("table", STREAMED)
def test_a_window_cut_in_two_has_the_same_rows(table: BronzeTable, cut: int) -> None:
    whole = PLANT.rows(table, START, START + DAY)
    halves = [PLANT.rows(table, START, cut), PLANT.rows(table, cut, START + DAY)]
    order = ["equipment_id", "ingest_ts", *(["seq"] if "seq" in whole.columns else [])]
    assert pl.concat(halves).sort(order).equals(whole.sort(order))


def test_the_same_seed_tells_the_same_rows() -> None:
    again = DemoPlant(anchor())
    assert again.rows(BronzeTable.READINGS, START, START + DAY).equals(
        PLANT.rows(BronzeTable.READINGS, START, START + DAY)
    )


def test_another_seed_tells_other_rows() -> None:
    other = DemoPlant(anchor(seed=1))
    assert not other.rows(BronzeTable.EVENTS, START, END).equals(PLANT.rows(BronzeTable.EVENTS, START, END))


def test_a_day_has_a_reading_of_every_series_each_ten_minutes_but_for_gaps() -> None:
    rows = PLANT.rows(BronzeTable.READINGS, START, START + DAY)
    assert 0.95 * 144 * SERIES < rows.height <= 144 * SERIES


def test_a_second_by_second_stream_has_a_reading_a_second() -> None:
    rows = PLANT.readings_between(END, END + 60, 1)
    per_series = rows.group_by("equipment_id", "metric").len()["len"]
    assert per_series.unique().to_list() == [60]


def test_the_stream_and_the_history_agree_where_they_meet() -> None:
    at = START // 600 * 600 + 6000
    stream = PLANT.readings_between(at - 5, at + 5, 1).filter(pl.col("source_ts") == as_datetime(at))
    assert stream.equals(PLANT.readings_between(at, at + 600, 600))


def test_seq_is_unique() -> None:
    rows = PLANT.readings_between(START, START + 600, 1)
    assert rows["seq"].n_unique() == rows.height


def test_seq_of_events_is_unique(events: pl.DataFrame) -> None:
    assert events["seq"].n_unique() == events.height


def test_some_readings_are_lost_some_bad_and_some_stuck() -> None:
    rows = PLANT.rows(BronzeTable.READINGS, START, START + 5 * DAY)
    assert rows.height < 5 * 144 * SERIES
    assert 0.0005 < rows.filter(pl.col("status_code") != 0).height / rows.height < 0.01
    runs = rows.sort("equipment_id", "metric", "seq").filter(pl.col("metric") == "vibration")
    frozen = runs.group_by("equipment_id", pl.col("value").rle_id()).len()["len"].max()
    assert isinstance(frozen, int)
    assert frozen > 6


def test_a_reading_without_communication_has_no_value_and_a_bad_status() -> None:
    rows = PLANT.rows(BronzeTable.READINGS, START, START + 3 * DAY).filter(pl.col("value").is_null())
    assert rows.height > 0
    assert (rows["status_code"] // 2**30 == 2).all()


def test_an_executing_machine_is_followed_by_a_stop_and_a_restart_around_each_failure(events: pl.DataFrame) -> None:
    failures = events.filter(kind="failure").select("equipment_id", "source_ts")
    states = events.filter(pl.col("kind") == "state", pl.col("state") == "out_of_service")
    assert failures.join(states, on=["equipment_id", "source_ts"], how="anti").is_empty()


def test_false_alarms_come_without_a_fault_behind_them(events: pl.DataFrame) -> None:
    coded = events.filter(pl.col("kind").is_in(["alarm", "error"]))
    unfounded = 0
    for name, code, at in coded.select("equipment_id", "code", "source_ts").iter_rows():
        story, second = PLANT.stories[name], int(at.timestamp())
        behind = [fault for fault in story.faults if code in fault.mode.codes]
        unfounded += not any(fault.onset <= second < fault.end for fault in behind)
    assert 0.15 < unfounded / coded.height < 0.7


def test_some_failures_had_symptoms_but_no_code_in_the_week_before(events: pl.DataFrame) -> None:
    week = pl.duration(days=7)
    failures = events.filter(kind="failure").select("equipment_id", failed="source_ts")
    codes = events.filter(pl.col("kind").is_in(["alarm", "error"])).select("equipment_id", "source_ts")
    warned = failures.join(codes, on="equipment_id").filter(
        pl.col("source_ts").is_between(pl.col("failed") - week, pl.col("failed"), closed="left")
    )
    missed = failures.join(warned, on=["equipment_id", "failed"], how="anti").height
    assert 0.05 < missed / failures.height < 0.5


# No label leaks


def test_only_a_failure_names_mode_mechanism_cause_and_component(events: pl.DataFrame) -> None:
    named = ["failure_mode", "failure_mechanism", "failure_cause", "component"]
    assert events.filter(pl.any_horizontal(pl.col(named).is_not_null()))["kind"].unique().to_list() == ["failure"]


def test_every_failure_reported_is_one_that_happened_then(events: pl.DataFrame) -> None:
    told = {(name, int(at.timestamp())) for name, at in events.filter(kind="failure").select(
        "equipment_id", "source_ts").iter_rows()}  # fmt: skip
    happened = {
        (story.machine.id, stop.start)
        for story in PLANT.stories.values()
        for stop in story.failures()
        if START <= stop.start < END
    }
    assert told == happened


@pytest.mark.parametrize("table", STREAMED)
def test_no_column_and_no_text_speaks_of_hidden_truth(table: BronzeTable) -> None:
    rows = PLANT.rows(table, END - 30 * DAY, END - 20 * DAY)
    modes = {mode.id for kind in machine_types().values() for mode in kind.failure_modes if "_" in mode.id}
    assert not [column for column in rows.columns if HIDDEN.search(column)]
    for column in rows.select(pl.col(pl.String)).columns:
        texts = rows[column].drop_nulls().unique().to_list()
        assert not [text for text in texts if any(mode in text for mode in modes) or HIDDEN.search(text)]


def test_a_preventive_note_names_no_failure_mode(maintenance: pl.DataFrame) -> None:
    labels = [mode.label for kind in machine_types().values() for mode in kind.failure_modes]
    notes = maintenance.filter(kind="preventive")["note"].str.to_lowercase().to_list()
    assert not [note for note in notes if any(label in note for label in labels)]


def test_a_repair_becomes_known_when_it_is_done(maintenance: pl.DataFrame) -> None:
    assert (maintenance["ingest_ts"] >= maintenance["ended_at"]).all()
    assert (maintenance["ended_at"] > maintenance["started_at"]).all()


def test_what_happens_later_changes_no_earlier_row() -> None:
    """The rows of the past are the same whether or not the future has been told."""
    longer = DemoPlant(PLANT.anchor, reach=END + 200 * DAY)
    for table in STREAMED:
        assert longer.rows(table, END - 2 * DAY, END).equals(PLANT.rows(table, END - 2 * DAY, END))


def test_order_numbers_are_ten_digits_of_a_hash(maintenance: pl.DataFrame) -> None:
    assert maintenance["maintenance_id"].str.contains(r"^MO-\d{10}$").all()
    assert maintenance["maintenance_id"].n_unique() == maintenance.height


# What machines make


def test_actual_production_time_never_exceeds_the_planned_busy_time() -> None:
    rows = PLANT.rows(BronzeTable.PRODUCTION, END - 20 * DAY, END)
    assert (rows["actual_production_time_s"] <= rows["planned_busy_time_s"]).fill_null(True).all()
    assert (rows["good_quantity"] <= rows["produced_quantity"]).all()


def test_some_shifts_have_no_plan_and_only_few() -> None:
    rows = PLANT.rows(BronzeTable.PRODUCTION, END - 30 * DAY, END)
    assert 0 < rows["planned_busy_time_s"].null_count() / rows.height < 0.02


def test_worn_machines_make_more_scrap() -> None:
    rows = PLANT.rows(BronzeTable.QUALITY, END - 30 * DAY, END).select(
        "equipment_id", "inspected_at", "inspected", "defective"
    )
    worn = []
    for name, at in rows.select("equipment_id", "inspected_at").iter_rows():
        story, second = PLANT.stories[name], int(at.timestamp()) - 5 * HOUR
        active = [f for f in story.faults if f.mode.stops_machine and f.onset <= second < f.end]
        worn.append(any(f.severity(np.array([second]), story.clock)[0] > 0.6 for f in active))
    rates = rows.with_columns(worn=pl.Series(worn)).group_by("worn").agg(pl.sum("defective") / pl.sum("inspected"))
    by_worn = dict(rates.iter_rows())
    assert by_worn[True] > 2 * by_worn[False]
