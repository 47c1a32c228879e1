"""A folder of manuals, read: `read_shelf` lists its documents, `chunks` cuts one into passages with their place."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from core.errors import CorruptData, NotFound
from data_engineering.documents import html, markdown, pdf
from data_engineering.documents.models import Chunk, Manual
from data_engineering.documents.passages import passages
from data_engineering.documents.sections import Reading

SHELF: Path = Path(__file__).with_name("shelf")
"""The manuals that ship with the house."""

MEDIA_TYPES = {".md": "text/markdown", ".html": "text/html", ".pdf": "application/pdf"}


def read_shelf(folder: Path) -> list[Manual]:
    """Every Markdown, HTML and PDF file of the folder, by name.

    Raises:
        NotFound: no such folder.
        CorruptData: a file that is empty, truncated, not UTF-8, or without text.
    """
    if not folder.is_dir():
        raise NotFound(f"shelf: no folder {folder}.", remedy="Name a folder that holds .md, .html or .pdf files.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in MEDIA_TYPES and path.is_file())
    return [_manual(path) for path in files]


def chunks(manual: Manual) -> list[Chunk]:
    """Passages of the manual in reading order.

    Raises:
        CorruptData: the file cannot be read, or is not the one that was listed.
    """
    data = manual.path.read_bytes()
    if hashlib.sha256(data).hexdigest() != manual.sha256:
        raise CorruptData(f"{manual.document}: changed since it was listed.", remedy="Read the shelf again.")
    reading = _read(data, manual.document)
    found = [(section.path, passage) for section in reading.sections for passage in passages(section)]
    return [
        Chunk(
            chunk_id=f"{manual.document}#{number}",
            document=manual.document,
            title=manual.title,
            section_path=path or (manual.title,),
            page=passage.place.page,
            line=passage.place.line,
            text=passage.text,
            equipment_types=manual.equipment_types,
        )
        for number, (path, passage) in enumerate(found, start=1)
    ]


def _manual(path: Path) -> Manual:
    data = path.read_bytes()
    reading = _read(data, path.name)
    return Manual(
        document=path.name,
        title=reading.title or path.stem.replace("_", " "),
        path=path,
        media_type=MEDIA_TYPES[path.suffix.lower()],
        equipment_types=reading.equipment_types,
        sha256=hashlib.sha256(data).hexdigest(),
    )


@lru_cache(maxsize=16)  # a shelf is listed, then cut: the second reading is free
def _read(data: bytes, name: str) -> Reading:
    if not data.strip():
        raise CorruptData(f"{name}: the file is empty.", remedy="Copy the document again, or take it off the shelf.")
    suffix = Path(name).suffix.lower()
    if suffix == ".pdf":
        return pdf.read(data, name)
    if suffix == ".html":
        return html.read(_decoded(data, html.declared_encoding(data), name))
    return markdown.read(_decoded(data, "utf-8-sig", name), name)


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise CorruptData(f"{name}: not {encoding} text: {error}", remedy="Save the file as UTF-8.") from error
    if "\x00" in text:
        raise CorruptData(f"{name}: holds zero bytes, so it is no {encoding} text.", remedy="Save the file as UTF-8.")
    return text.replace("\r\n", "\n")
