"""What the API needs of the supervisor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from agents.events import RunEvent
from core.scope import Scope


class ChatCopilot(Protocol):
    def run(self, message: str, *, thread_id: str, run_id: str, scope: Scope) -> AsyncIterator[RunEvent]:
        """The events of one run, in order, ending with exactly one terminal event."""
