"""PDF: sections from its bookmarks, tables from the columns of the page, running headers and footers left out."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import Destination

from core.errors import CorruptData
from data_engineering.documents import sections
from data_engineering.documents.sections import Block, Outline, Place, Reading

_GAP = re.compile(r" {3,}")
_CONTENTS_LINE = re.compile(r"(?:\s*\.){6,}\s*\d+\s*$")
_BULLETS = "•‣–▪◦-"
_MARK = re.compile(rf"^(\s*)([{_BULLETS}]|\d+[.)]|[a-z]\))\s+\S")
_BROKEN_COMPOUND = re.compile(r"\w-$")
_TYPE_KEYWORD = "equipment-type:"
_EDGE_LINES = 2
_PAGES_TO_BE_RUNNING = 3


@dataclass(frozen=True)
class Bookmark:
    """One entry of the document's outline; `page` is 1-based."""

    level: int
    title: str
    page: int


@dataclass(frozen=True)
class Line:
    text: str
    page: int


@dataclass(frozen=True)
class Start:
    """A heading on its page: index of its first line, and over how many lines it goes."""

    at: int
    length: int
    bookmark: Bookmark


def read(data: bytes, name: str) -> Reading:
    """Raises CorruptData for a truncated, encrypted or text-less file."""
    if b"%%EOF" not in data[-1024:]:
        raise CorruptData(f"{name}: the PDF ends too early.", remedy="Copy the file again from its source.")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise CorruptData(f"{name}: the PDF is encrypted.", remedy="Save a copy without a password.")
        pages = [page.extract_text(extraction_mode="layout").splitlines() for page in reader.pages]
        bookmarks = list(_bookmarks(reader, reader.outline, 1))
        information = dict(reader.metadata or {})
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CorruptData(
            f"{name}: the PDF cannot be read: {error}", remedy="Copy the file again or re-export it."
        ) from error
    if not any(line.strip() for page in pages for line in page):
        raise CorruptData(
            f"{name}: the PDF holds pictures only, no text.", remedy="Run a text recognition over it first."
        )
    keywords = [word.strip() for word in str(information.get("/Keywords") or "").split(",")]
    types = tuple(word.removeprefix(_TYPE_KEYWORD).strip() for word in keywords if word.startswith(_TYPE_KEYWORD))
    title = str(information.get("/Title") or "").strip() or (bookmarks[0].title if bookmarks else None)
    return Reading(title, types, _sections(_without_running_lines(pages), bookmarks))


def _bookmarks(reader: PdfReader, entries: Sequence[object], level: int) -> Iterator[Bookmark]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _bookmarks(reader, entry, level + 1)
        elif isinstance(entry, Destination):
            number = reader.get_destination_page_number(entry)
            if number is not None:
                yield Bookmark(level, sections.tidy(entry.title or ""), number + 1)


def _without_running_lines(pages: list[list[str]]) -> list[list[Line]]:
    """Lines at a page's edge that return on half of the pages (numbers aside) are headers and footers."""
    edges = Counter(mark for page in pages for mark in {_mark(page[at]) for at in _edge(page)})
    least = max(_PAGES_TO_BE_RUNNING, len(pages) / 2)
    kept: list[list[Line]] = []
    for number, page in enumerate(pages, start=1):
        running = {at for at in _edge(page) if edges[_mark(page[at])] >= least}
        lines = [Line(text.rstrip(), number) for at, text in enumerate(page) if at not in running]
        kept.append([line for line in lines if not _CONTENTS_LINE.search(line.text)])
    return kept


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


def _sections(pages: list[list[Line]], bookmarks: list[Bookmark]) -> list[sections.Section]:
    outline = Outline()
    body: list[Line] = []
    for number, lines in enumerate(pages, start=1):
        starts = _starts(lines, [mark for mark in bookmarks if mark.page == number])
        headings = {start.at + offset for start in starts for offset in range(start.length)}
        for at in range(len(lines) + 1):
            for start in (start for start in starts if start.at == at):
                _flush(body, outline)
                outline.heading(start.bookmark.level, start.bookmark.title)
            if at < len(lines):
                body.append(Line("", number) if at in headings else lines[at])
    _flush(body, outline)
    return outline.sections


def _starts(lines: list[Line], bookmarks: list[Bookmark]) -> list[Start]:
    """Where the headings of a page's bookmarks stand; one that is not found opens what follows the one before."""
    starts: list[Start] = []
    after = 0
    for bookmark in bookmarks:
        found = (
            Start(at, length, bookmark)
            for at in range(after, len(lines))
            for length in (1, 2, 3)
            if sections.tidy(" ".join(line.text for line in lines[at : at + length])) == bookmark.title
        )
        start = next(found, Start(after, 0, bookmark))
        after = start.at + start.length
        starts.append(start)
    return starts


def _flush(body: list[Line], outline: Outline) -> None:
    for block in _blocks(body):
        outline.add(block)
    body.clear()


def _blocks(lines: list[Line]) -> list[Block]:
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
    at = len(line.text) - len(line.text.lstrip())
    for part in _GAP.split(line.text.strip()):
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
        elif items and line.text.startswith("  "):
            items[-1] = Line(_joined([items[-1].text, line.text.strip()]), items[-1].page)
        else:
            yield from _list(items)
            items = []
            paragraph.append(line)
    yield from _list(items)
    yield from _paragraph(paragraph)


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
        (_marked(end - margin, mark, item.text[end:].strip()), Place(page=item.page)) for end, mark, item in parts
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
        whole += part if _BROKEN_COMPOUND.search(whole) else f" {part}"
    return whole
