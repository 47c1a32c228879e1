"""Routing with the sentence encoder of the manuals, built from its package. `-s` prints the figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.retrieval.minilm import Encoder, build_encoder, weights_folder
from tests.evaluation.routing import Outcome, evaluate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    if weights_folder() is None:
        pytest.skip("the extra `embeddings` is not installed")
    folder: Path = tmp_path_factory.mktemp("encoder") / "minilm"
    build_encoder(folder)
    return Encoder(folder)


def share(outcomes: list[Outcome]) -> float:
    return sum(outcome.are_intents_right for outcome in outcomes) / len(outcomes)


def test_meaning_helps_on_wordings_never_seen(encoder: Encoder) -> None:
    alone, joint = evaluate("test"), evaluate("test", encoder)
    print(f"held out: words alone {share(alone):.3f}, with meaning {share(joint):.3f} of {len(joint)}")  # noqa: T201
    assert share(joint) >= max(share(alone), 0.9)


def test_wordings_looked_at_stay_right_with_meaning(encoder: Encoder) -> None:
    assert share(evaluate("dev", encoder)) >= 0.95
