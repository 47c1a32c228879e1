"""Reading server-sent events in tests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sent:
    id: str | None
    data: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.data["type"])


def read_events(text: str) -> list[Sent]:
    """The data blocks of an event stream; comments are skipped."""
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        for block in text.split("\n\n")
    ]
    return [Sent(block.get("id"), json.loads(block["data"])) for block in blocks if "data" in block]


def text_of(events: Iterable[Sent]) -> str:
    return "".join(event.data["delta"] for event in events if event.type == "TEXT_MESSAGE_CONTENT")
