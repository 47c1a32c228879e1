"""Values bound to a catalogue entry: each checked against its declared type before any SQL runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from core.clock import require_aware
from core.errors import InvalidInput
from data_engineering.warehouse.models import CatalogueEntry, ParameterType, Value


def bind(entry: CatalogueEntry, values: Mapping[str, Value]) -> dict[str, Any]:
    """One value for each declared parameter; an optional one left out is null.

    Raises:
        InvalidInput: a value that is missing, not declared, of the wrong type, or a timestamp without time zone.
    """
    for name in values:
        if name not in entry.parameters:
            raise _refused(entry, name, "is not a parameter", f"Parameters: {', '.join(entry.parameters) or 'none'}.")
    return {name: _checked(entry, name, kind, values.get(name)) for name, kind in entry.parameters.items()}


def _checked(entry: CatalogueEntry, name: str, kind: ParameterType, value: Value) -> Any:
    if value is None:
        if name in entry.optional:
            return None
        raise _refused(entry, name, "is missing", f"Give a {kind}.")
    if not _IS[kind](value):
        raise _refused(entry, name, f"{str(value)[:80]!r} is not a {kind}", f"Give a {kind}.")
    if isinstance(value, datetime):
        return require_aware(value, field=name)
    return value if isinstance(value, str) or not _is_list(value) else list(value)  # type: ignore[arg-type]


def _refused(entry: CatalogueEntry, name: str, reason: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"{name}: {reason} (catalogue entry '{entry.name}').", remedy=remedy, field=name)


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


_IS: dict[ParameterType, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": lambda value: _is_integer(value) or isinstance(value, float),
    "timestamp": lambda value: isinstance(value, datetime),
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "text_list": lambda value: _is_list(value) and all(isinstance(item, str) for item in value),  # type: ignore[attr-defined]
    "integer_list": lambda value: _is_list(value) and all(map(_is_integer, value)),  # type: ignore[call-overload]
}
