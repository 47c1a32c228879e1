"""Where things lie under COPILOT_HOME. Nobody else spells these paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    home: Path

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def rejects(self) -> Path:
        return self.home / "rejects"

    @property
    def ground_truth(self) -> Path:
        """What the simulator knows and no model may see."""
        return self.home / "ground_truth"

    @property
    def metrics_file(self) -> Path:
        """Metrics that mappings of this workspace define beside the catalogue."""
        return self.home / "metrics.yml"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def warehouse_build(self) -> Path:
        return self.warehouse / "build.duckdb"

    @property
    def warehouse_pointer(self) -> Path:
        """Text file naming the published snapshot; replaced atomically."""
        return self.warehouse / "CURRENT"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def documents(self) -> Path:
        """Chunks, lexical index, vectors and the embedding model."""
        return self.home / "documents"

    @property
    def app_database(self) -> Path:
        return self.home / "app.db"

    @property
    def state(self) -> Path:
        """Marks of finished steps, locks, process ids."""
        return self.home / "state"
