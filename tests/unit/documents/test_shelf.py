"""The shelf agrees with the demo plant: what the simulator does is what the manuals say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from core.metrics import metric_catalogue
from data_engineering.documents.models import Chunk
from data_engineering.documents.parsing import SHELF, chunks, read_shelf
from data_engineering.documents.passages import words
from data_engineering.simulator.catalogue import machine_types
from data_engineering.simulator.models import MachineType

_CODE = re.compile(r"(?<![\w-])[A-Z]-\d{3}(?![\w-])")
_TYPES = machine_types()


@pytest.fixture(scope="module")
def shelf() -> dict[str, list[Chunk]]:
    """Passages by machine type."""
    return {manual.equipment_types[0]: chunks(manual) for manual in read_shelf(SHELF)}


@pytest.fixture(params=sorted(_TYPES))
def machine_type(request: pytest.FixtureRequest) -> MachineType:
    return _TYPES[request.param]


@pytest.fixture
def manual(shelf: dict[str, list[Chunk]], machine_type: MachineType) -> list[Chunk]:
    return shelf[machine_type.type]


def rows(manual: list[Chunk]) -> Iterator[list[str]]:
    for chunk in manual:
        for line in chunk.text.splitlines():
            if line.startswith("| "):
                yield [cell.strip() for cell in line.strip("|").split(" | ")]


def by_section(manual: list[Chunk]) -> dict[tuple[str, ...], str]:
    joined: dict[tuple[str, ...], str] = defaultdict(str)
    for chunk in manual:
        joined[chunk.section_path] += chunk.text + "\n"
    return joined


def test_each_machine_type_has_one_manual_and_each_format_two() -> None:
    manuals = read_shelf(SHELF)
    assert sorted(manual.equipment_types for manual in manuals) == [(name,) for name in sorted(_TYPES)]
    assert sorted(manual.media_type for manual in manuals) == sorted(
        ["text/markdown", "text/html", "application/pdf"] * 2
    )


def test_a_manual_has_ten_to_twenty_five_pages_of_text(manual: list[Chunk]) -> None:
    assert 3_500 <= sum(words(chunk.text) for chunk in manual) <= 6_500


def test_a_title_names_every_model(manual: list[Chunk], machine_type: MachineType) -> None:
    assert all(model in manual[0].title for model in machine_type.models)


def test_a_manual_names_its_maker(manual: list[Chunk], machine_type: MachineType) -> None:
    assert any(machine_type.manufacturer in chunk.text for chunk in manual)


def test_the_codes_of_a_manual_are_those_of_its_machine(manual: list[Chunk], machine_type: MachineType) -> None:
    text = "\n".join(f"{' '.join(chunk.section_path)}\n{chunk.text}" for chunk in manual)
    assert set(_CODE.findall(text)) == {code.code for code in machine_type.codes}


def test_each_code_has_a_section_with_title_severity_and_numbered_steps(
    manual: list[Chunk], machine_type: MachineType
) -> None:
    sections = {path[-1].split(" ", 1)[1]: text for path, text in by_section(manual).items() if " " in path[-1]}
    for code in machine_type.codes:
        section = sections[f"{code.code} {code.title}"]
        assert f"Severity {code.severity}" in section, code.code
        assert re.search(r"^1\. ", section, re.MULTILINE), code.code


def test_each_limit_and_healthy_value_stands_in_the_table_of_limits(
    manual: list[Chunk], machine_type: MachineType
) -> None:
    table = [[row[0].casefold(), *row[1:]] for row in rows(manual)]
    for name, profile in machine_type.metrics.items():
        label = metric_catalogue()[name].label
        limits = profile.limits.model_dump().values()
        wanted = {f"{value:g}" for value in (profile.normal, *limits) if value is not None}
        assert any(row[0] == label and wanted <= set(row) for row in table), name


def test_each_component_has_its_part_number_in_the_spare_parts(manual: list[Chunk], machine_type: MachineType) -> None:
    parts = {row[0]: row[1].casefold() for row in rows(manual) if len(row) > 1}
    for mode in machine_type.failure_modes:
        assert parts[mode.part].startswith(mode.component), mode.id


def test_each_failure_mode_is_named(manual: list[Chunk], machine_type: MachineType) -> None:
    text = " ".join(chunk.text for chunk in manual).casefold()
    assert [mode.label for mode in machine_type.failure_modes if mode.label.casefold() not in text] == []


def test_each_repair_has_a_procedure_with_part_and_hours(manual: list[Chunk], machine_type: MachineType) -> None:
    sections = by_section(manual).values()
    for mode in machine_type.failure_modes:
        hours = rf"(?<![\d.]){mode.repair_hours:g} h\b"
        assert any(mode.part in text and re.search(hours, text) and "\n1. " in text for text in sections), mode.id


def test_each_preventive_task_stands_in_the_schedule(manual: list[Chunk], machine_type: MachineType) -> None:
    schedule = {row[0]: row for row in rows(manual)}
    for task in machine_type.preventive:
        row = schedule[task.title]
        assert row[1:3] == [f"{task.interval_days} days", f"{task.hours:g} h"], task.id
        assert row[3].casefold() == task.component, task.id


def test_every_section_that_a_manual_refers_to_exists(manual: list[Chunk]) -> None:
    numbers = {heading.split(" ")[0] for chunk in manual for heading in chunk.section_path}
    text = " ".join(chunk.text for chunk in manual)
    referred = set(re.findall(r"[Ss]ections? (\d+\.\d+)", text))
    assert referred
    assert referred <= numbers
