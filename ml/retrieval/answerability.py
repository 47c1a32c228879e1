"""Do the manuals cover the question? A calibrated judgement from a few signals; a refusal says why."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml.retrieval.models import Answerability, Mode


@dataclass(frozen=True, slots=True)
class Signals:
    """What the search saw. `cosine` is None in lexical mode."""

    coverage: float
    cosine: float | None
    absent_codes: tuple[str, ...]
    absent_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """confidence = logistic(bias + coverage_weight * coverage + cosine_weight * cosine)."""

    bias: float
    coverage_weight: float
    cosine_weight: float


CALIBRATIONS: dict[Mode, Calibration] = {
    "hybrid": Calibration(bias=-6.0, coverage_weight=5.0, cosine_weight=6.0),
    "lexical": Calibration(bias=-3.0, coverage_weight=6.0, cosine_weight=0.0),
}
THRESHOLD = 0.5


def judge(signals: Signals, mode: Mode) -> Answerability:
    """Refused when an asked code stands in no manual, or when the confidence is below the threshold."""
    if signals.absent_codes:
        named = ", ".join(code.upper() for code in signals.absent_codes)
        return Answerability(is_answerable=False, confidence=0.0, reason=f"No manual mentions {named}.")
    confidence = _confidence(signals, CALIBRATIONS[mode])
    if confidence >= THRESHOLD:
        return Answerability(is_answerable=True, confidence=confidence)
    unknown = f" Not in them at all: {', '.join(signals.absent_words)}." if signals.absent_words else ""
    return Answerability(
        is_answerable=False, confidence=confidence, reason=f"The manuals do not cover this question.{unknown}"
    )


def _confidence(signals: Signals, calibration: Calibration) -> float:
    score = calibration.bias + calibration.coverage_weight * signals.coverage
    if signals.cosine is not None:
        score += calibration.cosine_weight * signals.cosine
    return 1.0 / (1.0 + math.exp(-score))
