"""A small plant whose exports the tests import: files and mappings written to a folder, then brought into a lake."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from core.clock import FixedClock
from core.workspace import Workspace
from data_engineering.connectors.files import import_files
from data_engineering.connectors.models import ImportSummary
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake

WIDE_TARGET: dict[str, Any] = {
    "table": "readings",
    "fields": {"equipment_id": "machine", "source_ts": {"column": "time", "zone": "UTC"}},
    "values": [
        {"column": "vib", "metric": "vibration", "unit": "in/s"},
        {"column": "temp", "metric": "temperature", "unit": "degF"},
    ],
}
LONG_TARGET: dict[str, Any] = {
    "table": "readings",
    "fields": {"equipment_id": "machine", "source_ts": {"column": "time", "zone": "UTC"}},
    "series": {"name": "tag", "value": "value", "unit": "unit"},
}


def mapping_of(*targets: dict[str, Any], **file: Any) -> dict[str, Any]:
    """A mapping with one entry for export.csv."""
    entry = {"match": "export.csv", "format": "csv", **file, "targets": list(targets)}
    return {"name": "plant", "description": "test plant", "files": [entry]}


@dataclass
class PlantExport:
    folder: Path
    workspace: Workspace
    clock: FixedClock

    @property
    def lake(self) -> LocalLake:
        return LocalLake(self.workspace, self.clock)

    def write(self, text: str | bytes, name: str = "export.csv") -> Path:
        file = self.folder / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def mapping(self, content: dict[str, Any]) -> Path:
        return self.write(yaml.safe_dump(content, sort_keys=False), "mapping.yml")

    def bring(self, text: str | bytes, mapping: dict[str, Any], name: str = "export.csv") -> ImportSummary:
        """Imports one file of that content."""
        return self.run([self.write(text, name)], mapping)

    def run(self, files: list[Path], mapping: dict[str, Any]) -> ImportSummary:
        return import_files(files, self.mapping(mapping), lake=self.lake, workspace=self.workspace, clock=self.clock)

    def rows(self, table: BronzeTable = BronzeTable.READINGS) -> pl.DataFrame:
        return self.lake.scan(table).collect()

    def rejects(self) -> list[list[str]]:
        """Lines of the only reject file, without its header; empty when there is none."""
        files = list(self.workspace.rejects.glob("*.csv")) if self.workspace.rejects.exists() else []
        return list(csv.reader(files[0].open(encoding="utf-8")))[1:] if files else []
