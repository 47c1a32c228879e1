"""How long work says where it is. The command line draws it; tests collect it; by default nobody listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    def __call__(self, label: str, done: int, total: int) -> None:
        """`done` of `total` units of the step called `label`; `total` 0 when it cannot be known."""


def silent(label: str, done: int, total: int) -> None:
    """Nobody listens."""
