"""Typeset the manuals that ship as PDF from their sources in `shelf/source`.

Run as `python -m data_engineering.documents.build_pdf` after a source was changed; the PDF files are committed.
"""

from __future__ import annotations

from pathlib import Path

from data_engineering.documents.parsing import SHELF

SOURCE = SHELF / "source"
TEMPLATE = "manual.typ"


def sources() -> list[Path]:
    return sorted(path for path in SOURCE.glob("*.typ") if path.name != TEMPLATE)


def typeset(source: Path) -> bytes:
    """The PDF of one source, with the fonts of the typesetter only, so that it is the same everywhere."""
    import typst

    pdf: bytes = typst.compile(source, ignore_system_fonts=True, timestamp=0)
    return pdf


def build(folder: Path = SHELF) -> list[Path]:
    """Write every PDF into `folder`, each replaced at once."""
    targets = [folder / f"{source.stem}.pdf" for source in sources()]
    for source, target in zip(sources(), targets, strict=True):
        fresh = target.with_suffix(".tmp")
        fresh.write_bytes(typeset(source))
        fresh.replace(target)
    return targets


if __name__ == "__main__":
    build()
