"""The named questions that may be asked of the warehouse: the YAML files of `catalogue/`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import TypeAdapter

from core.errors import NotFound
from data_engineering.warehouse.models import CatalogueEntry

FOLDER = Path(__file__).with_name("catalogue")
_ENTRIES = TypeAdapter(list[CatalogueEntry])


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """Every entry by name, in the order of the files."""
    entries: dict[str, CatalogueEntry] = {}
    for file in sorted(FOLDER.glob("*.yml")):
        for entry in _ENTRIES.validate_python(yaml.safe_load(file.read_text(encoding="utf-8"))):
            if entry.name in entries:
                raise ValueError(f"{file.name}: catalogue entry '{entry.name}' is defined twice")
            entries[entry.name] = entry
    return MappingProxyType(entries)


def entry_named(name: str) -> CatalogueEntry:
    """The entry called `name`.

    Raises:
        NotFound: no such entry.
    """
    try:
        return catalogue()[name]
    except KeyError:
        raise NotFound(
            f"entry: '{name}' is not in the warehouse catalogue.",
            remedy=f"Use one of {', '.join(sorted(catalogue()))}.",
            field="entry",
        ) from None
