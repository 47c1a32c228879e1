"""The lexical index: one SQLite file with the passages, their words and their codes.

Built once, published, then only read. FTS5 stems by Porter and ranks by BM25; codes such as E-417 stand in a column of
their own, squeezed, so that every spelling of a code finds it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data_engineering.documents.models import Chunk, Manual
from ml.retrieval.text import codes_in, compounds_in, words

FILE = "passages.db"
HEADING_WEIGHT, BODY_WEIGHT, CODE_WEIGHT = 2.0, 1.0, 2.0

_SCHEMA = """
CREATE TABLE documents (document TEXT PRIMARY KEY, sha256 TEXT NOT NULL, title TEXT NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, chunk_id TEXT NOT NULL UNIQUE, document TEXT NOT NULL, title TEXT NOT NULL,
    section_path TEXT NOT NULL, page INTEGER, line INTEGER, text TEXT NOT NULL,
    equipment_types TEXT NOT NULL, vector BLOB);
CREATE TABLE words (word TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE codes (passage INTEGER NOT NULL, code TEXT NOT NULL, PRIMARY KEY (passage, code)) WITHOUT ROWID;
CREATE VIRTUAL TABLE terms USING fts5(
    heading, body, codes, content='', tokenize="porter unicode61 remove_diacritics 2");
"""
_COLUMNS = "chunk_id, document, title, section_path, page, line, text, equipment_types"


def embedding_text(chunk: Chunk) -> str:
    """What the encoder reads of a passage: where it stands, then what it says."""
    return f"{chunk.title}. {' > '.join(chunk.section_path)}. {chunk.text}"


class PassageStore:
    """Reads and (while an index is built) writes the passages of one index."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    @classmethod
    def create(cls, folder: Path) -> PassageStore:
        store = cls(folder)
        with closing(sqlite3.connect(store._path)) as connection:
            connection.executescript(_SCHEMA)
        return store

    def add(self, manual: Manual, passages: Sequence[Chunk], vectors: NDArray[np.float32] | None) -> None:
        """All passages of one document, or none of them."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute("INSERT INTO documents VALUES (?, ?, ?)", (manual.document, manual.sha256, manual.title))
            for position, chunk in enumerate(passages):
                blob = None if vectors is None else np.asarray(vectors[position], dtype="<f4").tobytes()
                _insert(connection, chunk, blob)

    def finish(self) -> None:
        """Count the words and pack the index; nothing is added afterwards."""
        with closing(sqlite3.connect(self._path)) as connection:
            counts: Counter[str] = Counter()
            for title, path, text in connection.execute("SELECT title, section_path, text FROM passages"):
                whole = f"{title} {' '.join(json.loads(path))} {text}"
                counts.update({*words(whole), *codes_in(whole), *compounds_in(whole)})
            with connection:
                connection.executemany("INSERT INTO words VALUES (?, ?)", sorted(counts.items()))
                connection.execute("INSERT INTO terms (terms) VALUES ('optimize')")
            connection.execute("VACUUM")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one thread; the file is final, so no lock is taken."""
        uri = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            yield connection

    def digests(self) -> dict[str, str]:
        """SHA-256 of every document in the index."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT document, sha256 FROM documents").fetchall())

    def passages_of(self, document: str) -> list[Chunk]:
        with self.reading() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM passages WHERE document = ? ORDER BY id", (document,))  # noqa: S608
            return [_chunk(row) for row in rows]

    def vocabulary(self) -> dict[str, int]:
        """Every word and code, with the number of passages that hold it."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT word, passages FROM words").fetchall())

    def types(self) -> dict[int, tuple[str, ...]]:
        """Machine types of every passage, lower case; empty: about every type."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id, equipment_types FROM passages").fetchall()
        return {key: tuple(json.loads(types.lower())) for key, types in rows}

    def codes(self) -> dict[str, frozenset[int]]:
        """Every code, squeezed, with the passages that hold it."""
        holders: dict[str, set[int]] = {}
        with self.reading() as connection:
            for key, code in connection.execute("SELECT passage, code FROM codes"):
                holders.setdefault(code, set()).add(key)
        return {code: frozenset(found) for code, found in holders.items()}

    def vectors(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        """(passage id, its machine types as JSON, vector) of every passage that has one."""
        with self.reading() as connection:
            for key, types, blob in connection.execute(
                "SELECT id, equipment_types, vector FROM passages WHERE vector IS NOT NULL ORDER BY id"
            ):
                yield str(key), types, np.frombuffer(blob, dtype="<f4")


def fetch(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, Chunk]:
    keys = list(ids)
    marks = ", ".join("?" * len(keys))
    rows = connection.execute(f"SELECT id, {_COLUMNS} FROM passages WHERE id IN ({marks})", keys)  # noqa: S608
    return {row[0]: _chunk(row[1:]) for row in rows}


def matching(connection: sqlite3.Connection, expression: str) -> set[int]:
    """Ids of the passages an FTS5 expression matches."""
    return {row[0] for row in connection.execute("SELECT rowid FROM terms WHERE terms MATCH ?", (expression,))}


def ranked(connection: sqlite3.Connection, expression: str) -> list[int]:
    """Ids of the matching passages by BM25, best first."""
    rows = connection.execute(
        "SELECT rowid FROM terms WHERE terms MATCH ? ORDER BY bm25(terms, ?, ?, ?)",
        (expression, HEADING_WEIGHT, BODY_WEIGHT, CODE_WEIGHT),
    )
    return [row[0] for row in rows]


def cosines(connection: sqlite3.Connection, ids: Iterable[int], vector: NDArray[np.float32]) -> dict[int, float]:
    """Cosine of each passage to a unit vector."""
    keys = list(ids)
    marks = ", ".join("?" * len(keys))
    rows = connection.execute(f"SELECT id, vector FROM passages WHERE id IN ({marks})", keys)  # noqa: S608
    return {key: float(np.frombuffer(blob, dtype="<f4") @ vector) for key, blob in rows}


def _insert(connection: sqlite3.Connection, chunk: Chunk, vector: bytes | None) -> None:
    path = json.dumps(chunk.section_path)
    types = json.dumps(chunk.equipment_types)
    cursor = connection.execute(
        f"INSERT INTO passages ({_COLUMNS}, vector) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (chunk.chunk_id, chunk.document, chunk.title, path, chunk.page, chunk.line, chunk.text, types, vector),
    )
    heading = " ".join((chunk.title, *chunk.section_path))
    codes = codes_in(f"{heading} {chunk.text}")
    connection.executemany("INSERT INTO codes VALUES (?, ?)", [(cursor.lastrowid, code) for code in codes])
    connection.execute(
        "INSERT INTO terms (rowid, heading, body, codes) VALUES (?, ?, ?, ?)",
        (
            cursor.lastrowid,
            f"{heading} {' '.join(compounds_in(heading))}",
            f"{chunk.text} {' '.join(compounds_in(chunk.text))}",
            " ".join(codes),
        ),
    )


def _chunk(row: Sequence[object]) -> Chunk:
    chunk_id, document, title, path, page, line, text, types = row
    return Chunk.model_validate(
        {
            "chunk_id": chunk_id,
            "document": document,
            "title": title,
            "section_path": json.loads(str(path)),
            "page": page,
            "line": line,
            "text": text,
            "equipment_types": json.loads(str(types)),
        }
    )
