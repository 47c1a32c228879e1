"""Between sensor and lake: gateways that lose contact, sensors that stick, values that arrive with a bad status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_engineering.simulator.models import SamplingFaults
from data_engineering.simulator.noise import Floats, Seconds, generator, key_of, occurrences, uniform
from data_engineering.simulator.shifts import DAY, HOUR

GOOD = 0
BAD_NO_COMMUNICATION = 0x80310000
BAD_SENSOR_FAILURE = 0x808D0000


@dataclass(frozen=True)
class Stuck:
    row: int
    start: int
    end: int


class MachineSampling:
    """Which readings of one machine are lost, frozen or marked bad, in [start, end) at any asked second."""

    def __init__(
        self, seed: int, machine: str, metrics: list[str], faults: SamplingFaults, start: int, end: int
    ) -> None:
        self.faults = faults
        self.gaps = [*_spans((seed, machine, "gap"), faults.gaps_per_month, faults.gap_hours, start, end)]
        self.stuck = [
            Stuck(row, *span)
            for row, metric in enumerate(metrics)
            for span in _spans((seed, machine, metric, "stuck"), faults.stuck_per_month, faults.stuck_hours, start, end)
        ]
        self._status_keys = np.array([[key_of(seed, machine, metric, "status")] for metric in metrics], dtype=np.uint64)

    def received(self, seconds: Seconds) -> NDArray[np.bool_]:
        """False while the gateway has no contact: such readings never arrive."""
        kept = np.ones(seconds.shape, dtype=np.bool_)
        for start, end in self.gaps:
            kept &= (seconds < start) | (seconds >= end)
        return kept

    def status(self, seconds: Seconds) -> NDArray[np.int64]:
        """OPC UA StatusCode of every (metric, second)."""
        draw = uniform(self._status_keys, seconds[None, :])
        share = self.faults.bad_share
        bad = np.where(draw < 0.6 * share, BAD_NO_COMMUNICATION, BAD_SENSOR_FAILURE)
        result: NDArray[np.int64] = np.where(draw < share, bad, GOOD).astype(np.int64)
        return result

    def stuck_in(self, seconds: Seconds) -> list[Stuck]:
        first, last = int(seconds.min()), int(seconds.max())
        return [stuck for stuck in self.stuck if stuck.start <= last and stuck.end > first]


def spoil(values: Floats, status: NDArray[np.int64]) -> Floats:
    """Values as transmitted: none without communication, full scale from a broken sensor."""
    spoiled = np.where(status == BAD_NO_COMMUNICATION, np.nan, values)
    result: Floats = np.where(status == BAD_SENSOR_FAILURE, 0.0, spoiled)
    return result


def _spans(
    stream: tuple[str | int, ...], per_month: float, mean_hours: float, start: int, end: int
) -> list[tuple[int, int]]:
    first = start // DAY * DAY
    moments = occurrences(stream, first, end, DAY, np.float64(per_month / 30))
    return [(at, at + int(generator(*stream, at).exponential(mean_hours) * HOUR) + 600) for at in moments]
