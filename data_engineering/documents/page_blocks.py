"""Lines of a page read as paragraphs, lists and tables by where their words stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise

from data_engineering.documents import sections
from data_engineering.documents.page_lines import SOFT_HYPHEN, Line
from data_engineering.documents.sections import Block, Place

_GAP = re.compile(r" {3,}")
_BULLETS = "•‣–▪◦-"
_MARK = re.compile(rf"^(\s*)([{_BULLETS}]|\d+[.)]|[a-z]\))\s+\S")
_BROKEN_COMPOUND = re.compile(r"\w-$")


def blocks_of(lines: list[Line]) -> list[Block]:
    """Runs of lines between blank ones, read as tables where columns stand, else as list items and paragraphs."""
    blocks: list[Block] = []
    for filled, run in groupby(lines, key=lambda line: bool(line.text.strip())):
        for block in _run(list(run)) if filled else ():
            if blocks and _goes_on(blocks[-1], block):
                block = replace(block, units=blocks.pop().units + block.units)
            blocks.append(block)
    return blocks


def _goes_on(block: Block, following: Block) -> bool:
    """A table whose header came again on a new page, or a list with a gap in it."""
    return block.joint == following.joint == "\n" and block.opening == following.opening


def _run(run: list[Line]) -> list[Block]:
    head = next((at for at, (line, below) in enumerate(pairwise(run)) if _heads_columns(line, below)), None)
    if head is None:
        return list(_text_blocks(run))
    rows, rest = _rows(run[head:])
    return [*_text_blocks(run[:head]), sections.table(rows[0][0], rows[1:]), *_text_blocks(rest)]


def _heads_columns(line: Line, below: Line) -> bool:
    """The line below has a cell where this one has its second or a later one."""
    later = [start for start, _ in _cells(line)][1:]
    return any(abs(start - column) <= 1 for start, _ in _cells(below) for column in later)


def _cells(line: Line) -> list[tuple[int, str]]:
    """Column at which each cell starts, and its text."""
    cells: list[tuple[int, str]] = []
    at = _indent(line)
    for part in () if _MARK.match(line.text) else _GAP.split(line.text.strip()):
        at = line.text.index(part, at)
        cells.append((at, part))
        at += len(part)
    return cells


def _rows(lines: list[Line]) -> tuple[list[tuple[list[str], Place]], list[Line]]:
    """Rows of the table that the first line heads, and the lines after it.

    A line with nothing in the first column, or with nothing else, goes on with the row above it.
    """
    columns = [start for start, _ in _cells(lines[0])]
    rows: list[tuple[list[str], Place]] = []
    for at, line in enumerate(lines):
        cells = _cells(line)
        if rows and cells[0][0] <= columns[0] + 1 and len(cells[0][1]) + cells[0][0] > columns[1]:
            return rows, lines[at:]
        texts = [""] * len(columns)
        for start, text in cells:
            column = max((n for n, known in enumerate(columns) if known <= start + 1), default=0)
            texts[column] = sections.tidy(_joined([texts[column], text]))
        if rows and (not texts[0] or not any(texts[1:])):
            merged = [sections.tidy(_joined([old, new])) for old, new in zip(rows[-1][0], texts, strict=True)]
            rows[-1] = (merged, rows[-1][1])
        else:
            rows.append((texts, Place(page=line.page)))
    return rows, []


def _text_blocks(lines: list[Line]) -> Iterator[Block]:
    """Paragraphs and list items; an item goes on over the lines indented as its text."""
    items: list[Line] = []
    paragraph: list[Line] = []
    for line in lines:
        if _begins_item(line, items, paragraph):
            yield from _paragraph(paragraph)
            paragraph = []
            items.append(line)
        elif items and _indent(line) > _indent(items[-1]):
            items[-1] = Line(_joined([items[-1].text, line.text.strip()]), items[-1].page)
        else:
            yield from _list(items)
            items = []
            paragraph.append(line)
    yield from _list(items)
    yield from _paragraph(paragraph)


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _begins_item(line: Line, items: list[Line], paragraph: list[Line]) -> bool:
    """A number that only happens to stand at the start of a line within a sentence begins no item."""
    mark = _MARK.match(line.text)
    if mark is None:
        return False
    number = mark[2].rstrip(".)")
    known = [_MARK.match(item.text) for item in items]
    follows = {str(int(before) + 1) for item in known if item and (before := item[2].rstrip(".)")).isdigit()}
    return not number.isdigit() or number == "1" or number in follows or not (items or paragraph)


def _list(items: list[Line]) -> Iterator[Block]:
    """Items in Markdown; those of the same number of digits stand at the same depth."""
    if not items:
        return
    marks = [_MARK.match(item.text) for item in items]
    parts = [(len(mark[1]) + len(mark[2]), mark[2], item) for mark, item in zip(marks, items, strict=True) if mark]
    margin = min(end for end, _, _ in parts)
    yield sections.listing(
        (_marked(end - margin, mark, sections.tidy(item.text[end:])), Place(page=item.page))
        for end, mark, item in parts
    )


def _marked(depth: int, mark: str, text: str) -> str:
    return f"{'   ' * (depth > 1)}{'-' if mark in _BULLETS else mark} {text}"


def _paragraph(lines: list[Line]) -> Iterator[Block]:
    if lines:
        yield sections.prose(_joined([line.text.strip() for line in lines]), Place(page=lines[0].page))


def _joined(parts: list[str]) -> str:
    """Lines as one; a compound that was broken at its hyphen closes up."""
    whole = parts[0]
    for part in parts[1:]:
        if whole.endswith(SOFT_HYPHEN):
            whole = whole[:-1] + part
        else:
            whole += part if _BROKEN_COMPOUND.search(whole) else f" {part}"
    return whole
