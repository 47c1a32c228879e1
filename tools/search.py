"""Passages of the manuals for a question, or the plain word that the manuals do not cover it."""

from __future__ import annotations

import threading

from core.errors import NotReady
from core.evidence import Evidence, Evidenced
from core.scope import Scope
from core.workspace import Workspace
from ml.retrieval.index import published
from ml.retrieval.minilm import encoder_folder
from ml.retrieval.models import Hit
from ml.retrieval.search import ManualIndex
from tools.models import Passage, SearchRequest, SearchResult
from tools.ports import Toolbox

TOOL = "search_manuals"
WORDS_ONLY = "Manuals were searched by words only: no sentence encoder is installed."


class LocalManualSearch:
    """The index of a workspace; follows its pointer, so a new index is served without a restart."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._open: tuple[str, ManualIndex] | None = None

    def search(self, request: SearchRequest) -> SearchResult:
        outcome = self._index().search(request.question, equipment_type=request.equipment_type, limit=request.limit)
        return SearchResult(
            passages=[_passage(hit) for hit in outcome.hits],
            is_answerable=outcome.answerability.is_answerable,
            mode=outcome.mode,
            reason=outcome.answerability.reason,
        )

    def _index(self) -> ManualIndex:
        folder = published(self._workspace)
        if folder is None:
            raise NotReady("No manual has been indexed.", remedy="Run `copilot index`.")
        with self._lock:
            if self._open is None or self._open[0] != folder.name:
                self._open = (folder.name, ManualIndex(folder, encoder_folder(self._workspace)))
            return self._open[1]


def search_manuals(request: SearchRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[SearchResult]:  # noqa: ARG001
    """The passages that answer the question, best first; none of them to be used when it is not answerable.

    Manuals belong to machine types, not to plants, so every subject may read them.

    Raises:
        NotReady: no manual has been indexed.
    """
    result = toolbox.manuals.search(request)
    cited = [passage.citation for passage in result.passages] if result.is_answerable else []
    evidence = Evidence(
        tool=TOOL, source="documents", parameters=request.model_dump(), rows=len(result.passages), documents=cited
    )
    notes = [] if result.mode == "hybrid" else [WORDS_ONLY]
    return Evidenced(result=result, evidence=[evidence], notes=notes)


def _passage(hit: Hit) -> Passage:
    chunk = hit.chunk
    return Passage(
        chunk_id=chunk.chunk_id,
        document=chunk.document,
        title=chunk.title,
        section_path=" > ".join(chunk.section_path),
        page=chunk.page,
        text=chunk.text,
        score=hit.score,
        equipment_types=chunk.equipment_types,
    )
