"""A small plant in which bearings wear out: vibration rises over three days, an alarm often comes first. A test double.

Not the demo plant: only as much story as a model needs to learn something in seconds. Hours count from START.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.doubles.snapshot import HandMadeSnapshot

START = 490_000
REPAIR_HOURS = 6


@dataclass(frozen=True)
class WearingPlant:
    machines: int = 24
    days: int = 60
    seed: int = 11

    @property
    def end(self) -> int:
        return START + self.days * 24

    def snapshot(self) -> HandMadeSnapshot:
        made = HandMadeSnapshot()
        made.metric("vibration", reference=3.0)
        generator = np.random.default_rng(self.seed)
        for number in range(self.machines):
            _machine(made, f"P-{number:02d}", self.end, generator)
        return made


def _machine(made: HandMadeSnapshot, name: str, end: int, generator: np.random.Generator) -> None:
    made.machine(name)
    level = 3.0 + generator.normal(0, 0.3)
    failures = _failures(end, generator)
    for failure in failures:
        _story(made, name, failure, generator)
    for _ in range(generator.poisson((end - START) / 400)):
        made.event(name, generator.uniform(START, end), code="E-1", message="vibration high")
    for tile in range(START, end):
        ahead = min((f - tile for f in failures if f > tile), default=10_000)
        wear = max(0.0, 1.2 * (1 - ahead / 72))
        made.readings(name, "vibration", tile, list(level + wear + generator.normal(0, 0.3, 2)), reference=3.0)


def _failures(end: int, generator: np.random.Generator) -> list[int]:
    found, at = [], START + generator.uniform(24, 600)
    while at < end:
        found.append(int(at))
        at += 120 + generator.weibull(2.0) * 400
    return found


def _story(made: HandMadeSnapshot, name: str, failure: int, generator: np.random.Generator) -> None:
    if generator.random() < 0.7:
        made.event(name, failure - generator.uniform(2, 30), code="E-1", message="vibration high")
    made.event(name, failure + 0.5, kind="failure", component="bearing")
    made.work(name, failure + 1, failure + REPAIR_HOURS, component="bearing")
