"""The 'From:' line: what an answer stands on, in one short line a person can walk back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from agents.composing.wording import ago, moment, plural
from agents.models import Citation
from core.evidence import Evidence


def from_line(evidence: Sequence[Evidence], citations: Sequence[Citation], now: datetime) -> str:
    """Empty when there is nothing to stand on. Manuals by number alone: page and terminal list what is cited."""
    found = [item for item in evidence if item.source != "documents" and item.rows != 0]
    said = _unique([*(_together(group, now) for group in _by_moment(found)), _manuals(citations)])
    return f"From: {'; '.join(said)}." if said else ""


def _manuals(citations: Sequence[Citation]) -> str:
    numbers = _unique(f"[{citation.number}]" for citation in citations)
    return f"manuals {' '.join(numbers)}" if numbers else ""


def _by_moment(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    """Evidence with the same newest reading together, in the order of the answer."""
    groups: dict[datetime | None, list[Evidence]] = {}
    for item in evidence:
        groups.setdefault(item.data_until, []).append(item)
    return list(groups.values())


def _together(group: Sequence[Evidence], now: datetime) -> str:
    until = group[0].data_until
    newest = f"newest {moment(until)} ({ago(until, now)})" if until else ""
    said = _unique(part for item in group for part in (_model(item), _rows(item)))
    return ", ".join(_unique([*said, newest]))


def _model(item: Evidence) -> str:
    if item.model_name is None:
        return ""
    return f"model {item.model_name} {item.model_version or ''}".rstrip()


def _rows(item: Evidence) -> str:
    if item.rows is None:
        return (item.query or item.tool) if item.data_until else ""
    return f"{plural(item.rows, 'row')} of {item.query or item.tool}"


def _unique(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
