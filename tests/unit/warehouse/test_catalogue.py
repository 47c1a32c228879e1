"""The catalogue as text: what may be asked, with which values, in SQL that DuckDB itself can parse."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from core.errors import NotFound
from data_engineering.warehouse.catalogue import catalogue, entry_named
from tests.conftest import ROOT

REFERENCE = (ROOT / "docs" / "reference" / "warehouse.md").read_text(encoding="utf-8")
ENTRIES = sorted(catalogue())


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_one_select(name: str) -> None:
    statements = duckdb.connect().extract_statements(catalogue()[name].sql["duckdb"])
    assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_uses_its_parameters_and_the_plants_and_no_other(name: str) -> None:
    entry = catalogue()[name]
    statement = duckdb.connect().extract_statements(entry.sql["duckdb"])[0]
    assert statement.named_parameters == {*entry.parameters, "plants"}


@pytest.mark.parametrize("name", ENTRIES)
def test_only_declared_parameters_are_optional(name: str) -> None:
    entry = catalogue()[name]
    assert set(entry.optional) <= set(entry.parameters)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_has_a_description_an_owner_and_an_order(name: str) -> None:
    entry = catalogue()[name]
    is_one_row = name == "last_known"
    assert entry.description
    assert entry.owner
    assert is_one_row or "order by" in entry.sql["duckdb"]


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_reads_the_marts_alone(name: str) -> None:
    tables = re.findall(r"(?:from|join)\s+([a-z_]+)\.", catalogue()[name].sql["duckdb"])
    assert set(tables) == {"marts"}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_stands_in_the_reference(name: str) -> None:
    assert f"| `{name}` |" in REFERENCE


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="oee_by_magic") as refused:
        entry_named("oee_by_magic")
    assert "production_kpi" in refused.value.remedy


def test_every_catalogue_file_says_what_it_is_about() -> None:
    folder = Path(ROOT, "data_engineering", "warehouse", "catalogue")
    assert all(file.read_text(encoding="utf-8").startswith("# ") for file in folder.glob("*.yml"))
