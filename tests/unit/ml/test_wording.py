"""Reasons in plant language, each with its numbers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from data_engineering.features.models import FeatureSet, Vocabulary, shipped_definitions
from ml.serving.factors import Factor, explain, with_intermediates
from ml.serving.wording import Words, ago, numbers

FEATURES = FeatureSet(
    definitions=shipped_definitions(),
    vocabulary=Vocabulary(
        metrics=("vibration", "temperature"), codes=("E-417",), components=("bearing",), equipment_types=("pump",)
    ),
)
NAMES = [column.name for column in FEATURES.columns()]
WORDS = Words(
    labels={"vibration": "vibration"},
    units={"vibration": "mm/s", "temperature": "degC"},
    messages={"E-417": "spindle vibration high"},
)


def reasons(values: dict[str, float], contributions: dict[str, float]) -> list[Factor]:
    columns = [column.name for column in with_intermediates(FEATURES).columns()]
    frame = pl.DataFrame([{name: values.get(name) for name in columns}], schema=dict.fromkeys(columns, pl.Float64))
    added = np.array([[[contributions.get(name, 0.0) for name in NAMES]]])
    return explain(frame, FEATURES, added, WORDS)[0][0]


def text(values: dict[str, float], feature: str) -> str:
    return reasons(values, {feature: 1.0})[0].text


@pytest.mark.parametrize(
    ("feature", "values", "said"),
    [
        (
            "vibration:deviation_24h_sd",
            {"vibration:mean_24h": 3.36, "vibration:normal_mean_30d": 3.0},
            "Vibration 12 % above its 30-day normal (3.4 against 3.0 mm/s)",
        ),
        (
            "temperature:deviation_7d_sd",
            {"temperature:mean_7d": 45.0, "temperature:normal_mean_30d": 50.0},
            "Temperature 10 % below its 30-day normal over the last 7 days (45.0 against 50.0 °C)",
        ),
        (
            "E-417:count_7d",
            {"E-417:count_7d": 3.0},
            "3 reports of E-417 (spindle vibration high) in the last 7 days",
        ),
        (
            "vibration:week_on_week_sd",
            {"vibration:mean_7d": 3.4, "vibration:mean_7d_before": 3.1},
            "Vibration higher over the last 7 days than over the 7 before (3.4 against 3.1 mm/s)",
        ),
        (
            "vibration:peak_7d_sd",
            {"vibration:max_7d": 7.1, "vibration:normal_mean_30d": 3.0},
            "Vibration peak in the last 7 days (7.1 at the highest, 30-day normal 3.0 mm/s)",
        ),
        ("failures_30d", {"failures_30d": 1.0}, "1 failure in the last 30 days"),
        (
            "bearing:hours_since_replacement",
            {"bearing:hours_since_replacement": 1464.0},
            "Bearing last replaced or serviced 61 days ago",
        ),
        ("age_years", {"age_years": 17.7}, "In service for 18 years"),
        (
            "vibration:share_of_alarm_limit",
            {"vibration:mean_24h": 9.3, "vibration:alarm_high": 10.0},
            "Vibration at 93 % of its alarm limit (9.3 of 10.0 mm/s)",
        ),
    ],
)
def test_a_reason_is_said_with_its_numbers(feature: str, values: dict[str, float], said: str) -> None:
    assert text(values, feature) == said


@pytest.mark.parametrize(
    ("feature", "values"),
    [
        ("vibration:peak_7d_sd", {"vibration:max_7d": 2.9, "vibration:normal_mean_30d": 3.0}),
        ("vibration:deviation_24h_sd", {"vibration:mean_24h": 3.01, "vibration:normal_mean_30d": 3.0}),
    ],
    ids=["a peak below normal", "a mean at its normal"],
)
def test_what_is_as_usual_is_not_a_reason(feature: str, values: dict[str, float]) -> None:
    assert not reasons(values, {feature: 1.0})


def test_far_from_its_limit_a_metric_is_told_against_its_normal() -> None:
    values = {"vibration:mean_24h": 3.3, "vibration:normal_mean_30d": 3.0, "vibration:alarm_high": 10.0}
    assert text(values, "vibration:share_of_alarm_limit").startswith("Vibration 10 % above its 30-day normal")


def test_contributions_of_one_metric_are_one_reason() -> None:
    values = {"vibration:mean_24h": 3.4, "vibration:normal_mean_30d": 3.0}
    found = reasons(values, {"vibration:deviation_24h_sd": 0.5, "vibration:deviation_7d_sd": 0.25})
    assert [factor.contribution for factor in found] == [0.75]


def test_what_lowers_the_risk_is_not_a_reason() -> None:
    assert not reasons({"age_years": 3.0}, {"age_years": -0.4})


def test_an_event_that_did_not_happen_is_not_a_reason() -> None:
    assert not reasons({"E-417:count_7d": 0.0, "E-417:count_24h": 0.0}, {"E-417:count_7d": 0.4})


def test_an_unknown_value_is_not_a_reason() -> None:
    assert not reasons({}, {"vibration:deviation_24h_sd": 0.9})


def test_the_worst_deviation_is_told_of_the_metric_it_belongs_to() -> None:
    values = {
        "vibration:mean_24h": 3.4,
        "vibration:normal_mean_30d": 3.0,
        "vibration:deviation_24h_sd": 2.0,
        "temperature:deviation_24h_sd": 0.1,
    }
    assert reasons(values, {"worst_deviation_sd": 0.6})[0].text.startswith("Vibration 13 % above")


def test_the_strongest_reason_comes_first_and_five_are_enough() -> None:
    values = {
        "age_years": 9.0,
        "failures_30d": 2.0,
        "E-417:count_7d": 1.0,
        "bearing:hours_since_replacement": 90.0,
        "hours_since_maintenance": 50.0,
        "alarms_7d": 4.0,
        "pump:is_type": 1.0,
    }
    found = reasons(values, {name: 0.1 * (rank + 1) for rank, name in enumerate(values)})
    assert len(found) == 5
    assert [f.contribution for f in found] == sorted((f.contribution for f in found), reverse=True)


def test_two_numbers_are_told_apart_when_they_differ() -> None:
    assert numbers(3.01, 3.04) == ("3.01", "3.04")
    assert numbers(1500.0, 1620.0) == ("1500", "1620")


def test_recent_things_are_told_in_hours_and_old_ones_in_days() -> None:
    assert (ago(1), ago(5), ago(72)) == ("1 hour ago", "5 hours ago", "3 days ago")
