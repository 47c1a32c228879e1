"""Which machine is meant: never a guess about a digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.machines import MachineIndex, MachineMention
from tests.doubles.agent_tools import MACHINES
from tools.models import Equipment

INDEX = MachineIndex(MACHINES)


def only(text: str, index: MachineIndex = INDEX) -> MachineMention:
    found = index.find(text)
    assert len(found) == 1
    return found[0]


def machine(equipment_id: str, equipment_type: str = "machine") -> Equipment:
    return MACHINES[0].model_copy(
        update={"equipment_id": equipment_id, "equipment_type": equipment_type, "aliases": ()}
    )


@pytest.mark.parametrize(
    "text",
    [
        "CNC-A-102",
        "cnc-a-102",
        "CNC A102",
        "cnc a 102",
        "CNC_A_102",
        "cnca102",
        "CNC-A-0102",
        "(CNC-A-102)",
        "CNC-A-102's",
    ],
)
def test_an_id_is_known_in_every_spelling(text: str) -> None:
    assert only(f"how is {text} doing").ids == ("CNC-A-102",)


def test_a_kind_and_a_number_name_the_one_machine_they_fit() -> None:
    index = MachineIndex((machine("PUMP-B-203", "pump"), machine("CNC-B-203", "cnc")))
    assert only("the pump 203 leaks", index).ids == ("PUMP-B-203",)


def test_a_kind_and_a_number_that_fit_several_are_ambiguous() -> None:
    index = MachineIndex((machine("PUMP-A-203", "pump"), machine("PUMP-B-203", "pump")))
    assert only("pump 203", index).ids == ("PUMP-A-203", "PUMP-B-203")


def test_machine_and_a_number_name_a_machine_without_a_kind_in_its_id() -> None:
    index = MachineIndex((machine("M-017"), machine("M-018")))
    assert only("is machine 17 likely to fail", index).ids == ("M-017",)


def test_a_slip_in_a_letter_is_mended_and_marked() -> None:
    mention = only("CMC-A-102")
    assert (mention.ids, mention.is_corrected) == (("CNC-A-102",), True)


def test_a_slip_in_a_digit_is_never_mended() -> None:
    assert only("CNC-A-120").ids == ()


def test_an_unknown_id_names_its_nearest() -> None:
    assert "CNC-A-102" in only("CNC-A-120").nearest


@pytest.mark.parametrize("text", ["error E-417", "part 6205-2RS", "press 10 seconds", "203", "2026-03-01", "75 °C"])
def test_codes_parts_and_numbers_are_no_machines(text: str) -> None:
    assert INDEX.find(text) == []


def test_an_empty_registry_finds_nothing() -> None:
    assert MachineIndex(()).find("CNC-A-102") == []


@given(st.sampled_from(MACHINES), st.sampled_from(["-", " ", "_", ""]), st.booleans())
def test_every_machine_is_found_however_it_is_joined(known: Equipment, joint: str, is_lower: bool) -> None:
    text = known.equipment_id.replace("-", joint)
    assert only(text.lower() if is_lower else text).ids == (known.equipment_id,)
