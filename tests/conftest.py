"""Fixtures every lane shares."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.workspace import Workspace
from tests.lanes import LaneReport

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LaneReport(), "lanes")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 1, 6, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The third-party data sets. Missing: a failure in CI, a skip with a reason elsewhere."""
    folder = Path(os.environ.get("COPILOT_SHARED", ROOT.parent / "shared"))
    if (folder / "data").is_dir():
        return folder
    reason = f"third-party data not found at {folder}; set COPILOT_SHARED"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
