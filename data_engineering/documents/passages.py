"""Sections cut into passages that a search can return whole."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from data_engineering.documents.sections import Block, Place, Section, Unit

WORDS = 220
"""Most words of a passage; more only where one header row alone is longer."""

_WORD = re.compile(r"\S*\w\S*")


@dataclass(frozen=True)
class Passage:
    """One piece of one section. `place` is where its first unit stands."""

    text: str
    place: Place


def words(text: str) -> int:
    return len(_WORD.findall(text))


def passages(section: Section, limit: int = WORDS) -> list[Passage]:
    """The section in reading order, cut into pieces of about the same length.

    A block is broken only where it does not fit into one piece.
    """
    even = _even(sum(_size(block) for block in section.blocks), limit)
    desk = _Desk(even)
    for block in section.blocks:
        if _size(block) <= even:
            desk.make_room(block.units, block, first=True)
        for unit in _pieces(block, limit):
            desk.make_room((unit,), block, first=unit is block.units[0])
            desk.lay(unit, block)
    desk.turn()
    return desk.done


def _even(total: int, limit: int) -> int:
    """Words of a piece when `total` is cut evenly, with a tenth of slack so that blocks may stay whole."""
    pieces = max(1, math.ceil(total / limit))
    return min(limit, math.ceil(total / pieces * 1.1))


def _size(block: Block) -> int:
    return words(block.opening) + sum(words(unit.text) for unit in block.units)


def _pieces(block: Block, limit: int) -> Iterator[Unit]:
    """Units of the block; one longer than a passage is cut at words."""
    room = max(1, limit - words(block.opening))
    for unit in block.units:
        if words(unit.text) <= room:
            yield unit
            continue
        parts = unit.text.split(" ")
        for start in range(0, len(parts), room):
            yield Unit(" ".join(parts[start : start + room]), unit.place)


class _Desk:
    """The passage being put together, and those done."""

    def __init__(self, limit: int) -> None:
        self.done: list[Passage] = []
        self._limit = limit
        self._laid: list[tuple[Unit, Block]] = []

    def make_room(self, units: tuple[Unit, ...], block: Block, *, first: bool) -> None:
        if not self._fits(units, block):
            self.turn(keep_lead_in=first)
        if not self._fits(units, block):
            self.turn()

    def _fits(self, units: tuple[Unit, ...], block: Block) -> bool:
        used = sum(words(unit.text) for unit, _ in self._laid)
        used += sum(words(opened.opening) for opened in self._blocks())
        new = sum(words(unit.text) for unit in units)
        return used + new + (0 if block in self._blocks()[-1:] else words(block.opening)) <= self._limit

    def lay(self, unit: Unit, block: Block) -> None:
        self._laid.append((unit, block))

    def turn(self, *, keep_lead_in: bool = False) -> None:
        """Finish the passage; a last line such as `Proceed as follows:` goes with what it introduces."""
        kept = self._laid[-1:] if keep_lead_in and len(self._laid) > 1 and self._laid[-1][0].text.endswith(":") else []
        self._laid = self._laid[: len(self._laid) - len(kept)]
        if self._laid:
            self.done.append(Passage(self._text(), self._laid[0][0].place))
        self._laid = kept

    def _blocks(self) -> list[Block]:
        blocks: list[Block] = []
        for _, block in self._laid:
            if not blocks or blocks[-1] is not block:
                blocks.append(block)
        return blocks

    def _text(self) -> str:
        parts = []
        for block in self._blocks():
            body = block.joint.join(unit.text for unit, owner in self._laid if owner is block)
            parts.append("\n".join(part for part in (block.opening, body, block.closing) if part))
        return "\n\n".join(parts)
