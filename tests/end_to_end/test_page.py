"""The technician page in a browser, over a scripted copilot and the plant of two machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from api.database.engine import Database
from core.errors import StaleData
from tests.doubles.copilot import ScriptedCopilot, full_answer
from tests.doubles.served_plant import plant_services, served

pytestmark = pytest.mark.browser

QUESTION = "Is CNC-A-102 likely to fail?"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}
PAUSE_S = 0.02


class Visit:
    """A page, what it asked of whom, and what it complained about."""

    def __init__(self, page: Any, address: str, database: Database) -> None:
        self.page, self.address, self.database = page, address, database
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def ask(self, question: str = QUESTION) -> None:
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")

    def answered(self) -> None:
        self.page.wait_for_selector(".thumbs")


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Open]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def open_page(copilot: ScriptedCopilot | None = None, viewport: dict[str, int] | None = None) -> Visit:
            services = plant_services(tmp_path, copilot or ScriptedCopilot(pause_s=PAUSE_S))
            address = stack.enter_context(served(services))
            context = browser.new_context(viewport=viewport or PHONE)
            stack.callback(context.close)
            context.set_default_timeout(15_000)
            opened = Visit(context.new_page(), address, services.database)
            opened.page.goto(address)
            opened.page.wait_for_selector(".suggestions button")
            return opened

        yield open_page


def test_a_question_is_answered_while_it_streams(visit: Open) -> None:
    page = visit()
    page.ask()
    page.page.wait_for_selector(".text.growing")
    first = len(page.page.inner_text(".text"))
    page.answered()
    assert 0 < first < len(page.page.inner_text(".text"))
    assert "73 %" in page.page.inner_text(".text")


def test_agents_are_seen_at_work_and_done(visit: Open) -> None:
    copilot = ScriptedCopilot(hold_at=6)
    page = visit(copilot)
    page.ask()
    page.page.wait_for_selector(".agent.working:has-text('Failure risk')")
    copilot.let_go()
    page.page.wait_for_selector(".agent.answered:has-text('Failure risk')")


def test_a_citation_opens_its_passage(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    page.page.click(".text a.mark")
    assert page.page.is_visible("blockquote:has-text('Lock out the machine')")
    assert "p. 12" in page.page.inner_text(".sources summary")


def test_the_evidence_names_model_rows_window_and_snapshot(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    page.page.click(".evidence summary")
    shown = page.page.inner_text(".evidence")
    assert all(part in shown for part in ("failure, version 14", "4,291", "Window", "20260301T0600"))


def test_the_chart_says_in_words_what_it_draws(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    assert "CNC-A-102 temperature" in page.page.get_attribute(".chart svg", "aria-label")
    assert page.page.locator(".chart .limit").count() == 2


def test_a_thumb_is_stored_with_its_reason(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    page.page.get_by_label("No, not right").click()
    page.page.fill(".reason input", "The seal kit is another one.")
    page.page.click(".reason button")
    page.page.wait_for_selector("text=Thank you")
    stored = page.database.transact(
        lambda session: session.execute(text("SELECT verdict, comment FROM feedback ORDER BY number")).all()
    )
    assert [tuple(row) for row in stored] == [("down", None), ("down", "The seal kit is another one.")]


def test_first_questions_are_about_machines_that_exist(visit: Open) -> None:
    suggested = visit().page.inner_text(".suggestions")
    assert "CNC-A-102" in suggested
    assert "PUMP-B-203" in suggested


def test_a_suggestion_asks_itself(visit: Open) -> None:
    copilot = ScriptedCopilot()
    page = visit(copilot)
    page.page.click(".suggestions button")
    page.answered()
    assert copilot.asked[0][0] == "Which machines are most likely to fail this week and why?"


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_every_action_is_large_enough_for_gloves(visit: Open, viewport: dict[str, int]) -> None:
    page = visit(viewport=viewport)
    measure = """() => [...document.querySelectorAll('button, summary')].map(e => [e.getBoundingClientRect(), e])
        .filter(([box, e]) => e.checkVisibility() && (box.width < 64 || box.height < 64)).map(([, e]) => e.outerHTML)"""
    small = page.page.evaluate(measure)
    page.ask()
    page.answered()
    page.page.get_by_label("Yes, helpful").click()
    page.page.wait_for_selector(".reason")
    assert small + page.page.evaluate(measure) == []


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_is_wider_than_the_screen(visit: Open, viewport: dict[str, int]) -> None:
    page = visit(ScriptedCopilot(full_answer("| a | b |\n|---|---|\n| " + "x" * 300 + " | y |")), viewport)
    page.ask("ID-" + "9" * 200)
    page.answered()
    assert page.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_no_request_leaves_the_origin_and_nothing_complains(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    assert {url for url in page.requests if not url.startswith((page.address, "data:"))} == set()
    assert page.complaints == []


def test_the_documentation_works_without_a_network(visit: Open) -> None:
    page = visit()
    page.page.goto(f"{page.address}/docs")
    page.page.wait_for_selector("text=Ask, and stream the answer")
    assert {url for url in page.requests if not url.startswith((page.address, "data:"))} == set()
    assert page.complaints == []


def test_a_failed_answer_says_what_to_do_and_can_be_tried_again(visit: Open) -> None:
    copilot = ScriptedCopilot(full_answer()[:3], error=StaleData("The data is too old.", remedy="Import newer data."))
    page = visit(copilot)
    page.ask()
    page.page.wait_for_selector(".notice.bad:has-text('Import newer data.')")
    assert page.page.locator("button:has-text('Try again')").count() == 0


def test_a_defect_can_be_tried_again(visit: Open) -> None:
    copilot = ScriptedCopilot(full_answer()[:3], error=RuntimeError("secret"))
    page = visit(copilot)
    page.ask()
    page.page.wait_for_selector(".notice.bad")
    assert "secret" not in page.page.inner_text("main")


def test_stop_ends_the_answer(visit: Open) -> None:
    page = visit(ScriptedCopilot(hold_at=12))
    page.ask()
    page.page.wait_for_selector(".text.growing")
    page.page.get_by_role("button", name="Stop").click()
    page.page.wait_for_selector("text=Stopped.")


def test_markup_in_an_answer_stays_text(visit: Open) -> None:
    evil = (
        'Hi <img src="https://evil.example/x"> ![x](https://evil.example/y) [z](https://evil.example)<script>1</script>'
    )
    page = visit(ScriptedCopilot(full_answer(evil)))
    page.ask()
    page.answered()
    assert page.page.locator(".text img, .text script, .text a[href*='evil']").count() == 0
    assert [url for url in page.requests if "evil" in url] == []


def test_a_conversation_is_there_again_after_a_reload(visit: Open) -> None:
    page = visit()
    page.ask()
    page.answered()
    page.page.reload()
    page.answered()
    assert "73 %" in page.page.inner_text(".text")
    assert QUESTION in page.page.inner_text(".question")


def test_an_answer_goes_on_after_a_reload_in_its_middle(visit: Open) -> None:
    page = visit(ScriptedCopilot(pause_s=0.06))
    page.ask()
    page.page.wait_for_selector(".text.growing")
    page.page.reload()
    page.answered()
    assert "until 14:05" in page.page.inner_text(".text")


def test_a_lost_connection_is_said_and_taken_up_again(visit: Open) -> None:
    copilot = ScriptedCopilot(hold_at=14)
    page = visit(copilot)
    page.page.route("**/v1/chat", lambda route: route.abort())
    page.ask()
    page.page.wait_for_selector("footer .notice:has-text('No connection')")
    copilot.release.set()
    page.page.unroute("**/v1/chat")
    page.answered()
    assert page.page.locator("footer .notice").count() == 0


def test_the_page_is_used_by_keyboard_alone(visit: Open) -> None:
    page = visit(viewport=DESK)
    page.page.keyboard.press("/")
    page.page.keyboard.type(QUESTION)
    page.page.keyboard.press("Enter")
    page.answered()
    page.page.locator(".evidence summary").focus()
    page.page.keyboard.press("Enter")
    assert page.page.is_visible(".proof")


def test_the_state_of_the_plant_is_one_tap_away(visit: Open) -> None:
    page = visit()
    page.page.click("header .state")
    assert "answers are deterministic" in page.page.inner_text("dialog")
