"""What a number stands on. Each answer carries one `Evidence` per tool call."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Window(BaseModel):
    """Half-open interval [start, end) in UTC."""

    model_config = ConfigDict(frozen=True)

    start: datetime
    end: datetime


class Evidence(BaseModel):
    """Where the numbers of one tool call come from, so that a person can walk back to the rows."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    tool: str = Field(description="Tool that was called, e.g. predict_failure.")
    source: Literal["warehouse", "model", "documents"]
    query: str | None = Field(None, description="Catalogue entry that was run.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Values bound to it.")
    snapshot: str | None = Field(None, description="Published warehouse snapshot.")
    model_name: str | None = None
    model_version: str | None = None
    trained_until: datetime | None = Field(None, description="End of the training data, UTC.")
    window: Window | None = Field(None, description="Time window of the rows.")
    rows: int | None = Field(None, ge=0, description="Rows behind the numbers.")
    data_until: datetime | None = Field(None, description="Newest row used, UTC.")
    is_stale: bool = Field(False, description="Newest row is older than the freshness setting.")
    documents: list[str] = Field(default_factory=list, description="Document, section, page of each passage.")


class Evidenced(BaseModel, Generic[T]):
    """A tool's result with what it stands on."""

    result: T
    evidence: list[Evidence]
    notes: list[str] = Field(default_factory=list, description="What the reader must know: stale, missing, partial.")
