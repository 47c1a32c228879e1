"""The unit lane runs without a network."""

from __future__ import annotations

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_network():  # type: ignore[no-untyped-def]
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
