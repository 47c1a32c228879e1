"""One small plant, built once for the room's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.story import Anchor

END = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
SEED = 20260301


def anchor(days: int = 90, *, seed: int = SEED, end: datetime = END) -> Anchor:
    return Anchor(seed, end - timedelta(days=days), end)


@cache
def ninety_days() -> DemoPlant:
    return DemoPlant(anchor())


@pytest.fixture(scope="session")
def plant() -> DemoPlant:
    return ninety_days()
