"""What the graph needs from outside: memory of a thread, and (perhaps) a language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agents.models import Focus


class ThreadMemory(Protocol):
    """One history for every path. Scoped to its owner: another subject's thread does not exist."""

    async def focus(self, thread_id: str, *, subject: str) -> Focus: ...

    async def history(self, thread_id: str, *, subject: str, last: int = 10) -> list[tuple[str, str]]:
        """(role, text), oldest first."""

    async def remember(
        self, thread_id: str, *, subject: str, question: str, answer: str, focus: Focus, run_id: str
    ) -> None: ...


class LanguageModel(Protocol):
    """An OpenAI-compatible endpoint. Absent by default; never the source of a number."""

    name: str

    async def choose(self, question: str, readings: Sequence[str]) -> str | None:
        """One of `readings`, or None when it cannot say.

        Raises:
            Unavailable: no usable reply within the timeout.
        """

    async def phrase(self, question: str, facts: str) -> str:
        """The answer in its own words from `facts` alone; the caller checks it.

        Raises:
            Unavailable: no usable reply within the timeout.
        """
