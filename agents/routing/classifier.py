"""Which intent a masked clause is. Two voters whose log-odds add up, calibrated together.

Always: hashed word and character n-grams, TF-IDF, a softmax; numpy alone, about 1 ms. Where the sentence encoder of the
manuals is installed: its vector of the clause, a second softmax. Both are fitted offline by `agents.routing.training`;
the weights lie beside this file.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.workspace import Workspace

BUCKETS = 1 << 14
WEIGHTS = Path(__file__).with_name("weights.npz")
Floats = NDArray[np.float32]

_SPOKEN = {
    "machine": "the machine",
    "type": "pump",
    "line": "the line",
    "plant": "the plant",
    "past": "last week",
    "future": "next week",
    "when": "this week",
    "code": "code E-417",
    "level": "75 degrees",
    "part": "part 6205",
}


class SentenceEncoder(Protocol):
    def encode(self, texts: Sequence[str]) -> Floats:
        """(len(texts), 384) float32, L2 norm 1."""


def sentence_encoder(workspace: Workspace) -> SentenceEncoder | None:
    """The encoder that was built with the index of the manuals; None when there is none."""
    from ml.retrieval.minilm import encoder_folder, read_card, shared_encoder

    folder = encoder_folder(workspace)
    return shared_encoder(folder) if read_card(folder) is not None else None


def features(masked: str, raw_metric: str = "") -> Iterator[str]:
    """Words, word pairs, and 3 to 5 letters within words; the words behind {metric} count as words too."""
    tokens = masked.split()
    yield from (f"w:{token}" for token in tokens)
    yield from (f"r:{token}" for token in raw_metric.split())
    yield from (f"b:{first} {second}" for first, second in zip(["<", *tokens], [*tokens, ">"], strict=True))
    for token in tokens:
        if not token.startswith("{"):
            padded = f" {token} "
            for size in (3, 4, 5):
                yield from (f"c:{padded[i : i + size]}" for i in range(len(padded) - size + 1))


def vector(masked: str, raw_metric: str = "") -> tuple[NDArray[np.int64], Floats]:
    """(bucket, 1 + log count), before weighting; crc32 is the same on every machine."""
    counts = Counter(zlib.crc32(feature.encode()) % BUCKETS for feature in features(masked, raw_metric))
    indices = np.fromiter(counts, dtype=np.int64, count=len(counts))
    values = 1 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))
    return indices, values.astype(np.float32)


def spoken(masked: str, raw_metric: str = "") -> str:
    """The clause with ordinary words in place of its masks: an id tells a sentence encoder nothing."""
    metrics = iter(raw_metric.split())
    text = re.sub(r"\{metric\}", lambda _: next(metrics, "temperature"), masked)
    return re.sub(r"\{(\w+)\}", lambda mask: _SPOKEN.get(mask[1], mask[1]), text)


class Classifier:
    def __init__(self, path: Path = WEIGHTS) -> None:
        with np.load(path, allow_pickle=False) as stored:
            self.names: tuple[str, ...] = tuple(str(name) for name in stored["names"])
            self._weights = stored["weights"].astype(np.float32) * stored["scale"].astype(np.float32)
            self._bias = stored["bias"].astype(np.float32)
            self._idf = stored["idf"].astype(np.float32)
            self._sentence_weights = stored["sentence_weights"].astype(np.float32)
            self._sentence_bias = stored["sentence_bias"].astype(np.float32)
            self._temperature = float(stored["temperature"])
            self._joint_temperature = float(stored["joint_temperature"])

    def probabilities(
        self, masked: str, raw_metric: str = "", encoder: SentenceEncoder | None = None
    ) -> Mapping[str, float]:
        """Calibrated on held-out wordings; sums to 1."""
        logits = log_shares(self._hashed(masked, raw_metric))
        temperature = self._temperature
        if encoder is not None:
            meaning = encoder.encode([spoken(masked, raw_metric)])[0]
            logits = logits + log_shares(meaning @ self._sentence_weights + self._sentence_bias)
            temperature = self._joint_temperature
        shares = np.exp(log_shares(logits / temperature))
        return dict(zip(self.names, (float(share) for share in shares), strict=True))

    def _hashed(self, masked: str, raw_metric: str) -> Floats:
        indices, values = vector(masked, raw_metric)
        weighted = values * self._idf[indices]
        norm = float(np.linalg.norm(weighted)) or 1.0
        logits: Floats = weighted / norm @ self._weights[indices] + self._bias
        return logits


def log_shares(logits: Floats) -> Floats:
    """Log of the softmax over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


@cache
def classifier() -> Classifier:
    return Classifier()
