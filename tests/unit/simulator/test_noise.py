from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data_engineering.simulator.noise import key_of, normal, occurrences, uniform, wander

KEYS = np.array([[key_of("test", number)] for number in range(3)], dtype=np.uint64)
SECONDS = st.integers(min_value=0, max_value=2**33)


@given(SECONDS)
def test_a_draw_depends_on_its_second_alone(second: int) -> None:
    alone = normal(KEYS, np.array([second]))
    among = normal(KEYS, np.arange(second - 5, second + 5))
    assert np.array_equal(alone[:, 0], among[:, 5])


@given(SECONDS, st.integers(min_value=60, max_value=10**6))
def test_wander_depends_on_its_second_alone(second: int, period: int) -> None:
    alone = wander(KEYS, np.array([second]), period)
    among = wander(KEYS, second + np.arange(-3, 4) * 600, period)
    assert np.array_equal(alone[:, 0], among[:, 3])


@given(SECONDS)
def test_uniform_lies_in_the_unit_interval(second: int) -> None:
    draw = uniform(KEYS, np.arange(second, second + 50))
    assert ((draw >= 0) & (draw < 1)).all()


def test_normal_has_mean_zero_and_unit_variance() -> None:
    draw = normal(KEYS[:1], np.arange(200_000))
    assert abs(draw.mean()) < 0.01
    assert abs(draw.std() - 1.0) < 0.01


def test_wander_has_unit_variance() -> None:
    assert abs(wander(KEYS, np.arange(0, 400 * 36_000, 600), 3600).std() - 1.0) < 0.03


def test_two_series_do_not_move_together() -> None:
    draw = normal(KEYS[:2], np.arange(50_000))
    assert abs((draw[0] * draw[1]).mean()) < 0.02


@given(st.integers(min_value=0, max_value=400 * 3600))
def test_a_window_cut_in_two_has_the_same_occurrences(cut: int) -> None:
    def between(start: int, end: int) -> list[int]:
        return occurrences(("stream",), start, end, 3600, np.float64(0.1))

    assert between(0, cut) + between(cut, 400 * 3600) == between(0, 400 * 3600)
