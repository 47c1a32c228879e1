"""Words and codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.retrieval.text import (
    asked_codes,
    codes_in,
    compounds_in,
    content_words,
    error_codes,
    squeeze,
    without_identifiers,
)


@pytest.mark.parametrize("spelling", ["E-417", "E417", "error e 417", "alarm E-417!", "Code: E417"])
def test_every_spelling_of_a_code_is_one_code(spelling: str) -> None:
    assert error_codes(spelling) == ["e417"]


@pytest.mark.parametrize(
    "question", ["vibrates after 3 hours", "message after 3 hours", "error rate 5 %", "warning at 7 mm", "T8 spindle"]
)
def test_a_quantity_is_no_error_code(question: str) -> None:
    assert error_codes(question) == []


def test_a_machine_id_is_no_error_code() -> None:
    assert error_codes("What does E-417 mean on CNC-A-102?") == ["e417"]


def test_a_part_number_is_asked_for() -> None:
    assert asked_codes("Where do I get 6205-2RS?") == ["62052rs"]


def test_a_machine_id_is_left_out_of_the_words() -> None:
    assert content_words(without_identifiers("Why does CNC-A-102 shake?", known=())) == ["shake"]


def test_a_part_number_of_the_manuals_stays_in_the_words() -> None:
    assert "SP-CNC-014" in without_identifiers("price of SP-CNC-014", known={"spcnc014"})


def test_function_words_say_nothing_about_the_subject() -> None:
    assert content_words("What should I do when the seal leaks?") == ["seal", "leaks"]


def test_codes_in_tables_are_found_without_their_punctuation() -> None:
    assert codes_in("| E-417 | 6205-2RS | ot=1 |") == ["e417", "62052rs", "ot1"]


def test_a_hyphenated_word_is_also_one_word() -> None:
    assert compounds_in("Lock-out and tag-out") == ["lockout", "tagout"]


@given(st.from_regex(r"[A-Z]{1,2}[0-9]{2,6}", fullmatch=True))
def test_a_code_is_recognised_with_and_without_a_hyphen(code: str) -> None:
    letters = code.rstrip("0123456789")
    assert error_codes(f"{letters}-{code[len(letters) :]}") == error_codes(code) == [squeeze(code)]


@given(st.text())
def test_no_question_breaks_the_reading(question: str) -> None:
    content_words(without_identifiers(question, known=()))
    asked_codes(question)
