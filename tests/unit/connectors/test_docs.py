"""docs/how-to/import.md knows every key of a mapping file and every shipped mapping, and its example loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_engineering.connectors.mapping import (
    SHIPPED,
    CsvOptions,
    FieldSpec,
    FileSpec,
    Mapping,
    Matched,
    RowClock,
    Series,
    Tag,
    Target,
    ValueColumn,
    load_mapping,
)

PAGE = (Path(__file__).resolve().parents[3] / "docs/how-to/import.md").read_text(encoding="utf-8")
MODELS = [Mapping, FileSpec, CsvOptions, Target, FieldSpec, ValueColumn, Series, Tag, Matched, RowClock]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_documented(model: type[Mapping]) -> None:
    assert [name for name in model.model_fields if not re.search(rf"\b{name}\b", PAGE)] == []


def test_every_shipped_mapping_is_documented() -> None:
    assert [file.stem for file in SHIPPED.glob("*.yml") if f"| `{file.stem}` |" not in PAGE] == []


def test_the_example_loads(tmp_path: Path) -> None:
    file = tmp_path / "example.yml"
    file.write_text(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0], encoding="utf-8")
    assert load_mapping(file).name == "north_press_shop"
