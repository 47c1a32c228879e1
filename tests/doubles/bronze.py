"""Small bronze frames, built for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Source

START = datetime(2026, 1, 1, tzinfo=UTC)


def reading_rows(source: Source, first: int, last: int, *, equipment_id: str = "CNC-A-102") -> pl.DataFrame:
    """One good vibration reading a minute; the value is the sequence number."""
    numbers = range(first, last + 1)
    return pl.DataFrame(
        {
            "device_id": [source.device_id] * len(numbers),
            "epoch": [source.epoch] * len(numbers),
            "seq": numbers,
            "equipment_id": [equipment_id] * len(numbers),
            "metric": ["vibration"] * len(numbers),
            "value": [float(number) for number in numbers],
            "status_code": [0] * len(numbers),
            "source_ts": [START + timedelta(minutes=number) for number in numbers],
            "ingest_ts": [START] * len(numbers),
        },
        schema=polars_schema(BronzeTable.READINGS),
    )
