"""Numbers of a risk score, held against an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from ml.evaluation.metrics import (
    Scored,
    average_precision,
    calibration_error,
    horizon_metrics,
    log_losses,
    operating_point,
    precision_recall,
)

ROWS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60)


def scores(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 20 for score, _ in rows]), np.array([label for _, label in rows])


@given(rows=ROWS)
def test_average_precision_equals_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    probability, label = scores(rows)
    found = average_precision(probability, label)
    assert found is None if not label.any() else found == pytest.approx(average_precision_score(label, probability))


@given(rows=ROWS)
def test_the_operating_point_meets_the_target_whenever_any_threshold_does(rows: list[tuple[int, bool]]) -> None:
    probability, label = scores(rows)
    threshold = operating_point(probability, label)

    def meets(cut: float) -> bool:
        precision, recall = precision_recall(probability, label, cut)
        return (precision or 0) > 0.8 and (recall or 0) > 0.9

    assert threshold is None or meets(threshold) or not any(meets(cut) for cut in probability)


def test_the_operating_point_is_the_best_balance_where_the_target_is_out_of_reach() -> None:
    probability = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    label = np.array([True, False, True, True, False, False])
    assert operating_point(probability, label) == 0.6


def test_no_alarm_at_all_while_machines_fail_misses_the_target() -> None:
    scored = Scored(np.full(20, 0.1), np.arange(20) < 3, np.arange(20) % 4)
    found = horizon_metrics(scored, horizon=24, threshold=0.5, draws=20, seed=1)
    assert found is not None
    assert (found.precision, found.recall, found.meets_target) == (None, 0.0, False)


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    probability = np.repeat([0.0, 1.0], 50)
    assert calibration_error(probability, probability == 1.0) == 0


def test_a_sure_and_wrong_answer_costs_a_finite_loss() -> None:
    assert np.isfinite(log_losses(np.array([0.0, 1.0]), np.array([True, False]))).all()


def test_without_a_failure_nothing_is_claimed() -> None:
    scored = Scored(np.full(20, 0.1), np.zeros(20, dtype=bool), np.arange(20) % 4)
    found = horizon_metrics(scored, horizon=24, threshold=0.5, draws=20, seed=1)
    assert found is not None
    assert (found.pr_auc, found.recall, found.meets_target) == (None, None, None)


def test_a_horizon_without_known_labels_has_no_metrics() -> None:
    empty = Scored(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=np.int64))
    assert horizon_metrics(empty, horizon=720, threshold=0.5, draws=20, seed=1) is None


def test_intervals_come_from_machines_not_from_rows() -> None:
    """Repeating each row ten times adds rows but no machine: the interval must not shrink."""
    generator = np.random.default_rng(3)
    machine = np.arange(300) % 30
    label = generator.random(300) < np.where(machine < 5, 0.6, 0.05)
    once = Scored(generator.random(300), label, machine)
    tenfold = Scored(np.repeat(once.probability, 10), np.repeat(label, 10), np.repeat(machine, 10))
    found = [horizon_metrics(s, horizon=24, threshold=0.5, draws=100, seed=1) for s in (once, tenfold)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].brier_interval == pytest.approx(found[1].brier_interval)
