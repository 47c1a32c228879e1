"""Lines of a page read as paragraphs, lists and tables by where their words stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise, takewhile
from statistics import median

from data_engineering.documents import sections
from data_engineering.documents.page_lines import SOFT_HYPHEN, Line
from data_engineering.documents.sections import Block, Place

_GAP = re.compile(r" {3,}")
_BULLETS = "•‣–▪◦-"
_MARK = re.compile(rf"^(\s*)([{_BULLETS}]|\d+[.)]|[a-z]\))\s+\S")
_BROKEN_COMPOUND = re.compile(r"\w-$")
_DRIFT = 2
"""By how many characters a column may stand elsewhere on another line or page."""
_ROWS_OF_A_SPACED_TABLE = 3
_LINES_OF_A_SPACED_ROW = 3


def blocks_of(lines: list[Line]) -> list[Block]:
    """Runs of lines between blank ones, read as tables where columns stand, else as list items and paragraphs."""
    runs = [list(run) for filled, run in groupby(lines, key=lambda line: bool(line.text.strip())) if filled]
    blocks: list[Block] = []
    at = 0
    while at < len(runs):
        spaced = _spaced_rows(runs[at:])
        for block in [_spaced_table(spaced)] if spaced else _run(runs[at]):
            if blocks and _goes_on(blocks[-1], block):
                block = replace(block, units=blocks.pop().units + block.units)
            blocks.append(block)
        at += len(spaced) or 1
    return blocks


def _spaced_rows(runs: list[list[Line]]) -> list[list[Line]]:
    """The first runs that are rows of one table with blank lines between its rows; none where no such table begins."""
    columns = [start for start, _ in _cells(runs[0][0])]
    rows = list(takewhile(lambda run: len(columns) > 1 and _stands_in(run, columns), runs))
    is_table = len(rows) >= _ROWS_OF_A_SPACED_TABLE and median(len(row) for row in rows) <= _LINES_OF_A_SPACED_ROW
    return rows if is_table else []


def _stands_in(run: list[Line], columns: list[int]) -> bool:
    starts = [[start for start, _ in _cells(line)] for line in run]
    near = all(any(abs(start - column) <= _DRIFT for column in columns) for line in starts for start in line)
    return near and len(starts[0]) > 1


def _spaced_table(rows: list[list[Line]]) -> Block:
    columns = [start for start, _ in _cells(rows[0][0])]
    parts = (list(part) for row in rows for _, part in groupby(row, key=lambda line: line.page))
    texts = [(_joined_cells(part, columns), Place(page=part[0].page)) for part in parts]
    return sections.table(texts[0][0], [row for row in texts[1:] if row[0] != texts[0][0]])


def _joined_cells(lines: list[Line], columns: list[int]) -> list[str]:
    texts = [""] * len(columns)
    for start, text in (cell for line in lines for cell in _cells(line)):
        column = max((n for n, known in enumerate(columns) if known <= start + _DRIFT), default=0)
        texts[column] = sections.tidy(_joined([texts[column], text]))
    return texts


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
    for part in _GAP.split(line.text.strip()):
        at = line.text.index(part, at)
        cells.append((at, part))
        at += len(part)
    if _MARK.match(line.text) and len(cells) > 1:  # a bullet and its text are one cell
        cells[:2] = [(cells[0][0], f"{cells[0][1]} {cells[1][1]}")]
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
        texts = _joined_cells([line], columns)
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
