"""The lines of a PDF's pages that are its text: no headers, footers and contents, no words broken at a line's end."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from data_engineering.documents import sections

SOFT_HYPHEN = "\u00ad"
"""Ends a line whose last word goes on in the next."""

_CONTENTS_LINE = re.compile(r"(?:\s*\.){6,}\s*\d+\s*$")
_BROKEN = re.compile(r"([^\W\d_]+)-$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FIRST_WORD = re.compile(r"\s*([^\W\d_]+)")
_OUTER_NUMBER = re.compile(r"^\d{1,4}(?=\s|$)|(?<=\s)\d{1,4}$")
_EDGE_LINES = 2
_PAGES_TO_BE_RUNNING = 3


@dataclass(frozen=True)
class Line:
    """One line of a page as laid out; `page` is 1-based."""

    text: str
    page: int


def body_lines(pages: list[list[str]]) -> list[list[Line]]:
    """Lines of each page that belong to the text, still with words broken at their ends."""
    return _without_running_lines(pages)


def _without_running_lines(pages: list[list[str]]) -> list[list[Line]]:
    """Lines at a page's edge are headers and footers when they carry the page number or come on half of the pages."""
    half = max(_PAGES_TO_BE_RUNNING, len(pages) / 2)
    third = max(_PAGES_TO_BE_RUNNING, len(pages) / 3)
    numbered = list(enumerate(pages, start=1))
    marks = Counter(mark for page in pages for mark in {_mark(page[at]) for at in _edge(page)})
    offsets = Counter(
        off for number, page in numbered for off in {o for at in _edge(page) for o in _offsets(page[at], number)}
    )
    kept: list[list[Line]] = []
    for number, page in numbered:
        running = {
            at
            for at in _edge(page)
            if marks[_mark(page[at])] >= half or any(offsets[off] >= third for off in _offsets(page[at], number))
        }
        lines = [Line(text.rstrip(), number) for at, text in enumerate(page) if at not in running]
        kept.append([line for line in lines if not _CONTENTS_LINE.search(line.text)])
    return kept


def _offsets(text: str, page: int) -> set[int]:
    """A number at either end of the line, less the page: the same on every page if it is the page number."""
    return {int(number) - page for number in _OUTER_NUMBER.findall(text.strip())}


def _edge(page: list[str]) -> list[int]:
    """Lines that may be header or footer: those above the first gap and below the last, else the outermost ones."""
    runs = [
        [at for at, _ in run] for filled, run in groupby(enumerate(page), key=lambda p: bool(p[1].strip())) if filled
    ]
    if not runs:
        return []
    top = runs[0] if len(runs[0]) <= _EDGE_LINES else runs[0][:1]
    bottom = runs[-1] if len(runs[-1]) <= _EDGE_LINES else runs[-1][-1:]
    return sorted({*top, *bottom})


def _mark(text: str) -> str:
    return re.sub(r"\d+", "#", sections.tidy(text))


def with_whole_words(pages: list[list[Line]]) -> list[list[Line]]:
    """A hyphen at the end of a line becomes a soft one where the document knows the word without it."""
    known = Counter(word.casefold() for page in pages for line in page for word in _WORD.findall(line.text))
    return [
        [_softened(line, below.text, known) for line, below in zip(page, [*page[1:], Line("", 0)], strict=True)]
        for page in pages
    ]


def _softened(line: Line, below: str, known: Counter[str]) -> Line:
    broken, rest = _BROKEN.search(line.text), _FIRST_WORD.match(below)
    if not broken or not rest or rest[1] != rest[1].lower():
        return line
    first, second = broken[1].casefold(), rest[1]
    is_compound = known[f"{first}-{second}"] > 0 or (known[first] > 1 and known[second] > 1)
    is_word = known[first + second] > 0 or not is_compound
    return Line(line.text[:-1] + SOFT_HYPHEN, line.page) if is_word else line
