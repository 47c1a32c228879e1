from __future__ import annotations

import pytest

from cli import steps
from cli.serving import wants_demo
from core.progress import silent
from core.workspace import Workspace

HELP = steps.Step("help", "Help", ("--help",))


def test_a_step_that_ended_well_is_marked_done(workspace: Workspace) -> None:
    steps.prepare(workspace, [HELP], silent)
    assert steps.mark(workspace, "help").exists()


def test_a_step_that_is_done_is_not_run_again(workspace: Workspace) -> None:
    steps.prepare(workspace, [HELP], silent)
    ticks: list[str] = []
    steps.prepare(workspace, [HELP], lambda label, done, total: ticks.append(label))
    assert ticks == []


def test_a_step_that_failed_passes_its_message_and_remedy_on(workspace: Workspace) -> None:
    with pytest.raises(steps.StepFailed, match="Failure model: train and register: ") as failure:
        steps.run_step(workspace, steps.MODEL, silent)
    assert "copilot transform" in failure.value.remedy
    assert not steps.mark(workspace, "model").exists()


def test_every_step_of_up_has_a_mark_of_its_own() -> None:
    names = [step.name for step in steps.PREPARE]
    assert len(set(names)) == len(steps.PREPARE)


def test_the_demo_is_wanted_by_an_empty_workspace_and_not_by_one_with_imported_data(workspace: Workspace) -> None:
    assert wants_demo(workspace)
    workspace.lake.mkdir(parents=True)
    assert not wants_demo(workspace)


def test_a_demo_cut_off_in_its_history_goes_on_as_a_demo(workspace: Workspace) -> None:
    workspace.lake.mkdir(parents=True)
    (workspace.state / "simulator").mkdir(parents=True)
    assert wants_demo(workspace)
