"""Markdown as CommonMark with tables reads it, front matter in YAML."""

from __future__ import annotations

import re
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from core.errors import CorruptData
from data_engineering.documents import sections
from data_engineering.documents.sections import Outline, Place, Reading

_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)
_MARKUP = re.compile(
    r"<!--.*?-->|</?(?:a|abbr|b|br|code|div|em|i|img|kbd|p|small|span|strong|sub|sup|u)\b[^>]*>", re.DOTALL
)
_LISTS = ("bullet_list", "ordered_list")


def read(text: str, name: str) -> Reading:
    """Raises CorruptData when the front matter is not a YAML mapping."""
    match = _FRONT_MATTER.match(text)
    matter = _front_matter(match.group(1), name) if match else {}
    body = text[match.end() :] if match else text
    offset = text[: match.end()].count("\n") if match else 0
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(body))
    outline = Outline()
    for node in tree.children:
        _block(node, outline, offset)
    types = matter.get("equipment_types") or ()
    title = matter.get("title") or next((s.path[0] for s in outline.sections if s.path), None)
    return Reading(title, (types,) if isinstance(types, str) else tuple(types), outline.sections)


def _front_matter(source: str, name: str) -> dict[str, Any]:
    try:
        matter = yaml.safe_load(source) or {}
    except yaml.YAMLError as error:
        raise CorruptData(
            f"{name}: the front matter is not YAML: {error}", remedy="Mend the lines between the two ---."
        ) from error
    if not isinstance(matter, dict):
        raise CorruptData(f"{name}: the front matter is not a mapping.", remedy="Write it as `key: value` lines.")
    return matter


def _block(node: SyntaxTreeNode, outline: Outline, offset: int) -> None:
    place = Place(line=offset + node.map[0] + 1 if node.map else None)
    if node.type == "heading":
        outline.heading(int(node.tag[1]), sections.tidy(_inline(node)))
    elif node.type in _LISTS:
        outline.add(sections.listing(_items(node, offset, "")))
    elif node.type == "table":
        outline.add(_table(node, offset))
    elif node.type in ("fence", "code_block"):
        shift = 1 if node.type == "fence" else 0
        outline.add(sections.code(node.content, Place(line=(place.line or 0) + shift), node.info.strip()))
    elif node.type == "html_block":
        outline.add(sections.prose(_MARKUP.sub(" ", node.content), place))
    elif node.type == "blockquote":
        for child in node.children:
            _block(child, outline, offset)
    else:
        outline.add(sections.prose(_inline(node), place))


def _items(node: SyntaxTreeNode, offset: int, indent: str) -> list[tuple[str, Place]]:
    """One line an item, its own lists below it, indented."""
    number = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    lines: list[tuple[str, Place]] = []
    for count, item in enumerate(node.children):
        mark = "-" if number is None else f"{number + count}."
        lines += _item(item, offset, f"{indent}{mark} ", indent + " " * (len(mark) + 1))
    return lines


def _item(item: SyntaxTreeNode, offset: int, first: str, indent: str) -> list[tuple[str, Place]]:
    lines: list[tuple[str, Place]] = []
    for child in item.children:
        if child.type in _LISTS:
            lines += _items(child, offset, indent)
            continue
        inner = Outline()
        _block(child, inner, offset)
        for block in (block for section in inner.sections for block in section.blocks):
            text = block.joint.join(unit.text for unit in block.units)
            text = "\n".join(part for part in (block.opening, text, block.closing) if part)
            lines.append(((indent if lines else first) + text.replace("\n", "\n" + indent), block.units[0].place))
    return lines


def _table(node: SyntaxTreeNode, offset: int) -> sections.Block:
    rows = [
        ([_inline(cell) for cell in row.children], Place(line=offset + row.map[0] + 1 if row.map else None))
        for part in node.children
        for row in part.children
    ]
    return sections.table(rows[0][0], rows[1:])


def _inline(node: SyntaxTreeNode) -> str:
    """Text as a reader sees it: links by their words, pictures by their description, code in its ticks."""
    if node.type == "code_inline":
        return f"`{node.content}`" if not _in_heading(node) else node.content
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "html_inline":
        return _MARKUP.sub(" ", node.content)
    if node.type in ("text", "image"):
        return node.content
    return "".join(_inline(child) for child in node.children)


def _in_heading(node: SyntaxTreeNode) -> bool:
    parent = node.parent
    while parent is not None and parent.type != "heading":
        parent = parent.parent
    return parent is not None
