"""What every forecaster promises (ml/models/ports.py)."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput
from ml.models.ports import Floats, Forecaster
from ml.models.profile import ProfileForecaster
from ml.models.prophet import ProphetForecaster


@pytest.fixture(params=[ProfileForecaster, pytest.param(ProphetForecaster, marks=pytest.mark.slow)])
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    made: Forecaster = request.param()
    return made


@pytest.fixture(scope="module")
def daily() -> Floats:
    """Three weeks of a daily wave with noise."""
    hours = np.arange(21 * 24)
    noise = np.random.default_rng(11).normal(0, 0.3, hours.size)
    return np.asarray(50 + 4 * np.sin(2 * np.pi * hours / 24) + noise)


def test_arrays_are_as_long_as_the_horizon(forecaster: Forecaster, daily: Floats) -> None:
    found = forecaster.forecast(daily, horizon=30)
    assert {found.mean.shape, found.lower.shape, found.upper.shape} == {(30,)}
    assert found.residual_paths.shape == (found.backtest_windows, 30)


def test_the_band_holds_the_mean(forecaster: Forecaster, daily: Floats) -> None:
    found = forecaster.forecast(daily, horizon=24)
    assert np.all(found.lower <= found.mean)
    assert np.all(found.mean <= found.upper)


def test_a_daily_wave_is_carried_on(forecaster: Forecaster, daily: Floats) -> None:
    found = forecaster.forecast(daily[:-24], horizon=24)
    assert np.abs(found.mean - daily[-24:]).mean() < 1.0


def test_more_coverage_is_a_wider_band(forecaster: Forecaster, daily: Floats) -> None:
    narrow, wide = (forecaster.forecast(daily, horizon=12, coverage=share) for share in (0.6, 0.95))
    assert np.all(wide.upper - wide.lower >= narrow.upper - narrow.lower)


def test_the_same_history_gives_the_same_forecast(forecaster: Forecaster, daily: Floats) -> None:
    one, other = (forecaster.forecast(daily, horizon=12) for _ in range(2))
    np.testing.assert_allclose(one.mean, other.mean)


def test_holes_do_not_become_numbers_of_their_own(forecaster: Forecaster, daily: Floats) -> None:
    holed = daily.copy()
    holed[100:140] = np.nan
    holed[-2:] = np.nan
    found = forecaster.forecast(holed, horizon=24)
    assert np.all(np.isfinite(found.mean))
    assert np.abs(found.mean - forecaster.forecast(daily, horizon=24).mean).max() < 1.5


def test_a_metric_that_never_moves_stays(forecaster: Forecaster) -> None:
    found = forecaster.forecast(np.full(240, 7.0), horizon=24)
    np.testing.assert_allclose(found.mean, 7.0, atol=0.05)
    assert found.backtest_mase is None


@pytest.mark.parametrize("hours", [0, 71])
def test_less_than_three_days_is_refused(forecaster: Forecaster, hours: int) -> None:
    with pytest.raises(InvalidInput):
        forecaster.forecast(np.ones(hours), horizon=6)


def test_a_history_of_holes_is_refused(forecaster: Forecaster, daily: Floats) -> None:
    holed = daily.copy()
    holed[: daily.size // 2] = np.nan
    with pytest.raises(InvalidInput, match="hours of the history"):
        forecaster.forecast(holed, horizon=6)


def test_a_horizon_longer_than_can_be_back_tested_is_refused_with_what_is_needed(forecaster: Forecaster) -> None:
    with pytest.raises(InvalidInput, match="back-tested") as refused:
        forecaster.forecast(np.ones(72), horizon=70)
    assert "hours have been recorded" in refused.value.remedy


@pytest.mark.parametrize("horizon", [0, -5])
def test_a_horizon_into_the_past_is_refused(forecaster: Forecaster, daily: Floats, horizon: int) -> None:
    with pytest.raises(InvalidInput):
        forecaster.forecast(daily, horizon=horizon)


def test_a_limit_far_away_is_not_crossed(forecaster: Forecaster, daily: Floats) -> None:
    (crossing,) = forecaster.crossings(forecaster.forecast(daily, horizon=24), [(500.0, "above")])
    assert (crossing.probability, crossing.median_step) == (0.0, None)


def test_a_limit_inside_the_daily_wave_is_crossed_when_the_wave_gets_there(
    forecaster: Forecaster, daily: Floats
) -> None:
    found = forecaster.forecast(daily, horizon=24)
    (crossing,) = forecaster.crossings(found, [(53.0, "above")])
    expected = int(np.argmax(found.mean >= 53.0))
    assert crossing.probability > 0.5
    assert crossing.median_step is not None
    assert abs(crossing.median_step - expected) <= 2


def test_a_crossing_window_is_in_order(forecaster: Forecaster, daily: Floats) -> None:
    found = forecaster.forecast(daily, horizon=24)
    for crossing in forecaster.crossings(found, [(52.0, "above"), (48.0, "below"), (54.0, "above")]):
        steps = [crossing.early_step, crossing.median_step, crossing.late_step]
        known = [step for step in steps if step is not None]
        assert known == sorted(known)
