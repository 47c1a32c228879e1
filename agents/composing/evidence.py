"""The 'From:' line: what an answer stands on, in one sentence a person can walk back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from agents.composing.wording import ago, moment
from agents.models import Citation
from core.evidence import Evidence


def from_line(evidence: Sequence[Evidence], citations: Sequence[Citation], now: datetime) -> str:
    """Empty when there is nothing to stand on."""
    said = _unique([*(_said(item, now) for item in evidence), *(cited(citation) for citation in citations)])
    return f"From: {'; '.join(said)}." if said else ""


def cited(citation: Citation) -> str:
    page = f", p. {citation.page}" if citation.page is not None else ""
    return f"[{citation.number}] {citation.title}, {citation.section}{page}"


def _said(item: Evidence, now: datetime) -> str:
    if item.source == "documents":
        return ""
    parts = [_model(item), _rows(item, now)]
    return ", ".join(part for part in parts if part)


def _model(item: Evidence) -> str:
    if item.model_name is None:
        return ""
    name = f"model {item.model_name}"
    version = f" {item.model_version}" if item.model_version else ""
    trained = f" (trained to {item.trained_until:%Y-%m-%d})" if item.trained_until else ""
    return f"{name}{version}{trained}"


def _rows(item: Evidence, now: datetime) -> str:
    if item.rows is None and item.data_until is None:
        return ""
    query = item.query or item.tool
    rows = f"{item.rows:,} rows of {query}" if item.rows is not None else query
    window = f" from {moment(item.window.start)} to {moment(item.window.end)}" if item.window else ""
    newest = f", newest {moment(item.data_until)} ({ago(item.data_until, now)})" if item.data_until else ""
    return f"{rows}{window}{newest}"


def _unique(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
