"""Calibration of log-odds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation.calibration import Calibration, calibrate, sigmoid
from ml.models.hazard import failure_curve

GENERATOR = np.random.default_rng(7)
MARGINS = GENERATOR.normal(-2, 1.5, 20_000)
MACHINES = np.arange(20_000) % 40


def test_a_distorted_margin_is_set_right() -> None:
    labels = GENERATOR.random(20_000) < sigmoid(0.5 * MARGINS - 1.0)
    fitted = calibrate(MARGINS, labels, MACHINES, draws=0, seed=1)
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.5, -1.0), abs=0.08)


def test_margins_that_mislead_keep_no_say() -> None:
    labels = GENERATOR.random(20_000) < sigmoid(-MARGINS - 4)
    assert calibrate(MARGINS, labels, MACHINES, draws=0, seed=1).slope == 0


def test_a_validation_part_without_a_failure_does_not_run_away() -> None:
    fitted = calibrate(MARGINS[:50], np.zeros(50, dtype=bool), MACHINES[:50], draws=5, seed=1)
    assert np.isfinite(fitted.apply(MARGINS)).all()


def test_the_same_seed_draws_the_same_machines() -> None:
    labels = GENERATOR.random(20_000) < sigmoid(MARGINS)
    first, second = (calibrate(MARGINS, labels, MACHINES, draws=3, seed=9) for _ in range(2))
    assert first == second


@given(
    margins=st.lists(st.floats(-30, 30), min_size=1, max_size=9),
    slope=st.floats(0, 3),
    intercept=st.floats(-10, 10),
)
def test_a_calibrated_curve_never_falls_with_the_horizon(margins: list[float], slope: float, intercept: float) -> None:
    hazards = Calibration(slope=slope, intercept=intercept).apply(np.array([margins]))
    curve = failure_curve(hazards)[0]
    assert (np.diff(curve) >= 0).all()
    assert ((curve >= 0) & (curve <= 1)).all()
