"""Passages: bounded, within one section, complete."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from data_engineering.documents import sections
from data_engineering.documents.passages import WORDS, passages, words
from data_engineering.documents.sections import Block, Place, Section

WORD = st.sampled_from(["bearing", "seal", "3.5", "bar:", "stop.", "E", "spindle-nose"])
TEXT = st.lists(WORD, min_size=1, max_size=60).map(" ".join)
PLACES = st.integers(1, 40).map(lambda page: Place(page=page))
PROSE = st.builds(sections.prose, TEXT, PLACES)
LISTING = st.lists(st.tuples(TEXT, PLACES), min_size=1, max_size=8).map(sections.listing)
CODE = st.builds(sections.code, TEXT, PLACES)
TABLE = st.builds(
    sections.table, st.just(["code", "cause"]), st.lists(st.tuples(st.tuples(TEXT, TEXT), PLACES), max_size=8)
)
BLOCKS = st.lists(st.one_of(PROSE, LISTING, CODE, TABLE), max_size=6)


def section(*blocks: Block) -> Section:
    return Section(("Manual", "Chapter"), list(blocks))


@settings(max_examples=50, deadline=None)
@given(BLOCKS, st.integers(20, 80))
def test_a_passage_holds_at_most_the_limit(blocks: list[Block], limit: int) -> None:
    assert all(words(passage.text) <= limit for passage in passages(section(*blocks), limit))


@settings(max_examples=50, deadline=None)
@given(BLOCKS, st.integers(20, 80))
def test_every_word_of_a_section_comes_back_in_order(blocks: list[Block], limit: int) -> None:
    given_words = [word for block in blocks for unit in block.units for word in unit.text.split(" ")]
    joined = iter(word for passage in passages(section(*blocks), limit) for word in passage.text.split())
    assert all(word in joined for word in given_words)


@settings(max_examples=50, deadline=None)
@given(BLOCKS)
def test_a_passage_stands_where_its_first_unit_stands(blocks: list[Block]) -> None:
    places = {unit.place for block in blocks for unit in block.units}
    assert all(passage.place in places for passage in passages(section(*blocks)))


def test_each_piece_of_a_long_table_begins_with_the_header_row() -> None:
    rows = [((f"E-{number}", "bearing worn " * 10), Place(line=number)) for number in range(100, 140)]
    pieces = passages(section(sections.table(["Code", "Cause"], rows)))
    assert len(pieces) > 1
    assert all(piece.text.startswith("| Code | Cause |\n| --- | --- |\n| E-") for piece in pieces)


def test_each_piece_of_a_long_listing_is_fenced() -> None:
    listing = sections.code("\n".join(f"speed {number} rpm" for number in range(200)), Place(line=10), "ini")
    pieces = passages(section(listing))
    assert all(piece.text.startswith("```ini\n") and piece.text.endswith("\n```") for piece in pieces)


def test_a_piece_of_a_listing_says_its_own_line() -> None:
    listing = sections.code("\n".join(f"speed {number} rpm" for number in range(200)), Place(line=10))
    first, second, *_ = passages(section(listing))
    assert second.place.line == 10 + first.text.count("\n") - 1


def test_a_short_section_is_one_passage() -> None:
    steps = sections.listing([("1. Stop.", Place(line=2)), ("2. Lock.", Place(line=3))])
    assert [p.text for p in passages(section(sections.prose("Do:", Place(line=1)), steps))] == [
        "Do:\n\n1. Stop.\n2. Lock."
    ]


def test_a_lead_in_goes_with_the_list_it_introduces() -> None:
    steps = sections.listing([(f"{n}. {'turn the bolt ' * 10}", Place(line=9 + n)) for n in range(1, 5)])
    before = sections.prose("Some words. " * 74 + "Proceed as follows:", Place(line=1))
    assert passages(section(before, steps))[1].text.startswith("Proceed as follows:\n\n1. turn")


def test_a_section_without_text_has_no_passage() -> None:
    assert passages(section()) == []


def test_a_sentence_longer_than_a_passage_is_cut_at_words() -> None:
    pieces = passages(section(sections.prose("word " * (WORDS * 2), Place(line=1))))
    assert [words(piece.text) for piece in pieces] == [WORDS, WORDS]
