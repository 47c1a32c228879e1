"""The metrics of one machine as a pure function of time: shift, load, hall temperature, faults, noise."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.metrics import metric_catalogue
from data_engineering.simulator.models import Line, MetricProfile
from data_engineering.simulator.noise import Floats, Keys, Seconds, key_of, normal, wander
from data_engineering.simulator.shifts import HOUR, REFERENCE_AMBIENT, REFERENCE_LOAD, ambient, load
from data_engineering.simulator.story import MachineStory

LAG_TAPS = 4
SLOW_HOURS = 40
FAST_HOURS = 5
IDLE_NOISE = 0.15


class MachineSignals:
    """`values(seconds)` gives a matrix (metrics, seconds) in catalogue units."""

    def __init__(self, seed: int, story: MachineStory, line: Line) -> None:
        self.story, self.line, self.seed = story, line, seed
        self.metrics: dict[str, MetricProfile] = dict(story.machine_type.metrics)
        names = list(self.metrics)
        self._row = {name: row for row, name in enumerate(names)}
        machine = story.machine.id
        self._noise_keys = _keys(seed, machine, names, "noise")
        self._slow_keys = _keys(seed, machine, names, "slow")
        self._fast_keys = _keys(seed, machine, names, "fast")
        self._unit = 1.0 + self._column("spread") * normal(_keys(seed, machine, names, "unit"), np.zeros(1, np.int64))
        catalogue = metric_catalogue()
        self._floor = np.array([[catalogue[name].minimum] for name in names])
        self._ceiling = np.array([[catalogue[name].maximum] for name in names])
        self._stop_starts, self._stop_ends = _merged(story)

    def running(self, seconds: Seconds) -> NDArray[np.bool_]:
        """Whether the machine runs: planned to, and not stopped."""
        stopped = np.searchsorted(self._stop_starts, seconds, "right") > np.searchsorted(
            self._stop_ends, seconds, "right"
        )
        return self.story.clock.is_shift(seconds) & ~stopped

    def values(self, seconds: Seconds) -> Floats:
        run = self._run_share(seconds)
        effort = load(self.seed, self.story.machine.id, self.story.machine.line, self.line.load, seconds)
        hall = ambient(self.seed, self.line.plant, seconds)
        busy = self._column("normal") * self._unit + self._column("per_load") * (effort - REFERENCE_LOAD)
        level = self._column("idle") * (1.0 - run) + busy * run + self._slow(seconds) * run
        level = level + self._column("per_ambient") * (hall - REFERENCE_AMBIENT)
        level = level + self._noise(seconds) * (IDLE_NOISE + (1.0 - IDLE_NOISE) * run)
        self._apply_sawtooth(level, seconds)
        self._apply_faults(level, seconds, run)
        return np.clip(level, self._floor, self._ceiling).round(self._decimals)

    @cached_property
    def _decimals(self) -> int:
        """Resolution of the transmitters: four digits behind the point when the finest noise needs them, else three."""
        return 4 if min(profile.noise for profile in self.metrics.values()) < 0.01 else 3

    def _column(self, name: str) -> Floats:
        return np.array([[getattr(profile, name)] for profile in self.metrics.values()])

    def _run_share(self, seconds: Seconds) -> Floats:
        """Share of its lag time that the machine has been running, per metric: 0 or 1 for fast ones."""
        lags = self._column("lag_minutes").astype(np.int64) * 60
        fast = self.running(seconds).astype(np.float64)
        result = np.repeat(fast[None, :], len(self.metrics), axis=0)
        for lag in np.unique(lags[lags > 0]):
            taps = [self.running(seconds - lag * tap // LAG_TAPS).astype(float) for tap in range(LAG_TAPS + 1)]
            result[lags[:, 0] == lag] = np.mean(taps, axis=0)
        return result

    def _slow(self, seconds: Seconds) -> Floats:
        slow = wander(self._slow_keys, seconds, SLOW_HOURS * HOUR)
        fast = wander(self._fast_keys, seconds, FAST_HOURS * HOUR)
        result: Floats = self._column("wander") * (0.8 * slow + 0.6 * fast)
        return result

    def _noise(self, seconds: Seconds) -> Floats:
        return self._column("noise") * normal(self._noise_keys, seconds[None, :])

    def _apply_sawtooth(self, level: Floats, seconds: Seconds) -> None:
        for name, profile in self.metrics.items():
            if profile.sawtooth_hours is not None:
                turns = self.story.clock.worked(seconds) / (profile.sawtooth_hours * HOUR)
                level[self._row[name]] += profile.normal * (2.0 * (turns % 1.0) - 1.0)

    def _apply_faults(self, level: Floats, seconds: Seconds, run: Floats) -> None:
        first, last = int(seconds.min()), int(seconds.max())
        for fault in self.story.faults:
            if fault.onset > last or fault.end <= first:
                continue
            for metric, shift in fault.shifts(fault.severity(seconds, self.story.clock)).items():
                row = self._row[metric]
                level[row] += shift * run[row] if fault.mode.stops_machine else shift


def _keys(seed: int, machine: str, names: list[str], purpose: str) -> Keys:
    return np.array([[key_of(seed, machine, name, purpose)] for name in names], dtype=np.uint64)


def _merged(story: MachineStory) -> tuple[Seconds, Seconds]:
    """Starts and ends of the stops, overlapping ones joined, so that counting starts and ends tells who stands."""
    joined: list[list[int]] = []
    for stop in sorted(story.stops, key=lambda stop: stop.start):
        if joined and stop.start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], stop.end)
        else:
            joined.append([stop.start, stop.end])
    spans = np.array(joined, dtype=np.int64).reshape(-1, 2)
    return spans[:, 0].copy(), spans[:, 1].copy()
