"""One demo plant for the lane, prepared the hard way: killed three times on the way up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.chromium import chromium
from tests.end_to_end.up import Served, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`copilot up` over the whole demo plant, after a kill -9 in each of its long steps."""
    from tests.end_to_end.killing import killed_on_the_way

    folder = tmp_path_factory.mktemp("plant")
    home, log = folder / "home", folder / "up.log"
    killed_on_the_way(home, log)
    with served(home, log) as running:
        yield running
