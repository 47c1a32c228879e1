"""The page over the whole demo plant, as a technician opens it on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.up import Served

pytestmark = [pytest.mark.slow, pytest.mark.browser]
COMPOUND = "Is PUMP-B-203 likely to fail, what will its temperature do tomorrow, and how do I change its seal?"


@pytest.fixture
def page(browser: Any, plant: Served) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 360, "height": 780})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    opened.goto(plant.address)
    yield opened
    context.close()


def test_a_compound_question_is_answered_on_the_page_with_chart_and_sources(page: Any) -> None:
    page.fill("#question", COMPOUND)
    page.press("#question", "Enter")
    page.wait_for_selector(".thumbs")
    text = page.inner_text("main")
    assert "Mechanical seal change" in text
    assert "risk of failing within 7 days" in text
    assert page.locator("svg[role=img]").count() >= 1


def test_the_suggestions_name_machines_of_this_plant(page: Any) -> None:
    page.wait_for_selector(".suggestions button")
    assert "60 machines" in page.inner_text("main")
