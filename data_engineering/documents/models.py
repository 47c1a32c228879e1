"""Manuals as the retrieval room sees them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Manual(BaseModel):
    """One document of the shelf."""

    model_config = ConfigDict(frozen=True)

    document: str = Field(description="File name, stable id of the document.")
    title: str
    path: Path
    media_type: str = Field(description="text/markdown, text/html or application/pdf.")
    equipment_types: tuple[str, ...] = Field(default=(), description="Machine types it is about; empty: all.")
    sha256: str


class Chunk(BaseModel):
    """One passage: at most about 220 words of one section, never across sections; tables keep their header row."""

    model_config = ConfigDict(frozen=True)

    chunk_id: str = Field(description="<document>#<n>, stable for unchanged content.")
    document: str
    title: str
    section_path: tuple[str, ...] = Field(description="Headings from the top.")
    page: int | None = Field(description="1-based; None where the format has no pages.")
    line: int | None = Field(None, description="1-based first line in a text format.")
    text: str
    equipment_types: tuple[str, ...] = ()
