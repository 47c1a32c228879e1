"""Searching a small shelf by words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.retrieval.answerability import CALIBRATIONS, Signals, confidence_of, judge
from ml.retrieval.search import ManualIndex

Build = Callable[[], ManualIndex]


def top(index: ManualIndex, question: str, equipment_type: str | None = None) -> str:
    return index.search(question, equipment_type=equipment_type).hits[0].chunk.section_path[-1]


@pytest.mark.parametrize("question", ["What does E-417 mean?", "E417", "error e 417 on the spindle"])
def test_a_code_finds_its_section_in_any_spelling(build: Build, question: str) -> None:
    assert top(build(), question) == "2.1 E-417 Spindle vibration above limit"


def test_a_code_that_stands_in_no_manual_is_refused_by_name(build: Build) -> None:
    judged = build().search("What does E-999 mean for the spindle?").answerability
    assert (judged.is_answerable, judged.reason) == (False, "No manual mentions E999.")


def test_a_code_of_another_machine_type_is_refused(build: Build) -> None:
    assert not build().search("What does E-417 mean?", equipment_type="pump").answerability.is_answerable


def test_a_known_code_is_answerable_whatever_else_is_said(build: Build) -> None:
    assert build().search("our night shift colleague wrote down E-417, hm").answerability.is_answerable


def test_passages_of_another_machine_type_do_not_appear(build: Build) -> None:
    outcome = build().search("bearing", equipment_type="PUMP")
    assert {hit.chunk.document for hit in outcome.hits} == {"pump.md"}


def test_a_machine_type_without_any_manual_is_said(build: Build) -> None:
    outcome = build().search("replace the seal", equipment_type="forklift")
    assert (outcome.hits, outcome.answerability.reason) == ([], "No manual is about machines of type 'forklift'.")


def test_a_long_section_is_not_cut_in_the_middle(build: Build, shelf: Path) -> None:
    steps = "\n\n".join(f"Step {number}: " + "turn the handle gently " * 20 for number in range(8))
    text = f"# Valve\n\n## Overhaul\n\n{steps}\n\nGrind the seat.\n\n{steps}\n\n## Storage\n\nKeep dry.\n"
    (shelf / "valve.md").write_text(text, encoding="utf-8")
    hits = build().search("grind the seat of the valve").hits[:3]
    numbers = [int(hit.chunk.chunk_id.rpartition("#")[2]) for hit in hits]
    assert numbers[1:] == [numbers[0] + 1, numbers[0] - 1]


def test_misspelt_words_find_what_was_meant(build: Build) -> None:
    assert top(build(), "colant temprature too hihg") == "2.2 E-305 Coolant temperature high"


def test_a_synonym_in_a_heading_is_found(build: Build) -> None:
    assert top(build(), "how do I change the spindle bearing", "cnc") == "3.1 Spindle bearing"


def test_a_hyphenated_heading_is_found_as_one_word(build: Build) -> None:
    assert top(build(), "lockout") == "1.1 Lock-out and tag-out"


def test_a_part_number_finds_its_passage(build: Build) -> None:
    assert top(build(), "what is 6205-2RS for") == "3.1 Spindle bearing"


def test_a_question_about_something_else_is_refused_with_the_words_nobody_wrote(build: Build) -> None:
    judged = build().search("Who won the football championship?").answerability
    assert not judged.is_answerable
    assert "football" in (judged.reason or "")


def test_nothing_asked_finds_nothing(build: Build) -> None:
    outcome = build().search("???")
    assert (outcome.hits, outcome.answerability.is_answerable) == ([], False)


def test_without_an_encoder_the_mode_says_so(build: Build) -> None:
    assert build().search("seal").mode == "lexical"


def test_no_more_passages_than_asked_for(build: Build) -> None:
    assert len(build().search("check the bearing", limit=1).hits) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(question=st.text(max_size=200))
def test_no_question_is_a_syntax_error(build: Build, question: str) -> None:
    build().search(question)


@given(st.floats(0, 2), st.floats(0, 2))
def test_more_support_never_lowers_the_confidence(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for calibration in CALIBRATIONS.values():
        assert confidence_of(low, calibration) <= confidence_of(high, calibration)


def test_an_absent_code_outweighs_any_support() -> None:
    assert not judge(Signals(support=2.0, absent_codes=("e999",)), "hybrid").is_answerable
