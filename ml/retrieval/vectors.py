"""Vectors of passages: the cache that survives an interrupted build, and the Chroma collection that is searched."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.workspace import Workspace
from ml.retrieval.minilm import DIMENSION, Encoder, EncoderCard, encoder_folder
from ml.retrieval.store import PassageStore

COLLECTION = "manuals"
EVERY_TYPE = "*"
_BATCH = 64
_WRITE_BATCH = 1000


class VectorCache:
    """Vector of every text encoded so far, by encoder and SHA-256 of the text; committed batch by batch."""

    def __init__(self, workspace: Workspace, card: EncoderCard) -> None:
        self._path = workspace.documents / f"vectors-{card.build}-{card.weights_sha256[:12]}.db"
        self._encoder = Encoder(encoder_folder(workspace))
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
            )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 384) unit vectors."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        with closing(sqlite3.connect(self._path)) as connection:
            known = {key: self._known(connection, key) for key in keys}
            missing = [index for index, key in enumerate(keys) if known[key] is None]
            for start in range(0, len(missing), _BATCH):
                batch = missing[start : start + _BATCH]
                fresh = self._encoder.encode([texts[index] for index in batch])
                rows = [
                    (keys[index], vector.astype("<f4").tobytes()) for index, vector in zip(batch, fresh, strict=True)
                ]
                with connection:
                    connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                known.update(rows)
        blobs = b"".join(known[key] or b"" for key in keys)
        return np.frombuffer(blobs, dtype="<f4").reshape(len(texts), DIMENSION)

    @staticmethod
    def _known(connection: sqlite3.Connection, key: str) -> bytes | None:
        row = connection.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return row[0] if row else None


def write_collection(folder: Path, store: PassageStore) -> None:
    """Fill a new Chroma collection in `folder` with the vectors of `store`."""
    collection = open_collection(folder, create=True)
    rows = store.vectors()
    while batch := list(islice(rows, _WRITE_BATCH)):
        collection.add(
            ids=[key for key, _, _ in batch],
            embeddings=np.stack([vector for _, _, vector in batch]),
            metadatas=[{"equipment_types": json.loads(types.lower()) or [EVERY_TYPE]} for _, types, _ in batch],
        )


def open_collection(folder: Path, *, create: bool = False) -> Any:
    """The Chroma collection of an index; cosine distance, vectors are ours, nothing is sent anywhere."""
    import chromadb

    client = chromadb.PersistentClient(str(folder / "chroma"), settings=chromadb.Settings(anonymized_telemetry=False))
    if create:
        return client.create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": 200}}
        )
    return client.get_collection(COLLECTION, embedding_function=None)


def nearest(collection: Any, vector: NDArray[np.float32], equipment_type: str | None, count: int) -> list[int]:
    """Ids of the passages nearest to a (1, 384) vector, among those about `equipment_type` or about every type."""
    where = None
    if equipment_type is not None:
        where = {"$or": [{"equipment_types": {"$contains": kind}} for kind in (equipment_type, EVERY_TYPE)]}
    found = collection.query(query_embeddings=vector, n_results=count, where=where, include=["distances"])
    return [int(key) for key in found["ids"][0]]
