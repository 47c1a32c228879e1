"""Routing: accuracy on the evaluation utterances, and CPU milliseconds an utterance. Words alone.

usage: python -m benchmarks.routing
"""

from __future__ import annotations

from statistics import quantiles

from benchmarks.report import show
from tests.evaluation.routing import Outcome, evaluate


def main() -> None:
    evaluate("test")
    rows = [_row(title, evaluate(part)) for title, part in (("held out", "test"), ("looked at", "dev"))]
    show("Routing, words alone", ("utterances", "number", "right", "CPU ms p50", "CPU ms p95"), rows)


def _row(title: str, outcomes: list[Outcome]) -> tuple[str, ...]:
    right = sum(outcome.are_intents_right for outcome in outcomes) / len(outcomes)
    cuts = quantiles([outcome.cpu_milliseconds for outcome in outcomes], n=20)
    return title, str(len(outcomes)), f"{right:.3f}", f"{cuts[9]:.1f}", f"{cuts[18]:.1f}"


if __name__ == "__main__":
    main()
