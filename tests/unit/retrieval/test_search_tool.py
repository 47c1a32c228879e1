"""The search tool: the published index of a workspace, with citations as evidence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.errors import NotReady
from core.scope import LOCAL
from core.settings import Settings
from core.workspace import Workspace
from ml.retrieval.index import build_index
from tests.doubles.warehouse import ScriptedWarehouse
from tools.models import SearchRequest
from tools.ports import Toolbox
from tools.search import WORDS_ONLY, LocalManualSearch, search_manuals


@pytest.fixture
def toolbox(workspace: Workspace, clock: FixedClock) -> Toolbox:
    warehouse = ScriptedWarehouse({}, data_until=clock.now())
    return Toolbox(Settings(), workspace, warehouse, LocalManualSearch(workspace), clock)


def test_passages_are_cited_by_title_and_section(toolbox: Toolbox, shelf: Path, clock: FixedClock) -> None:
    build_index(toolbox.workspace, shelf, clock=clock)
    found = search_manuals(SearchRequest(question="E-417", equipment_type="cnc"), toolbox, LOCAL)
    assert found.evidence[0].documents[0].startswith("Milling centre, ")
    assert "2.1 E-417 Spindle vibration above limit" in found.evidence[0].documents[0]


def test_a_refusal_cites_nothing(toolbox: Toolbox, shelf: Path, clock: FixedClock) -> None:
    build_index(toolbox.workspace, shelf, clock=clock)
    found = search_manuals(SearchRequest(question="Who won the football championship?"), toolbox, LOCAL)
    assert (found.result.is_answerable, found.evidence[0].documents) == (False, [])


def test_search_by_words_alone_is_said(toolbox: Toolbox, shelf: Path, clock: FixedClock) -> None:
    build_index(toolbox.workspace, shelf, clock=clock)
    assert search_manuals(SearchRequest(question="seal"), toolbox, LOCAL).notes == [WORDS_ONLY]


def test_without_an_index_the_remedy_is_named(toolbox: Toolbox) -> None:
    with pytest.raises(NotReady, match="indexed"):
        search_manuals(SearchRequest(question="seal"), toolbox, LOCAL)


def test_a_new_index_is_served_without_a_restart(toolbox: Toolbox, shelf: Path, clock: FixedClock) -> None:
    build_index(toolbox.workspace, shelf, clock=clock)
    ask = SearchRequest(question="impeller clearance", limit=1)
    before = toolbox.manuals.search(ask)
    (shelf / "fan.md").write_text("# Fan\n\n## Impeller clearance\n\nSet it to 2 mm.\n", encoding="utf-8")
    clock.advance(timedelta(hours=1))
    build_index(toolbox.workspace, shelf, clock=clock)
    assert not before.is_answerable
    assert toolbox.manuals.search(ask).passages[0].document == "fan.md"
