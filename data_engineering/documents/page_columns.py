"""Pages set in two columns, put into reading order: the left column down to its end, then the right one."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from statistics import median

from data_engineering.documents.page_lines import Line

_MIDDLE = (0.35, 0.65)
_LINES_SIDE_BY_SIDE = 12
_MOST_CROSSING = 0.2
_FILLED = 0.7


def in_reading_order(lines: list[Line]) -> list[Line]:
    """The page as it is unless two columns of prose stand side by side; lines across both keep their place."""
    gutter = _gutter([line.text for line in lines])
    if gutter is None:
        return lines
    ordered: list[Line] = []
    for crossing, run in groupby(lines, key=lambda line: _crosses(line.text, gutter)):
        part = list(run)
        ordered += part if crossing else [*_cut(part, 0, gutter), *_cut(part, gutter, None)]
    return ordered


def _gutter(texts: list[str]) -> int | None:
    """Column of the blank strip between two columns of prose; None when there is none, or a table stands there."""
    width = max((len(text) for text in texts), default=0)
    middle = range(int(width * _MIDDLE[0]), int(width * _MIDDLE[1]))
    column = max(middle, key=lambda at: len(_side_by_side(texts, at)), default=None)
    if column is None:
        return None
    pairs = _side_by_side(texts, column)
    crossing = sum(_crosses(text, column) for text in texts)
    if len(pairs) < _LINES_SIDE_BY_SIDE or crossing > _MOST_CROSSING * len(pairs):
        return None
    return column if all(_is_prose(side) for side in zip(*pairs, strict=True)) else None


def _side_by_side(texts: list[str], column: int) -> list[tuple[str, str]]:
    halves = ((text[:column].strip(), text[column:].strip()) for text in texts if not _crosses(text, column))
    return [(left, right) for left, right in halves if left and right]


def _crosses(text: str, column: int) -> bool:
    return bool(text[max(0, column - 1) : column + 2].strip()) and bool(text[:column].strip())


def _is_prose(side: tuple[str, ...]) -> bool:
    """Lines of prose fill their column; cells of a table mostly do not."""
    lengths = [len(text) for text in side]
    return median(lengths) >= _FILLED * max(lengths)


def _cut(lines: list[Line], start: int, end: int | None) -> list[Line]:
    texts = [line.text[start:end].rstrip() for line in lines]
    margin = min((len(text) - len(text.lstrip()) for text in texts if text), default=0)
    return [replace(line, text=text[margin:]) for line, text in zip(lines, texts, strict=True)]
