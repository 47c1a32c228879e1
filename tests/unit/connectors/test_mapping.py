"""A mapping that cannot be right is refused with its file and its key."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.errors import InvalidInput
from core.metrics import metric_catalogue
from core.workspace import Workspace
from data_engineering.connectors.mapping import SHIPPED, load_mapping
from data_engineering.connectors.own_metrics import catalogue_with
from data_engineering.connectors.targets import check_units
from tests.unit.connectors.plant_export import LONG_TARGET, WIDE_TARGET, mapping_of

Change = Callable[[dict[str, Any]], Any]


def target(mapping: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = mapping["files"][0]["targets"][0]
    return found


WRONG: dict[str, tuple[Change, str]] = {
    "no zone": (
        lambda m: target(m)["fields"].update(source_ts={"column": "time"}),
        r"files\.0\.targets\.0: source_ts: zone is missing",
    ),
    "no such zone": (
        lambda m: target(m)["fields"]["source_ts"].update(zone="Berlin"),
        r"source_ts\.zone: 'Berlin' is no IANA time zone",
    ),
    "unknown key": (lambda m: target(m).update(colour="red"), r"files\.0\.targets\.0\.colour: extra inputs"),
    "unknown field": (lambda m: target(m)["fields"].update(mood="mood"), "readings has no field mood"),
    "missing field": (lambda m: target(m)["fields"].pop("equipment_id"), "readings needs equipment_id"),
    "no values": (lambda m: target(m).pop("values"), "exactly one of values"),
    "wide and long": (lambda m: target(m).update(series=LONG_TARGET["series"]), "exactly one of values"),
    "no unit": (lambda m: target(m)["values"][0].pop("unit"), r"values\.0\.unit: field required"),
    "unknown table": (lambda m: target(m).update(table="weather"), r"targets\.0\.table: input should be"),
    "own table": (lambda m: target(m).update(table="feedback"), "feedback is made by the copilot itself"),
    "unknown format": (lambda m: m["files"][0].update(format="xlsx"), r"files\.0\.format: input should be"),
    "no files": (lambda m: m.update(files=[]), "files: tuple should have at least 1 item"),
    "two origins": (
        lambda m: target(m)["fields"].update(equipment_id={"column": "a", "constant": "b"}),
        "give exactly one of .* got column, constant",
    ),
    "no origin": (lambda m: target(m)["fields"].update(equipment_id={"map": {"a": "b"}}), "got none"),
    "zone of a text": (
        lambda m: target(m)["fields"].update(equipment_id={"column": "a", "zone": "UTC"}),
        "equipment_id is not a time",
    ),
    "unit of a text": (
        lambda m: target(m)["fields"].update(equipment_id={"column": "a", "unit": "mm"}),
        "equipment_id takes no unit",
    ),
    "constant time": (
        lambda m: target(m)["fields"].update(source_ts={"constant": "2026-03-01"}),
        "source_ts is a time: give column or row_clock",
    ),
    "naive clock": (
        lambda m: target(m)["fields"].update(
            source_ts={"row_clock": {"start": "2026-03-01T00:00:00", "step_seconds": 1}}
        ),
        "start has no time zone",
    ),
    "template": (
        lambda m: target(m)["fields"].update(equipment_id={"template": "M-{id:x}"}),
        "not a column or a column and a width",
    ),
    "undecided": (lambda m: target(m)["values"][0].update(unit="DECIDE"), r"values\.0\.unit is still to be decided"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_mapping_is_refused_with_its_key(case: str, tmp_path: Path) -> None:
    change, message = WRONG[case]
    mapping = copy.deepcopy(mapping_of(WIDE_TARGET))
    change(mapping)
    file = tmp_path / "plant.yml"
    file.write_text(yaml.safe_dump(mapping))
    with pytest.raises(InvalidInput, match=rf"plant\.yml: .*{message}"):
        load_mapping(file)


EVENT: dict[str, Any] = {
    "table": "events",
    "fields": {"equipment_id": "a", "kind": "k", "source_ts": {"column": "t", "zone": "UTC"}},
}
PRODUCTION = {
    "table": "production",
    "fields": {
        "production_id": "id", "equipment_id": "a", "planned_busy_time_s": "pbt",
        "period_start": {"column": "t", "zone": "UTC"}, "period_end": {"column": "u", "zone": "UTC"},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {**EVENT, "fields": {**EVENT["fields"], "kind": {"constant": "party"}}},
            "kind: party is none of state, alarm",
        ),
        ({**EVENT, "values": WIDE_TARGET["values"]}, "other tables neither"),
        (PRODUCTION, "planned_busy_time_s: unit is missing"),
    ],
    ids=["kind", "values", "unit"],
)
def test_a_target_that_the_contract_does_not_allow_is_refused(
    content: dict[str, Any], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.yml"
    file.write_text(yaml.safe_dump(mapping_of(content)))
    with pytest.raises(InvalidInput, match=message):
        load_mapping(file)


def test_a_file_that_is_no_yaml_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "plant.yml"
    file.write_text("name: [plant\n")
    with pytest.raises(InvalidInput, match=r"plant\.yml: not a YAML file .* line 2"):
        load_mapping(file)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plant.yml"
    file.write_text("")
    with pytest.raises(InvalidInput, match="the file: input should be"):
        load_mapping(file)


def test_an_unknown_mapping_names_the_shipped_ones() -> None:
    with pytest.raises(InvalidInput) as error:
        load_mapping("azure")
    assert "ai4i, azure_pdm" in error.value.remedy


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.yml")))
def test_a_shipped_mapping_loads_under_its_own_name(name: str) -> None:
    assert load_mapping(name).name == name


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.yml")))
def test_every_unit_of_a_shipped_mapping_converts(name: str, workspace: Workspace) -> None:
    mapping = load_mapping(name)
    catalogue = catalogue_with(mapping.metrics, workspace, name)
    for spec in mapping.files:
        check_units(spec, catalogue)


def test_a_shipped_mapping_defines_no_metric_of_the_catalogue() -> None:
    shipped = set(metric_catalogue())
    names = {metric.name for file in SHIPPED.glob("*.yml") for metric in load_mapping(file.stem).metrics}
    assert not names & shipped
