"""What is proposed loads as soon as a person has decided, and asks what only a person can know."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
import yaml

from core.errors import CorruptData, InvalidInput
from data_engineering.connectors.mapping import Mapping, load_mapping
from data_engineering.connectors.suggest import suggest_mapping
from tests.unit.connectors.plant_export import PlantExport

WIDE = "Zeit;Maschine;Temperature [°C];Vibration (mm/s);Comment\n01.03.2026 12:00;A;61,5;2,25;ok\n"
LONG = (
    "timestamp,asset_id,tag,value,unit\n2026-03-01T12:00:00Z,A,vibration,2.5,mm/s\n2026-03-01T12:00:00Z,A,XT-9,1,bar\n"
)


def suggested(plant: PlantExport, text: str | bytes, name: str = "export.csv") -> str:
    return suggest_mapping(plant.write(text, name))


def decided(plant: PlantExport, text: str, answers: dict[str, str]) -> Mapping:
    proposal = suggested(plant, text)
    for question, answer in answers.items():
        proposal = proposal.replace(question, answer)
    return load_mapping(plant.write(proposal, "mapping.yml"))


def test_a_proposal_does_not_load_before_a_person_decided(plant: PlantExport) -> None:
    with pytest.raises(InvalidInput, match=r"source_ts\.zone is still to be decided"):
        load_mapping(plant.write(suggested(plant, WIDE), "mapping.yml"))


def test_a_decided_proposal_loads(plant: PlantExport) -> None:
    mapping = decided(plant, WIDE, {"zone: DECIDE": "zone: Europe/Berlin"})
    assert [column.metric for column in mapping.files[0].targets[0].values] == ["temperature", "vibration"]


def test_units_in_brackets_are_taken(plant: PlantExport) -> None:
    mapping = decided(plant, WIDE, {"zone: DECIDE": "zone: Europe/Berlin"})
    assert [column.unit for column in mapping.files[0].targets[0].values] == ["degC", "mm/s"]


def test_separator_and_decimal_comma_are_seen(plant: PlantExport) -> None:
    options = yaml.safe_load(suggested(plant, WIDE))["files"][0]["csv"]
    assert options == {"separator": ";", "decimal": ",", "encoding": "utf-8"}


def test_the_zone_is_asked_with_an_example(plant: PlantExport) -> None:
    assert "  # 01.03.2026 12:00: in which zone" in suggested(plant, WIDE)


@pytest.mark.parametrize(
    ("example", "pattern"),
    [
        ("01.03.2026 12:00", 'zone: DECIDE, format: "%d.%m.%Y %H:%M"'),
        ("1.3.2026 12:00:05", 'zone: DECIDE, format: "%d.%m.%Y %H:%M:%S"'),
        ("03/01/2026 12:00", "zone: DECIDE, format: DECIDE"),
        ("1772366400", "zone: UTC, format: epoch_s"),
        ("1772366400000", "zone: UTC, format: epoch_ms"),
    ],
)
def test_the_format_of_a_time_is_seen_or_asked(plant: PlantExport, example: str, pattern: str) -> None:
    assert f'{{column: "time", {pattern}}}' in suggested(plant, f"time,machine,vibration\n{example},A,1\n")


def test_a_unit_that_nobody_states_is_asked(plant: PlantExport) -> None:
    assert "metric: vibration, unit: DECIDE}  # in which unit?" in suggested(plant, "time,machine,vibration\n1,A,1\n")


def test_a_column_nobody_knows_is_asked(plant: PlantExport) -> None:
    assert "metric: DECIDE, unit: DECIDE}  # which metric" in suggested(plant, "time,machine,HUFL\n1,A,1\n")


def test_a_long_export_is_seen(plant: PlantExport) -> None:
    mapping = decided(plant, LONG, {"metric: DECIDE": "metric: pressure"})
    series = mapping.files[0].targets[0].series
    assert series is not None
    assert {name: tag.metric for name, tag in series.tags.items()} == {"vibration": "vibration", "XT-9": "pressure"}


def test_stated_offsets_are_seen(plant: PlantExport) -> None:
    assert 'source_ts: {column: "timestamp", zone: stated}' in suggested(plant, LONG)


def test_an_export_without_numbers_is_proposed_as_events(plant: PlantExport) -> None:
    mapping = decided(
        plant,
        "time,machine,code\n2026-03-01,A,E-417\n",
        {"zone: DECIDE": "zone: UTC", "constant: DECIDE": "constant: error"},
    )
    assert mapping.files[0].targets[0].table == "events"


def test_a_packed_export_is_read(plant: PlantExport) -> None:
    assert 'match: "export.csv"' in suggested(plant, gzip.compress(WIDE.encode()), "export.csv.gz")


def test_another_encoding_is_seen(plant: PlantExport) -> None:
    assert "encoding: cp1252" in suggested(plant, WIDE.encode("cp1252"))


def test_a_parquet_export_is_read(plant: PlantExport) -> None:
    file = plant.folder / "export.parquet"
    pl.DataFrame({"time": ["2026-03-01"], "machine": ["A"], "torque [Nm]": [1.0]}).write_parquet(file)
    assert '{column: "torque [Nm]", metric: torque, unit: N*m}' in suggest_mapping(file)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", InvalidInput), (b"just one column\n1\n", InvalidInput), (b"PAR1 and no more", CorruptData)],
    ids=["empty", "one column", "torn parquet"],
)
def test_what_is_no_export_is_refused(plant: PlantExport, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        suggested(plant, content)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        suggest_mapping(tmp_path / "none.csv")
