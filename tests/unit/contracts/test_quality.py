"""The two severity bits decide, whatever the sub-code."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_engineering.contracts.quality import BAD_NO_DATA, BAD_OUT_OF_RANGE, is_bad, is_good


def decide(expression: pl.Expr, code: int) -> bool:
    return bool(pl.DataFrame({"status_code": [code]}).select(expression).item())


@given(st.integers(0, 2**32 - 1))
def test_good_is_the_two_top_bits_being_zero(code: int) -> None:
    assert decide(is_good(pl.col("status_code")), code) == (code >> 30 == 0)


@given(st.integers(0, 2**32 - 1))
def test_bad_is_the_top_bit_being_set(code: int) -> None:
    assert decide(is_bad(pl.col("status_code")), code) == bool(code >> 31)


def test_our_own_codes_are_bad() -> None:
    assert all(decide(is_bad(pl.col("status_code")), code) for code in (BAD_NO_DATA, BAD_OUT_OF_RANGE))
