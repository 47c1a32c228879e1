"""Who becomes champion."""

from __future__ import annotations

import numpy as np

from ml.evaluation.promotion import Promotion, compare

MACHINE = np.arange(3000) % 60
CHAMPION = np.abs(np.random.default_rng(5).normal(0.3, 0.1, 3000))


def against(candidate: np.ndarray) -> Promotion:
    return compare(CHAMPION, candidate, MACHINE, version="3", draws=500, seed=1)


def test_an_equal_model_takes_the_place_of_the_older_one() -> None:
    assert against(CHAMPION.copy()).promoted


def test_a_better_model_is_promoted() -> None:
    assert against(CHAMPION * 0.8).promoted


def test_a_worse_model_stays_challenger_and_the_reason_has_both_numbers() -> None:
    found = against(CHAMPION * 1.2)
    assert not found.promoted
    assert f"{found.candidate_log_loss:.4f} against {found.champion_log_loss:.4f} of version 3" in found.reason


def test_a_gain_that_rests_on_one_machine_is_not_enough() -> None:
    candidate = CHAMPION * 1.1
    candidate[MACHINE == 0] = 0.0
    candidate[MACHINE == 1] = 0.0
    candidate[MACHINE == 2] -= 10.0
    found = against(candidate)
    assert found.candidate_log_loss is not None
    assert found.champion_log_loss is not None
    assert found.candidate_log_loss < found.champion_log_loss
    assert not found.promoted
