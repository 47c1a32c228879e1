"""Manuals that answer from a script. A test double: never imported by production code."""

from __future__ import annotations

from core.errors import NotReady
from tools.models import Passage, SearchRequest, SearchResult


class ScriptedManuals:
    """Always finds the same passage; `is_indexed=False` refuses as an empty shelf does."""

    def __init__(self, *, is_indexed: bool = True) -> None:
        self._is_indexed = is_indexed

    def search(self, request: SearchRequest) -> SearchResult:
        if not self._is_indexed:
            raise NotReady("No manual has been indexed.", remedy="Run `copilot index`.")
        passage = Passage(
            chunk_id="c1", document="cnc.pdf", title="CNC", section_path="Safety", page=3, text="Lock out.", score=1.0
        )
        return SearchResult(passages=[passage], is_answerable=True, mode="hybrid")
