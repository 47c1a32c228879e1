"""Words and codes of questions and manuals."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

import yaml

_WORD = re.compile(r"[^\W_]+")
_ERROR_CODE = re.compile(r"(?<![\w-])[A-Z]{1,2}-?\d{2,6}(?![\w-])")
_NAMED_CODE = re.compile(
    r"\b(?:error|alarm|fault|code|warning|message)s?(?:\s+(?:code|number|no\.?))?\s*[:#=]?\s*"
    r"([A-Za-z]{0,5}[-\s]?\d{1,6})\b(?!\s*(?:%|hours?|h\b|days?|mm|bar|°))",
    re.IGNORECASE,
)
_PART_NUMBER = re.compile(r"(?<![\w-])(?:\d{3,6}-\d?[A-Z]{1,4}\d?|(?:[A-Z0-9]+-)+[A-Z]*\d[A-Z0-9]*)(?![\w-])")
_IDENTIFIER = re.compile(r"(?<![\w-])(?:[A-Z]{3,}\w*-\w+|\w+-\w+-\w*)(?:-\w+)*(?![\w-])")
_COMPOUND = re.compile(r"(?<![\w-])[^\W\d_]+-[^\W\d_]+(?![\w-])")
_WITH_DIGIT = re.compile(r"[^\W_]*\d[^\W_]*(?:[-.:/=][^\W_]+)*|[^\W_]+(?:[-:=][^\W_]*\d[^\W_]*)+")

_FUNCTION_WORDS = """
    a about above after again all also am an and any are as at be because been before being between both but by can
    cannot could did do does doing done down during each every few for from further get gets given go goes had has have
    having he help her here hers him his how i if in into is it its itself just keep keeps know let like may me might
    mine more most must my need needs no nor not now of off on once only onto or other our out over own per please same
    shall she should show so some still such tell than that the their them then there these they this those through to
    too under until up upon us use used using very want was way we were what when where whether which while who whom
    why will with without would yes yet you your"""
_ANSWER_WORDS = """
    describe detail details explain information instruction instructions manual mean meaning means procedure"""
STOPWORDS = frozenset(f"{_FUNCTION_WORDS} {_ANSWER_WORDS}".split())
"""English function words and names of an answer's form: they say how a question is put, not what it is about."""


def words(text: str) -> list[str]:
    """Lower-case words and numbers in reading order, as the lexical index splits them."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def content_words(question: str) -> list[str]:
    """The words of a question that say what it is about, each once, in order."""
    return list(dict.fromkeys(word for word in words(question) if word not in STOPWORDS and not _is_lone_letter(word)))


def squeeze(code: str) -> str:
    """'E-417', 'e 417' and 'E417' are one code: 'e417'."""
    return re.sub(r"[\W_]+", "", code).lower()


def codes_in(text: str) -> list[str]:
    """Every token with a digit, squeezed: error codes, part numbers, parameters."""
    return list(dict.fromkeys(squeeze(match.group()) for match in _WITH_DIGIT.finditer(text)))


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    lines = yaml.safe_load(Path(__file__).with_name("synonyms.yml").read_text(encoding="utf-8"))
    return {word: tuple(other for other in line if other != word) for line in lines for word in line}


def synonyms_of(word: str) -> tuple[str, ...]:
    """Other words a technician uses for the same (synonyms.yml)."""
    return _synonyms().get(word, ())


def compounds_in(text: str) -> list[str]:
    """Hyphenated words as one word: 'lock-out' is also 'lockout'."""
    return list(dict.fromkeys(squeeze(match.group()) for match in _COMPOUND.finditer(text)))


def error_codes(question: str) -> list[str]:
    """Codes a question is clearly about: written like one (E-417, F07801) or named as one (alarm 12, error E 21)."""
    found = [*_ERROR_CODE.findall(question), *_NAMED_CODE.findall(question)]
    return list(dict.fromkeys(squeeze(code) for code in found))


def asked_codes(question: str) -> list[str]:
    """Error codes and anything written like a part number (6205-2RS, SP-CNC-014); a machine's id may be among them."""
    return list(dict.fromkeys([*error_codes(question), *(squeeze(code) for code in _PART_NUMBER.findall(question))]))


def without_identifiers(question: str, known: Collection[str]) -> str:
    """The question without names such as CNC-A-102 that hold a digit and are no code of the manuals."""

    def kept(match: re.Match[str]) -> str:
        name = match.group()
        return name if squeeze(name) in known or not any(letter.isdigit() for letter in name) else " "

    return _IDENTIFIER.sub(kept, question)


def _is_lone_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()
