"""What the reader sees: numbers with units, quotes as they stand, one 'From:' line, notes once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.analytics.answer import ASSOCIATIONS, change_text, figure_name, list_text, performance_text, state_text
from agents.composing.compose import compose, renumbered
from agents.composing.evidence import from_line
from agents.composing.wording import ago, number, percent, quantity, signed_percent, time_range
from agents.forecasting.agent import chart
from agents.forecasting.answer import forecast_text, level_text
from agents.ml.answer import ranking_text, risk_text
from agents.models import AgentResult, Citation
from agents.rag.answer import arranged, manual_text, names, refusal_text, sections
from core.evidence import Evidence
from core.scope import LOCAL
from tests.doubles.agent_tools import (
    MACHINES,
    NOW,
    analyse,
    equipment_state,
    explain_change,
    forecast,
    model_evidence,
    rank_failures,
    risk,
    rows_evidence,
    scripted_toolbox,
)
from tools.models import (
    AnalyticsRequest,
    ChangeExplanation,
    EquipmentState,
    ExplainChangeRequest,
    Forecast,
    ForecastRequest,
    MetricState,
    Passage,
    PerformanceTrend,
    RankRequest,
    RelatedChange,
)
from tools.ports import Toolbox


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    return scripted_toolbox(tmp_path)


@pytest.fixture
def outlook(toolbox: Toolbox) -> Forecast:
    return forecast(ForecastRequest(equipment_id="PUMP-B-203", metric="temperature"), toolbox, LOCAL).result


@pytest.fixture
def change(toolbox: Toolbox) -> ChangeExplanation:
    return explain_change(ExplainChangeRequest(equipment_id="CNC-A-102", metric="vibration"), toolbox, LOCAL).result


@pytest.fixture
def performance(toolbox: Toolbox) -> PerformanceTrend:
    return analyse(AnalyticsRequest(equipment_id="CNC-A-102"), toolbox, LOCAL).result


def passage(section: str = "Seal change", part: int = 1, text: str = "1. Stop.\n2. Drain.", **other: Any) -> Passage:
    fields = {"document": "pump.md", "title": "Pump", "page": 12, "score": 1.0} | other
    return Passage(chunk_id=f"pump.md#{part}", section_path=f"Pump > {section}", text=text, **fields)


# --- numbers ---


@pytest.mark.parametrize(
    ("share", "said"), [(0.734, "73 %"), (0.004, "under 1 %"), (0.999, "over 99 %"), (0.5, "50 %"), (0.0, "under 1 %")]
)
def test_a_probability_never_claims_certainty(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(3.417, "3.42"), (68.34, "68.3"), (1480.2, "1,480"), (-0.5, "-0.500"), (0.01234, "0.0123"), (0.0, "0")],
)
def test_a_number_shows_three_significant_digits(value: float, said: str) -> None:
    assert number(value) == said


def test_a_quantity_shows_its_unit_as_people_write_it() -> None:
    assert quantity(68.3, "degC") == "68.3 °C"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(10, "just now"), (60, "1 minute ago"), (5400, "90 minutes ago"), (7200, "2 hours ago"), (172_800, "2 days ago")],
)
def test_an_age_is_said_in_the_unit_that_fits(seconds: int, said: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == said


@pytest.mark.parametrize(("change", "said"), [(12.4, "12 % higher"), (-3.0, "3 % lower"), (0.2, "unchanged")])
def test_a_change_says_its_direction(change: float, said: str) -> None:
    assert signed_percent(change) == said


def test_a_calendar_range_is_written_as_its_days() -> None:
    assert time_range("2026-02-01/2026-03-01") == "2026-02-01 to 2026-03-01"


def test_one_whole_day_is_written_as_its_date() -> None:
    assert time_range("2026-02-28/2026-03-01") == "2026-02-28"


def test_a_figure_does_not_say_its_unit_twice() -> None:
    assert figure_name("mtbf_hours") == "MTBF"


# --- failure risk ---


def test_a_risk_says_what_why_and_what_to_do_in_that_order() -> None:
    text = risk_text(risk("CNC-A-102", 0.734))
    assert text.index("73 % risk") < text.index("Why:") < text.index("Do:")


def test_a_risk_shows_its_interval() -> None:
    assert "(between 60 % and 85 %)" in risk_text(risk("CNC-A-102", 0.734))


def test_an_interval_up_to_certainty_is_said_from_below() -> None:
    high = risk("CNC-A-102", 0.995).model_copy(update={"probability_interval": (0.97, 0.999)})
    assert "over 99 % risk of failing within 7 days** (at least 97 %)." in risk_text(high)


def test_a_risk_without_factors_says_that_nothing_stands_out() -> None:
    plain = risk("CNC-A-102", 0.1).model_copy(update={"contributing_factors": []})
    assert "nothing stands out" in risk_text(plain)


def test_a_ranking_names_every_machine_with_its_reason(toolbox: Toolbox) -> None:
    text = ranking_text(rank_failures(RankRequest(), toolbox, LOCAL).result)
    assert "1. **CNC-A-102** 73 % (High): Vibration 12 % above" in text
    assert "2. **PUMP-B-203** 31 % (Low)" in text


def test_a_ranking_without_scores_says_what_to_run(toolbox: Toolbox) -> None:
    empty = rank_failures(RankRequest(), toolbox, LOCAL).result.model_copy(
        update={"machines": [], "considered": 0, "without_score": 24}
    )
    assert "24 machines without one" in ranking_text(empty)
    assert "copilot train failure" in ranking_text(empty)


# --- analytics ---


def test_a_figure_that_cannot_be_computed_says_so(performance: PerformanceTrend) -> None:
    assert "- OEE: cannot be computed" in performance_text(performance, "CNC-A-102")


def test_a_performance_states_its_range(performance: PerformanceTrend) -> None:
    assert "over the last 30 days" in performance_text(performance, "CNC-A-102")


def test_a_change_is_told_as_an_association(change: ChangeExplanation) -> None:
    assert ASSOCIATIONS in change_text(change, "last_7_days")


def test_a_change_shows_both_means_with_units(change: ChangeExplanation) -> None:
    text = change_text(change, "last_7_days")
    assert "averaged 3.40 mm/s over the last 7 days, 13 % higher** than before (3.00 mm/s)" in text


def test_a_usual_change_is_not_dressed_up(change: ChangeExplanation) -> None:
    usual = change.model_copy(update={"is_unusual": False})
    assert "there may be nothing to explain" in change_text(usual, "last_7_days")


def test_a_change_without_a_cause_names_none(change: ChangeExplanation) -> None:
    assert "Why: no other change" in change_text(change.model_copy(update={"likely_causes": []}), "last_7_days")


def related(**fields: Any) -> RelatedChange:
    return RelatedChange(kind="metric", text="Flow up 9 %", subject="flow", strength=0.6, **fields)


def test_what_stands_under_the_causes_is_not_told_again(change: ChangeExplanation) -> None:
    told = change.model_copy(
        update={"likely_causes": ["Flow up 9 %."], "related": [related(change_percent=9.0)], "is_unusual": True}
    )
    assert "What else happened" not in change_text(told, "last_7_days")


def test_a_metric_that_stayed_as_it_was_is_not_told(change: ChangeExplanation) -> None:
    steady = change.model_copy(update={"related": [related(change_percent=0.4)]})
    assert "What else happened" not in change_text(steady, "last_7_days")


def test_a_driver_ruled_out_is_not_told_again(change: ChangeExplanation) -> None:
    causes = ["Load and flow did not change enough to explain it."]
    ruled_out = change.model_copy(update={"likely_causes": causes, "related": [related(change_percent=4.0)]})
    assert "What else happened" not in change_text(ruled_out, "last_7_days")


def test_what_is_left_is_told(change: ChangeExplanation) -> None:
    left = change.model_copy(update={"related": [related(change_percent=6.0)]})
    assert "What else happened:\n- Flow up 9 %" in change_text(left, "last_7_days")


def measured(metric: str, value: float, **limits: float) -> MetricState:
    return MetricState(
        metric=metric,
        label=metric,
        unit="mm",
        value=value,
        measured_at=NOW,
        warning_high=limits.get("warning"),
        alarm_high=limits.get("alarm"),
        normal_30d=1.0,
    )


@pytest.fixture
def many(toolbox: Toolbox) -> EquipmentState:
    values = [1.01, 1.3, 1.02, 1.2, 0.6, 1.1]
    states = [measured(f"m{at}", value) for at, value in enumerate(values)]
    states += [measured("warned", 1.05, warning=1.0), measured("alarmed", 1.04, warning=0.9, alarm=1.0)]
    return equipment_state("CNC-A-102", toolbox, LOCAL).result.model_copy(update={"metrics": states})


def test_the_gravest_measurement_stands_first_then_the_farthest_off(many: EquipmentState) -> None:
    rows = [line.split()[1] for line in state_text(many, NOW).splitlines() if line.startswith("- ")]
    assert rows == ["alarmed", "warned", "m4", "m1", "m3", "3"]


def test_the_others_are_counted_with_their_largest_deviation(many: EquipmentState) -> None:
    assert "- 3 others: normal, within 10 % of their means" in state_text(many, NOW)


def test_a_small_value_keeps_three_significant_digits(many: EquipmentState) -> None:
    small = measured("position error", 0.01234).model_copy(update={"normal_30d": 0.0247})
    text = state_text(many.model_copy(update={"metrics": [small]}), NOW)
    assert "position error 0.0123 mm (0.0247 mm, now 50 % lower)" in text


def test_a_measurement_far_off_its_mean_is_not_called_normal(many: EquipmentState) -> None:
    far = [measured(f"m{at}", 2.0) for at in range(7)]
    text = state_text(many.model_copy(update={"metrics": far}), NOW)
    assert "- 2 others: none beyond a limit, up to 100 % off their means" in text


def test_a_state_is_written_in_words(many: EquipmentState) -> None:
    assert "is out of service**" in state_text(many.model_copy(update={"state": "out_of_service"}), NOW)


def test_a_measurement_asked_for_is_the_only_figure(performance: PerformanceTrend) -> None:
    figures = {"avg_uptime": "92.3%", "avg_temperature": "22.1°C"}
    asked = performance.model_copy(update={"metrics": figures, "insights": []})
    text = performance_text(asked, "CNC-A-102", "temperature")
    assert "- average temperature: 22.1 °C" in text
    assert "uptime" not in text


def test_figures_space_their_percent_sign_in_an_answer(performance: PerformanceTrend) -> None:
    assert "- average uptime: 92.3 %" in performance_text(performance, "CNC-A-102")


def test_a_state_marks_what_is_above_its_limit(toolbox: Toolbox) -> None:
    text = state_text(equipment_state("CNC-A-102", toolbox, LOCAL).result, NOW)
    assert "above the warning limit 3.50 mm/s" in text


def test_a_machine_that_reports_no_state_is_not_called_idle(toolbox: Toolbox) -> None:
    silent = equipment_state("CNC-A-102", toolbox, LOCAL).result.model_copy(update={"state": None, "state_since": None})
    assert "no state reported" in state_text(silent, NOW)


def test_a_list_counts_each_type_and_shows_some_of_each() -> None:
    many = [machine.model_copy(update={"equipment_id": f"X-{at}"}) for at, machine in enumerate(MACHINES[:4] * 12)]
    text = list_text([*many, *MACHINES[4:8]], "All machines")
    assert "- cnc (48): X-0, X-1" in text
    assert "and 28 more\n- pump (4): " in text


def test_a_list_counts_its_machines() -> None:
    assert list_text(MACHINES, "All machines").startswith("**All machines: 24 machines**")


# --- forecast ---


def test_a_forecast_shows_its_band_and_its_limit(outlook: Forecast) -> None:
    text = forecast_text(outlook)
    assert "90 % band" in text
    assert "Warning limit 72.0 °C: 64 % chance" in text


def test_a_forecast_without_limits_does_not_call_it_safe(outlook: Forecast) -> None:
    text = forecast_text(outlook.model_copy(update={"has_limits": False, "threshold_violations": []}))
    assert "cannot be judged" in text


def test_that_nothing_is_expected_is_said_once(outlook: Forecast) -> None:
    quiet = outlook.model_copy(
        update={"threshold_violations": [], "recommendation": "No action needed: 3 % chance of passing the limit."}
    )
    assert forecast_text(quiet).split("\n\n")[1:] == ["No action needed: 3 % chance of passing the limit."]


def test_a_chart_writes_its_unit_as_people_do(outlook: Forecast) -> None:
    assert chart(outlook.model_copy(update={"unit": "degC"})).unit == "°C"


def test_a_forecast_of_tomorrow_shows_tomorrow_alone(outlook: Forecast) -> None:
    start = NOW.replace(hour=0) + timedelta(days=1)
    assert "on 2026-03-02: 71.4 °C to 78.3 °C" in forecast_text(outlook, (start, start + timedelta(days=1)))


def test_a_level_is_reached_first_by_the_band_then_by_the_mean(outlook: Forecast) -> None:
    text = level_text(outlook, 72.0, "when will it exceed 72 °C")
    assert "exceeds it first at 2026-03-02 02:00 UTC" in text
    assert "it does from 2026-03-01 16:00 UTC" in text


def test_a_level_out_of_reach_is_said(outlook: Forecast) -> None:
    assert "Neither does the 90 % band" in level_text(outlook, 500.0, "when will it exceed 500 °C")


def test_a_level_asked_from_above_looks_below(outlook: Forecast) -> None:
    assert "falls below it first" in level_text(outlook, 70.0, "when does it drop below 70 °C")


# --- manuals ---


def test_steps_are_quoted_as_they_stand() -> None:
    told, named = arranged(sections([passage()]), "procedure", None)
    assert "> 1. Stop.\n> 2. Drain." in manual_text(told, named, None)


def test_passages_of_one_section_stand_together_in_its_order() -> None:
    found = sections([passage(part=2, text="3. Fill."), passage(part=1)])
    assert len(found) == 1
    assert found[0].text == "1. Stop.\n2. Drain.\n\n3. Fill."


def test_the_section_about_the_code_comes_first() -> None:
    found = sections([passage("Alarms"), passage("P-310 Seal leakage")])
    assert arranged(found, "error_code", "P-310")[0][0].heading == "P-310 Seal leakage"


def test_a_question_for_a_part_shows_the_parts_list_first() -> None:
    found = sections([passage("Seal leakage"), passage("Spare parts")])
    assert arranged(found, "spare_part", None)[0][0].heading == "Spare parts"


def test_safety_stands_before_the_steps() -> None:
    told, named = arranged(sections([passage()]), "procedure", None)
    safety = sections([passage("Lock-out and tag-out", 9)])[0]
    assert manual_text(told, named, safety).startswith("Safety first: Lock-out and tag-out [2].")


@pytest.mark.parametrize("text", ["E-417", "E417", "e 417:"])
def test_a_code_is_found_however_it_is_joined(text: str) -> None:
    assert names(text, "E-417")


@pytest.mark.parametrize("text", ["E-4170", "CE-417", "E-41"])
def test_another_code_is_not_taken_for_it(text: str) -> None:
    assert not names(text, "E-417")


def test_a_refusal_says_that_nothing_is_guessed() -> None:
    assert "I will not guess" in refusal_text(None, None)


# --- composing ---


def result(text: str, *citations: Citation, notes: list[str] | None = None) -> AgentResult:
    return AgentResult(
        agent="rag",
        intent="procedure",
        status="answered",
        text=text,
        citations=list(citations),
        notes=notes or [],
        evidence=[model_evidence("predict_failure")],
    )


def citation(number: int, section: str) -> Citation:
    return Citation(number=number, document="pump.md", title="Pump", section=section, page=None, quote="x")


def test_citations_are_counted_through_the_whole_answer() -> None:
    parts = [result("A [1]", citation(1, "a")), result("B [1] [2]", citation(1, "b"), citation(2, "c"))]
    assert [part.text for part in renumbered(parts)] == ["A [1]", "B [2] [3]"]


def test_a_passage_cited_twice_keeps_its_number() -> None:
    parts = renumbered([result("A [1]", citation(1, "a")), result("B [1]", citation(1, "a"))])
    assert [part.text for part in parts] == ["A [1]", "B [1]"]
    assert len([one for part in parts for one in part.citations]) == 1


def test_a_note_of_two_parts_is_said_once() -> None:
    text = compose([result("A", notes=["Data is old."]), result("B", notes=["Data is old."])], [], None, NOW).text
    assert text.count("Note: Data is old.") == 1


def test_the_same_evidence_is_named_once() -> None:
    text = compose([result("A"), result("B")], [], None, NOW).text
    assert text.count("model failure 14") == 1


def test_manuals_are_named_by_their_numbers_alone() -> None:
    text = compose([result("A [1] [2]", citation(1, "a"), citation(2, "b"))], [], None, NOW).text
    assert text.endswith("; manuals [1] [2].")


def test_the_sources_stand_on_one_line_without_their_window() -> None:
    said = from_line([rows_evidence("analyse")], [], NOW)
    assert said == "From: 4,320 rows of daily_metrics, newest 2026-03-01 05:58 UTC (2 minutes ago)."


def test_evidence_of_one_moment_is_dated_once() -> None:
    said = from_line([rows_evidence("analyse"), model_evidence("rank_failures")], [], NOW)
    assert said.startswith("From: 4,320 rows of daily_metrics, model failure 14, 4,291 rows of latest_risk, newest ")
    assert said.count("newest") == 1


def test_a_query_that_found_nothing_is_no_source() -> None:
    assert from_line([rows_evidence("analyse").model_copy(update={"rows": 0})], [], NOW) == ""


def test_evidence_without_rows_or_model_is_not_invented() -> None:
    bare = Evidence(tool="search_manuals", source="documents", documents=["a"])
    assert from_line([bare], [], NOW) == ""
