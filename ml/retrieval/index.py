"""Building the index of a manual shelf: always into a new folder, published by replacing one pointer file.

A serving process keeps the folder it opened and follows the pointer on its next search; it never sees half an index.
An interrupted build leaves an unpublished folder that the next build removes; vectors computed so far are kept.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.clock import Clock
from core.errors import Busy, NotReady, StorageFull
from core.progress import Progress, silent
from core.workspace import Workspace
from data_engineering.documents.models import Chunk, Manual
from data_engineering.documents.parsing import chunks, read_shelf
from ml.retrieval import vectors
from ml.retrieval.minilm import EncoderCard, build_encoder, encoder_folder, read_card, weights_folder
from ml.retrieval.models import IndexSummary
from ml.retrieval.store import PassageStore, embedding_text

SUMMARY = "summary.json"
FORMAT = 2
"""Raised when the layout of an index changes: an index of another format is not taken over."""


class IndexRecord(BaseModel):
    """What lies beside an index: the summary, and with what it was built."""

    model_config = ConfigDict(frozen=True)

    format: int
    encoder: str | None
    summary: IndexSummary


def index_folder(workspace: Workspace) -> Path:
    return workspace.documents / "index"


def published(workspace: Workspace) -> Path | None:
    """Folder of the index now served; None before the first build."""
    pointer = index_folder(workspace) / "CURRENT"
    return index_folder(workspace) / pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None


def read_record(folder: Path) -> IndexRecord:
    return IndexRecord.model_validate_json((folder / SUMMARY).read_text(encoding="utf-8"))


def build_index(workspace: Workspace, shelf: Path, *, clock: Clock, progress: Progress = silent) -> IndexSummary:
    """Index every manual under `shelf`; documents whose content did not change are taken over from the index before.

    The sentence encoder is built first where its weights are installed: the index is then hybrid, else lexical.

    Raises:
        NotReady: no manual under `shelf`.
        CorruptData: a manual cannot be read; the index before stays published.
        Busy: another process is indexing this workspace.
        StorageFull: the disk is full; the index before stays published.
    """
    folder = index_folder(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    with _sole_builder(folder), _full_disk_named():
        manuals = read_shelf(shelf)
        if not manuals:
            raise NotReady(f"No manual under {shelf}.", remedy="Put Markdown, HTML or PDF manuals there.")
        encoder = _encoder(workspace, progress)
        before = _usable(published(workspace), encoder)
        if before is not None and _is_same(before, manuals):
            return read_record(before).summary.model_copy(
                update={"indexed": [], "removed": [], "unchanged": len(manuals)}
            )
        return _Build(workspace, encoder, before, progress).run(manuals, clock)


def _encoder(workspace: Workspace, progress: Progress) -> EncoderCard | None:
    folder = encoder_folder(workspace)
    return build_encoder(folder, progress=progress) if weights_folder() is not None else read_card(folder)


class _Build:
    """One build, from manuals to a published folder."""

    def __init__(
        self, workspace: Workspace, encoder: EncoderCard | None, before: Path | None, progress: Progress
    ) -> None:
        self._workspace = workspace
        self._encoder = encoder
        self._before = before
        self._progress = progress
        self._digests = PassageStore(before).digests() if before is not None else {}
        self._cache = vectors.VectorCache(workspace, encoder) if encoder is not None else None

    def run(self, manuals: list[Manual], clock: Clock) -> IndexSummary:
        now = clock.now()
        content = "".join(f"{manual.document}{manual.sha256}" for manual in manuals)
        name = f"{now:%Y%m%dT%H%M%S%f}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        draft = index_folder(self._workspace) / name
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        passages = self._fill(PassageStore.create(draft), manuals)
        if self._encoder is not None:
            vectors.write_collection(draft, PassageStore(draft))
        changed = [item.document for item in manuals if self._digests.get(item.document) != item.sha256]
        summary = IndexSummary(
            name=name,
            indexed_at=now,
            mode="hybrid" if self._encoder is not None else "lexical",
            documents=len(manuals),
            passages=passages,
            indexed=changed,
            unchanged=len(manuals) - len(changed),
            removed=sorted(set(self._digests) - {manual.document for manual in manuals}),
        )
        self._publish(draft, summary)
        return summary

    def _fill(self, store: PassageStore, manuals: list[Manual]) -> int:
        count = 0
        for done, manual in enumerate(manuals):
            self._progress("manuals", done, len(manuals))
            found = self._passages(manual)
            texts = [embedding_text(chunk) for chunk in found]
            store.add(manual, found, self._cache.encode(texts) if self._cache is not None else None)
            count += len(found)
        store.finish()
        self._progress("manuals", len(manuals), len(manuals))
        return count

    def _passages(self, manual: Manual) -> list[Chunk]:
        if self._before is not None and self._digests.get(manual.document) == manual.sha256:
            return PassageStore(self._before).passages_of(manual.document)
        return chunks(manual)

    def _publish(self, draft: Path, summary: IndexSummary) -> None:
        digest = self._encoder.weights_sha256 if self._encoder is not None else None
        record = IndexRecord(format=FORMAT, encoder=digest, summary=summary)
        (draft / SUMMARY).write_text(record.model_dump_json(indent=1), encoding="utf-8")
        for path in draft.rglob("*"):
            _sync(path)
        _sync(draft)
        folder = index_folder(self._workspace)
        pointer = folder / "CURRENT.new"
        pointer.write_text(summary.name, encoding="utf-8")
        _sync(pointer)
        pointer.replace(folder / "CURRENT")
        _sync(folder)
        keep = {summary.name, self._before.name if self._before is not None else ""}
        for old in folder.iterdir():
            if old.is_dir() and old.name not in keep:
                shutil.rmtree(old, ignore_errors=True)


def _usable(folder: Path | None, encoder: EncoderCard | None) -> Path | None:
    """`folder` when its passages and vectors may be taken over by a build with `encoder`."""
    if folder is None or not (folder / SUMMARY).is_file():
        return None
    record = read_record(folder)
    digest = encoder.weights_sha256 if encoder is not None else None
    return folder if record.format == FORMAT and record.encoder == digest else None


def _is_same(before: Path, manuals: list[Manual]) -> bool:
    return PassageStore(before).digests() == {item.document: item.sha256 for item in manuals}


@contextmanager
def _sole_builder(folder: Path) -> Iterator[None]:
    with (folder / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                "Another process is indexing the manuals.", remedy="Wait until it has finished, then try again."
            ) from None
        yield


@contextmanager
def _full_disk_named() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not is_full and "disk is full" not in str(error):
            raise
        raise StorageFull(
            "The disk is full; the index that was there is still served.",
            remedy="Free disk space and run `copilot index` again.",
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
