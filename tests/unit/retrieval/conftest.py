"""A small shelf of Markdown manuals, searched by words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.workspace import Workspace
from ml.retrieval import minilm
from ml.retrieval.index import build_index, published
from ml.retrieval.minilm import encoder_folder
from ml.retrieval.search import ManualIndex

CNC = """---
title: Milling centre
equipment_types: [cnc]
---
# Milling centre

## 1 Safety

### 1.1 Lock-out and tag-out

Turn the main switch to 0 and hang your own padlock in it before you open the cabinet.

## 2 Error codes

### 2.1 E-417 Spindle vibration above limit

The spindle vibrates more than 7.1 mm/s. Reduce the feed, then check the tool balance.

### 2.2 E-305 Coolant temperature high

The coolant is above 40 degrees. Clean the coolant filter.

## 3 Replacement procedures

### 3.1 Spindle bearing

Loosen the cartridge and pull the bearing 6205-2RS with the puller.
"""
PUMP = """---
title: Process pump
equipment_types: [pump]
---
# Process pump

## 1 Error codes

### 1.1 P-204 Seal leakage

The mechanical seal leaks. Stop the pump and replace the seal.

## 2 Maintenance

Check the oil level of the bearing housing every 500 operating hours.
"""


@pytest.fixture(autouse=True)
def _no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the package of the weights: search by words."""
    monkeypatch.setattr(minilm, "PACKAGE", "a_package_that_is_not_there")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "cnc.md").write_text(CNC, encoding="utf-8")
    (folder / "pump.md").write_text(PUMP, encoding="utf-8")
    return folder


@pytest.fixture
def build(workspace: Workspace, shelf: Path, clock: FixedClock) -> Callable[[], ManualIndex]:
    """Indexes the shelf by words and opens the published index."""

    def opened() -> ManualIndex:
        build_index(workspace, shelf, clock=clock)
        folder = published(workspace)
        assert folder is not None
        return ManualIndex(folder, encoder_folder(workspace))

    return opened
