"""The plant of the import tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import FixedClock
from core.workspace import Workspace
from tests.unit.connectors.plant_export import PlantExport


@pytest.fixture
def plant(tmp_path: Path, workspace: Workspace, clock: FixedClock) -> PlantExport:
    folder = tmp_path / "export"
    folder.mkdir()
    return PlantExport(folder, workspace, clock)
