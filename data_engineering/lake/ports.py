"""Where raw and bronze rows are kept, before any warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.models import Part, Source


class Lake(Protocol):
    """Bronze rows in immutable Parquet parts (zstd) held by a manifest; accepted once per table, device, epoch, seq."""

    def append(
        self, table: BronzeTable, rows: pl.DataFrame, *, source: Source, first_seq: int, last_seq: int
    ) -> Part | None:
        """Writes temp + fsync + rename, then the manifest row and the high-water mark in one transaction.

        `rows` must have exactly the contract's columns and types (`polars_schema`). `first_seq..last_seq` is the range
        of the sender's counter these rows stand for (it may be longer than the rows: refused rows count).

        Returns:
            The part, or None when the range was accepted before (a replay: nothing is written).

        Raises:
            InvalidInput: columns, types or a null in a required column.
            StorageFull: the disk is full; nothing is half-written.
            CorruptData: the range overlaps an accepted one without being contained in it.
        """

    def high_water(self, table: BronzeTable, source: Source) -> int:
        """Highest `seq` accepted from this source into this table; -1 when none."""

    def parts(self, table: BronzeTable) -> Sequence[Part]:
        """Every part of the table, oldest first."""
