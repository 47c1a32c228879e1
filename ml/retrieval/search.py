"""Hybrid search over a published index, and the judgement whether the manuals cover a question at all.

BM25 and MiniLM each rank the passages; the ranks are fused (reciprocal rank fusion, Cormack et al. 2009). Passages that
hold a code the question asks for come first. Misspelt words are read as the nearest words of the manuals.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ml.retrieval import vectors
from ml.retrieval.answerability import Signals, judge
from ml.retrieval.index import read_record
from ml.retrieval.minilm import Encoder
from ml.retrieval.models import Hit, Mode, SearchOutcome
from ml.retrieval.store import PassageStore, fetch, matching, ranked
from ml.retrieval.text import asked_codes, content_words, error_codes

RANK_CONSTANT = 60
"""k of reciprocal rank fusion, as published."""
CANDIDATES = 50
"""Passages each ranking hands to the fusion."""
JUDGED = 5
"""Best passages that answerability looks at."""
SPELLING_SIMILARITY = 75.0
"""Least similarity (percent, optimal string alignment) of a misspelt word and its reading."""
SPELLINGS = 2


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question: how the manuals may spell it, who holds it, how rare it is."""

    word: str
    spellings: tuple[str, ...]
    passages: frozenset[int]
    weight: float

    @property
    def expression(self) -> str:
        return " OR ".join(f'"{spelling}"' for spelling in self.spellings)


class ManualIndex:
    """One published index, open for reading from any thread. Heavy parts are loaded on first use."""

    def __init__(self, folder: Path, encoder: Path) -> None:
        self._store = PassageStore(folder)
        self._folder = folder
        self._encoder = Encoder(encoder)
        self.mode: Mode = read_record(folder).summary.mode

    def search(
        self, question: str, *, equipment_type: str | None = None, limit: int = 5, mode: Mode | None = None
    ) -> SearchOutcome:
        """At most `limit` passages, best first, among those about `equipment_type` or about every type.

        `mode` "lexical" leaves the vectors out.
        """
        mode = mode or self.mode
        kind = equipment_type.lower() if equipment_type is not None else None
        with self._store.reading() as connection:
            allowed = self._allowed(kind)
            terms = self._terms(connection, question, allowed)
            lexical = _lexical(connection, terms, allowed)
            dense = self._dense(question, kind) if mode == "hybrid" else {}
            order, fused = self._order(question, lexical, list(dense))
            chunks = fetch(connection, order[: max(limit, JUDGED)])
        hits = [
            Hit(chunk=chunks[key], score=fused[key], cosine=dense.get(key), coverage=_coverage(terms, key))
            for key in order[: max(limit, JUDGED)]
        ]
        answerability = judge(self._signals(question, terms, hits[:JUDGED], dense), mode)
        return SearchOutcome(hits=hits[:limit], mode=mode, answerability=answerability)

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        return self._store.vocabulary()

    @cached_property
    def _types(self) -> dict[int, tuple[str, ...]]:
        return self._store.types()

    @cached_property
    def _codes(self) -> dict[str, frozenset[int]]:
        return self._store.codes()

    @cached_property
    def _collection(self) -> Any:
        return vectors.open_collection(self._folder)

    def _allowed(self, kind: str | None) -> frozenset[int]:
        return frozenset(key for key, types in self._types.items() if kind is None or not types or kind in types)

    def _terms(self, connection: sqlite3.Connection, question: str, allowed: frozenset[int]) -> list[Term]:
        found = []
        for word in content_words(question):
            spellings = self._spellings(word)
            holders = frozenset(matching(connection, " OR ".join(f'"{item}"' for item in spellings))) & allowed
            found.append(Term(word, spellings, holders, _rarity(len(holders), len(allowed))))
        return found

    def _spellings(self, word: str) -> tuple[str, ...]:
        """The word, or the likeliest words of the manuals when they do not know it."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if word in self._vocabulary or len(word) < 3 or any(letter.isdigit() for letter in word):
            return (word,)
        same_start = [known for known in self._vocabulary if known[0] == word[0] and abs(len(known) - len(word)) <= 2]
        near = process.extract(
            word, same_start, scorer=OSA.normalized_similarity, score_cutoff=SPELLING_SIMILARITY / 100, limit=SPELLINGS
        )
        return (word, *(known for known, _, _ in near))

    def _dense(self, question: str, kind: str | None) -> dict[int, float]:
        vector = self._encoder.encode([question])
        return dict(vectors.nearest(self._collection, vector, kind, min(CANDIDATES, len(self._types))))

    def _order(self, question: str, lexical: list[int], dense: list[int]) -> tuple[list[int], dict[int, float]]:
        fused: dict[int, float] = {}
        for ranking in (lexical, dense):
            for rank, key in enumerate(ranking, start=1):
                fused[key] = fused.get(key, 0.0) + 1.0 / (RANK_CONSTANT + rank)
        asked = [self._codes.get(code, frozenset()) for code in asked_codes(question)]
        return sorted(fused, key=lambda key: (-sum(key in holders for holders in asked), -fused[key])), fused

    def _signals(self, question: str, terms: list[Term], best: list[Hit], dense: dict[int, float]) -> Signals:
        return Signals(
            coverage=max((hit.coverage for hit in best), default=0.0),
            cosine=max(dense.values(), default=None),
            absent_codes=tuple(code for code in error_codes(question) if code not in self._codes),
            absent_words=tuple(term.word for term in terms if not term.passages),
        )


def _lexical(connection: sqlite3.Connection, terms: list[Term], allowed: frozenset[int]) -> list[int]:
    expression = " OR ".join(term.expression for term in terms)
    found = ranked(connection, expression, len(allowed) + CANDIDATES) if expression else []
    return [key for key in found if key in allowed][:CANDIDATES]


def _rarity(holders: int, passages: int) -> float:
    """Inverse document frequency as BM25 has it (Robertson and Zaragoza 2009), never negative."""
    return math.log(1.0 + (passages - holders + 0.5) / (holders + 0.5))


def _coverage(terms: list[Term], key: int) -> float:
    total = sum(term.weight for term in terms)
    return sum(term.weight for term in terms if key in term.passages) / total if total else 0.0
