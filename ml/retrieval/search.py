"""Hybrid search over a published index, and the judgement whether the manuals cover a question at all.

BM25 and MiniLM each rank the passages; the ranks are fused (reciprocal rank fusion, Cormack et al. 2009) into
candidates, which are put in order by their support: how much of the question they hold, in words and in meaning.
Passages that hold a code the question asks for come first. Misspelt words are read as the nearest words of the manuals.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from data_engineering.documents.models import Chunk
from ml.retrieval import vectors
from ml.retrieval.answerability import ABSENT_WEIGHT, Signals, judge, no_manual_of, support
from ml.retrieval.index import read_record
from ml.retrieval.minilm import Vectors, shared_encoder
from ml.retrieval.models import Hit, Mode, SearchOutcome
from ml.retrieval.store import PassageStore, cosines, fetch, matching, ranked
from ml.retrieval.text import asked_codes, content_words, error_codes, synonyms_of, without_identifiers

RANK_CONSTANT = 60
"""k of reciprocal rank fusion, as published."""
RANKED = 50
"""Passages each ranking hands to the fusion."""
CANDIDATES = 30
"""Best fused passages that are put in order by support."""
SPELLING_SIMILARITY = 0.75
"""Least similarity (optimal string alignment, 0 to 1) of a misspelt word and its reading."""
SPELLINGS = 2


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a question: how the manuals may spell it, who holds it, how rare it is."""

    word: str
    expression: str
    """The word, its spellings and its synonyms, as FTS5 reads them."""
    literal: frozenset[int]
    """Passages with the word itself; only these speak for the question being covered."""
    passages: frozenset[int]
    """Passages with the word or a synonym; these put the answer in order."""
    headings: frozenset[int]
    """Those of them that have it in a heading."""
    weight: float


@dataclass(frozen=True, slots=True)
class Question:
    """A question as one index reads it. `allowed` are the passages about the machine type asked for."""

    allowed: frozenset[int]
    terms: tuple[Term, ...]
    codes: dict[str, frozenset[int]]
    errors: tuple[str, ...]
    vector: Vectors | None

    def coverage(self, key: int) -> float:
        """Share of the question's words in a passage, weighted by rarity, 0 to 1."""
        return self._share([term for term in self.terms if key in term.passages])

    def literal_coverage(self, key: int) -> float:
        """The same share without synonyms."""
        return self._share([term for term in self.terms if key in term.literal])

    def heading_coverage(self, key: int) -> float:
        """The same share in the headings above the passage."""
        return self._share([term for term in self.terms if key in term.headings])

    def absent_share(self) -> float:
        """Share of the question's words that no passage holds, weighted by rarity, 0 to 1."""
        return self._share([term for term in self.terms if not term.literal])

    def _share(self, held: Iterable[Term]) -> float:
        total = sum(term.weight for term in self.terms)
        return sum(term.weight for term in held) / total if total else 0.0

    def codes_held(self, key: int) -> int:
        return sum(key in holders for holders in self.codes.values())


class ManualIndex:
    """One published index, open for reading from any thread. Heavy parts are loaded on first use."""

    def __init__(self, folder: Path, encoder: Path) -> None:
        self._store = PassageStore(folder)
        self._folder = folder
        self._encoder = shared_encoder(encoder)
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
            asked = self._read(connection, question, kind, mode)
            keys = _fuse(self._rankings(connection, asked, kind), asked)
            hits = _hits(connection, keys, asked)
            outcome = judge(_signals(asked, hits), mode) if asked.allowed else no_manual_of(equipment_type)
            hits = _with_neighbours(connection, hits, asked)
        return SearchOutcome(hits=[hit for _, hit in hits[:limit]], mode=mode, answerability=outcome)

    def nearest(self, question: str, *, limit: int) -> tuple[list[Chunk], float]:
        """Passages by vectors alone, nearest first, and the cosine of the first; for measuring."""
        vector = self._encoder.encode([question])
        keys = vectors.nearest(self._collection, vector, None, min(limit, len(self._types)))
        with self._store.reading() as connection:
            chunks = fetch(connection, keys)
            return [chunks[key] for key in keys], max(cosines(connection, keys, vector[0]).values(), default=0.0)

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

    def _read(self, connection: sqlite3.Connection, question: str, kind: str | None, mode: Mode) -> Question:
        allowed = frozenset(key for key, types in self._types.items() if kind is None or not types or kind in types)
        codes = {code: self._codes.get(code, frozenset()) & allowed for code in asked_codes(question)}
        readable = without_identifiers(question, known=self._codes)
        spelt = [*content_words(readable), *(code for code, holders in codes.items() if holders)]
        return Question(
            allowed=allowed,
            terms=tuple(self._term(connection, word, allowed) for word in dict.fromkeys(spelt)),
            codes=codes,
            errors=tuple(error_codes(question)),
            vector=self._encoder.encode([readable]) if mode == "hybrid" else None,
        )

    def _term(self, connection: sqlite3.Connection, word: str, allowed: frozenset[int]) -> Term:
        spellings = self._spellings(word)
        expression = _any_of([*spellings, *synonyms_of(word)])
        literal = allowed & matching(connection, _any_of(spellings))
        return Term(
            word=word,
            expression=expression,
            literal=literal,
            passages=allowed & matching(connection, expression),
            headings=allowed & matching(connection, f"heading : ({expression})"),
            weight=_rarity(len(literal), len(allowed)),
        )

    def _spellings(self, word: str) -> tuple[str, ...]:
        """The word, or also the likeliest words of the manuals when they do not know it."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        if word in self._vocabulary or len(word) < 3 or any(letter.isdigit() for letter in word):
            return (word,)
        same_start = [known for known in self._vocabulary if known[0] == word[0] and abs(len(known) - len(word)) <= 2]
        near = process.extract(
            word, same_start, scorer=OSA.normalized_similarity, score_cutoff=SPELLING_SIMILARITY, limit=SPELLINGS
        )
        return (word, *(known for known, _, _ in near))

    def _rankings(self, connection: sqlite3.Connection, asked: Question, kind: str | None) -> list[list[int]]:
        rankings = [_lexical(connection, asked)]
        if asked.vector is not None and asked.allowed:
            count = min(RANKED, len(asked.allowed))
            rankings.append(vectors.nearest(self._collection, asked.vector, kind, count))
        return rankings


def _any_of(words: Iterable[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def _lexical(connection: sqlite3.Connection, asked: Question) -> list[int]:
    expression = " OR ".join(term.expression for term in asked.terms)
    found = ranked(connection, expression) if expression else []
    return [key for key in found if key in asked.allowed][:RANKED]


def _fuse(rankings: Sequence[Sequence[int]], asked: Question) -> list[int]:
    """Candidates by reciprocal rank, those that hold an asked code first."""
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, start=1):
            fused[key] = fused.get(key, 0.0) + 1.0 / (RANK_CONSTANT + rank)
    return sorted(fused, key=lambda key: (-asked.codes_held(key), -fused[key]))[:CANDIDATES]


def _hits(connection: sqlite3.Connection, keys: Iterable[int], asked: Question) -> list[tuple[int, Hit]]:
    """Passages of the candidates; with vectors ordered by support, without them as BM25 has them."""
    chunks = fetch(connection, keys)
    near = cosines(connection, keys, asked.vector[0]) if asked.vector is not None else {}
    hits = [(key, _hit(key, chunks[key], near.get(key), asked)) for key in keys]
    if near:
        hits.sort(key=lambda pair: (-asked.codes_held(pair[0]), -pair[1].score))
    return hits


def _with_neighbours(
    connection: sqlite3.Connection, hits: list[tuple[int, Hit]], asked: Question
) -> list[tuple[int, Hit]]:
    """The best passage, then those right behind and before it in its section: no procedure is cut in the middle."""
    if not hits:
        return hits
    key, best = hits[0]
    chunks = fetch(connection, (key + 1, key - 1))
    beside = [at for at in (key + 1, key - 1) if at in chunks and _section(chunks[at]) == _section(best.chunk)]
    near = cosines(connection, beside, asked.vector[0]) if asked.vector is not None else {}
    neighbours = [(at, _hit(at, chunks[at], near.get(at), asked)) for at in beside]
    return [hits[0], *neighbours, *(pair for pair in hits[1:] if pair[0] not in beside)]


def _section(chunk: Chunk) -> tuple[str, ...]:
    return (chunk.document, *chunk.section_path)


def _hit(key: int, chunk: Chunk, cosine: float | None, asked: Question) -> Hit:
    coverage = asked.coverage(key)
    score = support(coverage, asked.heading_coverage(key), cosine)
    return Hit(chunk=chunk, score=score, cosine=cosine, coverage=coverage)


def _signals(asked: Question, hits: Sequence[tuple[int, Hit]]) -> Signals:
    best = max((_literal_support(key, hit, asked) for key, hit in hits), default=0.0)
    return Signals(
        support=best if asked.vector is None else best - ABSENT_WEIGHT * asked.absent_share(),
        absent_codes=tuple(code for code in asked.errors if not asked.codes[code]),
        known_codes=tuple(code for code in asked.errors if asked.codes[code] and not code.isdigit()),
        absent_words=tuple(term.word for term in asked.terms if not term.literal),
    )


def _literal_support(key: int, hit: Hit, asked: Question) -> float:
    return support(asked.literal_coverage(key), asked.heading_coverage(key), hit.cosine)


def _rarity(holders: int, passages: int) -> float:
    """Inverse document frequency as BM25 has it (Robertson and Zaragoza 2009), never negative."""
    return math.log(1.0 + (passages - holders + 0.5) / (holders + 0.5))
