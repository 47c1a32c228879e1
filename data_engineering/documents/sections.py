"""What every reader turns a document into: sections of blocks of units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[\"'(]?[A-Z0-9])")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Place:
    """Where a unit stands: 1-based page, or 1-based line of a text format."""

    page: int | None = None
    line: int | None = None

    def below(self, lines: int) -> Place:
        """So many lines further down, where lines are counted."""
        return self if self.line is None else replace(self, line=self.line + lines)


@dataclass(frozen=True)
class Unit:
    """The smallest piece a passage may begin or end with: a sentence, list item, table row or line of code."""

    text: str
    place: Place


@dataclass(frozen=True)
class Block:
    """A paragraph, list, table or listing. Every passage that holds a part of it repeats `opening` and `closing`."""

    units: tuple[Unit, ...]
    joint: str = "\n"
    opening: str = ""
    closing: str = ""


@dataclass
class Section:
    """The text directly under one heading; `path` is empty before the first heading."""

    path: tuple[str, ...]
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """One document as read. `title` is what its metadata says, or its first heading."""

    title: str | None
    equipment_types: tuple[str, ...]
    sections: list[Section]


class Outline:
    """Collects blocks under the headings met so far."""

    def __init__(self) -> None:
        self.sections = [Section(())]
        self._open: list[tuple[int, str]] = []

    def heading(self, level: int, text: str) -> None:
        """Open a section of `level` (1 the highest), closing those of its level and below."""
        self._open = [(depth, title) for depth, title in self._open if depth < level]
        self._open.append((level, text))
        self.sections.append(Section(tuple(title for _, title in self._open)))

    def add(self, block: Block) -> None:
        if block.units:
            self.sections[-1].blocks.append(block)


def tidy(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def prose(text: str, place: Place) -> Block:
    """A paragraph in sentences. `text` begins at `place`; its line breaks tell on which line a sentence begins."""
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    units = (Unit(tidy(text[start:end]), place.below(text.count("\n", 0, start))) for start, end in pairwise(starts))
    return Block(tuple(unit for unit in units if unit.text), joint=" ")


def listing(lines: Iterable[tuple[str, Place]]) -> Block:
    return Block(tuple(Unit(text, place) for text, place in lines if text.strip()))


def code(text: str, place: Place, language: str = "") -> Block:
    units = tuple(Unit(line, place.below(number)) for number, line in enumerate(text.rstrip("\n").split("\n")))
    return Block(units if text.strip() else (), opening=f"```{language}", closing="```")


def table(header: Sequence[str], rows: Iterable[tuple[Sequence[str], Place]]) -> Block:
    """A table in Markdown; without a header row (`header` empty) its rows stand alone."""
    head = [*header]
    opening = f"{_row(head)}\n{_row(['---'] * len(head))}" if any(head) else ""
    return Block(tuple(Unit(_row(cells), place) for cells, place in rows if any(cells)), opening=opening)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(tidy(cell).replace("|", "\\|") for cell in cells) + " |"
