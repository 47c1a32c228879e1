"""Hybrid search over the shipped shelf, and over a large third-party manual with questions scored by its own scorer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.retrieval import load_questions, load_scorer, predict
from core.clock import FixedClock
from core.workspace import Workspace
from data_engineering.documents.parsing import SHELF
from ml.retrieval.index import build_index, published
from ml.retrieval.minilm import build_encoder, encoder_folder
from ml.retrieval.search import ManualIndex
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
CLOCK = FixedClock(datetime(2026, 3, 1, 6, 0, tzinfo=UTC))


def opened(workspace: Workspace) -> ManualIndex:
    folder = published(workspace)
    assert folder is not None
    return ManualIndex(folder, encoder_folder(workspace))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("home"))
    build_encoder(encoder_folder(workspace))
    return workspace


@pytest.fixture(scope="module")
def shelf_index(home: Workspace) -> ManualIndex:
    assert build_index(home, SHELF, clock=CLOCK).mode == "hybrid"
    return opened(home)


def test_what_does_a_code_mean_and_what_do_i_do(shelf_index: ManualIndex) -> None:
    outcome = shelf_index.search("What does E-417 mean on the CNC and what do I do?", equipment_type="cnc")
    assert outcome.answerability.is_answerable
    assert "E-417" in outcome.hits[0].chunk.section_path[-1]


def test_a_procedure_is_found_by_another_verb_and_goes_on(shelf_index: ManualIndex) -> None:
    first, second = shelf_index.search("how do I change the spindle bearing", equipment_type="cnc").hits[:2]
    assert first.chunk.section_path == second.chunk.section_path
    assert "Spindle bearing" in first.chunk.section_path[-1]


@pytest.mark.parametrize(
    "question",
    [
        "Who won the football world cup?",
        "tyre pressure for a forklift",
        "how do I reset the PLC ladder program",
    ],
)
def test_what_the_manuals_do_not_cover_is_refused(shelf_index: ManualIndex, question: str) -> None:
    assert not shelf_index.search(question).answerability.is_answerable


def test_the_machine_type_limits_both_rankings(shelf_index: ManualIndex) -> None:
    outcome = shelf_index.search("bearing temperature too high", equipment_type="pump", limit=20)
    assert {hit.chunk.equipment_types for hit in outcome.hits} == {("pump",)}


def test_a_machine_type_without_any_manual_is_refused(shelf_index: ManualIndex) -> None:
    assert not shelf_index.search("replace the seal", equipment_type="forklift").answerability.is_answerable


@pytest.mark.usefixtures("shelf_index")
def test_a_build_that_is_killed_leaves_the_index_before_and_is_resumed(home: Workspace) -> None:
    before = published(home)
    script = (
        "from pathlib import Path; from core.clock import SystemClock; from core.workspace import Workspace;"
        "from ml.retrieval.index import build_index; import sys;"
        "build_index(Workspace(Path(sys.argv[1])), Path(sys.argv[2]), clock=SystemClock(),"
        " progress=lambda label, done, total: print(done, flush=True))"
    )
    manuals = _copies(home)
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(home.home), str(manuals)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "0"
    assert child.stdout.readline().strip() == "1"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert published(home) == before
    assert opened(home).search("E-417").hits
    assert build_index(home, manuals, clock=CLOCK).documents == 3


def _copies(home: Workspace) -> Path:
    folder = home.home / "copies"
    folder.mkdir()
    for number in range(3):
        sections = "\n\n".join(f"## Step {number}.{at}\n\nTurn valve {at} of unit {number} shut." for at in range(40))
        (folder / f"unit_{number}.md").write_text(f"# Unit {number}\n\n{sections}\n", encoding="utf-8")
    return folder


@pytest.mark.shared
def test_the_developer_questions_are_answered_and_refused(shared_data: Path, tmp_path: Path, home: Workspace) -> None:
    workspace = Workspace(tmp_path)
    workspace.documents.mkdir(parents=True)
    encoder_folder(workspace).symlink_to(encoder_folder(home).resolve())
    build_index(workspace, shared_data / "docs" / "klipper", clock=CLOCK)
    index, scorer, questions = opened(workspace), load_scorer(shared_data), load_questions(shared_data)
    rows = [scorer.score_one(item, predict(index, item["question"], "hybrid")) for item in questions]
    figures = scorer.summary(rows)
    floors = {"hit@1": 0.65, "hit@5": 0.9, "mrr@10": 0.75, "unans_auc": 0.9, "refusal_recall": 0.9, "end_to_end": 0.75}
    assert {name: figures[name] for name, floor in floors.items() if figures[name] < floor} == {}
