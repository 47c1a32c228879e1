"""Questions to the manuals: codes, procedures, parts, safety, symptoms. Quotes, never paraphrases."""

from __future__ import annotations

from agents.models import AgentResult, Citation, Step
from agents.rag.answer import SAFETY, Section, arranged, manual_text, refusal_text, sections
from agents.toolset import Desk
from core.evidence import Evidenced
from tools.models import SearchRequest, SearchResult

PASSAGES = 6
LOCK_OUT = "lock out, tag out"


def answer(step: Step, desk: Desk) -> AgentResult:
    kind = _kind(step, desk)
    question = step.slots.topic or step.clause
    found = desk.use(desk.tools.search_manuals, SearchRequest(question=question, equipment_type=kind, limit=PASSAGES))
    if not found.result.is_answerable or not found.result.passages:
        return _refused(step, found)
    told, named = arranged(sections(found.result.passages), step.intent, step.slots.error_code)
    safety = _safety(step, desk, kind, [*told, *named])
    cited = [*told, *named, *([safety] if safety else [])]
    return AgentResult(
        agent="rag",
        intent=step.intent,
        status="answered",
        text=manual_text(told, named, safety),
        data=found.result.model_dump(mode="json"),
        evidence=found.evidence,
        citations=[_citation(number, section) for number, section in enumerate(cited, 1)],
        notes=found.notes,
    )


def _kind(step: Step, desk: Desk) -> str | None:
    if step.slots.equipment_type is None and step.slots.equipment_ids:
        return desk.equipment_type(step.slots.equipment_ids[0])
    return step.slots.equipment_type


def _refused(step: Step, found: Evidenced[SearchResult]) -> AgentResult:
    return AgentResult(
        agent="rag",
        intent=step.intent,
        status="refused",
        text=refusal_text(step.slots.error_code, found.result.reason),
        data={"is_answerable": False, "mode": found.result.mode},
        notes=found.notes,
    )


def _safety(step: Step, desk: Desk, kind: str | None, shown: list[Section]) -> Section | None:
    """Where the same manual says how to make the machine safe; asked before a job, unless it is shown already."""
    if step.intent != "procedure" or any(SAFETY.search(section.heading) for section in shown):
        return None
    request = SearchRequest(question=LOCK_OUT, equipment_type=kind, limit=PASSAGES)
    result = desk.use(desk.tools.search_manuals, request).result
    if not result.is_answerable:
        return None
    same_manual = [s for s in sections(result.passages) if s.first.document == shown[0].first.document]
    return next((section for section in same_manual if SAFETY.search(section.heading)), None)


def _citation(number: int, section: Section) -> Citation:
    return Citation(
        number=number,
        document=section.first.document,
        title=section.first.title,
        section=section.path,
        page=section.first.page,
        quote=section.text,
    )
