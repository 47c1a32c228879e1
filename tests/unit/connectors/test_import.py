"""What comes out of an export: readings in catalogue units, events, and every refused value with its row number."""

from __future__ import annotations

import fcntl
import gzip
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from core.errors import Busy, CorruptData, InvalidInput, UnknownMetric
from core.metrics import metric_catalogue
from data_engineering.connectors import sources
from data_engineering.contracts.quality import BAD_NO_DATA, BAD_OUT_OF_RANGE, GOOD
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from tests.unit.connectors.plant_export import LONG_TARGET, WIDE_TARGET, PlantExport, mapping_of

WIDE = mapping_of(WIDE_TARGET)
LONG = mapping_of(LONG_TARGET)
HEADER = "time,machine,vib,temp\n"
LONG_HEADER = "time,machine,tag,value,unit\n"
NOON = "2026-03-01 12:00:00"
EVENT: dict[str, Any] = {
    "table": "events",
    "fields": {
        "equipment_id": "machine",
        "kind": "kind",
        "code": "code",
        "source_ts": {"column": "time", "zone": "UTC"},
    },
}


def values(plant: PlantExport) -> dict[str, float | None]:
    rows = plant.rows()
    return dict(zip(rows["metric"], rows["value"], strict=True))


def statuses(plant: PlantExport) -> list[int]:
    return plant.rows().filter(pl.col("metric") == "vibration")["status_code"].to_list()


def times(plant: PlantExport) -> list[datetime]:
    return plant.rows()["source_ts"].unique(maintain_order=True).to_list()


def with_time(**spec: Any) -> dict[str, Any]:
    """The wide mapping with another time column."""
    fields = {"equipment_id": "machine", "source_ts": {"column": "time", **spec}}
    return mapping_of({**WIDE_TARGET, "fields": fields})


def with_csv(**options: Any) -> dict[str, Any]:
    return mapping_of(WIDE_TARGET, csv=options)


def test_a_wide_row_gives_a_reading_of_each_metric_in_its_catalogue_unit(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},CNC-A-102,0.1,212\n", WIDE)
    assert values(plant) == pytest.approx({"vibration": 2.54, "temperature": 100.0})


def test_a_long_row_is_one_reading(plant: PlantExport) -> None:
    plant.bring(f"{LONG_HEADER}{NOON},A,vibration,2.5,mm/s\n{NOON},A,temperature,300,K\n", LONG)
    assert values(plant) == pytest.approx({"vibration": 2.5, "temperature": 26.85})


def test_names_of_the_source_become_metrics(plant: PlantExport) -> None:
    tags = {"VT-01": {"metric": "vibration", "unit": "mm/s"}}
    target = {**LONG_TARGET, "series": {"name": "tag", "value": "value", "tags": tags}}
    plant.bring(f"{LONG_HEADER}{NOON},A,VT-01,2.5,\n", mapping_of(target))
    assert values(plant) == {"vibration": 2.5}


def test_a_name_that_the_mapping_leaves_out_is_refused(plant: PlantExport) -> None:
    tags = {"VT-01": {"metric": "vibration", "unit": "mm/s"}}
    target = {**LONG_TARGET, "series": {"name": "tag", "value": "value", "tags": tags}}
    plant.bring(f"{LONG_HEADER}{NOON},A,VT-02,2.5,\n", mapping_of(target))
    assert plant.rejects() == [["2", "value", "VT-02", "name not in the mapping's tags"]]


def test_a_reading_with_an_unknown_unit_is_refused_with_its_row_number(plant: PlantExport) -> None:
    plant.bring(f"{LONG_HEADER}{NOON},A,vibration,2.5,mm/s\n{NOON},A,vibration,2.5,furlong\n", LONG)
    assert plant.rejects() == [["3", "value", "vibration furlong", "unit cannot be read as mm/s"]]


def test_a_reading_without_unit_is_refused_with_its_row_number(plant: PlantExport) -> None:
    plant.bring(f"{LONG_HEADER}{NOON},A,vibration,2.5,\n", LONG)
    assert plant.rejects() == [["2", "value", "vibration", "no unit"]]


def test_a_reading_of_an_unknown_metric_is_refused_with_its_row_number(plant: PlantExport) -> None:
    plant.bring(f"{LONG_HEADER}{NOON},A,mood,2.5,mm/s\n", LONG)
    assert plant.rejects() == [["2", "value", "mood mm/s", "unknown metric"]]


def test_a_value_that_is_no_number_is_refused_and_the_rows_other_values_stay(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,much,212\n", WIDE)
    assert plant.rejects() == [["2", "vib", "much", "not a number"]]
    assert list(values(plant)) == ["temperature"]


def test_an_infinite_value_is_refused(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,inf,212\n", WIDE)
    assert plant.rejects() == [["2", "vib", "inf", "not a number"]]


def test_a_value_outside_the_sane_range_is_kept_as_bad(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,1000,212\n", WIDE)
    assert statuses(plant) == [BAD_OUT_OF_RANGE]


@pytest.mark.parametrize("empty", ["", "  ", "NaN"])
def test_an_empty_value_is_kept_as_missing(plant: PlantExport, empty: str) -> None:
    plant.bring(f"{HEADER}{NOON},A,{empty},212\n", WIDE)
    assert (statuses(plant), values(plant)["vibration"]) == ([BAD_NO_DATA], None)


def test_an_empty_value_is_left_out_when_the_mapping_says_so(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,,212\n", mapping_of({**WIDE_TARGET, "empty": "skip"}))
    assert list(values(plant)) == ["temperature"]


def test_words_for_no_value_are_the_mappings(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,n/a,212\n", with_csv(no_value=["n/a"]))
    assert statuses(plant) == [BAD_NO_DATA]


def test_a_bad_status_of_the_source_stays_bad(plant: PlantExport) -> None:
    status = {"column": "q", "map": {"ok": 0, "comms": 0x80050000}}
    fields = {**WIDE_TARGET["fields"], "status_code": status}
    plant.bring(
        f"time,machine,vib,temp,q\n{NOON},A,1,1,comms\n{NOON},B,1,1,ok\n", mapping_of({**WIDE_TARGET, "fields": fields})
    )
    assert statuses(plant) == [0x80050000, GOOD]


def test_local_times_become_utc(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}2026-07-01 12:00:00,A,1,1\n", with_time(zone="Europe/Berlin"))
    assert times(plant) == [datetime(2026, 7, 1, 10, tzinfo=UTC)]


@pytest.mark.parametrize("local", ["2026-10-25 02:30:00", "2026-03-29 02:30:00"], ids=["twice", "never"])
def test_a_local_time_that_summer_time_makes_unclear_is_refused(plant: PlantExport, local: str) -> None:
    plant.bring(f"{HEADER}{local},A,1,1\n", with_time(zone="Europe/Berlin"))
    assert plant.rejects() == [["2", "time", local, "no such time, or two, in Europe/Berlin"]]


def test_a_naive_time_among_stated_ones_is_refused_with_its_row_number(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}2026-03-01T12:00:00Z,A,1,1\n{NOON},A,1,1\n", with_time(zone="stated"))
    assert plant.rejects() == [["3", "time", NOON, "has no time zone"]]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("2026-03-01T12:00:00Z", {"zone": "stated"}),
        ("2026-03-01T13:00:00+01:00", {"zone": "stated"}),
        ("2026-03-01 13:00:00+0100", {"zone": "stated"}),
        ("2026-03-01T12:00", {"zone": "UTC"}),
        ("1772366400", {"zone": "UTC", "format": "epoch_s"}),
        ("1772366400000", {"zone": "UTC", "format": "epoch_ms"}),
        ("01.03.2026 12:00", {"zone": "UTC", "format": "%d.%m.%Y %H:%M"}),
        ("03/01/2026 07:00 -0500", {"zone": "stated", "format": "%m/%d/%Y %H:%M %z"}),
    ],
)
def test_times_are_read_as_written(plant: PlantExport, text: str, spec: dict[str, Any]) -> None:
    plant.bring(f"{HEADER}{text},A,1,1\n", with_time(**spec))
    assert times(plant) == [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def test_a_time_that_is_none_is_refused_once_for_its_row(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}yesterday,A,1,1\n", WIDE)
    assert plant.rejects() == [["2", "time", "yesterday", "not a time"]]


def test_a_row_without_time_is_refused(plant: PlantExport) -> None:
    plant.bring(f"{HEADER},A,1,1\n", WIDE)
    assert plant.rejects() == [["2", "time", "", "is empty"]]


def test_a_row_without_machine_is_refused(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},,1,1\n", WIDE)
    assert plant.rejects() == [["2", "machine", "", "is empty"]]


def test_refused_values_are_summed_by_reason(plant: PlantExport) -> None:
    summary = plant.bring(f"{HEADER}{NOON},A,x,y\nnever,A,1,1\n", WIDE)
    assert summary.refused() == {"not a number": 2, "not a time": 1}


def test_importing_twice_changes_nothing(plant: PlantExport) -> None:
    text = f"{HEADER}{NOON},A,1,1\n{NOON},B,x,1\n"
    plant.bring(text, WIDE)
    before, refused = plant.rows(), plant.rejects()
    second = plant.bring(text, WIDE)
    assert (plant.rows().equals(before), plant.rejects(), second.accepted()) == (True, refused, {"readings": 0})


def test_a_second_import_still_tells_what_was_refused(plant: PlantExport) -> None:
    text = f"{HEADER}{NOON},A,x,1\n"
    assert plant.bring(text, WIDE).refused() == plant.bring(text, WIDE).refused()


def test_a_longer_export_is_another_import(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,1,1\n", WIDE)
    assert not plant.bring(f"{HEADER}{NOON},A,1,1\n{NOON},B,1,1\n", WIDE).files[0].was_known


def test_a_byte_order_mark_is_no_part_of_the_first_name(plant: PlantExport) -> None:
    assert plant.bring(f"\ufeff{HEADER}{NOON},A,1,1\n", WIDE).accepted() == {"readings": 2}


def test_a_packed_file_is_read(plant: PlantExport) -> None:
    packed = gzip.compress(f"{HEADER}{NOON},A,1,1\n".encode())
    assert plant.bring(packed, WIDE, "export.csv.gz").accepted() == {"readings": 2}


def test_decimal_commas_are_read_when_the_mapping_says_so(plant: PlantExport) -> None:
    text = f"time;machine;vib;temp\n{NOON};A;1,5;1.212,0\n"
    target = {**WIDE_TARGET, "values": [{"column": "temp", "metric": "temperature", "unit": "degC"}]}
    plant.bring(text, mapping_of(target, csv={"separator": ";", "decimal": ",", "thousands": "."}))
    assert values(plant) == {"temperature": 1212.0}


def test_a_newline_within_quotes_is_part_of_the_value(plant: PlantExport) -> None:
    plant.bring(f'time,machine,kind,code\n{NOON},A,error,"E\n417"\n{NOON},A,bad,E-1\n', mapping_of(EVENT))
    assert plant.rows(BronzeTable.EVENTS)["code"].to_list() == ["E\n417"]
    assert plant.rejects()[0][0] == "3"


def test_a_header_in_the_middle_is_refused_as_such(plant: PlantExport) -> None:
    summary = plant.bring(f"{HEADER}{NOON},A,1,1\n{HEADER}{NOON},B,1,1\n", WIDE)
    assert (summary.accepted(), summary.refused()) == ({"readings": 4}, {"the header again": 1})


def test_a_row_that_is_too_short_is_refused_with_its_row_number(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,1,1\n{NOON},A\n{NOON},B,1,1\n", WIDE)
    assert plant.rejects() == [["3", "", f"{NOON},A", "2 columns where the header has 4"]]


def test_an_empty_line_is_no_row(plant: PlantExport) -> None:
    assert plant.bring(f"{HEADER}{NOON},A,1,1\n\n", WIDE).refused() == {}


def test_rows_above_the_header_are_skipped(plant: PlantExport) -> None:
    plant.bring(f"Plant north\n\n{HEADER}{NOON},A,x,1\n", with_csv(skip_rows=2))
    assert plant.rejects()[0][0] == "4"


def test_another_encoding_is_read_when_the_mapping_says_so(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},Säge,1,1\n".encode("cp1252"), with_csv(encoding="cp1252"))
    assert plant.rows()["equipment_id"].unique().to_list() == ["Säge"]


def test_an_export_without_rows_is_an_import_of_none(plant: PlantExport) -> None:
    assert plant.bring(HEADER, WIDE).accepted() == {"readings": 0}


BROKEN: dict[str, tuple[str | bytes, type[Exception], str]] = {
    "empty": (b"", InvalidInput, "empty"),
    "missing column": (f"time,machine,vib\n{NOON},A,1\n", InvalidInput, "names column temp"),
    "column twice": (f"time,machine,vib,temp,vib\n{NOON},A,1,1,1\n", InvalidInput, "vib is there twice"),
    "wrong encoding": (f"{HEADER}{NOON},Säge,1,1\n".encode("cp1252"), CorruptData, "not utf-8"),
    "cut off within quotes": (f'{HEADER}{NOON},"A,1,1\n', CorruptData, "unexpected end of data"),
    "torn gzip": (gzip.compress(b"time,machine,vib,temp\n" * 9999)[:-30], CorruptData, "gzip"),
    "binary": (b"\x00\x01\x02\n" * 100, InvalidInput, "names column"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_whole(plant: PlantExport, case: str) -> None:
    content, error, message = BROKEN[case]
    with pytest.raises(error, match=message):
        plant.bring(content, WIDE)
    assert not plant.workspace.home.exists()


def test_a_broken_file_stops_the_others_before_anything_is_written(plant: PlantExport) -> None:
    whole, broken = plant.write(f"{HEADER}{NOON},A,1,1\n"), plant.write("", "export2.csv")
    with pytest.raises(InvalidInput, match=r"export2\.csv"):
        plant.run([whole, broken], mapping_of(WIDE_TARGET, match="export*.csv"))
    assert not plant.workspace.home.exists()


def test_a_file_the_mapping_does_not_know_is_refused(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match=r"knows no such file; it reads export\.csv"):
        plant.bring("a\n", WIDE, "notes.txt")


def test_a_missing_file_is_said_so(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        plant.run([plant.folder / "export.csv"], WIDE)


def test_a_unit_that_does_not_fit_its_metric_is_refused_with_the_mapping(plant: PlantExport) -> None:
    target = {**WIDE_TARGET, "values": [{"column": "vib", "metric": "vibration", "unit": "degC"}]}
    with pytest.raises(InvalidInput, match=r"mapping 'plant'.*'degC' cannot be read as 'mm/s'"):
        plant.bring(f"{HEADER}{NOON},A,1,1\n", mapping_of(target))


def test_a_metric_nobody_defined_is_refused_with_the_mapping(plant: PlantExport) -> None:
    target = {**WIDE_TARGET, "values": [{"column": "vib", "metric": "mood", "unit": "1"}]}
    with pytest.raises(UnknownMetric, match=r"mapping 'plant'.*'mood'"):
        plant.bring(f"{HEADER}{NOON},A,1,1\n", mapping_of(target))


def test_a_truncated_parquet_file_is_refused_whole(plant: PlantExport) -> None:
    frame = pl.DataFrame({"time": [NOON] * 999, "machine": "A", "vib": 1.0, "temp": 1.0}, strict=False)
    frame.write_parquet(file := plant.folder / "export.parquet")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(CorruptData, match="not a whole Parquet file"):
        plant.run([file], mapping_of(WIDE_TARGET, match="*.parquet", format="parquet"))
    assert not plant.workspace.home.exists()


def parquet(plant: PlantExport, frame: pl.DataFrame, target: dict[str, Any]) -> None:
    frame.write_parquet(file := plant.folder / "export.parquet")
    plant.run([file], mapping_of(target, match="*.parquet", format="parquet"))


def test_a_parquet_file_keeps_its_types(plant: PlantExport) -> None:
    at = datetime(2026, 3, 1, 12)  # noqa: DTZ001
    frame = pl.DataFrame({"time": [at, at], "machine": [7, 8], "vib": [1.0, float("nan")], "temp": [212, None]})
    parquet(plant, frame, WIDE_TARGET)
    assert plant.rows().select("equipment_id", "value", "source_ts").rows() == [
        ("7", 25.4, at.replace(tzinfo=UTC)),
        ("8", None, at.replace(tzinfo=UTC)),
        ("7", pytest.approx(100.0), at.replace(tzinfo=UTC)),
        ("8", None, at.replace(tzinfo=UTC)),
    ]


def test_aware_times_of_a_parquet_file_become_utc(plant: PlantExport) -> None:
    at = pl.Series([datetime(2026, 7, 1, 12)]).dt.replace_time_zone("Europe/Berlin")  # noqa: DTZ001
    fields = {"equipment_id": "machine", "source_ts": {"column": "time", "zone": "stated"}}
    frame = pl.DataFrame({"time": at, "machine": ["A"], "vib": [1.0], "temp": [1.0]})
    parquet(plant, frame, {**WIDE_TARGET, "fields": fields})
    assert times(plant) == [datetime(2026, 7, 1, 10, tzinfo=UTC)]


def test_naive_times_of_a_parquet_file_need_a_zone(plant: PlantExport) -> None:
    fields = {"equipment_id": "machine", "source_ts": {"column": "time", "zone": "stated"}}
    frame = pl.DataFrame({"time": [datetime(2026, 7, 1)], "machine": ["A"], "vib": [1.0], "temp": [1.0]})  # noqa: DTZ001
    with pytest.raises(InvalidInput, match=r"export\.parquet: column 'time' holds times without zone"):
        parquet(plant, frame, {**WIDE_TARGET, "fields": fields})


def test_a_parquet_column_of_another_type_is_refused_before_anything_is_written(plant: PlantExport) -> None:
    frame = pl.DataFrame({"time": [NOON], "machine": ["A"], "vib": [[1.0]], "temp": [1.0]})
    with pytest.raises(InvalidInput, match="column 'vib' holds List"):
        parquet(plant, frame, WIDE_TARGET)
    assert not plant.workspace.home.exists()


def test_events_take_constants_maps_and_templates(plant: PlantExport) -> None:
    fields = {
        "equipment_id": {"template": "CNC-A-{machine:3}"},
        "kind": {"column": "kind", "map": {"ALM": "alarm", "ERR": "error"}},
        "planned": "planned",
        "severity": "severity",
        "source_ts": {"column": "time", "zone": "UTC"},
    }
    text = f"time,machine,kind,planned,severity\n{NOON},7,ALM,Yes,700\n{NOON},8,ERR,0,\n"
    plant.bring(text, mapping_of({"table": "events", "fields": fields}))
    assert plant.rows(BronzeTable.EVENTS).select("equipment_id", "kind", "planned", "severity").rows() == [
        ("CNC-A-007", "alarm", True, 700),
        ("CNC-A-008", "error", False, None),
    ]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("kind", "party", "none of state, alarm, error, failure"),
        ("severity", "5000", "above 1000"),
        ("severity", "0", "below 1"),
        ("severity", "1.5", "not a whole number"),
        ("planned", "perhaps", "neither true nor false"),
    ],
)
def test_what_the_contract_does_not_know_is_refused(plant: PlantExport, column: str, value: str, reason: str) -> None:
    names = ("kind", "severity", "planned")
    fields = {**EVENT["fields"], **{name: name for name in names}}
    row = {"kind": "error", "severity": "1", "planned": "1", column: value}
    text = f"time,machine,code,{','.join(names)}\n{NOON},A,E,{','.join(row[name] for name in names)}\n"
    plant.bring(text, mapping_of({"table": "events", "fields": fields}))
    assert plant.rejects() == [["2", column, value, reason]]


def test_a_value_outside_the_map_is_refused(plant: PlantExport) -> None:
    fields = {**EVENT["fields"], "kind": {"column": "kind", "map": {"ERR": "error"}}}
    plant.bring(f"time,machine,kind,code\n{NOON},A,WRN,E\n", mapping_of({"table": "events", "fields": fields}))
    assert plant.rejects() == [["2", "kind", "WRN", "not in the mapping's map"]]


def test_one_row_may_give_readings_and_an_event(plant: PlantExport) -> None:
    event = {**EVENT, "where": {"kind": "failure"}}
    text = f"time,machine,vib,temp,kind,code\n{NOON},A,1,1,failure,F1\n{NOON},A,1,1,,\n"
    summary = plant.bring(text, mapping_of(WIDE_TARGET, event))
    assert summary.accepted() == {"readings": 4, "events": 1}


def test_two_targets_of_one_table_share_its_counter(plant: PlantExport) -> None:
    plant.bring(f"time,machine,kind,code\n{NOON},A,error,E\n{NOON},B,error,E\n", mapping_of(EVENT, EVENT))
    assert sorted(plant.rows(BronzeTable.EVENTS)["seq"]) == [0, 1, 2, 3]


def test_flagged_columns_become_one_code(plant: PlantExport) -> None:
    fields = {**EVENT["fields"], "kind": {"constant": "failure"}, "code": {"flags": ["HDF", "PWF"]}}
    text = f"time,machine,HDF,PWF\n{NOON},A,1,1\n{NOON},B,0,0\n"
    plant.bring(text, mapping_of({"table": "events", "fields": fields}))
    assert plant.rows(BronzeTable.EVENTS)["code"].to_list() == ["HDF+PWF", None]


MAINTENANCE = {
    "table": "maintenance",
    "fields": {
        "maintenance_id": {"template": "{machine} {time}"},
        "equipment_id": "machine",
        "kind": {
            "matched": {
                "file": "failures.csv",
                "columns": {"machine": "id"},
                "then": "corrective",
                "otherwise": "preventive",
            }
        },
        "started_at": {"column": "time", "zone": "UTC"},
    },
}


def test_a_job_is_corrective_where_another_file_has_the_failure(plant: PlantExport) -> None:
    plant.write("id\nA\n", "failures.csv")
    plant.bring(f"time,machine\n{NOON},A\n{NOON},B\n", mapping_of(MAINTENANCE))
    assert plant.rows(BronzeTable.MAINTENANCE)["kind"].to_list() == ["corrective", "preventive"]


def test_a_file_looked_up_must_be_there(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match=r"failures\.csv: no such file"):
        plant.bring(f"time,machine\n{NOON},A\n", mapping_of(MAINTENANCE))


def test_an_age_becomes_the_day_of_commissioning(plant: PlantExport) -> None:
    fields = {
        "equipment_id": "machine", "equipment_type": {"constant": "pump"}, "plant_id": {"constant": "north"},
        "rated_power_kw": {"column": "power", "unit": "hp"},
        "commissioned_on": {"column": "age", "years_before": date(2015, 1, 1)},
    }  # fmt: skip
    plant.bring("machine,age,power\nA,0,100\nB,18,\n", mapping_of({"table": "equipment", "fields": fields}))
    rows = plant.rows(BronzeTable.EQUIPMENT)
    assert rows["commissioned_on"].to_list() == [date(2015, 1, 1), date(1997, 1, 1)]
    assert rows["rated_power_kw"].to_list() == pytest.approx([74.57, None], abs=0.01)


EQUIPMENT: dict[str, Any] = {
    "table": "equipment",
    "fields": {"equipment_id": "id", "equipment_type": {"constant": "pump"}, "plant_id": {"constant": "north"}},
}
WITH_MACHINES = {
    "name": "plant",
    "description": "machines first",
    "files": [
        {"match": "machines.csv", "format": "csv", "targets": [EQUIPMENT]},
        {"match": "export.csv", "format": "csv", "known_equipment": True, "targets": [WIDE_TARGET]},
    ],
}


def test_a_reading_of_an_unknown_machine_is_refused_when_the_mapping_asks(plant: PlantExport) -> None:
    machines, export = plant.write("id\nA\n", "machines.csv"), plant.write(f"{HEADER}{NOON},A,1,1\n{NOON},X,1,1\n")
    plant.run([export, machines], WITH_MACHINES)
    assert plant.rejects() == [["3", "machine", "X", "unknown equipment"]]


def test_machines_added_later_are_accepted_by_importing_again(plant: PlantExport) -> None:
    export = plant.write(f"{HEADER}{NOON},A,1,1\n{NOON},X,1,1\n")
    plant.run([plant.write("id\nA\n", "machines.csv"), export], WITH_MACHINES)
    plant.run([plant.write("id\nA\nX\n", "machines.csv"), export], WITH_MACHINES)
    assert set(plant.rows()["equipment_id"]) == {"A", "X"}


def test_known_machines_must_be_imported_first(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match="has none yet"):
        plant.run([plant.write(f"{HEADER}{NOON},A,1,1\n")], WITH_MACHINES)


OWN = {
    "name": "plant_volt",
    "label": "voltage",
    "unit": "1",
    "minimum": 0,
    "maximum": 999,
    "reference": 170,
    "bad": "both",
}
OWN_TARGET = {**WIDE_TARGET, "values": [{"column": "vib", "metric": "plant_volt", "unit": "1"}]}


def test_a_metric_of_the_mapping_joins_the_workspaces_catalogue(plant: PlantExport) -> None:
    plant.bring(f"{HEADER}{NOON},A,1,1\n", {**mapping_of(OWN_TARGET), "metrics": [OWN]})
    assert metric_catalogue(plant.workspace.metrics_file)["plant_volt"].label == "voltage"


def test_a_metric_of_the_mapping_cannot_change_the_catalogue(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match="'vibration' is defined already"):
        plant.bring(f"{HEADER}{NOON},A,1,1\n", {**mapping_of(WIDE_TARGET), "metrics": [{**OWN, "name": "vibration"}]})


def test_the_same_metric_of_two_mappings_is_kept_once(plant: PlantExport) -> None:
    mapping = {**mapping_of(OWN_TARGET), "metrics": [OWN]}
    plant.bring(f"{HEADER}{NOON},A,1,1\n", mapping)
    plant.bring(f"{HEADER}{NOON},A,2,1\n", mapping)
    assert plant.workspace.metrics_file.read_text().count("plant_volt") == 1


def test_progress_counts_rows(plant: PlantExport, monkeypatch: pytest.MonkeyPatch) -> None:
    from data_engineering.connectors.files import import_files

    monkeypatch.setattr(sources, "BATCH_ROWS", 2)
    file, seen = plant.write(HEADER + f"{NOON},A,1,1\n" * 5), list[tuple[str, int, int]]()
    import_files(
        [file], plant.mapping(WIDE), lake=plant.lake, workspace=plant.workspace, clock=plant.clock,
        progress=lambda label, done, total: seen.append((label, done, total)),
    )  # fmt: skip
    assert seen == [("export.csv", 0, 5), ("export.csv", 2, 5), ("export.csv", 4, 5), ("export.csv", 5, 5)]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 7])
def test_the_size_of_a_batch_changes_no_row(
    plant: PlantExport, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", batch_rows)
    event = {**EVENT, "where": {"kind": "failure"}}
    rows = [f"{NOON},A,{n if n != 4 else 'x'},1,{'failure' if n == 5 else ''},F\n" for n in range(7)]
    plant.bring("time,machine,vib,temp,kind,code\n" + "".join(rows), mapping_of(WIDE_TARGET, event))
    assert sorted(plant.rows()["seq"]) == [n for n in range(14) if n != 8]
    assert plant.rows(BronzeTable.EVENTS)["seq"].to_list() == [5]
    assert [line[0] for line in plant.rejects()] == ["6"]


def test_a_file_is_imported_by_one_process_at_a_time(plant: PlantExport) -> None:
    text = f"{HEADER}{NOON},A,1,1\n"
    plant.bring(text, WIDE)
    [lock] = plant.workspace.state.glob("import-*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="another process is importing this file"):
            plant.bring(text, WIDE)


def test_an_unknown_encoding_is_said_so(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match="there is no encoding 'latin-17'"):
        plant.bring(f"{HEADER}{NOON},A,1,1\n", with_csv(encoding="latin-17"))


def test_rows_refused_by_an_interrupted_run_are_not_told_twice(
    plant: PlantExport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 2)
    text = HEADER + f"{NOON},A,x,1\n" * 5
    real, appends = LocalLake.append, list[int]()

    def killed(lake: LocalLake, *arguments: Any, **named: Any) -> Any:
        appends.append(1)
        if len(appends) == 2:
            raise KeyboardInterrupt
        return real(lake, *arguments, **named)

    monkeypatch.setattr(LocalLake, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        plant.bring(text, WIDE)
    plant.bring(text, WIDE)
    assert [line[0] for line in plant.rejects()] == ["2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [({"column": "since"}, "2015-01-01"), ({"column": "since", "format": "%d.%m.%Y"}, "01.01.2015")],
    ids=["iso", "format"],
)
def test_days_are_read_as_written(plant: PlantExport, spec: dict[str, str], text: str) -> None:
    target = {**EQUIPMENT, "fields": {**EQUIPMENT["fields"], "commissioned_on": spec}}
    plant.bring(f"id,since\nA,{text}\nB,long ago\n", mapping_of(target))
    assert plant.rows(BronzeTable.EQUIPMENT)["commissioned_on"].to_list() == [date(2015, 1, 1)]
    assert plant.rejects() == [["3", "since", "long ago", "not a date"]]


def test_a_day_may_be_a_constant(plant: PlantExport) -> None:
    target = {**EQUIPMENT, "fields": {**EQUIPMENT["fields"], "commissioned_on": {"constant": "2015-01-01"}}}
    plant.bring("id\nA\n", mapping_of(target))
    assert plant.rows(BronzeTable.EQUIPMENT)["commissioned_on"].to_list() == [date(2015, 1, 1)]


def test_a_constant_with_a_unit_is_converted(plant: PlantExport) -> None:
    target = {**EQUIPMENT, "fields": {**EQUIPMENT["fields"], "rated_power_kw": {"constant": 1500, "unit": "W"}}}
    plant.bring("id\nA\n", mapping_of(target))
    assert plant.rows(BronzeTable.EQUIPMENT)["rated_power_kw"].to_list() == [1.5]


def test_whole_floats_of_a_parquet_file_name_machines_without_a_point(plant: PlantExport) -> None:
    fields = {"equipment_id": {"template": "M-{machine:3}"}, "source_ts": {"column": "time", "zone": "UTC"}}
    frame = pl.DataFrame({"time": [NOON], "machine": [7.0], "vib": [1.0], "temp": [1.0]})
    parquet(plant, frame, {**WIDE_TARGET, "fields": fields})
    assert plant.rows()["equipment_id"].unique().to_list() == ["M-007"]


def test_days_of_a_parquet_file_are_midnights_of_their_zone(plant: PlantExport) -> None:
    frame = pl.DataFrame({"time": [date(2026, 7, 1)], "machine": ["A"], "vib": [1.0], "temp": [1.0]})
    fields = {"equipment_id": "machine", "source_ts": {"column": "time", "zone": "Europe/Berlin"}}
    parquet(plant, frame, {**WIDE_TARGET, "fields": fields})
    assert times(plant) == [datetime(2026, 6, 30, 22, tzinfo=UTC)]
