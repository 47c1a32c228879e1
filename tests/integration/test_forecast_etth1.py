"""The default forecaster on real hourly data against repeating the day before."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.forecast import load_etth1, measure, measure_naive
from ml.models.profile import ProfileForecaster

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("horizon", [24, 168])
def test_it_errs_less_than_the_day_before_and_its_band_holds(shared_data: Path, horizon: int) -> None:
    series = load_etth1(shared_data)
    mase, coverage, _, milliseconds = measure(ProfileForecaster(), series, horizon, origins=12)
    assert mase < 0.95 * measure_naive(series, horizon, origins=12)[0]
    assert coverage == pytest.approx(0.9, abs=0.05)
    assert milliseconds < 5.0
