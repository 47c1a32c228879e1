from __future__ import annotations

import numpy as np
import pytest

from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.shifts import DAY, HOUR
from data_engineering.simulator.signals import MachineSignals


def _week(plant: DemoPlant, weeks_before_end: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    end = plant.anchor.ends - weeks_before_end * 7 * DAY
    return np.arange(end - 7 * DAY, end, 600)


def _running_mean(signals: MachineSignals, metric: str, seconds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    row = list(signals.metrics).index(metric)
    return float(signals.values(seconds)[row, signals.running(seconds)].mean())


def test_cnc_a_102_vibrated_more_in_the_last_week(plant: DemoPlant) -> None:
    signals = plant.signals["CNC-A-102"]
    last, before = (_running_mean(signals, "vibration", _week(plant, weeks)) for weeks in (0, 1))
    assert last > 1.25 * before


def test_the_seal_chamber_of_pump_b_203_got_warmer_in_the_last_week(plant: DemoPlant) -> None:
    signals = plant.signals["PUMP-B-203"]
    last, before = (_running_mean(signals, "temperature", _week(plant, weeks)) for weeks in (0, 1))
    assert last > before + 1.0


def test_a_machine_that_stands_does_not_turn(plant: DemoPlant) -> None:
    signals = plant.signals["PRESS-C-601"]
    seconds = _week(plant, 0)
    standing = signals.values(seconds)[list(signals.metrics).index("load"), ~signals.running(seconds)]
    assert standing.size > 0
    assert standing.mean() < 2.0


def test_a_motor_cools_slowly_after_the_shift(plant: DemoPlant) -> None:
    signals = plant.signals["PRESS-C-602"]
    friday_ten_pm = 1_772_229_600  # 2026-02-27T22:00:00Z
    row = list(signals.metrics).index("temperature")
    at_end, soon, late = signals.values(friday_ten_pm + np.array([-600, 1500, 6 * HOUR]))[row]
    assert at_end > soon > late


@pytest.mark.parametrize("machine", ["CNC-A-101", "PUMP-E-203", "CONV-F-401"])
def test_a_value_is_the_same_in_whatever_window_it_is_asked(plant: DemoPlant, machine: str) -> None:
    signals, seconds = plant.signals[machine], _week(plant, 3)
    assert np.array_equal(signals.values(seconds)[:, 500:700], signals.values(seconds[500:700]))


def test_every_metric_stays_in_its_sane_range(plant: DemoPlant) -> None:
    for signals in plant.signals.values():
        values = signals.values(_week(plant, 1))
        assert np.isfinite(values).all()
        assert (values >= signals._floor).all()
        assert (values <= signals._ceiling).all()


def test_a_healthy_machine_stays_below_its_warning_limits(plant: DemoPlant) -> None:
    """Under one reading in two hundred, over every machine and metric, in hours without any fault."""
    outside, total = 0, 0
    for story in plant.stories.values():
        signals, seconds = plant.signals[story.machine.id], _week(plant, 4)
        if any(fault.onset < seconds[-1] and fault.end > seconds[0] for fault in story.faults):
            continue
        values = signals.values(seconds)[:, signals.running(seconds)]
        for row, profile in enumerate(signals.metrics.values()):
            high = np.inf if profile.limits.warning_high is None else profile.limits.warning_high
            outside, total = outside + int((values[row] > high).sum()), total + values[row].size
    assert total > 10_000
    assert outside / total < 0.005
