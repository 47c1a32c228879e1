"""Fifty-three manuals that we did not write: nothing lost, headings as a reader names them."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from data_engineering.documents.models import Chunk
from data_engineering.documents.parsing import chunks, read_shelf
from data_engineering.documents.passages import WORDS, words

pytestmark = pytest.mark.shared

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_MARKUP = (
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"(?<=\])\(\s*[^)\s]*(?:\s+\"[^\"]*\")?\s*\)"),
    re.compile(r"</?(?:br|a|p|img)\b[^>]*>"),
    re.compile(r"^\[[^\]]+\]:\s+\S+$", re.MULTILINE),
    re.compile(r"^\s*\d+[.)]\s", re.MULTILINE),
    re.compile(r"&[a-z]+;"),
)


@pytest.fixture(scope="module")
def shelf(shared_data: Path) -> dict[str, list[Chunk]]:
    return {manual.document: chunks(manual) for manual in read_shelf(shared_data / "docs" / "klipper")}


def alphanumeric(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def source_words(text: str) -> dict[str, Counter[str]]:
    """Words under each heading of a Markdown file, by a second, simpler reading than the one under test."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    title, fenced = "", False
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            title = " ".join(alphanumeric(heading.group(2)))
        elif not _FENCE.match(line):
            found[title].update(alphanumeric(line))
    return found


def test_every_manual_is_read(shelf: dict[str, list[Chunk]]) -> None:
    assert len(shelf) == 53


def test_no_passage_is_too_long(shelf: dict[str, list[Chunk]]) -> None:
    assert max(words(chunk.text) for passages in shelf.values() for chunk in passages) <= WORDS


def test_every_word_of_a_section_is_in_a_passage_of_that_section(
    shelf: dict[str, list[Chunk]], shared_data: Path
) -> None:
    lost = {}
    for document, passages in shelf.items():
        text = (shared_data / "docs" / "klipper" / document).read_text(encoding="utf-8")
        for pattern in _MARKUP:
            text = pattern.sub(" ", text)
        held: dict[str, Counter[str]] = defaultdict(Counter)
        for chunk in passages:
            untitled = chunk.section_path == (chunk.title,) and f"# {chunk.title}" not in text
            title = "" if untitled else " ".join(alphanumeric(chunk.section_path[-1]))
            held[title].update(alphanumeric(chunk.text))
        for title, counted in source_words(text).items():
            if missing := counted - held[title]:
                lost[document, title] = missing
    assert lost == {}


def test_heading_paths_are_those_a_reader_wrote_down(shelf: dict[str, list[Chunk]], shared_data: Path) -> None:
    missed = []
    for line in (shared_data / "docs" / "dev_questions.jsonl").read_text(encoding="utf-8").splitlines():
        for place in (place for group in json.loads(line).get("gold", ()) for place in group):
            of_section = [
                chunk.text
                for chunk in shelf[Path(place["source"]).name]
                if " > ".join(chunk.section_path) == place["section_path"]
            ]
            text = "".join(alphanumeric(" ".join(of_section)))
            missed += [(place["section_path"], e) for e in place["evidence"] if "".join(alphanumeric(e)) not in text]
    assert missed == []


def test_a_passage_begins_where_it_says(shelf: dict[str, list[Chunk]], shared_data: Path) -> None:
    """Within two lines: a code span may run over a line break that its text no longer shows."""
    wrong = []
    for document, passages in shelf.items():
        lines = (shared_data / "docs" / "klipper" / document).read_text(encoding="utf-8").splitlines()
        for chunk in passages:
            assert chunk.line is not None
            here = alphanumeric(" ".join(lines[chunk.line - 1 : chunk.line + 2]))
            first = next(word for word in alphanumeric(chunk.text.removeprefix("```")) if not word.isdigit())
            wrong += [] if first in here or chunk.text.startswith(("```", "|")) else [(document, chunk.line, first)]
    assert wrong == []
