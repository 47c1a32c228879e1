"""Reading a shelf: what each format keeps, and what a broken file says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from core.errors import CorruptData, NotFound
from data_engineering.documents.models import Chunk
from data_engineering.documents.parsing import chunks, read_shelf

MARKDOWN = """\
---
equipment_types: [cnc, press]
---
# Mill 200

Read this first.

## Error codes

| Code | Cause |
|------|-------|
| E-1 | belt \\| pulley |

### `E-1` in detail

1. Stop.
   - Wait 10 min.
2. See [chapter 4](#x) and `reset()`.

```sh
reset --all
```
"""

HTML = """\
<!doctype html>
<html><head><meta charset="utf-8"><meta name="equipment-types" content="pump, robot"><title>Pump 40</title>
<style>p {color: red}</style></head>
<body><nav>Home</nav><h1>Pump 40</h1><p>Hello <b>wor</b>ld.</p>
<h2>Codes</h2><div>Loose text.<p>Then a paragraph.</p></div>
<table><thead><tr><th>Code</th><th>Cause</th></tr></thead>
<tbody><tr><td>P-1</td><td>seal <i>worn</i></td></tr></tbody></table>
<ol start="3"><li>Close V1.<ul><li>Lock it.</li></ul></li><li>Vent.</li></ol>
<dl><dt>NPSH</dt><dd>net head</dd></dl><pre>a
  b</pre></body></html>
"""


def read(folder: Path, name: str, data: str | bytes) -> list[Chunk]:
    raw = data.encode() if isinstance(data, str) else data
    (folder / name).write_bytes(raw)
    (manual,) = read_shelf(folder)
    return chunks(manual)


def test_a_shelf_lists_the_three_formats_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.html", "a.md", "notes.txt"):
        (tmp_path / name).write_text("<h1>T</h1>text" if name == "b.html" else "# T\ntext")
    assert [(m.document, m.media_type) for m in read_shelf(tmp_path)] == [
        ("a.md", "text/markdown"),
        ("b.html", "text/html"),
    ]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        read_shelf(tmp_path / "nowhere")


def test_markdown_title_is_its_first_heading(tmp_path: Path) -> None:
    assert {chunk.title for chunk in read(tmp_path, "mill.md", MARKDOWN)} == {"Mill 200"}


def test_markdown_front_matter_names_the_equipment_types(tmp_path: Path) -> None:
    assert {chunk.equipment_types for chunk in read(tmp_path, "mill.md", MARKDOWN)} == {("cnc", "press")}


def test_a_markdown_section_knows_its_headings_from_the_top(tmp_path: Path) -> None:
    assert [chunk.section_path for chunk in read(tmp_path, "mill.md", MARKDOWN)] == [
        ("Mill 200",),
        ("Mill 200", "Error codes"),
        ("Mill 200", "Error codes", "E-1 in detail"),
    ]


def test_a_markdown_line_counts_from_the_top_of_the_file(tmp_path: Path) -> None:
    lines = MARKDOWN.splitlines()
    for chunk in read(tmp_path, "mill.md", MARKDOWN):
        assert chunk.line is not None
        assert lines[chunk.line - 1].split(" ")[0] in chunk.text


def test_a_markdown_table_keeps_header_and_cells(tmp_path: Path) -> None:
    table = read(tmp_path, "mill.md", MARKDOWN)[1]
    assert table.text == "| Code | Cause |\n| --- | --- |\n| E-1 | belt \\| pulley |"


def test_markdown_lists_links_and_code_read_as_a_reader_sees_them(tmp_path: Path) -> None:
    detail = read(tmp_path, "mill.md", MARKDOWN)[2]
    assert detail.text == dedent("""\
        1. Stop.
           - Wait 10 min.
        2. See chapter 4 and `reset()`.

        ```sh
        reset --all
        ```""")


def test_an_unknown_tag_in_markdown_is_text(tmp_path: Path) -> None:
    (chunk,) = read(tmp_path, "a.md", "# A\nSet <value> to <b>4</b>.")
    assert " ".join(chunk.text.split()) == "Set <value> to 4 ."


def test_front_matter_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptData, match=r"a\.md: the front matter is not YAML"):
        read(tmp_path, "a.md", "---\na: [\n---\n# A\ntext")


def test_html_title_and_equipment_types_come_from_the_head(tmp_path: Path) -> None:
    first = read(tmp_path, "pump.html", HTML)[0]
    assert (first.title, first.equipment_types) == ("Pump 40", ("pump", "robot"))


def test_html_reads_in_order_without_navigation_and_style(tmp_path: Path) -> None:
    first, codes = read(tmp_path, "pump.html", HTML)
    assert first.text == "Hello world."
    assert codes.section_path == ("Pump 40", "Codes")
    assert codes.text == dedent("""\
        Loose text.

        Then a paragraph.

        | Code | Cause |
        | --- | --- |
        | P-1 | seal worn |

        3. Close V1.
           - Lock it.
        4. Vent.

        - NPSH: net head

        ```
        a
          b
        ```""")


def test_html_without_optional_closing_tags_reads_the_same(tmp_path: Path) -> None:
    page = HTML
    for tag in ("</li>", "</td>", "</th>", "</tr>", "</thead>", "</tbody>", "</dt>", "</dd>", "</p>"):
        page = page.replace(tag, "")
    (tmp_path / "short").mkdir()
    assert [c.text for c in read(tmp_path / "short", "a.html", page)] == [
        c.text for c in read(tmp_path, "a.html", HTML)
    ]


def test_html_in_the_encoding_it_declares_is_read(tmp_path: Path) -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><body><h1>Öl</h1><p>wärmt</p></body></html>'
    (chunk,) = read(tmp_path, "a.html", page.encode("iso-8859-1"))
    assert (chunk.title, chunk.text) == ("Öl", "wärmt")


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.pdf"])
def test_an_empty_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorruptData, match=f"{name}: the file is empty"):
        read(tmp_path, name, "\n")


@pytest.mark.parametrize(("name", "encoding"), [("a.md", "latin-1"), ("a.html", "latin-1"), ("a.md", "utf-16")])
def test_text_that_is_not_utf_8_is_refused_with_the_remedy(tmp_path: Path, name: str, encoding: str) -> None:
    with pytest.raises(CorruptData, match=name) as refused:
        read(tmp_path, name, "# Überdruck ab 5 bar".encode(encoding))
    assert refused.value.remedy == "Save the file as UTF-8."


def test_a_file_changed_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\none")
    (manual,) = read_shelf(tmp_path)
    (tmp_path / "a.md").write_text("# A\ntwo")
    with pytest.raises(CorruptData, match="changed since"):
        chunks(manual)


def test_an_unchanged_file_gives_the_same_chunks_again(tmp_path: Path) -> None:
    assert read(tmp_path, "mill.md", MARKDOWN) == read(tmp_path, "mill.md", MARKDOWN)
