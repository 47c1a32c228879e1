"""What the retrieval room hands out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data_engineering.documents.models import Chunk

Mode = Literal["hybrid", "lexical"]


class IndexSummary(BaseModel):
    """One published index, and what building it took."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Folder of the index under documents/index.")
    indexed_at: datetime
    mode: Mode
    documents: int
    passages: int
    indexed: list[str] = Field(description="Documents that were new or had changed.")
    unchanged: int = Field(description="Documents taken over from the index before.")
    removed: list[str]


class Hit(BaseModel):
    """One passage with what speaks for it."""

    model_config = ConfigDict(frozen=True)

    chunk: Chunk
    score: float = Field(description="Support (answerability.py): cosine and coverage weighed together.")
    cosine: float | None = Field(description="Cosine to the question; None in lexical mode.")
    coverage: float = Field(description="Share of the question's words in it, weighted by rarity, 0 to 1.")


class Answerability(BaseModel):
    """Whether the manuals cover a question."""

    model_config = ConfigDict(frozen=True)

    is_answerable: bool
    support: float = Field(description="Most support a passage gives, synonyms not counted; what confidence is from.")
    confidence: float = Field(description="0 to 1; the question is refused below 0.5.")
    reason: str | None = None


class SearchOutcome(BaseModel):
    model_config = ConfigDict(frozen=True)

    hits: list[Hit]
    mode: Mode
    answerability: Answerability
