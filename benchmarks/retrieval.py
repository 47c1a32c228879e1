"""Retrieval on the development questions: words alone, vectors alone, both; and the refusal thresholds, fitted anew.

usage: python -m benchmarks.retrieval [--shared ../shared] [--home DIR]

`--home` keeps the index of the 53 developer manuals between runs. Scored by the questions' own scorer.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.workspace import Workspace
from data_engineering.documents.models import Chunk
from ml.retrieval.index import build_index, published
from ml.retrieval.minilm import build_encoder, encoder_folder
from ml.retrieval.models import Mode
from ml.retrieval.search import ManualIndex

FIGURES = ("hit@1", "hit@5", "mrr@10", "ndcg@10", "unans_auc", "refusal_recall", "false_refusal", "end_to_end")
Prediction = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--home", type=Path, default=None)
    arguments = parser.parse_args()
    if not (arguments.shared / "docs").is_dir():
        print(f"skipped: no third-party data at {arguments.shared} (--shared)")
        return
    with tempfile.TemporaryDirectory() as scratch:
        index = prepare(arguments.shared, Workspace(arguments.home or Path(scratch)))
        report(arguments.shared, index)


def prepare(shared: Path, workspace: Workspace) -> ManualIndex:
    """The index over the developer manuals, hybrid."""
    build_encoder(encoder_folder(workspace))
    started = time.perf_counter()
    summary = build_index(workspace, shared / "docs" / "klipper", clock=SystemClock())
    print(
        f"indexed {summary.passages} passages in {time.perf_counter() - started:.1f} s ({summary.unchanged} unchanged)"
    )
    folder = published(workspace)
    assert folder is not None
    return ManualIndex(folder, encoder_folder(workspace))


def report(shared: Path, index: ManualIndex) -> None:
    questions = load_questions(shared)
    scorer = load_scorer(shared)
    ways: dict[str, Callable[[str], Prediction]] = {
        "lexical": lambda text: predict(index, text, "lexical"),
        "dense": lambda text: predict_dense(index, text),
        "hybrid": lambda text: predict(index, text, "hybrid"),
    }
    print("".join(f"{name:>15}" for name in ("", *FIGURES, "p50 ms")))
    for name, way in ways.items():
        predictions, milliseconds = answer_all(questions, way)
        figures = scorer.summary([scorer.score_one(item, predictions[item["id"]]) for item in questions])
        print(f"{name:>15}" + "".join(f"{figures[key]:15.3f}" for key in FIGURES) + f"{milliseconds:15.1f}")
        if name != "dense":
            print_fit(name, [(predictions[item["id"]]["support"], item["answerable"]) for item in questions])


def predict(index: ManualIndex, text: str, mode: Mode) -> Prediction:
    outcome = index.search(text, limit=10, mode=mode)
    judged = outcome.answerability
    return {
        "results": [_result(hit.chunk) for hit in outcome.hits],
        "answerable": judged.is_answerable,
        "score": judged.confidence,
        "support": judged.support,
    }


def predict_dense(index: ManualIndex, text: str) -> Prediction:
    chunks, cosine = index.nearest(text, limit=10)
    return {"results": [_result(chunk) for chunk in chunks], "answerable": True, "score": cosine}


def _result(chunk: Chunk) -> dict[str, Any]:
    return {"source": f"klipper/{chunk.document}", "section": chunk.section_path[-1], "text": chunk.text}


def answer_all(
    questions: list[dict[str, Any]], way: Callable[[str], Prediction]
) -> tuple[dict[str, Prediction], float]:
    """(prediction by question id, median milliseconds)."""
    way(questions[0]["question"])
    predictions, took = {}, []
    for item in questions:
        started = time.perf_counter()
        predictions[item["id"]] = way(item["question"])
        took.append(1000 * (time.perf_counter() - started))
    return predictions, statistics.median(took)


def print_fit(name: str, found: list[tuple[float, bool]]) -> None:
    """The threshold that keeps and refuses best, and how it does on questions it was not fitted on."""
    held_out = []
    for index, (support, answerable) in enumerate(found):
        threshold = fit_threshold([pair for at, pair in enumerate(found) if at != index])
        held_out.append((support >= threshold, answerable))
    kept = statistics.mean(said for said, answerable in held_out if answerable)
    refused = statistics.mean(not said for said, answerable in held_out if not answerable)
    print(f"  {name}: threshold {fit_threshold(found):.3f}; left-one-out keeps {kept:.2f}, refuses {refused:.2f}")


def fit_threshold(found: list[tuple[float, bool]]) -> float:
    """Midpoint that maximises share kept of the answerable plus share refused of the others (Youden's J)."""
    positive = [support for support, answerable in found if answerable]
    negative = [support for support, answerable in found if not answerable]
    values = sorted(support for support, _ in found)

    def youden(threshold: float) -> float:
        kept = sum(support >= threshold for support in positive) / len(positive)
        return kept + sum(support < threshold for support in negative) / len(negative)

    return max(((low + high) / 2 for low, high in pairwise(values)), key=youden)


def load_questions(shared: Path) -> list[dict[str, Any]]:
    lines = (shared / "docs" / "dev_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def load_scorer(shared: Path) -> Any:
    spec = importlib.util.spec_from_file_location("score_retrieval", shared / "docs" / "score_retrieval.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
