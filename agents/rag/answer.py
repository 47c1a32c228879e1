"""Passages as they stand in the manual, each with its numbered citation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tools.models import Passage

QUOTED = 3
_CLOSE = 0.6
"""A further passage is quoted when it scores at least this share of the best one."""


def quoted(passages: Sequence[Passage], code: str | None) -> list[Passage]:
    """The passages worth showing: those that name the code, else the best and those of its section or close to it."""
    if code is not None:
        naming = [passage for passage in passages if _names(passage.text, code)]
        if naming:
            return naming[:QUOTED]
    best = passages[0]
    return [passage for passage in passages if _belongs(passage, best)][:QUOTED]


def _names(text: str, code: str) -> bool:
    letters, digits = re.sub(r"[^A-Za-z]", "", code), re.sub(r"\D", "", code)
    return re.search(rf"(?<![A-Za-z0-9]){letters}[- ]?{digits}(?!\d)", text, re.IGNORECASE) is not None


def _belongs(passage: Passage, best: Passage) -> bool:
    same_section = (passage.document, passage.section_path) == (best.document, best.section_path)
    return passage is best or same_section or (passage.document == best.document and _is_close(passage, best))


def _is_close(passage: Passage, best: Passage) -> bool:
    return best.score > 0 and passage.score >= _CLOSE * best.score


def passages_text(passages: Sequence[Passage]) -> str:
    return "\n\n".join(_quote(number, passage) for number, passage in enumerate(passages, 1))


def _quote(number: int, passage: Passage) -> str:
    body = "\n".join(f"> {line}".rstrip() for line in passage.text.strip().splitlines())
    return f"**{passage.section_path.rsplit(' > ', 1)[-1]}** [{number}]\n\n{body}"


def refusal_text(code: str | None, reason: str | None) -> str:
    subject = f"{code} is not" if code else "That is not"
    because = f" ({reason.rstrip('.')})" if reason else ""
    return f"{subject} in the manuals I have{because}. I will not guess; add the manual to the shelf, or ask the maker."
