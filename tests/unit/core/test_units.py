from __future__ import annotations

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, UnknownMetric
from core.metrics import metric_catalogue
from core.units import conversion


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        ("degF", "degC", 212.0, 100.0),
        ("kelvin", "degC", 300.0, 26.85),
        ("kPa", "bar", 250.0, 2.5),
        ("inch/s", "mm/s", 1.0, 25.4),
        ("rpm", "rpm", 1480.0, 1480.0),
        ("psi", "bar", 100.0, 6.894757),
    ],
)
def test_a_value_is_brought_into_the_catalogue_unit(source: str, target: str, value: float, expected: float) -> None:
    scale, offset = conversion(source, target)
    assert value * scale + offset == pytest.approx(expected, rel=1e-6)


@given(st.floats(-100, 500))
def test_there_and_back_is_the_same_temperature(celsius: float) -> None:
    to_f, to_c = conversion("degC", "degF"), conversion("degF", "degC")
    assert (celsius * to_f[0] + to_f[1]) * to_c[0] + to_c[1] == pytest.approx(celsius, abs=1e-9)


@pytest.mark.parametrize("source", ["furlongs_per_moon", "bar", ""])
def test_a_unit_of_another_dimension_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match=r"^unit: "):
        conversion(source, "degC")


def test_every_catalogue_unit_is_known_to_pint() -> None:
    registry = pint.UnitRegistry()
    for metric in metric_catalogue().values():
        assert registry.Unit(metric.unit) is not None


def test_every_reference_lies_in_its_metrics_sane_range() -> None:
    for metric in metric_catalogue().values():
        assert metric.minimum <= metric.reference <= metric.maximum, metric.name


def test_an_unknown_metric_names_those_there_are() -> None:
    with pytest.raises(UnknownMetric) as refusal:
        metric_catalogue()["wobble"]
    assert "vibration" in refusal.value.remedy
