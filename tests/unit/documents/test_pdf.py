"""PDF files: bookmarks make sections, columns make tables, running lines go."""

from __future__ import annotations

import zlib
from contextlib import suppress
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from core.errors import CorruptData
from data_engineering.documents import pdf
from data_engineering.documents.models import Chunk
from data_engineering.documents.parsing import chunks, read_shelf

SOURCE = """
#set document(title: "Compressor 30", keywords: ("screw", "equipment-type:compressor"))
#set page(header: [Compressor 30 #h(1fr) Edition 3], footer: context [KD-30 #h(1fr) Page #counter(page).display()])
#set heading(numbering: "1.1")
#set table.cell(breakable: false)
#outline()
#pagebreak()
= Safety
Lock out first. #lorem(30)
== Lock-out of the supply, the stored air and the condensate drain of every vessel that is connected to this machine
+ Stop the machine and wait until the fan and the motor of the machine have come to a stand and stay there.
  - Listen.
+ Vent.
= Error codes
#table(columns: (auto, 1fr, 1fr), inset: 6pt, column-gutter: 12pt, table.header([Code], [Cause], [What to do]),
  ..range(60).map(n => ([C-#(100 + n)], [Cause #n, with enough words to wrap over two lines], [Do #n])).flatten())
= Parts
A belt.
"""


def compiled(folder: Path, source: str) -> Path:
    target = folder / "a.pdf"
    target.write_bytes(typst.compile(source.encode()))
    return target


def read(folder: Path) -> list[Chunk]:
    (manual,) = read_shelf(folder)
    return chunks(manual)


@pytest.fixture(scope="module")
def passages(tmp_path_factory: pytest.TempPathFactory) -> list[Chunk]:
    folder = tmp_path_factory.mktemp("shelf")
    compiled(folder, SOURCE)
    return read(folder)


def test_title_and_equipment_types_come_from_the_properties(passages: list[Chunk]) -> None:
    assert {(chunk.title, chunk.equipment_types) for chunk in passages} == {("Compressor 30", ("compressor",))}


def test_bookmarks_are_the_sections_even_when_a_heading_wraps(passages: list[Chunk]) -> None:
    paths = list(dict.fromkeys(chunk.section_path for chunk in passages))
    assert paths[1:] == [
        ("1 Safety",),
        ("1 Safety", "1.1 Lock-out of the supply, the stored air and the condensate drain of every vessel that is"
                     " connected to this machine"),
        ("2 Error codes",),
        ("3 Parts",),
    ]  # fmt: skip


def test_a_bookmark_without_the_number_of_its_heading_is_found(tmp_path: Path) -> None:
    compiled(tmp_path, '#set document(title: "T")\nBefore.\n\n#heading(outlined: false)[2.1 Belt-tension]\nTight.')
    data = PdfWriter(clone_from=tmp_path / "a.pdf")
    data.root_object.pop("/Outlines", None)
    data.add_outline_item(title="Belttension", page_number=0)
    data.write(tmp_path / "a.pdf")
    assert [(chunk.section_path, chunk.text) for chunk in read(tmp_path)] == [
        (("T",), "Before."),
        (("Belttension",), "Tight."),
    ]


def test_a_pdf_that_only_forbids_changes_is_read(tmp_path: Path) -> None:
    compiled(tmp_path, '#set document(title: "Belt")\nTension: 40 N.')
    data = PdfWriter(clone_from=tmp_path / "a.pdf")
    data.encrypt(user_password="", owner_password="maker", algorithm="AES-256")
    data.write(tmp_path / "a.pdf")
    assert read(tmp_path)[0].text == "Tension: 40 N."


def test_a_pdf_with_a_password_is_refused(tmp_path: Path) -> None:
    compiled(tmp_path, '#set document(title: "Belt")\nTension: 40 N.')
    data = PdfWriter(clone_from=tmp_path / "a.pdf")
    data.encrypt(user_password="secret", algorithm="AES-256")
    data.write(tmp_path / "a.pdf")
    with pytest.raises(CorruptData, match="needs a password"):
        read(tmp_path)


def test_headings_and_running_lines_are_no_text(passages: list[Chunk]) -> None:
    text = "\n".join(chunk.text for chunk in passages)
    assert "Edition 3" not in text
    assert "KD-30" not in text
    assert "1 Safety" not in text


def test_a_step_goes_on_over_its_lines(passages: list[Chunk]) -> None:
    steps = next(chunk.text for chunk in passages if "Listen" in chunk.text)
    assert steps.splitlines()[0].endswith("have come to a stand and stay there.")
    assert steps.splitlines()[1].strip() == "- Listen."


def test_every_row_of_a_table_over_pages_is_whole(passages: list[Chunk]) -> None:
    rows = [line for chunk in passages for line in chunk.text.splitlines() if line.startswith("| C-")]
    assert rows == [
        f"| C-{100 + n} | Cause {n}, with enough words to wrap over two lines | Do {n} |" for n in range(60)
    ]


def test_each_piece_of_the_table_has_one_header_row(passages: list[Chunk]) -> None:
    pieces = [chunk.text for chunk in passages if "| C-" in chunk.text]
    assert {piece.count("| Code | Cause | What to do |") for piece in pieces} == {1}


def test_pages_are_counted_from_one(passages: list[Chunk]) -> None:
    pages = [chunk.page for chunk in passages if chunk.page is not None]
    assert len(pages) == len(passages)
    assert pages == sorted(pages)
    assert passages[1].page == 2


def test_a_pdf_without_bookmarks_is_one_section_named_by_its_title(tmp_path: Path) -> None:
    compiled(tmp_path, '#set document(title: "Belt")\nTension: 40 N.')
    assert [(chunk.section_path, chunk.text) for chunk in read(tmp_path)] == [(("Belt",), "Tension: 40 N.")]


def test_a_number_at_the_start_of_a_line_of_prose_is_no_item(tmp_path: Path) -> None:
    compiled(tmp_path, "#set page(width: 6cm)\nThe belt sinks by 10 to \\\n14. m. Then go on.")
    assert read(tmp_path)[0].text == "The belt sinks by 10 to 14. m. Then go on."


def test_a_truncated_pdf_is_refused_with_the_remedy(tmp_path: Path) -> None:
    target = compiled(tmp_path, SOURCE)
    target.write_bytes(target.read_bytes()[:4000])
    with pytest.raises(CorruptData, match=r"a\.pdf: the PDF ends too early") as refused:
        read(tmp_path)
    assert "Copy the file again" in refused.value.remedy


def test_a_pdf_with_broken_insides_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n")
    with pytest.raises(CorruptData, match=r"a\.pdf"):
        read(tmp_path)


def test_a_pdf_of_pictures_only_is_refused(tmp_path: Path) -> None:
    compiled(tmp_path, "#rect(fill: red)")
    with pytest.raises(CorruptData, match="no text"):
        read(tmp_path)


def test_a_pdf_that_unpacks_to_more_than_memory_allows_is_refused(tmp_path: Path) -> None:
    stream = zlib.compress(b" " * 100_000_000)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, text) for number, text in enumerate(objects, start=1))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n0\n%%EOF\n")
    with pytest.raises(CorruptData, match="Limit reached"):
        read(tmp_path)


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    words = " ".join(f"w{number}" for number in range(700))
    compiled(tmp_path, f'#set document(title: "T")\n#set page(columns: 2)\n= Safety\n{words}\n= Parts\nLast.')
    first, *_, last = read(tmp_path)
    read_words = " ".join(chunk.text for chunk in read(tmp_path)).split()
    assert read_words == [*words.split(), "Last."]
    assert (first.section_path, last.section_path) == (("Safety",), ("Parts",))


def test_a_page_filled_by_a_table_of_two_columns_stays_a_table(tmp_path: Path) -> None:
    rows = ", ".join(f"[Term {number}], [{'meaning ' * (number % 5 + 1)}]" for number in range(30))
    compiled(tmp_path, f"#table(columns: (1fr, 1fr), inset: 9pt, table.header([Term], [Meaning]), {rows})")
    text = "\n".join(chunk.text for chunk in read(tmp_path))
    assert all(f"| Term {number} | meaning" in text for number in range(30))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.data())
def test_a_damaged_pdf_is_read_or_refused_never_a_crash(data: st.DataObject) -> None:
    content = bytearray(typst.compile(b"= Safety\nLock out first.\n= Parts\nA belt."))
    for place in data.draw(st.lists(st.integers(0, len(content) - 30), min_size=1, max_size=40)):
        content[place] = data.draw(st.integers(0, 255))
    with suppress(CorruptData):
        pdf.read(bytes(content), "a.pdf")
