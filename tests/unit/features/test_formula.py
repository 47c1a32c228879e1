"""The formula language: arithmetic over feature names and nothing else."""

from __future__ import annotations

import math

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from data_engineering.features.formula import names_of, to_sql

NUMBERS = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))


def run(formula: str, **values: float | None) -> float | None:
    columns = ", ".join(f'CAST(? AS DOUBLE) AS "{name}"' for name in values)
    sql = f"SELECT {to_sql(formula)} FROM (SELECT {columns})"
    found: float | None = duckdb.connect().execute(sql, list(values.values())).fetchall()[0][0]
    return found


@given(a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_sql_computes_what_the_formula_says(a: float, b: float, c: float) -> None:
    found = run("(a + 2 * b - -c) * abs(b)", a=a, b=b, c=c)
    assert found is not None
    assert math.isclose(found, (a + 2 * b + c) * abs(b), rel_tol=1e-9, abs_tol=1e-6)


def test_a_division_by_zero_is_unknown() -> None:
    assert run("a / b", a=1.0, b=0.0) is None


def test_an_unknown_operand_makes_the_result_unknown() -> None:
    assert run("a - b", a=1.0, b=None) is None


def test_names_are_the_features_without_the_functions() -> None:
    assert names_of("abs(mean_24h - normal) / spread") == {"mean_24h", "normal", "spread"}


@pytest.mark.parametrize(
    "formula",
    [
        "a.b",
        "a['b']",
        "__import__('os')",
        "'text'",
        "a if b else c",
        "a ** 2",
        "lambda: a",
        "a and b",
        "abs(x=1)",
        "True",
    ],
)
def test_anything_but_arithmetic_is_refused(formula: str) -> None:
    with pytest.raises(InvalidInput):
        to_sql(formula)


def test_a_broken_formula_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidInput, match="a \\+") as refused:
        to_sql("a +")
    assert "names, numbers" in refused.value.remedy
