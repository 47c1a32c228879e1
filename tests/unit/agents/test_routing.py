"""From words to a plan, measured on utterances from the field. `-s` prints the figures."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.models import OFFERED, Focus, Plan
from agents.registry import AGENTS
from agents.routing.classifier import WEIGHTS, classifier
from agents.routing.intents import Intent, intents, matched, sentence
from agents.routing.router import Router, focus_after
from agents.routing.training import samples
from tests.doubles.agent_tools import MACHINES, NOW
from tests.evaluation.routing import Outcome, evaluate, masked, utterances

ROUTER = Router(MACHINES, now=NOW, threshold=0.45)


def plan(message: str, focus: Focus | None = None) -> Plan:
    return asyncio.run(ROUTER.plan(message, focus or Focus()))


def share(outcomes: list[Outcome]) -> float:
    return sum(outcome.are_intents_right for outcome in outcomes) / len(outcomes)


@pytest.fixture(scope="module")
def held_out() -> list[Outcome]:
    return evaluate("test")


@pytest.fixture(scope="module")
def looked_at() -> list[Outcome]:
    return evaluate("dev")


def by_kind(outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.utterance.kind].append(outcome)
    return kinds


def test_wordings_never_seen_are_routed_as_well_as_stated(held_out: list[Outcome]) -> None:
    for kind, outcomes in by_kind(held_out).items():
        print(f"held out, words alone: {kind} {share(outcomes):.3f} of {len(outcomes)}")  # noqa: T201
    print(f"held out, words alone: all {share(held_out):.3f} of {len(held_out)}")  # noqa: T201
    assert share(held_out) >= 0.88


def test_wordings_looked_at_stay_right(looked_at: list[Outcome]) -> None:
    print(f"looked at, words alone: {share(looked_at):.3f} of {len(looked_at)}")  # noqa: T201
    assert share(looked_at) >= 0.94


def test_a_right_intent_has_its_slots_right(held_out: list[Outcome], looked_at: list[Outcome]) -> None:
    right = [outcome for outcome in held_out + looked_at if outcome.are_intents_right and outcome.utterance.slots]
    print(f"slots: {sum(o.are_slots_right for o in right)} of {len(right)}")  # noqa: T201
    assert sum(outcome.are_slots_right for outcome in right) / len(right) >= 0.97


def test_there_are_enough_utterances() -> None:
    assert len(utterances("dev")) + len(utterances("test")) >= 150


def test_no_held_out_utterance_is_a_training_sentence() -> None:
    trained = {text for text, *_ in samples()}
    held_out = [utterance.say for utterance in utterances("test") if utterance.kind in {"single", "out of scope"}]
    assert [say for say in held_out if masked(say) in trained and not matched(masked(say))] == []


def test_every_intent_is_trained() -> None:
    assert set(classifier().names) == set(intents())


def test_the_weights_stay_under_a_megabyte() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000


def test_the_training_samples_are_the_same_every_time() -> None:
    assert samples() == samples()


def test_probabilities_sum_to_one() -> None:
    assert sum(classifier().probabilities("is {machine} ok").values()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("intent", list(intents().values()), ids=lambda intent: intent.name)
def test_a_template_routes_to_its_own_intent(intent: Intent) -> None:
    from random import Random

    random = Random(1)
    told = [sentence(template, random) for template in intent.templates for _ in range(3)]
    assert all(intent.name in matched(text) for text in told)


@pytest.mark.parametrize("name", ["vision", "report"])
def test_what_is_not_offered_yet_has_its_place_and_an_alternative(name: str) -> None:
    entry = next(entry for agent, entry in AGENTS.items() if agent == name)
    assert not entry.offered
    assert "oday" in entry.instead


def test_the_registry_offers_what_the_models_say() -> None:
    assert {name for name, entry in AGENTS.items() if entry.offered} == set(OFFERED)


def test_six_agents_are_registered() -> None:
    assert set(AGENTS) == {"vision", "rag", "report", "ml", "analytics", "forecasting"}


def test_a_decision_names_its_voters() -> None:
    votes = plan("Do you think COMP-A-101 will hold out over the weekend?").decision.votes[0]
    assert {vote.voter for vote in votes} == {"classifier", "slots"}


def test_a_template_decides_alone() -> None:
    decision = plan("Is CNC-A-102 likely to fail?").decision
    assert (decision.path, decision.confidence) == ("template", 1.0)


def test_an_unclear_request_is_asked_back_with_two_readings() -> None:
    question = plan("CNC-A-102 qwertz asdf").question
    assert question is not None
    assert ", or " in question


def test_a_mended_id_is_said() -> None:
    assert plan("Is CMC-A-102 likely to fail?").remarks == ["I read 'CMC-A-102' as CNC-A-102."]


def test_one_unknown_machine_does_not_cost_the_other_parts() -> None:
    made = plan("Is CNC-A-102 likely to fail and how is PUMP-C-999 doing?")
    assert [step.intent for step in made.steps] == ["failure_risk"]
    assert made.question is not None
    assert "PUMP-C-999" in made.question


def test_the_question_to_the_manuals_leaves_the_id_out() -> None:
    assert plan("How do I change the seal on PUMP-B-203?").steps[0].slots.topic == "How do I change the seal on"


def test_a_manual_asks_for_the_kind_alone_when_the_machine_is_in_doubt() -> None:
    pumps = tuple(MACHINES[4].model_copy(update={"equipment_id": f"PUMP-{line}-203", "aliases": ()}) for line in "BE")
    made = asyncio.run(Router(pumps, now=NOW, threshold=0.45).plan("How do I change the seal on pump 203?", Focus()))
    assert (made.question, made.steps[0].slots.equipment_type) == (None, "pump")


@pytest.mark.parametrize(
    ("message", "intent"),
    [("mtbf of all machines", "reliability"), ("scrap of everything in the north plant", "quality")],
)
def test_a_term_of_the_trade_names_its_figure(message: str, intent: str) -> None:
    assert [step.intent for step in plan(message).steps] == [intent]


def test_many_requests_are_bounded() -> None:
    assert len(plan(" ".join("How is CNC-A-101 doing?" for _ in range(50))).steps) <= 8


def test_a_question_changes_no_focus() -> None:
    before = Focus(equipment_ids=("CNC-A-102",), last_intent="oee")
    assert focus_after(plan("How is PUMP-C-999 doing?"), before) == before


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_any_text_gives_a_plan(text: str) -> None:
    made = plan(text)
    assert made.steps or made.question or made.remarks


NORTH = Focus(equipment_ids=("PUMP-B-203",), plant_id="north", time_range="last_14_days", last_intent="downtime")


@pytest.mark.parametrize("message", ["and the quality?", "And last month?", "what about the OEE there"])
def test_a_question_that_goes_on_about_a_plant_keeps_it(message: str) -> None:
    slots = plan(message, NORTH).steps[0].slots
    assert (slots.plant_id, slots.equipment_ids) == ("north", ())


def test_a_new_question_does_not_keep_the_plant() -> None:
    assert plan("Which machines are most likely to fail?", NORTH).steps[0].slots.plant_id is None


def test_a_group_is_what_the_conversation_is_about_until_a_machine_is_named() -> None:
    asked = plan("downtime of plant north last week")
    focus = focus_after(asked, Focus(equipment_ids=("PUMP-B-203",)))
    assert focus.plant_id == "north"
    assert focus_after(plan("How is CNC-A-101?"), focus).plant_id is None


@pytest.mark.parametrize("level", ["140 F", "140 °F", "140 degrees F", "140 deg F", "140 Fahrenheit"])
def test_a_level_is_read_with_its_unit_however_spelt(level: str) -> None:
    slots = plan(f"When will the temperature of CNC-A-102 exceed {level}?").steps[0].slots
    assert (slots.threshold, slots.threshold_unit) == (140.0, "degF")


def test_a_short_temperature_is_one_measurement() -> None:
    steps = plan("Why is the coolant temp of CNC-A-102 so high?").steps
    assert [step.slots.metric for step in steps] == ["coolant_temperature"]
