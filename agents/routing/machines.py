"""Which machine: exact ids, the ways people write them, typing slips in the letters; never a guess about the digits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from tools.models import Equipment

_TOKEN = re.compile(r"[A-Za-z]+|\d+")
_GAP = re.compile(r"[-_ ./#]{0,2}")
_GENERIC = {"machine", "equipment", "unit", "asset"}
_SHAPED = re.compile(r"(?<![\w-])(?:[A-Za-z]{2,}[-_][A-Za-z]{1,3}[-_]?|[A-Za-z]{4,}[-_])\d{1,5}(?![\w-])")
_COUNTED = re.compile(r"\s*(?:times|seconds|minutes|hours|days|weeks|months|bar|°|%|mm|rpm|kw|a\b|v\b)", re.IGNORECASE)
_LONGEST = 8
LETTER_SLIPS = 1
NEAREST = 3


@dataclass(frozen=True, slots=True)
class MachineMention:
    """`ids`: one when resolved, several when ambiguous, none when unknown (then `nearest` helps)."""

    start: int
    end: int
    text: str
    ids: tuple[str, ...]
    nearest: tuple[str, ...] = ()
    is_corrected: bool = False
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def _tokens(text: str) -> list[_Token]:
    return [_Token(_plain(match[0]), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def _plain(token: str) -> str:
    """Lower case; leading zeros do not count."""
    return (token.lstrip("0") or "0") if token.isdigit() else token.casefold()


def key(text: str) -> str:
    return "".join(token.text for token in _tokens(text))


class MachineIndex:
    """Built once per registry state; look-ups are dictionary reads."""

    def __init__(self, machines: Sequence[Equipment]) -> None:
        self.machines = machines
        self._ids = [machine.equipment_id for machine in machines]
        self._by_key: dict[str, set[str]] = defaultdict(set)
        self._by_number: dict[str, list[tuple[tuple[str, ...], Equipment]]] = defaultdict(list)
        for machine in machines:
            self._add(machine)
        self._prefixes = {_tokens(i)[0].text for i in self._ids if _tokens(i) and not i[0].isdigit()}
        self._types = {machine.equipment_type.casefold() for machine in machines}

    def _add(self, machine: Equipment) -> None:
        for spelling in (machine.equipment_id, *machine.aliases, machine.name or ""):
            if _is_distinct(spelling):
                self._by_key[key(spelling)].add(machine.equipment_id)
        parts = tuple(token.text for token in _tokens(machine.equipment_id))
        if parts and parts[-1].isdigit():
            self._by_number[parts[-1]].append((parts, machine))

    def find(self, text: str) -> list[MachineMention]:
        tokens, found, position = _tokens(text), [], 0
        while position < len(tokens):
            mention, used = self._at(text, tokens, position)
            if mention is not None:
                found.append(mention)
            position += used
        return found + self._shaped(text, found)

    def _at(self, text: str, tokens: list[_Token], first: int) -> tuple[MachineMention | None, int]:
        for last in range(min(first + _LONGEST, len(tokens)), first, -1):
            run = tokens[first:last]
            if _is_whole(text, run) and (ids := self._exact(run)):
                return _mention(text, run, ids), len(run)
        for size in (3, 2):
            run = tokens[first : first + size]
            if len(run) == size and _is_whole(text, run) and run[-1].text.isdigit():
                mention = self._partial(text, run)
                if mention is not None:
                    return mention, size
        return None, 1

    def _exact(self, run: list[_Token]) -> tuple[str, ...]:
        ids = self._by_key.get("".join(token.text for token in run))
        return tuple(sorted(ids)) if ids else ()

    def _partial(self, text: str, run: list[_Token]) -> MachineMention | None:
        """'pump 203', 'CNC 102', 'machine 17', and slips such as 'CMC-A-102'; or an unknown machine of a known kind."""
        head, *middle, number = [token.text for token in run]
        if _COUNTED.match(text, run[-1].end):
            return None
        same_number = self._by_number.get(number, [])
        ids = [m.equipment_id for parts, m in same_number if self._fits(head, middle, parts, m)]
        if ids:
            return _mention(text, run, tuple(sorted(ids)))
        letters = head + "".join(middle)
        slips = [m.equipment_id for parts, m in same_number if _is_slip(letters, "".join(parts[:-1]))]
        if slips:
            return _mention(text, run, tuple(sorted(slips)), is_corrected=True)
        is_kind = head in self._prefixes | self._types and (len(number) > 1 or bool(middle))
        if is_kind or (head in _GENERIC and self._ids and not middle):
            return self._unknown(text, run[0].start, run[-1].end, is_sure=True)
        return None

    def _fits(self, head: str, middle: list[str], parts: tuple[str, ...], machine: Equipment) -> bool:
        is_head = head in _GENERIC or head in (parts[0], machine.equipment_type.casefold())
        return is_head and all(word in parts[1:-1] for word in middle)

    def _shaped(self, text: str, found: Iterable[MachineMention]) -> list[MachineMention]:
        """What is written like an id but begins like no machine of ours."""
        taken = [(mention.start, mention.end) for mention in found]
        return [
            self._unknown(text, match.start(), match.end(), is_sure=False)
            for match in _SHAPED.finditer(text)
            if self._ids and not any(match.start() < end and start < match.end() for start, end in taken)
        ]

    def _unknown(self, text: str, start: int, end: int, *, is_sure: bool) -> MachineMention:
        said = text[start:end]
        return MachineMention(start, end, said, (), self.nearest(said), is_sure=is_sure)

    def nearest(self, said: str) -> tuple[str, ...]:
        close = process.extract(key(said), {i: key(i) for i in self._ids}, scorer=fuzz.ratio, limit=NEAREST)
        return tuple(identifier for _, _, identifier in close)


def _is_distinct(spelling: str) -> bool:
    """Bare numbers and short words would match anything."""
    return not spelling.isdigit() and len(key(spelling)) >= (2 if any(c.isdigit() for c in spelling) else 4)


def _is_slip(letters: str, known: str) -> bool:
    return len(known) >= 3 and DamerauLevenshtein.distance(letters, known) <= LETTER_SLIPS


def _is_whole(text: str, run: list[_Token]) -> bool:
    before = text[run[0].start - 1] if run[0].start else " "
    after = text[run[-1].end] if run[-1].end < len(text) else " "
    gaps = pairwise(run)
    return not (before.isalnum() or after.isalnum()) and all(_GAP.fullmatch(text, a.end, b.start) for a, b in gaps)


def _mention(text: str, run: list[_Token], ids: tuple[str, ...], *, is_corrected: bool = False) -> MachineMention:
    start, end = run[0].start, run[-1].end
    return MachineMention(start, end, text[start:end], ids, is_corrected=is_corrected)


@lru_cache(maxsize=8)
def machine_index(machines: tuple[Equipment, ...]) -> MachineIndex:
    return MachineIndex(machines)


def resolved(mentions: Iterable[MachineMention]) -> Iterator[str]:
    return (mention.ids[0] for mention in mentions if len(mention.ids) == 1)
