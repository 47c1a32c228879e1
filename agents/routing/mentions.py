"""What a clause names: machines, kinds, lines, plants, measurements, codes, parts, levels and times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from agents.routing.machines import MachineMention, machine_index
from agents.routing.text import words
from agents.routing.times import When, times
from core.metrics import metric_catalogue
from tools.models import Equipment

_CODE = re.compile(
    r"(?<![\w-])(?:(?:error|fault|alarm|code|err)[ -]?)?(?<![\w-])([A-Z]{1,3})-?(\d{2,4})(?![\w-])"
    r"|(?<![\w-])(error)[ -]?(\d{1,4})(?![\w-])",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?<![\w-])(?:\d{3,}(?:-[A-Z0-9]+)+|[A-Z]{2,}(?:-[A-Z0-9]*\d[A-Z0-9]*){1,4})(?![\w-])", re.IGNORECASE
)
_LEVEL = re.compile(
    r"(?<![\w.,-])(-?\d+(?:\.\d+)?)\s?(°C|°F|mm/s|m/s|m³/h|m3/h|bar|psi|kPa|MPa|kW|rpm|Nm|N·m|A|V|%|mm|min)(?!\w)",
    re.IGNORECASE,
)
_UNITS = {
    "°c": "degC",
    "°f": "degF",
    "m³/h": "m^3/h",
    "m3/h": "m^3/h",
    "nm": "N*m",
    "n·m": "N*m",
    "%": "percent",
    "a": "A",
    "v": "V",
}
_TYPE_WORDS = {
    "cnc": ("cnc machine", "machining centre", "machining center", "milling machine", "lathe", "mill"),
    "robot": ("robot arm", "robotic arm", "welding robot"),
    "press": ("hydraulic press", "stamping press"),
    "conveyor": ("conveyor belt", "belt conveyor"),
    "compressor": ("air compressor", "screw compressor"),
    "pump": ("centrifugal pump",),
}
_VERBS = {"press", "mill", "pump"}
_ANY_KIND = {"machine", "equipment", "asset"}
"""Kinds of a source that knows none: naming them names nothing."""
_DETERMINED = re.compile(
    r"\b(?:the|a|an|this|that|my|our|your|each|every|any|which|on|of|for|all|hydraulic|stamping|in|at)\s$",
    re.IGNORECASE,
)
_CURRENT_ADJECTIVE = re.compile(
    r"\bcurrent(?= (?:state|status|condition|health|risk|oee|value|reading|situation|shift|week|month|failure|level|"
    r"alarm|speed|temperature|vibration|pressure|performance))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Level:
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything one clause names; `masked` is the clause with names replaced by {kinds}."""

    clause: str
    masked: str
    raw_metric: str = ""
    machines: tuple[MachineMention, ...] = ()
    types: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    plants: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    whens: tuple[When, ...] = ()

    @property
    def names_something(self) -> bool:
        own = (self.machines, self.types, self.lines, self.plants, self.metrics, self.codes, self.parts, self.levels)
        return any(own)

    @property
    def machine_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mention.ids[0] for mention in self.machines if len(mention.ids) == 1))


@dataclass(slots=True)
class Reader:
    """Reads clauses against one registry at one moment."""

    machines: Sequence[Equipment]
    now: datetime
    metrics_file: Path | None = None
    _types: dict[str, str] = field(init=False)
    _lines: dict[str, str] = field(init=False)
    _plants: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._types = _type_words(frozenset(machine.equipment_type for machine in self.machines))
        self._lines = {m.line.casefold(): m.line for m in self.machines if m.line}
        self._plants = {m.plant_id.casefold(): m.plant_id for m in self.machines}

    def read(self, clause: str) -> Mentions:
        spans = _Spans(clause)
        machines = [
            m for m in machine_index(tuple(self.machines)).find(clause) if spans.take(m.start, m.end, "machine")
        ]
        levels = [Level(v, u) for s, e, v, u in _levels(clause) if spans.take(s, e, "level")]
        whens = [when for when in times(clause, self.now) if spans.take(when.start, when.end, when.mask[1:-1])]
        parts = [m[0] for m in _PART.finditer(clause) if not _CODE.fullmatch(m[0]) and spans.take(*m.span(), "part")]
        codes = [_code(m) for m in _CODE.finditer(clause) if spans.take(*m.span(), "code")]
        lines = [self._lines[name] for s, e, name in _named(clause, "line", self._lines) if spans.take(s, e, "line")]
        plants = [
            self._plants[name]
            for s, e, name in _named(clause, "plant|site|factory|works", self._plants)
            if spans.take(s, e, "plant")
        ]
        metrics = list(self._metrics(clause, spans))
        types = list(self._kinds(clause, spans))
        return Mentions(
            clause=clause,
            masked=words(spans.masked()),
            raw_metric=" ".join(raw for _, raw in metrics),
            machines=tuple(machines),
            types=_unique(types),
            lines=_unique(lines),
            plants=_unique(plants),
            metrics=_unique(name for name, _ in metrics),
            codes=_unique(codes),
            parts=_unique(parts),
            levels=tuple(levels),
            whens=tuple(whens),
        )

    def _metrics(self, clause: str, spans: _Spans) -> Iterator[tuple[str, str]]:
        names, pattern = _metric_words(self.metrics_file)
        adjective = _CURRENT_ADJECTIVE.search(clause)
        for match in pattern.finditer(clause):
            if adjective and match.span() == adjective.span():
                continue
            if spans.take(*match.span(), "metric"):
                yield names[match[0].casefold()], match[0].casefold()

    def _kinds(self, clause: str, spans: _Spans) -> Iterator[str]:
        for match in _alternatives(tuple(self._types)).finditer(clause):
            word = match[0].casefold()
            if word in _VERBS and not _DETERMINED.search(clause[: match.start()]):
                continue
            if spans.take(*match.span(), "type"):
                yield self._types[word]


class _Spans:
    """Places already spoken for; first come, first served."""

    def __init__(self, clause: str) -> None:
        self._clause = clause
        self._taken: list[tuple[int, int, str]] = []

    def take(self, start: int, end: int, kind: str) -> bool:
        if any(start < other_end and other_start < end for other_start, other_end, _ in self._taken):
            return False
        self._taken.append((start, end, kind))
        return True

    def masked(self) -> str:
        text, position = "", 0
        for start, end, kind in sorted(self._taken):
            text += f"{self._clause[position:start]} {{{kind}}} "
            position = end
        return text + self._clause[position:]


def _levels(clause: str) -> Iterator[tuple[int, int, float, str]]:
    for match in _LEVEL.finditer(clause):
        yield match.start(), match.end(), float(match[1]), _UNITS.get(match[2].casefold(), match[2])


def _code(match: re.Match[str]) -> str:
    letters, digits = match[1] or match[3], match[2] or match[4]
    return f"error{digits}" if letters.casefold() == "error" else f"{letters.upper()}-{digits}"


def _named(clause: str, noun: str, known: dict[str, str]) -> Iterator[tuple[int, int, str]]:
    """'line N1', 'N1 line', 'the north plant', or the name alone when it holds a digit."""
    for name in sorted(known, key=len, reverse=True):
        word = re.escape(name).replace(r"\-", "[- ]?").replace("_", "[_ ]")
        bare = re.escape(name.removeprefix("line").lstrip("-_ ")) if name.startswith("line") else word
        pattern = rf"\b(?:{noun})s? (?:{word}|{bare})\b|\b{word} (?:{noun})\b"
        if noun.startswith("plant") and len(name) > 3:
            pattern += rf"|(?<=\bin ){word}\b|(?<=\bat ){word}\b|(?<=\bin the ){word}\b"
        if any(letter.isdigit() for letter in name) and not name.isdigit():
            pattern += rf"|\b{word}\b"
        for match in re.finditer(pattern, clause, re.IGNORECASE):
            yield match.start(), match.end(), name


@lru_cache(maxsize=4)
def _metric_words(metrics_file: Path | None) -> tuple[dict[str, str], re.Pattern[str]]:
    catalogue = metric_catalogue(metrics_file)
    names: dict[str, str] = {}
    for metric in catalogue.values():
        for alias in (metric.name.replace("_", " "), metric.name, metric.label, *metric.aliases):
            names.setdefault(alias.casefold(), metric.name)
            names.setdefault(alias.casefold().replace("temperature", "temp"), metric.name)
    return names, _alternatives(tuple(names))


@lru_cache(maxsize=16)
def _alternatives(phrases: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered)) or '(?!)'})(?![\w-])", re.IGNORECASE)


@lru_cache(maxsize=8)
def _type_words(types: frozenset[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for kind in types - _ANY_KIND:
        plain = kind.casefold().replace("_", " ")
        for word in (plain, *_TYPE_WORDS.get(plain, ())):
            known |= {word: kind, f"{word}s": kind, f"{word}es": kind}
    return known


def _unique(names: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
