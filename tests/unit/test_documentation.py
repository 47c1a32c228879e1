"""What the pages say is true: status table, commands, tools, entries."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer.main
from typer.core import TyperGroup

from agents.registry import AGENTS
from cli.main import app
from core.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _commands(child, (*path, name))
    else:
        yield path


COMMANDS = [" ".join(path) for path in _commands(typer.main.get_command(app))]


@pytest.mark.parametrize("agent", AGENTS)
def test_the_readme_says_of_each_agent_whether_it_answers(agent: str) -> None:
    offered = next(entry.offered for name, entry in AGENTS.items() if name == agent)
    assert f"| Agent: {agent} | {'works' if offered else 'not yet'} |" in README


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert f"copilot {command}`" in page


def test_no_page_names_a_command_that_does_not_exist() -> None:
    roots = {command.split(" ")[0] for command in COMMANDS}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"`(?:\.venv/bin/)?copilot (?:--home \S+ )?([a-z][a-z-]*)", text))
        assert named <= roots, page


def test_the_readme_opens_with_the_two_commands() -> None:
    assert README.index("make up") < README.index("make test") < README.index("## ")


def test_the_readme_links_to_what_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_setting_named_in_the_readme_exists() -> None:
    known = {f"COPILOT_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(COPILOT_[A-Z_]+)`", README)) <= known
