"""What the lake says of itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data_engineering.contracts.tables import BronzeTable


class Source(BaseModel):
    """Who sends, and which life of the sender's counter."""

    model_config = ConfigDict(frozen=True)

    device_id: str
    epoch: str


class Part(BaseModel):
    """One immutable Parquet file that the manifest holds. A file the manifest does not hold does not exist."""

    model_config = ConfigDict(frozen=True)

    table: BronzeTable
    path: Path
    source: Source
    first_seq: int
    last_seq: int
    rows: int
    sha256: str
    first_at: datetime | None = None
    last_at: datetime | None = None
    written_at: datetime
