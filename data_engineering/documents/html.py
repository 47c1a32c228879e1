"""HTML pages: headings, paragraphs, lists, tables and listings; navigation and scripts are left out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import Comment, NavigableString, PageElement, Tag

from data_engineering.documents import sections
from data_engineering.documents.sections import Outline, Place, Reading

_LEFT_OUT = ("script", "style", "template", "nav", "noscript")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = ("ul", "ol")
_BLOCKS = (*_HEADINGS, *_LISTS, "p", "table", "pre", "dl", "dt", "dd", "div", "section", "article", "main", "aside",
           "blockquote", "figure", "figcaption", "details", "summary", "header", "footer", "address")  # fmt: skip
_CLOSES = dict.fromkeys(_BLOCKS, ("p",)) | {
    "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"),
    "td": ("td", "th"), "th": ("td", "th"), "tr": ("tr",), "tbody": ("thead", "tbody"),
}  # fmt: skip
"""Whose end a tag implies, where HTML lets the closing tag be left out."""
_CONTAINERS = ("table", *_LISTS, "dl")


def declared_encoding(data: bytes) -> str:
    """What the page says its encoding is; UTF-8 when it says nothing."""
    return EncodingDetector.find_declared_encoding(data, is_html=True) or "utf-8-sig"


def read(text: str) -> Reading:
    soup = BeautifulSoup(text, "html.parser")
    for tag in soup(_LEFT_OUT):
        tag.decompose()
    for tag in soup("br"):
        tag.replace_with(" ")
    _end_open_tags(soup)
    outline = Outline()
    _walk(soup.body or soup, outline)
    first = next((section.path[0] for section in outline.sections if section.path), None)
    title = sections.tidy(soup.title.get_text()) if soup.title else ""
    return Reading(title or first, _equipment_types(soup), outline.sections)


def _end_open_tags(soup: BeautifulSoup) -> None:
    """The parser nests what follows an omitted closing tag; put it behind instead."""
    for tag in soup(list(_CLOSES)):
        inside = takewhile(lambda parent: parent.name not in _CONTAINERS, tag.parents)
        ended = [parent for parent in inside if parent.name in _CLOSES[tag.name]]
        if ended:
            ended[-1].insert_after(*[part.extract() for part in [tag, *tag.next_siblings]])


def _equipment_types(soup: BeautifulSoup) -> tuple[str, ...]:
    tag = soup.find("meta", attrs={"name": "equipment-types"})
    content = str(tag.get("content", "")) if isinstance(tag, Tag) else ""
    return tuple(part.strip() for part in content.split(",") if part.strip())


def _walk(node: Tag, outline: Outline) -> None:
    loose: list[PageElement] = []
    for child in node.children:
        if isinstance(child, Tag) and (child.name in _BLOCKS or child.find(_BLOCKS)):
            _paragraph(loose, node, outline)
            loose = []
            _block(child, outline)
        else:
            loose.append(child)
    _paragraph(loose, node, outline)


def _paragraph(loose: Iterable[PageElement], node: Tag, outline: Outline) -> None:
    """Text that stands in a block without a paragraph of its own."""
    text = "".join(_text(element) for element in loose)
    if text.strip():
        outline.add(sections.prose(text, _place(node)))


def _block(tag: Tag, outline: Outline) -> None:
    if tag.name in _HEADINGS:
        outline.heading(int(tag.name[1]), sections.tidy(tag.get_text()))
    elif tag.name in _LISTS:
        outline.add(sections.listing(_items(tag, "")))
    elif tag.name == "table":
        _table(tag, outline)
    elif tag.name == "dl":
        outline.add(sections.listing(_definitions(tag)))
    elif tag.name == "pre":
        outline.add(sections.code(tag.get_text().strip("\n"), _place(tag)))
    else:
        _walk(tag, outline)


def _items(node: Tag, indent: str) -> list[tuple[str, Place]]:
    number = int(str(node.get("start", "1"))) if node.name == "ol" else None
    lines: list[tuple[str, Place]] = []
    for count, item in enumerate(node.find_all("li", recursive=False)):
        mark = "-" if number is None else f"{number + count}."
        own = sections.tidy("".join(_text(part) for part in item.children if not _is_list(part)))
        lines.append((f"{indent}{mark} {own}", _place(item)))
        for inner in filter(_is_list, item.children):
            lines += _items(inner, indent + " " * (len(mark) + 1))  # type: ignore[arg-type]
    return lines


def _definitions(tag: Tag) -> list[tuple[str, Place]]:
    """One line a description, its term before it."""
    lines: list[tuple[str, Place]] = []
    term = ""
    for part in tag(["dt", "dd"]):
        text = sections.tidy(_text(part))
        if part.name == "dd":
            lines.append((f"- {term}: {text}", _place(part)))
        term = text if part.name == "dt" else term
    return lines


def _is_list(element: PageElement) -> bool:
    return isinstance(element, Tag) and element.name in _LISTS


def _table(tag: Tag, outline: Outline) -> None:
    if tag.caption:
        outline.add(sections.prose(tag.caption.get_text(), _place(tag.caption)))
    rows = [row for row in tag.find_all("tr") if row.find_parent("table") is tag]
    headed = bool(rows) and not rows[0].find("td")
    cells = [([sections.tidy(cell.get_text(" ")) for cell in row(["th", "td"])], _place(row)) for row in rows]
    outline.add(sections.table(cells[0][0] if headed else (), cells[1:] if headed else cells))


def _text(element: PageElement) -> str:
    if isinstance(element, Comment):
        return ""
    if isinstance(element, NavigableString):
        return str(element)
    if not isinstance(element, Tag):
        return ""
    inner = "".join(_text(child) for child in element.children)
    if element.name == "code":
        return f"`{inner.strip()}`"
    return f" {inner} " if element.name in _BLOCKS else inner


def _place(tag: Tag) -> Place:
    return Place(line=tag.sourceline)
