"""What a decision knows: windows over tiles, events before it, and nothing of its own hour."""

from __future__ import annotations

import math
import statistics
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CorruptData
from data_engineering.features.duckdb import compute_features, read_vocabulary
from data_engineering.features.models import FeatureDefinition, FeatureSet, Vocabulary, shipped_definitions
from tests.doubles.snapshot import HandMadeSnapshot, hour

T = 491_000
"""The hour the decisions of these tests stand in."""

UNKNOWN = math.nan
Values = dict[str, float | None]


def definition(name: str, **fields: object) -> FeatureDefinition:
    base = {"description": "d", "owner": "o", "entity": "equipment", "version": 1}
    return FeatureDefinition.model_validate({"name": name, **base, **fields})


def of_tiles(name: str, aggregation: str, window: int, **fields: object) -> FeatureDefinition:
    sources = ["fact_sensor_tiles_hourly"]
    return definition(name, per="metric", sources=sources, aggregation=aggregation, window=window, **fields)


def known(snapshot: HandMadeSnapshot, features: FeatureSet, *, machine: str = "P-1", at: int = T) -> Values:
    with snapshot.write() as connection:
        frame = compute_features(connection, features, pl.DataFrame({"equipment_id": [machine], "tile": [at]}))
    return frame.row(0, named=True)


def shipped(**keys: tuple[str, ...]) -> FeatureSet:
    return FeatureSet(definitions=shipped_definitions(), vocabulary=Vocabulary(**keys))


def plant() -> HandMadeSnapshot:
    snapshot = HandMadeSnapshot()
    snapshot.machine("P-1")
    return snapshot


@settings(max_examples=15, deadline=None)
@given(
    hours=st.dictionaries(
        st.integers(T - 30, T + 2), st.lists(st.floats(101_000, 101_999), min_size=1, max_size=4), min_size=1
    ),
    window=st.integers(1, 12),
    offset=st.integers(0, 12),
)
def test_windows_over_tiles_equal_windows_over_readings(
    hours: dict[int, list[float]], window: int, offset: int
) -> None:
    snapshot = plant()
    for tile, values in hours.items():
        snapshot.readings("P-1", "pressure", tile, values, reference=101_325.0)
    names = ("mean", "std", "min", "max")
    features = FeatureSet(
        definitions=tuple(of_tiles(name, name, window, offset=offset) for name in names),
        vocabulary=Vocabulary(metrics=("pressure",)),
    )
    found = known(snapshot, features)
    seen = [v for tile, values in hours.items() if T - offset - window <= tile < T - offset for v in values]
    expected = {
        "mean": statistics.mean(seen) if seen else UNKNOWN,
        "std": statistics.stdev(seen) if len(seen) > 1 else UNKNOWN,
        "min": min(seen, default=UNKNOWN),
        "max": max(seen, default=UNKNOWN),
    }
    got = {name: UNKNOWN if (value := found[f"pressure:{name}"]) is None else value for name in names}
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-4, nan_ok=True)


def test_a_decision_does_not_see_the_readings_of_its_own_hour() -> None:
    snapshot = plant()
    snapshot.readings("P-1", "vibration", T - 1, [3.0])
    snapshot.readings("P-1", "vibration", T, [99.0])
    features = FeatureSet(definitions=(of_tiles("peak", "max", 24),), vocabulary=Vocabulary(metrics=("vibration",)))
    assert known(snapshot, features)["vibration:peak"] == 3.0


def test_the_row_at_the_hour_of_a_failure_sees_neither_the_failure_nor_its_repair() -> None:
    snapshot = plant()
    snapshot.work("P-1", T - 500, T - 499, component="seal")
    snapshot.event("P-1", T, kind="failure")
    snapshot.work("P-1", T, None, component="seal")
    found = known(snapshot, shipped(components=("seal",)))
    assert (found["seal:hours_since_replacement"], found["failures_30d"]) == (499, 0)


def test_an_event_in_the_hour_before_is_seen() -> None:
    snapshot = plant()
    snapshot.event("P-1", T - 0.01, code="E-1")
    assert known(snapshot, shipped(codes=("E-1",)))["E-1:count_24h"] == 1


def test_a_repair_counts_from_its_end() -> None:
    snapshot = plant()
    snapshot.work("P-1", T - 10, T + 3, component="seal")
    assert known(snapshot, shipped(components=("seal",)))["seal:hours_since_replacement"] is None


def test_nothing_counted_is_zero_and_never_failed_is_unknown() -> None:
    found = known(plant(), shipped(codes=("E-1",)))
    assert (found["E-1:count_7d"], found["alarms_7d"], found["hours_since_failure"]) == (0, 0, None)


def test_a_code_outside_the_vocabulary_counts_among_all_alarms() -> None:
    snapshot = plant()
    snapshot.event("P-1", T - 5, code="E-9")
    found = known(snapshot, shipped(codes=("E-1",)))
    assert (found["E-1:count_24h"], found["alarms_24h"]) == (0, 1)


def test_another_machines_events_are_not_seen() -> None:
    snapshot = plant()
    snapshot.machine("P-2")
    snapshot.event("P-2", T - 5, code="E-1")
    assert known(snapshot, shipped(codes=("E-1",)))["alarms_24h"] == 0


def test_deviation_is_measured_against_the_machines_own_thirty_days() -> None:
    snapshot = plant()
    for tile in range(T - 744, T):
        snapshot.readings("P-1", "vibration", tile, [3.3, 3.3] if tile >= T - 24 else [2.0, 4.0])
    found = known(snapshot, shipped(metrics=("vibration",)))
    assert found["vibration:deviation_24h_sd"] == pytest.approx(0.3, rel=1e-2)
    assert found["worst_deviation_sd"] == found["vibration:deviation_24h_sd"]


def test_telemetry_recorded_now_and_then_is_unknown_throughout() -> None:
    """Windows recorded around failures would otherwise tell the outcome by being there."""
    snapshot = plant()
    for tile in range(T - 26, T):
        snapshot.readings("P-1", "vibration", tile, [3.0, 3.1])
    found = known(snapshot, shipped(metrics=("vibration",)))
    assert {value for name, value in found.items() if name.startswith("vibration:")} == {None}


def test_a_mean_near_its_alarm_limit_says_so() -> None:
    snapshot = plant()
    snapshot.limit("P-1", "vibration", 10.0)
    for tile in range(T - 744, T):
        snapshot.readings("P-1", "vibration", tile, [9.0, 9.2])
    assert known(snapshot, shipped(metrics=("vibration",)))["vibration:share_of_alarm_limit"] == pytest.approx(0.91)


def test_age_is_counted_in_whole_years_from_commissioning() -> None:
    snapshot = HandMadeSnapshot()
    snapshot.machine("P-1", since=date(hour(T).year - 10, 1, 1))
    assert known(snapshot, shipped())["age_years"] == 10


def test_a_key_with_quotes_is_only_a_name() -> None:
    snapshot = plant()
    code = """E'; DROP TABLE marts.dim_equipment; --"x"""
    snapshot.event("P-1", T - 2, code=code)
    assert known(snapshot, shipped(codes=(code,)))[f"{code}:count_24h"] == 1


def test_tiles_of_two_references_are_refused() -> None:
    snapshot = plant()
    snapshot.readings("P-1", "vibration", T - 2, [3.0], reference=3.0)
    snapshot.readings("P-1", "vibration", T - 1, [3.0], reference=4.0)
    with pytest.raises(CorruptData, match="two references"):
        known(snapshot, shipped(metrics=("vibration",)))


def test_a_value_outside_its_quality_checks_is_named() -> None:
    snapshot = plant()
    snapshot.readings("P-1", "vibration", T - 1, [3.0])
    checked = of_tiles("mean", "mean", 24, quality_checks={"maximum": 2.0})
    features = FeatureSet(definitions=(checked,), vocabulary=Vocabulary(metrics=("vibration",)))
    with pytest.raises(CorruptData, match=r"vibration:mean.*3"):
        known(snapshot, features)


def test_the_vocabulary_knows_only_what_was_before_the_cut() -> None:
    snapshot = plant()
    for tile in range(5):
        snapshot.event("P-1", T - 10 + tile, code="E-1")
        snapshot.event("P-1", T + 10 + tile, code="E-2")
    with snapshot.write() as connection:
        assert read_vocabulary(connection, before=T).codes == ("E-1",)
