"""Do the manuals cover the question? One calibrated number, and a refusal that says why."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml.retrieval.models import Answerability, Mode

COVERAGE_WEIGHT = 0.5
"""Weight of word coverage beside the cosine; from 0.3 to 0.7 the development questions are ordered equally well."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """confidence = 1 / (1 + exp(-steepness * (support - threshold)))."""

    threshold: float
    steepness: float


CALIBRATIONS: dict[Mode, Calibration] = {
    "hybrid": Calibration(threshold=0.52, steepness=15.0),
    "lexical": Calibration(threshold=0.40, steepness=10.0),
}


@dataclass(frozen=True, slots=True)
class Signals:
    """What a search saw of a question. Codes are squeezed (e417)."""

    support: float
    absent_codes: tuple[str, ...] = ()
    known_codes: tuple[str, ...] = ()
    absent_words: tuple[str, ...] = ()


def support(coverage: float, cosine: float | None) -> float:
    """How much of the question a passage holds; without vectors its word coverage alone."""
    return coverage if cosine is None else cosine + COVERAGE_WEIGHT * coverage


def judge(signals: Signals, mode: Mode) -> Answerability:
    """Refused when an asked code stands in no manual, or when too little of the question is in any passage."""
    if signals.absent_codes:
        named = ", ".join(code.upper() for code in signals.absent_codes)
        return Answerability(is_answerable=False, confidence=0.0, reason=f"No manual mentions {named}.")
    confidence = confidence_of(signals.support, CALIBRATIONS[mode])
    if signals.known_codes or confidence >= 0.5:
        return Answerability(is_answerable=True, confidence=max(confidence, 0.5))
    unknown = f" Words in none of them: {', '.join(signals.absent_words)}." if signals.absent_words else ""
    return Answerability(
        is_answerable=False, confidence=confidence, reason=f"The manuals do not cover this question.{unknown}"
    )


def confidence_of(found: float, calibration: Calibration) -> float:
    """0 to 1; 0.5 at the threshold."""
    return 1.0 / (1.0 + math.exp(-calibration.steepness * (found - calibration.threshold)))
