"""One unified answer from the parts: text, renumbered citations, notes said once, one 'From:' line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.composing.evidence import from_line
from agents.composing.wording import joined, spaced_units
from agents.models import AgentResult, Citation
from core.evidence import Evidence

_MARK = re.compile(r"\[(\d{1,2})\](?!\()")


@dataclass(frozen=True, slots=True)
class Composed:
    """`body` may be phrased anew; `footer` (notes and sources) never is."""

    body: str
    footer: str
    results: list[AgentResult]
    notes: list[str]

    @classmethod
    def nothing(cls) -> Composed:
        return cls(body="", footer="", results=[], notes=[])

    @property
    def text(self) -> str:
        return joined([self.body, self.footer])

    @property
    def citations(self) -> list[Citation]:
        return [citation for result in self.results for citation in result.citations]

    @property
    def evidence(self) -> list[Evidence]:
        return list({item.model_dump_json(): item for result in self.results for item in result.evidence}.values())


def compose(results: Sequence[AgentResult], remarks: Sequence[str], question: str | None, now: datetime) -> Composed:
    numbered = renumbered(results)
    notes = list(dict.fromkeys(note for result in numbered for note in result.notes))
    bodies = [*(result.text for result in numbered), *dict.fromkeys(remarks), *([question] if question else [])]
    citations = [citation for result in numbered for citation in result.citations]
    evidence = [item for result in numbered for item in result.evidence]
    footer = joined([*(f"Note: {spaced_units(note)}" for note in notes), from_line(evidence, citations, now)])
    return Composed(body=joined(_unique(bodies)), footer=footer, results=numbered, notes=notes)


def renumbered(results: Sequence[AgentResult]) -> list[AgentResult]:
    """Citations counted through the whole answer; a passage cited twice keeps its first number."""
    numbers: dict[tuple[str, str, str], int] = {}
    return [_renumber(result, numbers) for result in results]


def _renumber(result: AgentResult, numbers: dict[tuple[str, str, str], int]) -> AgentResult:
    mapped: dict[int, int] = {}
    kept: list[Citation] = []
    for citation in result.citations:
        key = (citation.document, citation.section, citation.quote)
        is_new = key not in numbers
        mapped[citation.number] = numbers.setdefault(key, len(numbers) + 1)
        if is_new:
            kept.append(citation.model_copy(update={"number": mapped[citation.number]}))
    if not mapped:
        return result
    text = _MARK.sub(lambda mark: f"[{mapped.get(int(mark[1]), int(mark[1]))}]", result.text)
    return result.model_copy(update={"text": text, "citations": kept})


def _unique(parts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(parts))
