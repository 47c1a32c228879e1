"""Feature definitions: what YAML may say."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from data_engineering.features.models import FeatureSet, Vocabulary, column_name, read_definitions, shipped_definitions

BASE = "owner: reliability, entity: equipment, sources: [fact_sensor_tiles_hourly], version: 1"
MEAN = f"- {{name: mean_24h, description: d, {BASE}, per: metric, aggregation: mean, window: 24h}}\n"


def with_formula(name: str, formula: str) -> str:
    return f"- {{name: {name}, description: d, {BASE}, per: metric, formula: {formula}}}\n"


def test_every_shipped_definition_has_owner_description_and_version() -> None:
    assert all(d.owner and d.description and d.version >= 1 for d in shipped_definitions())


def test_every_feature_the_model_sees_has_a_theme_and_a_sentence() -> None:
    assert not [d.name for d in shipped_definitions() if d.output and not (d.theme and d.phrase)]


def test_no_shipped_feature_knows_the_calendar() -> None:
    words = {"hour_of_day", "weekday", "month", "season", "dim_date"}
    assert not [d.name for d in shipped_definitions() if words & {d.name, *d.sources}]


def test_a_feature_stands_after_those_it_needs_whatever_the_order_in_the_file() -> None:
    ordered = read_definitions({"x.yml": with_formula("double", "2 * mean_24h") + MEAN})
    assert [d.name for d in ordered] == ["mean_24h", "double"]


def test_an_unknown_name_in_a_formula_is_named() -> None:
    with pytest.raises(InvalidInput, match="mean_25h unknown"):
        read_definitions({"x.yml": MEAN + with_formula("double", "2 * mean_25h")})


def test_two_features_that_need_each_other_are_refused() -> None:
    with pytest.raises(InvalidInput, match="circle"):
        read_definitions({"x.yml": with_formula("a", "b + 1") + with_formula("b", "a + 1")})


def test_one_name_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="defined twice"):
        read_definitions({"x.yml": MEAN, "y.yml": MEAN})


@pytest.mark.parametrize(
    "fields",
    [
        "per: metric",
        "per: metric, aggregation: mean, window: 24h, formula: a + 1",
        "per: metric, aggregation: mean",
        "per: machine, aggregation: mean, window: 24h",
        "per: metric, aggregation: median, window: 24h",
        "per: metric, aggregation: mean, window: 24 hours",
        "per: machine, formula: a + 1",
        "per: code, aggregation: count",
        "per: metric, aggregation: mean, window: 24h, colour: red",
    ],
)
def test_a_definition_that_cannot_be_computed_is_refused(fields: str) -> None:
    with pytest.raises(InvalidInput, match=r"x\.yml"):
        read_definitions({"x.yml": f"- {{name: feature, description: d, {BASE}, {fields}}}"})


def test_a_new_version_has_a_new_hash() -> None:
    first, second = (
        FeatureSet(definitions=read_definitions({"x.yml": MEAN.replace("version: 1", f"version: {n}")})) for n in (1, 2)
    )
    assert first.hash != second.hash


def test_columns_are_unique_and_in_the_order_of_the_vocabulary() -> None:
    vocabulary = Vocabulary(metrics=("current", "vibration"), codes=("E-1",), components=("belt",))
    names = [c.name for c in FeatureSet(definitions=shipped_definitions(), vocabulary=vocabulary).columns()]
    assert len(names) == len(set(names))
    assert names.index("current:deviation_7d_sd") < names.index("vibration:deviation_7d_sd")


def test_a_code_with_brackets_gets_a_name_that_xgboost_takes() -> None:
    assert not set("[]<") & set(column_name("E[4]<5", "count_7d"))
