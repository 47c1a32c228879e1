"""Sections as they stand in the manual, each with its numbered citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tools.models import Passage

_TOLD_SECTIONS = {"symptom": 2, "manual_fact": 2}
"""Sections quoted in full, by intent; one otherwise. The rest is named."""
_NAMED_SECTIONS = 2
_PREFERRED = {
    "spare_part": re.compile(r"spare part|part number|order number", re.IGNORECASE),
    "safety": re.compile(r"safety|lock[- ]?out|stored energy|danger|protective", re.IGNORECASE),
}
SAFETY = _PREFERRED["safety"]


@dataclass(frozen=True, slots=True)
class Section:
    """The passages found of one section of a manual, in the order of the manual."""

    passages: tuple[Passage, ...]

    @property
    def first(self) -> Passage:
        return self.passages[0]

    @property
    def heading(self) -> str:
        return self.first.section_path.rsplit(" > ", 1)[-1]

    @property
    def path(self) -> str:
        """Headings below the title, which the citation names anyway."""
        return self.first.section_path.removeprefix(f"{self.first.title} > ")

    @property
    def text(self) -> str:
        return "\n\n".join(passage.text.strip() for passage in self.passages)


def sections(passages: Sequence[Passage]) -> list[Section]:
    """Passages of one section together; sections in the order of their best passage."""
    found: dict[tuple[str, str], list[Passage]] = {}
    for passage in passages:
        found.setdefault((passage.document, passage.section_path), []).append(passage)
    return [Section(tuple(sorted(parts, key=_place))) for parts in found.values()]


def _place(passage: Passage) -> int:
    number = passage.chunk_id.rpartition("#")[2]
    return int(number) if number.isdigit() else 0


def arranged(found: Sequence[Section], intent: str, code: str | None) -> tuple[list[Section], list[Section]]:
    """(sections to quote, sections to name): those about the code, or of the kind asked for, come first."""
    wanted = _PREFERRED.get(intent)
    about_code = [section for section in found if code is not None and names(section.heading, code)]
    of_kind = [section for section in found if wanted is not None and _is_of_kind(section, wanted)]
    ordered = list(dict.fromkeys([*about_code, *of_kind, *found]))
    told = _TOLD_SECTIONS.get(intent, 1)
    return ordered[:told], ordered[told : told + _NAMED_SECTIONS]


def _is_of_kind(section: Section, wanted: re.Pattern[str]) -> bool:
    return wanted.search(section.first.section_path) is not None


def names(text: str, code: str) -> bool:
    """Whether the code stands in the text, however it is joined: E-417, E417, E 417."""
    letters, digits = re.sub(r"[^A-Za-z]", "", code), re.sub(r"\D", "", code)
    return re.search(rf"(?<![A-Za-z0-9]){letters}[- ]?{digits}(?!\d)", text, re.IGNORECASE) is not None


def manual_text(told: Sequence[Section], named: Sequence[Section], safety: Section | None) -> str:
    """Sections quoted [1], [2]; then those named; then where the safety rules stand."""
    numbered = list(enumerate([*told, *named], 1))
    parts = [_quote(number, section) for number, section in numbered[: len(told)]]
    if named:
        parts.append(f"See also: {', '.join(f'{s.heading} [{n}]' for n, s in numbered[len(told) :])}.")
    if safety is not None:
        parts.insert(0, f"Safety first: {safety.heading} [{len(numbered) + 1}].")
    return "\n\n".join(parts)


def _quote(number: int, section: Section) -> str:
    body = "\n".join(f"> {line}".rstrip() for line in section.text.splitlines())
    return f"**{section.heading}** [{number}]\n\n{body}"


def refusal_text(code: str | None, reason: str | None) -> str:
    subject = f"{code} is not" if code else "That is not"
    because = f" ({reason.rstrip('.')})" if reason else ""
    return f"{subject} in the manuals I have{because}. I will not guess; add the manual to the shelf, or ask the maker."
