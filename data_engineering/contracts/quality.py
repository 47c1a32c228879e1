"""OPC UA status codes (OPC 10000-4, 7.39): 32 bits, the top two say Good (00), Uncertain (01) or Bad (10)."""

from __future__ import annotations

from typing import Final

import polars as pl

GOOD: Final = 0x0000_0000
UNCERTAIN: Final = 0x4000_0000
BAD: Final = 0x8000_0000
BAD_OUT_OF_RANGE: Final = 0x803C_0000
"""The value lies outside the metric's sane range; it is kept, and no feature uses it."""
BAD_NO_DATA: Final = 0x809B_0000
"""The source had a row but no value."""

_SEVERITY = 1 << 30


def is_good(status_code: pl.Expr) -> pl.Expr:
    """Whether the two severity bits are 00. SQL: `status_code >> 30 = 0`."""
    return status_code // _SEVERITY == GOOD


def is_bad(status_code: pl.Expr) -> pl.Expr:
    """Whether the higher severity bit is set (10 is Bad, 11 is reserved)."""
    return status_code // _SEVERITY >= BAD // _SEVERITY
