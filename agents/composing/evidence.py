"""The 'From:' line: what an answer stands on, in one short line a person can walk back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from agents.composing.wording import ago, moment
from agents.models import Citation
from core.evidence import Evidence


def from_line(evidence: Sequence[Evidence], citations: Sequence[Citation], now: datetime) -> str:
    """Empty when there is nothing to stand on. Manuals by number alone: page and terminal list what is cited."""
    said = _unique([*(_said(item, now) for item in evidence), _manuals(citations)])
    return f"From: {'; '.join(said)}." if said else ""


def _manuals(citations: Sequence[Citation]) -> str:
    numbers = _unique(f"[{citation.number}]" for citation in citations)
    return f"manuals {' '.join(numbers)}" if numbers else ""


def _said(item: Evidence, now: datetime) -> str:
    if item.source == "documents":
        return ""
    return ", ".join(part for part in (_model(item), _rows(item, now)) if part)


def _model(item: Evidence) -> str:
    if item.model_name is None:
        return ""
    return f"model {item.model_name} {item.model_version or ''}".rstrip()


def _rows(item: Evidence, now: datetime) -> str:
    if item.rows is None and item.data_until is None:
        return ""
    query = item.query or item.tool
    rows = f"{item.rows:,} {'row' if item.rows == 1 else 'rows'} of {query}" if item.rows is not None else query
    newest = f", newest {moment(item.data_until)} ({ago(item.data_until, now)})" if item.data_until else ""
    return f"{rows}{newest}"


def _unique(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
