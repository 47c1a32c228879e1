"""Fits the routing classifier from the intents' templates and examples: `python -m agents.routing.training`.

Seeded and reproducible. Needs scikit-learn (extra `train`) and the encoder's weights (extra
`embeddings`). The softmax temperature is fitted on examples held out in
five folds, so that a probability of 0.8 is right about eight times in ten on wordings it has not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from agents.routing.classifier import BUCKETS, WEIGHTS, Floats, SentenceEncoder, log_shares, spoken, vector
from agents.routing.intents import Intent, intents, sentence
from agents.routing.text import without_politeness, words
from core.metrics import metric_catalogue

SEED = 20260301
SAMPLES_PER_TEMPLATE = 14
SPELLINGS_PER_EXAMPLE = 8
FOLDS = 4
WORDS_C, SENTENCE_C = 20.0, 30.0
Sample = tuple[str, str, str, int]
"""(masked, raw metric words, intent, group): a group never stands on both sides of a fold."""


def samples(seed: int = SEED) -> list[Sample]:
    random = Random(seed)  # noqa: S311  # a seeded draw of wordings, no secret
    aliases = sorted({alias for metric in metric_catalogue().values() for alias in metric.aliases})
    found: list[Sample] = []
    group = 0
    for intent in intents().values():
        for text, repeats in _texts(intent):
            group += 1
            for _ in range(repeats):
                masked = _varied(sentence(text, random), random)
                raw = " ".join(random.choice(aliases) for _ in range(masked.count("{metric}")))
                found.append((masked, raw, intent.name, group))
    return list(dict.fromkeys(found))


def _texts(intent: Intent) -> list[tuple[str, int]]:
    templates = [(text, SAMPLES_PER_TEMPLATE) for text in intent.templates]
    return templates + [(text, SPELLINGS_PER_EXAMPLE) for text in intent.examples]


def _varied(masked: str, random: Random) -> str:
    """The same request said a little differently: other masks in its places, a dropped article, words around it."""
    text = masked
    if random.random() < 0.2:
        text = text.replace("{past}", "{when}").replace("{future}", "{when}")
    if random.random() < 0.2:
        text = text.replace("{machine}", random.choice(["it", "the {type}", "{line}", "this machine"]), 1)
    if random.random() < 0.15:
        text = " ".join(word for word in text.split() if word not in {"the", "a", "an"})
    if random.random() < 0.1:
        text = f"{random.choice(['for', 'on'])} {{machine}} {text}"
    return words(without_politeness(text))


def matrix(rows: Sequence[Sample]) -> Any:
    from scipy.sparse import csr_matrix

    pieces = [vector(masked, raw) for masked, raw, _, _ in rows]
    pointers = np.cumsum([0, *(len(indices) for indices, _ in pieces)])
    indices = np.concatenate([indices for indices, _ in pieces])
    values = np.concatenate([values for _, values in pieces])
    return csr_matrix((values, indices, pointers), shape=(len(rows), BUCKETS))


def fit(encoder: SentenceEncoder, seed: int = SEED) -> dict[str, Any]:
    """Both heads on every wording, and the two temperatures on held-out ones."""
    from sklearn.feature_extraction.text import TfidfTransformer

    rows = samples(seed)
    labels = np.array([name for _, _, name, _ in rows])
    groups = np.array([group for *_, group in rows])
    weighting = TfidfTransformer(smooth_idf=True, norm="l2")
    hashed = weighting.fit_transform(matrix(rows))
    meanings = encoder.encode([spoken(masked, raw) for masked, raw, _, _ in rows])
    alone, joint, truth = _held_out(hashed, meanings, labels, groups)
    words_head, sentence_head = _head(WORDS_C).fit(hashed, labels), _head(SENTENCE_C).fit(meanings, labels)
    weights = words_head.coef_.T.astype(np.float32)
    scale = np.float32(np.abs(weights).max() / 127)
    return {
        "names": np.array(words_head.classes_),
        "weights": np.round(weights / scale).astype(np.int8),
        "scale": scale,
        "bias": words_head.intercept_.astype(np.float32),
        "idf": weighting.idf_.astype(np.float32),
        "sentence_weights": sentence_head.coef_.T.astype(np.float16),
        "sentence_bias": sentence_head.intercept_.astype(np.float32),
        "temperature": np.float32(_temperature("words alone", alone, truth)),
        "joint_temperature": np.float32(_temperature("words and meaning", joint, truth)),
    }


def _head(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, max_iter=300, tol=1e-3, class_weight="balanced")


def _held_out(hashed: Any, meanings: Floats, labels: Any, groups: Any) -> tuple[Floats, Floats, Any]:
    """Log shares of every wording by heads that never saw its template: words alone, both added; the truth."""
    from sklearn.model_selection import GroupKFold

    alone, joint, truth = [], [], []
    for train, test in GroupKFold(n_splits=FOLDS).split(hashed, labels, groups):
        words_head = _head(WORDS_C).fit(hashed[train], labels[train])
        sentence_head = _head(SENTENCE_C).fit(meanings[train], labels[train])
        alone.append(log_shares(words_head.decision_function(hashed[test])))
        joint.append(alone[-1] + log_shares(sentence_head.decision_function(meanings[test])))
        truth.append(np.searchsorted(words_head.classes_, labels[test]))
    return np.concatenate(alone), np.concatenate(joint), np.concatenate(truth)


def _temperature(name: str, logits: Floats, truth: Any) -> float:
    """Minimises the log loss of held-out wordings over one number."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda t: _log_loss(logits / t, truth), bounds=(0.3, 5.0), method="bounded")
    accuracy = float((logits.argmax(axis=1) == truth).mean())
    sys.stderr.write(f"{name}: {accuracy:.3f} accuracy on held-out wordings, temperature {found.x:.2f}\n")
    return float(found.x)


def _log_loss(logits: Floats, truth: Any) -> float:
    return float(-log_shares(logits)[np.arange(len(truth)), truth].mean())


def write(target: Path = WEIGHTS) -> None:
    from ml.retrieval.minilm import Encoder, build_encoder

    with TemporaryDirectory() as folder:
        place = Path(folder) / "encoder"
        build_encoder(place)
        np.savez_compressed(target, allow_pickle=False, **fit(Encoder(place)))


if __name__ == "__main__":
    write()
