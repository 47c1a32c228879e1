"""What an import did."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class FileSummary(BaseModel):
    model_config = ConfigDict(frozen=True)

    file: Path
    epoch: str = Field(description="Content of the file and of its mapping; the same epoch is never imported twice.")
    rows: int = Field(description="Rows of the file.")
    accepted: dict[str, int] = Field(description="Rows written by this run, by bronze table.")
    refused: dict[str, int] = Field(description="Refused values by reason, of the whole file, also of earlier runs.")
    rejects: Path | None = Field(description="CSV of row, field, value, reason; None when nothing was refused.")
    was_known: bool = Field(description="The whole file was imported before; nothing was written.")


class ImportSummary(BaseModel):
    model_config = ConfigDict(frozen=True)

    mapping: str
    files: tuple[FileSummary, ...]

    def accepted(self) -> dict[str, int]:
        """Rows written by this run, by bronze table."""
        return _sum([summary.accepted for summary in self.files])

    def refused(self) -> dict[str, int]:
        """Refused values by reason."""
        return _sum([summary.refused for summary in self.files])


def _sum(counts: list[dict[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for count in counts for name in count)
    return {name: sum(count.get(name, 0) for count in counts) for name in names}
