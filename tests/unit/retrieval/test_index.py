"""Building, publishing and taking over an index."""

from __future__ import annotations

import errno
import fcntl
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.errors import Busy, CorruptData, NotReady, StorageFull
from core.workspace import Workspace
from ml.retrieval import index
from ml.retrieval.index import build_index, index_folder, published, read_record
from ml.retrieval.minilm import shared_encoder
from ml.retrieval.store import PassageStore


def folder(workspace: Workspace) -> Path:
    found = published(workspace)
    assert found is not None
    return found


def test_an_index_counts_its_documents_and_passages(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    summary = build_index(workspace, shelf, clock=clock)
    assert (summary.documents, summary.indexed, summary.mode) == (2, ["cnc.md", "pump.md"], "lexical")


def test_an_unchanged_shelf_keeps_its_index(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    first = build_index(workspace, shelf, clock=clock)
    clock.advance(timedelta(hours=1))
    again = build_index(workspace, shelf, clock=clock)
    assert (again.name, again.indexed, again.unchanged) == (first.name, [], 2)


def test_only_changed_documents_are_read_again(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    build_index(workspace, shelf, clock=clock)
    (shelf / "pump.md").write_text("# Pump\n\nNew text about the impeller.\n", encoding="utf-8")
    clock.advance(timedelta(hours=1))
    summary = build_index(workspace, shelf, clock=clock)
    assert (summary.indexed, summary.unchanged) == (["pump.md"], 1)


def test_a_removed_document_is_gone(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    build_index(workspace, shelf, clock=clock)
    (shelf / "pump.md").unlink()
    clock.advance(timedelta(hours=1))
    assert build_index(workspace, shelf, clock=clock).removed == ["pump.md"]
    assert set(PassageStore(folder(workspace)).digests()) == {"cnc.md"}


def test_an_unreadable_manual_leaves_the_index_before(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    first = build_index(workspace, shelf, clock=clock)
    (shelf / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    with pytest.raises(CorruptData, match=r"broken\.pdf"):
        build_index(workspace, shelf, clock=clock)
    assert folder(workspace).name == first.name


def test_a_build_that_dies_before_publishing_is_never_seen(
    workspace: Workspace, shelf: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build_index(workspace, shelf, clock=clock)
    (shelf / "pump.md").write_text("# Pump\n\nNew text.\n", encoding="utf-8")
    clock.advance(timedelta(hours=1))

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(index, "_sync", killed)
        with pytest.raises(KeyboardInterrupt):
            build_index(workspace, shelf, clock=clock)
    assert folder(workspace).name == first.name
    assert build_index(workspace, shelf, clock=clock).indexed == ["pump.md"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), sqlite3.OperationalError("database or disk is full")]
)
def test_a_full_disk_is_said_and_leaves_the_index_before(
    workspace: Workspace, shelf: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    first = build_index(workspace, shelf, clock=clock)
    (shelf / "pump.md").write_text("# Pump\n\nNew text.\n", encoding="utf-8")

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(PassageStore, "add", full)
    with pytest.raises(StorageFull, match="still served"):
        build_index(workspace, shelf, clock=clock)
    assert folder(workspace).name == first.name


def test_leftovers_of_older_builds_are_removed(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    for turn in range(4):
        (shelf / "pump.md").write_text(f"# Pump\n\nText number {turn}.\n", encoding="utf-8")
        clock.advance(timedelta(hours=1))
        build_index(workspace, shelf, clock=clock)
    assert len([path for path in index_folder(workspace).iterdir() if path.is_dir()]) == 2


def test_an_empty_shelf_is_said(workspace: Workspace, tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotReady, match="No manual under"):
        build_index(workspace, tmp_path / "empty", clock=clock)


def test_two_builds_at_once_are_refused(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    build_index(workspace, shelf, clock=clock)
    with (index_folder(workspace) / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            build_index(workspace, shelf, clock=clock)


def test_an_index_of_another_format_is_built_anew(
    workspace: Workspace, shelf: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(workspace, shelf, clock=clock)
    monkeypatch.setattr(index, "FORMAT", index.FORMAT + 1)
    clock.advance(timedelta(hours=1))
    assert build_index(workspace, shelf, clock=clock).indexed == ["cnc.md", "pump.md"]


def test_progress_ends_at_the_number_of_manuals(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    seen: list[tuple[str, int, int]] = []
    build_index(workspace, shelf, clock=clock, progress=lambda *step: seen.append(step))
    assert seen[-1] == ("manuals", 2, 2)


def test_the_record_beside_the_index_is_its_summary(workspace: Workspace, shelf: Path, clock: FixedClock) -> None:
    assert build_index(workspace, shelf, clock=clock) == read_record(folder(workspace)).summary


def test_one_process_opens_one_encoder_of_a_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = set(pool.map(shared_encoder, [tmp_path / "minilm"] * 32))
    assert len(opened) == 1
    assert shared_encoder(tmp_path / "other") not in opened
