"""What a language model's wording must pass before anybody reads it: numbers, names, citations, links, safety."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_SHARE = 2.0
SHORTEST_ALLOWANCE = 400

_NUMBER_WORDS = re.findall(
    r"\w+",
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half double "
    "twice triple third quarter dozen",
)
_UNIT = r"%|°[CF]|mm/s|m³/h|m/s|kW|Nm|bar|rpm|mm|min(?:utes?)?|h(?:ours?)?|d(?:ays?)?|weeks?|months?|V|A\b|s\b"
_NUMBER = re.compile(rf"(?<![\w.,-])([-−]?\d[\d,]*(?:\.\d+)?)(?:\s?({_UNIT})(?!\w))?")
_NAME = re.compile(r"(?=[\w./-]*[A-Za-z])(?=[\w./-]*\d)[A-Za-z0-9][\w./-]*[A-Za-z0-9]")
_CITATION = re.compile(r"\[(\d+)\]")
_LINK = re.compile(r"https?:|www\.|!\[|\]\(|<\s*[a-z/!]|data:|javascript:", re.IGNORECASE)
_SAFETY = re.compile(
    r"lock(?:ed)?[ -]?out|tag[ -]?out|\bLOTO\b|isolate|de-?energi[sz]e|\bPPE\b|danger|warning:|caution|"
    r"stored energy|safety|depressuri[sz]e|do not (?:open|touch|start|enter|run)",
    re.IGNORECASE,
)
_RISK = re.compile(r"\b(Low|Medium|High|Critical) risk\b|\((Low|Medium|High|Critical)\)")


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: str


def objections(text: str, facts: str) -> list[Rejected]:
    """Why `text` may not stand for `facts`; empty when it may. `facts` is the answer the templates gave."""
    found = [
        *_length(text, facts),
        *_links(text),
        *_citations(text, facts),
        *_numbers(text, facts),
        *_names(text, facts),
        *_number_words(text, facts),
        *_dropped_lines(text, facts),
        *_risk_levels(text, facts),
    ]
    return list(dict.fromkeys(found))


def _length(text: str, facts: str) -> list[Rejected]:
    if not text.strip():
        return [Rejected("empty")]
    longest = int(len(facts) * LONGEST_SHARE) + SHORTEST_ALLOWANCE
    return [Rejected(f"longer than {longest} characters")] if len(text) > longest else []


def _links(text: str) -> list[Rejected]:
    return [Rejected("a link, an image or markup")] if _LINK.search(text) else []


def _citations(text: str, facts: str) -> list[Rejected]:
    known = set(_CITATION.findall(facts))
    return [
        Rejected(f"citation [{number}] does not exist") for number in _CITATION.findall(text) if number not in known
    ]


def numbers_in(text: str) -> set[tuple[str, str]]:
    """(digits, unit) of every free-standing number; codes, ids and citations are not numbers."""
    bare = _NAME.sub(lambda name: name[0] if _is_measure(name[0]) else " ", _CITATION.sub(" ", text))
    return {(_plain(match[1]), _unit(match[2] or "")) for match in _NUMBER.finditer(bare)}


def _plain(digits: str) -> str:
    return digits.replace(",", "").replace("−", "-")


def _unit(unit: str) -> str:
    for short in ("min", "h", "d"):
        if unit in {short, *{"min": ("minute", "minutes"), "h": ("hour", "hours"), "d": ("day", "days")}[short]}:
            return short
    return unit.rstrip("s") if unit in {"weeks", "months"} else unit


def _is_measure(name: str) -> bool:
    return re.fullmatch(rf"[\d.,]+(?:{_UNIT})", name) is not None


def _numbers(text: str, facts: str) -> list[Rejected]:
    known = numbers_in(facts)
    return [
        Rejected(f"the number {digits} {unit}".rstrip() + " is not in the facts")
        for digits, unit in sorted(numbers_in(text))
        if not _is_supported(digits, unit, known)
    ]


def _is_supported(digits: str, unit: str, known: set[tuple[str, str]]) -> bool:
    """The same number, or a rounding of it to the decimals shown. Its unit may be left out, not changed."""
    decimals = len(digits.partition(".")[2])
    return any(
        unit in ("", other_unit) and f"{float(other):.{decimals}f}" == f"{float(digits):.{decimals}f}"
        for other, other_unit in known
        if len(other.partition(".")[2]) >= decimals
    )


def _names(text: str, facts: str) -> list[Rejected]:
    known = {name.casefold() for name in _NAME.findall(facts)}
    unknown = [name for name in _NAME.findall(text) if not _is_measure(name) and name.casefold() not in known]
    return [Rejected(f"'{name[:40]}' is not in the facts") for name in unknown]


def _number_words(text: str, facts: str) -> list[Rejected]:
    known = set(re.findall(r"[a-z]+", facts.casefold()))
    used = set(re.findall(r"[a-z]+", text.casefold()))
    return [Rejected(f"'{word}' is not in the facts") for word in _NUMBER_WORDS if word in used - known]


def safety_lines(facts: str) -> list[str]:
    """Lines that must reach the reader as they stand: safety words and everything quoted from a manual."""
    return [line for line in facts.splitlines() if line.strip() and (line.startswith(">") or _SAFETY.search(line))]


def _dropped_lines(text: str, facts: str) -> list[Rejected]:
    flat = _flat(text)
    dropped = [line for line in safety_lines(facts) if _flat(line) not in flat]
    return [Rejected("a safety or quoted line was dropped or changed")] if dropped else []


def _flat(text: str) -> str:
    return re.sub(r"[\s>*]+", " ", text).strip().casefold()


def _risk_levels(text: str, facts: str) -> list[Rejected]:
    def levels(said: str) -> set[str]:
        return {first or second for first, second in _RISK.findall(said)}

    wrong = levels(text) - levels(facts)
    return [Rejected(f"risk level {level} is not in the facts") for level in sorted(wrong)]
