"""PDF: sections from its bookmarks, tables from the columns of the page, running headers and footers left out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import Destination

from core.errors import CorruptData
from data_engineering.documents import sections
from data_engineering.documents.page_blocks import blocks_of
from data_engineering.documents.page_columns import in_reading_order
from data_engineering.documents.page_lines import Line, body_lines, with_whole_words
from data_engineering.documents.sections import Outline, Reading

_NUMBERING = re.compile(r"^(?:(?:chapter|section|appendix)\s+)?(?:\d+(?:\.\d+)*|[a-z](?:\.\d+)+)?[:.)]?\s*")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
_UNREADABLE = (
    PyPdfError,
    DependencyError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
)
"""What pypdf raises on files that are not what they say."""
_TYPE_KEYWORD = "equipment-type:"


@dataclass(frozen=True)
class Bookmark:
    """One entry of the document's outline; `page` is 1-based."""

    level: int
    title: str
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
        if reader.is_encrypted and not reader.decrypt(""):
            raise CorruptData(f"{name}: the PDF needs a password.", remedy="Save a copy without a password.")
        pages = [page.extract_text(extraction_mode="layout").splitlines() for page in reader.pages]
        bookmarks = list(_bookmarks(reader, reader.outline, 1))
        information = dict(reader.metadata or {})
    except _UNREADABLE as error:
        raise CorruptData(
            f"{name}: the PDF cannot be read: {error}", remedy="Copy the file again or re-export it."
        ) from error
    if not any(line.strip() for page in pages for line in page):
        raise CorruptData(
            f"{name}: the PDF holds pictures only, no text.", remedy="Run a text recognition over it first."
        )
    keywords = [word.strip() for word in str(information.get("/Keywords") or "").split(",")]
    types = tuple(word.removeprefix(_TYPE_KEYWORD).strip() for word in keywords if word.startswith(_TYPE_KEYWORD))
    lines = with_whole_words([in_reading_order(page) for page in body_lines(pages)])
    first = next(sections.tidy(line.text) for page in [*lines, *_lined(pages)] for line in page if line.text.strip())
    title = str(information.get("/Title") or "").strip() or first
    return Reading(title, types, _sections(lines, bookmarks))


def _lined(pages: list[list[str]]) -> list[list[Line]]:
    return [[Line(text, number) for text in page] for number, page in enumerate(pages, start=1)]


def _bookmarks(reader: PdfReader, entries: Sequence[object], level: int) -> Iterator[Bookmark]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _bookmarks(reader, entry, level + 1)
        elif isinstance(entry, Destination):
            number = reader.get_destination_page_number(entry)
            if number is not None:
                yield Bookmark(level, sections.tidy(entry.title or ""), number + 1)


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
            if _bare(" ".join(line.text for line in lines[at : at + length])) == _bare(bookmark.title)
        )
        start = next(found, Start(after, 0, bookmark))
        after = start.at + start.length
        starts.append(start)
    return starts


def _flush(body: list[Line], outline: Outline) -> None:
    for block in blocks_of(body):
        outline.add(block)
    body.clear()


def _bare(heading: str) -> str:
    """Letters and digits only: bookmarks often lack the number, the capitals or the hyphens that the page shows."""
    return _NOT_ALPHANUMERIC.sub("", _NUMBERING.sub("", sections.tidy(heading).casefold()))
