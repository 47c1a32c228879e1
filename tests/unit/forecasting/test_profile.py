"""The profile forecaster, its bands, its crossings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from ml.models.conformal import half_widths, held_out_coverage
from ml.models.crossing import crossings_of, recalibrated, share_crossing
from ml.models.ports import Floats
from ml.models.profile import ProfileForecaster
from ml.models.selection import DAILY, DRIFTING, WEEKLY, choose

FORECASTER = ProfileForecaster()


def noise(hours: int, scale: float = 0.2, seed: int = 5) -> Floats:
    return np.random.default_rng(seed).normal(0, scale, hours)


def test_a_plant_that_rests_at_weekends_gets_the_weekly_shape() -> None:
    hours = np.arange(42 * 24)
    works = (hours // 24) % 7 < 5
    found = FORECASTER.forecast(np.where(works, 60.0, 20.0) + noise(hours.size), horizon=72)
    assert found.model == "profile-weekly"


def test_wear_that_goes_on_keeps_its_level() -> None:
    hours = np.arange(30 * 24)
    found = FORECASTER.forecast(3 + 0.004 * hours**1.2 + noise(hours.size, 0.02), horizon=48)
    assert found.model == "profile-drifting"


def test_a_daily_rhythm_gets_the_default_shape() -> None:
    hours = np.arange(30 * 24)
    found = FORECASTER.forecast(50 + np.sin(2 * np.pi * hours / 24) + noise(hours.size), horizon=24)
    assert found.model == "profile-daily"


def test_another_shape_must_be_clearly_better() -> None:
    assert choose({DAILY: 1.0, WEEKLY: 0.97}) == DAILY
    assert choose({DAILY: 1.0, WEEKLY: 0.97, DRIFTING: 0.8}) == DRIFTING


def test_a_deviation_fades_into_the_profile() -> None:
    series = np.full(20 * 24, 10.0)
    series[-3:] += 4.0
    mean = FORECASTER.forecast(series, horizon=72).mean
    assert 12.0 < mean[0] < 14.0
    assert mean[0] > mean[12] > mean[40] >= 10.0


def test_nothing_after_the_origin_is_looked_at() -> None:
    hours = np.arange(30 * 24)
    series = 50 + np.sin(2 * np.pi * hours / 24) + noise(hours.size)
    changed = series.copy()
    changed[-24:] += 100.0
    full, cut = FORECASTER.forecast(changed, horizon=24), FORECASTER.forecast(series[:-24], horizon=24)
    np.testing.assert_allclose(full.residual_paths[-1], changed[-24:] - cut.mean, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.01, 1000), shift=st.floats(-1000, 1000))
def test_a_change_of_unit_changes_nothing_else(scale: float, shift: float) -> None:
    series = 50 + np.sin(np.arange(480) / 4) + noise(480)
    plain, moved = (FORECASTER.forecast(values, horizon=24) for values in (series, series * scale + shift))
    np.testing.assert_allclose(moved.mean, plain.mean * scale + shift, rtol=1e-6, atol=1e-6 * scale)
    np.testing.assert_allclose(moved.upper - moved.lower, (plain.upper - plain.lower) * scale, rtol=1e-6)


def test_infinities_are_holes() -> None:
    series = 50 + noise(240)
    series[50] = np.inf
    assert np.all(np.isfinite(FORECASTER.forecast(series, horizon=12).mean))


@pytest.mark.parametrize("coverage", [0.0, 0.4, 1.0])
def test_a_coverage_no_band_can_have_is_refused(coverage: float) -> None:
    with pytest.raises(InvalidInput):
        FORECASTER.forecast(50 + noise(240), horizon=12, coverage=coverage)


def test_the_band_covers_new_residuals_of_the_same_kind() -> None:
    rng = np.random.default_rng(2)
    spread = np.linspace(1.0, 3.0, 24)
    half = half_widths(rng.normal(0, 1, (400, 24)) * spread, 0.9)
    inside = np.abs(rng.normal(0, 1, (4000, 24)) * spread) <= half
    assert inside.mean() == pytest.approx(0.9, abs=0.02)


def test_the_band_grows_with_the_spread_of_its_step() -> None:
    residuals = np.random.default_rng(2).normal(0, 1, (200, 24)) * np.linspace(1.0, 3.0, 24)
    half = half_widths(residuals, 0.9)
    assert half[-1] > 2 * half[0]


def test_coverage_of_few_windows_is_not_claimed() -> None:
    assert held_out_coverage(np.ones((19, 4)), 0.9) is None


@given(st.lists(st.floats(-10, 10), min_size=12, max_size=12), st.floats(-10, 10), st.floats(-10, 10))
def test_a_higher_limit_is_crossed_by_no_more_paths(values: list[float], one: float, other: float) -> None:
    paths = np.array(values).reshape(3, 4)
    low, high = sorted((one, other))
    assert share_crossing(paths, high, "above") <= share_crossing(paths, low, "above")


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([24, 168]))
def test_recalibration_keeps_the_order(one: float, other: float, horizon: int) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= recalibrated(low, horizon) <= recalibrated(high, horizon) <= 1.0


def test_no_crossing_path_is_no_chance() -> None:
    assert recalibrated(0.0, 24) == recalibrated(0.0, 168) == 0.0


@pytest.mark.parametrize(("limit", "side"), [(float("nan"), "above"), (5.0, "sideways")])
def test_a_limit_without_meaning_is_refused(limit: float, side: str) -> None:
    with pytest.raises(InvalidInput):
        crossings_of(FORECASTER.forecast(50 + noise(240), horizon=12), [(limit, side)])
