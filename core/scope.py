"""Whose question it is: the subject and the plants it may see. Every read of plant data takes one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Scope:
    """`plants` is None for every plant, else the ISA-95 sites the subject may see."""

    subject: str
    plants: frozenset[str] | None = None
    roles: frozenset[str] = field(default_factory=frozenset)

    def allows(self, plant_id: str) -> bool:
        return self.plants is None or plant_id in self.plants


LOCAL = Scope(subject="local", plants=None, roles=frozenset({"engineer"}))
"""The person at this machine, in local development mode."""
