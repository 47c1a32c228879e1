"""Do the manuals cover the question? One calibrated number, and a refusal that says why."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml.retrieval.models import Answerability, Mode

COVERAGE_WEIGHT = 0.5
"""Weight of word coverage beside the cosine; from 0.3 to 0.7 the development questions are ordered equally well."""
HEADING_WEIGHT = 0.15
"""Weight of word coverage by the headings; the same holds from 0.1 to 0.3."""
ABSENT_WEIGHT = 0.4
"""Taken off for words that stand in no manual, by their share of the question: orders both question sets better."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """confidence = 1 / (1 + exp(-steepness * (support - threshold)))."""

    threshold: float
    steepness: float


CALIBRATIONS: dict[Mode, Calibration] = {
    "hybrid": Calibration(threshold=0.50, steepness=15.0),
    "lexical": Calibration(threshold=0.41, steepness=10.0),
}
"""Thresholds: most kept of 30 covered plus refused of 12 uncovered questions, by `python -m benchmarks.retrieval`,
which also says how they do on questions left out. Steepness only spreads the confidence; it moves no decision."""

LEAST_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Signals:
    """What a search saw of a question. Codes are squeezed (e417)."""

    support: float
    absent_codes: tuple[str, ...] = ()
    known_codes: tuple[str, ...] = ()
    absent_words: tuple[str, ...] = ()


def support(coverage: float, heading_coverage: float, cosine: float | None) -> float:
    """How much of the question a passage holds; without vectors its word coverage alone."""
    if cosine is None:
        return coverage
    return cosine + COVERAGE_WEIGHT * coverage + HEADING_WEIGHT * heading_coverage


def judge(signals: Signals, mode: Mode) -> Answerability:
    """Refused when an asked code stands in no manual, or when too little of the question is in any passage."""
    confidence = confidence_of(signals.support, CALIBRATIONS[mode])
    if signals.absent_codes:
        named = ", ".join(code.upper() for code in signals.absent_codes)
        return _judgement(signals, 0.0, f"No manual mentions {named}.")
    if signals.known_codes or confidence >= LEAST_CONFIDENCE:
        return _judgement(signals, max(confidence, LEAST_CONFIDENCE), None)
    unknown = f" Words in none of them: {', '.join(signals.absent_words)}." if signals.absent_words else ""
    return _judgement(signals, confidence, f"The manuals do not cover this question.{unknown}")


def no_manual_of(equipment_type: str | None) -> Answerability:
    """Refused: the shelf holds nothing about this machine type."""
    return _judgement(Signals(support=0.0), 0.0, f"No manual is about machines of type '{equipment_type}'.")


def _judgement(signals: Signals, confidence: float, reason: str | None) -> Answerability:
    return Answerability(is_answerable=reason is None, support=signals.support, confidence=confidence, reason=reason)


def confidence_of(found: float, calibration: Calibration) -> float:
    """0 to 1; 0.5 at the threshold."""
    return 1.0 / (1.0 + math.exp(-calibration.steepness * (found - calibration.threshold)))
