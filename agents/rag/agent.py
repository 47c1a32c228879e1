"""Questions to the manuals: codes, procedures, parts, safety, symptoms. Quotes, never paraphrases."""

from __future__ import annotations

from agents.models import AgentResult, Citation, Step
from agents.rag.answer import passages_text, quoted, refusal_text
from agents.toolset import Desk
from tools.models import Passage, SearchRequest


def answer(step: Step, desk: Desk) -> AgentResult:
    found = desk.use(desk.tools.search_manuals, _request(step, desk))
    result = found.result
    if not result.is_answerable or not result.passages:
        return AgentResult(
            agent="rag",
            intent=step.intent,
            status="refused",
            text=refusal_text(step.slots.error_code, result.reason),
            data={"is_answerable": False, "mode": result.mode},
            notes=found.notes,
        )
    shown = quoted(result.passages, step.slots.error_code)
    return AgentResult(
        agent="rag",
        intent=step.intent,
        status="answered",
        text=passages_text(shown),
        data=result.model_dump(mode="json"),
        evidence=found.evidence,
        citations=[_citation(number, passage) for number, passage in enumerate(shown, 1)],
        notes=found.notes,
    )


def _request(step: Step, desk: Desk) -> SearchRequest:
    slots = step.slots
    kind = slots.equipment_type
    if kind is None and slots.equipment_ids:
        kind = desk.equipment_type(slots.equipment_ids[0])
    return SearchRequest(question=slots.topic or step.clause, equipment_type=kind)


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        document=passage.document,
        title=passage.title,
        section=passage.section_path,
        page=passage.page,
        quote=passage.text,
    )
