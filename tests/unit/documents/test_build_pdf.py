"""The PDF manuals are what their sources say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from data_engineering.documents.build_pdf import build, sources
from data_engineering.documents.models import Chunk
from data_engineering.documents.parsing import SHELF, chunks, read_shelf

_SHIPPED = sorted(SHELF.glob("*.pdf"))


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Chunk]]:
    folder = tmp_path_factory.mktemp("rebuilt")
    build(folder)
    return {manual.document: chunks(manual) for manual in read_shelf(folder)}


def test_every_pdf_has_a_source() -> None:
    assert [path.stem for path in _SHIPPED] == [source.stem for source in sources()]


def test_a_pdf_says_what_its_source_says(rebuilt: dict[str, list[Chunk]]) -> None:
    shipped = {manual.document: chunks(manual) for manual in read_shelf(SHELF) if manual.path.suffix == ".pdf"}
    assert shipped == rebuilt


@pytest.mark.parametrize("path", _SHIPPED, ids=lambda path: path.name)
def test_a_pdf_is_small(path: Path) -> None:
    assert path.stat().st_size < 400_000


@pytest.mark.parametrize("path", _SHIPPED, ids=lambda path: path.name)
def test_a_pdf_has_ten_to_twenty_five_pages_with_bookmarks(path: Path) -> None:
    reader = PdfReader(path)
    assert 10 <= len(reader.pages) <= 25
    assert len([entry for entry in reader.outline if not isinstance(entry, list)]) == 10
