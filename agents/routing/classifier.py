"""Which intent a masked clause is: hashed word and character n-grams, TF-IDF, a calibrated softmax. numpy alone.

The weights are fitted offline by `agents.routing.training` and committed beside this file.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 14
WEIGHTS = Path(__file__).with_name("weights.npz")
Floats = NDArray[np.float32]


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


class Classifier:
    def __init__(self, path: Path = WEIGHTS) -> None:
        with np.load(path, allow_pickle=False) as stored:
            self.names: tuple[str, ...] = tuple(str(name) for name in stored["names"])
            self._weights = stored["weights"].astype(np.float32) * stored["scale"].astype(np.float32)
            self._bias = stored["bias"].astype(np.float32)
            self._idf = stored["idf"].astype(np.float32)
            self._temperature = float(stored["temperature"])

    def probabilities(self, masked: str, raw_metric: str = "") -> Mapping[str, float]:
        """Calibrated on held-out wordings; sums to 1."""
        indices, values = vector(masked, raw_metric)
        weighted = values * self._idf[indices]
        norm = float(np.linalg.norm(weighted)) or 1.0
        logits = (weighted / norm @ self._weights[indices] + self._bias) / self._temperature
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return dict(zip(self.names, (float(share) for share in shares), strict=True))


@cache
def classifier() -> Classifier:
    return Classifier()
