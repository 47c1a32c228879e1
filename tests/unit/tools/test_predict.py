from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput, NotReady, UnknownEquipment
from core.scope import LOCAL
from tests.doubles.plant import CURVE, NOW, no_rows, toolbox
from tools.models import PredictRequest, RankRequest
from tools.predict import hours_until, predict_failure, probability_at, rank_failures, risk_level

curves = st.lists(st.floats(0, 0.3), min_size=2, max_size=9).map(
    lambda hazards: [(24.0 * (index + 1), 1 - _survival(hazards[: index + 1])) for index, _ in enumerate(hazards)]
)


def _survival(hazards: list[float]) -> float:
    survival = 1.0
    for hazard in hazards:
        survival *= 1 - hazard
    return survival


def ask(equipment_id: str = "CNC-A-102", horizon: str = "7_days") -> PredictRequest:
    return PredictRequest(equipment_id=equipment_id, time_horizon=horizon)


def test_a_stored_horizon_is_returned_as_it_was_scored() -> None:
    risk = predict_failure(ask(), toolbox(), LOCAL).result
    assert risk.failure_probability == pytest.approx(0.73)
    assert risk.probability_interval == pytest.approx((0.6, 0.85))
    assert risk.risk_level == "High"


@given(curves, st.floats(0, 240), st.floats(0, 240))
def test_a_longer_horizon_is_never_safer(curve: list[tuple[float, float]], first: float, second: float) -> None:
    near, far = sorted((first, second))
    assert probability_at(curve, near) <= probability_at(curve, far) + 1e-12


@given(curves)
def test_the_curve_passes_through_its_own_points(curve: list[tuple[float, float]]) -> None:
    for hours, probability in curve:
        assert probability_at(curve, hours) == pytest.approx(probability, abs=1e-9)


@given(curves, st.floats(0.05, 0.5))
def test_hours_until_inverts_the_curve(curve: list[tuple[float, float]], probability: float) -> None:
    hours = hours_until(curve, probability)
    if hours is not None:
        assert probability_at(curve, hours) == pytest.approx(probability, abs=1e-6)
    else:
        assert curve[-1][1] < probability


def test_the_advice_comes_before_the_risk_passes_one_half() -> None:
    risk = predict_failure(ask(), toolbox(), LOCAL).result
    assert risk.recommended_action == "Schedule maintenance within 3 days"


def test_the_evidence_names_the_model_version_and_the_snapshot() -> None:
    evidence = predict_failure(ask(), toolbox(), LOCAL).evidence[0]
    assert (evidence.model_name, evidence.model_version, evidence.snapshot) == ("failure", "3", "scripted")


def test_an_unknown_machine_names_its_nearest() -> None:
    with pytest.raises(UnknownEquipment, match="Nearest: CNC-A-102"):
        predict_failure(ask("CNC-A-120"), toolbox(), LOCAL)


def test_a_negative_horizon_is_refused() -> None:
    with pytest.raises(InvalidInput, match="time_horizon: '-3_days'"):
        predict_failure(ask(horizon="-3_days"), toolbox(), LOCAL)


def test_a_machine_without_score_is_an_error_with_a_remedy_and_not_a_risk_of_zero() -> None:
    with pytest.raises(NotReady, match="CNC-A-102") as refusal:
        predict_failure(ask(), toolbox({"risk_curve": no_rows(*CURVE)}), LOCAL)
    assert "copilot score" in refusal.value.remedy


def test_stale_data_is_said() -> None:
    answer = predict_failure(ask(), toolbox(now=NOW + timedelta(days=3)), LOCAL)
    assert answer.evidence[0].is_stale
    assert "3 days old" in answer.notes[0]


@pytest.mark.parametrize("horizon", ["36_hours", "3_days", "7_days", "12_days"])
def test_a_machine_has_the_same_risk_alone_and_in_the_ranking(horizon: str) -> None:
    alone = predict_failure(ask(horizon=horizon), toolbox(), LOCAL).result
    assert rank_failures(RankRequest(time_horizon=horizon), toolbox(), LOCAL).result.machines == [alone]


def test_the_ranking_says_how_many_machines_have_no_score() -> None:
    ranking = rank_failures(RankRequest(), toolbox(), LOCAL)
    assert [risk.equipment_id for risk in ranking.result.machines] == ["CNC-A-102"]
    assert ranking.result.without_score == 1
    assert any("1 of 2 machines has no score (silent for a day, or under repair)" in note for note in ranking.notes)


@pytest.mark.parametrize(
    ("p", "level"), [(0.0, "Low"), (0.2, "Medium"), (0.5, "High"), (0.8, "Critical"), (1, "Critical")]
)
def test_a_level_holds_from_its_bound(p: float, level: str) -> None:
    assert risk_level(p) == level
