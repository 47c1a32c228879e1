"""What belongs to the text of a page, told from how lines come again and how words go on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from data_engineering.documents.page_blocks import blocks_of
from data_engineering.documents.page_columns import in_reading_order
from data_engineering.documents.page_lines import Line, body_lines, with_whole_words

WORDS = ["belt", "E-417", "3.5", "mm/s", "•", "1.", "12.", "stop", "Lock", "out."]


def text_of(*lines: str) -> list[str]:
    body = [line for page in with_whole_words(body_lines([list(lines)])) for line in page]
    return ["\n".join(unit.text for unit in block.units) for block in blocks_of(body)]


def test_a_word_broken_at_the_end_of_a_line_is_one_word_again() -> None:
    assert text_of("the manip-", "ulation of parts") == ["the manipulation of parts"]


def test_a_compound_that_the_document_knows_keeps_its_hyphen() -> None:
    assert text_of("the after-cooler and the after-", "cooler again") == ["the after-cooler and the after-cooler again"]


def test_a_part_number_broken_at_its_hyphen_stays_whole() -> None:
    assert text_of("keep ten BF-6204-", "ZZ at hand") == ["keep ten BF-6204-ZZ at hand"]


def test_bullets_with_a_wide_gap_are_a_list() -> None:
    assert text_of("•    Stop.", "•    Lock.") == ["- Stop.\n- Lock."]


def test_a_line_left_of_the_item_ends_the_list() -> None:
    assert text_of("  • Stop", "    now.", "  Then go on.") == ["- Stop now.", "Then go on."]


def test_a_footer_with_the_page_number_goes_whatever_else_it_says() -> None:
    plain = [["Body text", "of page", "number", "", "last words"] for _ in range(6)]
    numbered = [["Body text", "of page", "number", "", f"Chapter {page // 2} {page - 2}"] for page in (7, 8, 9)]
    assert all("Chapter" not in line.text for page in body_lines([*plain, *numbered]) for line in page)


def test_a_row_that_ends_a_page_with_a_number_of_its_own_is_text() -> None:
    pages = [["Header", "", "Code, limit", f"{word} {limit}"] for word, limit in (("oil", 7), ("air", 3), ("belt", 90))]
    assert [page[-1].text for page in body_lines(pages)] == ["oil 7", "air 3", "belt 90"]


def test_columns_with_clear_gaps_are_a_table_and_a_wrapped_cell_stays_in_its_row() -> None:
    (table,) = blocks_of([
        Line("Code     Cause              Remedy", 1),
        Line("E-1      a worn bearing     change", 1),
        Line("         of the motor", 1),
        Line("E-2      dirt               clean", 1),
    ])  # fmt: skip
    assert [unit.text for unit in table.units] == [
        "| E-1 | a worn bearing of the motor | change |",
        "| E-2 | dirt | clean |",
    ]


def test_rows_with_blank_lines_between_them_are_whole_rows_though_every_cell_wraps() -> None:
    (table,) = blocks_of([
        Line("Task               Material", 1),
        Line("", 1),
        Line("Change oil and     Oil LD-S46 and", 1),
        Line("filter             ring", 1),
        Line("", 1),
        Line("Tension belt       None", 1),
    ])  # fmt: skip
    assert [unit.text for unit in table.units] == [
        "| Change oil and filter | Oil LD-S46 and ring |",
        "| Tension belt | None |",
    ]


def test_a_list_right_below_a_table_is_no_row_of_it() -> None:
    table, steps = blocks_of([
        Line("Code     Cause", 1),
        Line("E-1      belt", 1),
        Line("1.   Stop the machine, wait, and lock it.", 1),
    ])  # fmt: skip
    assert [unit.text for block in (table, steps) for unit in block.units] == [
        "| E-1 | belt |",
        "1. Stop the machine, wait, and lock it.",
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(WORDS)), max_size=6), max_size=40))
def test_no_word_of_a_page_is_lost(page: list[list[tuple[int, str]]]) -> None:
    texts = ["".join(" " * gap + word + " " for gap, word in line) for line in page]
    lines = in_reading_order([Line(text.rstrip(), 1) for text in texts])
    read = "\n".join(f"{block.opening}\n" + "\n".join(unit.text for unit in block.units) for block in blocks_of(lines))
    assert {word for text in texts for word in text.split()} - {"•"} <= set(read.split())
