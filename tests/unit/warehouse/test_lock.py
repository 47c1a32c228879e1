"""One transformation at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import Busy
from core.workspace import Workspace
from data_engineering.warehouse.lock import transform_lock
from tests.conftest import ROOT

HOLD = """
import sys, time
from pathlib import Path
from core.workspace import Workspace
from data_engineering.warehouse.lock import transform_lock
with transform_lock(Workspace(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(workspace: Workspace) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(workspace.home)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_living_holder_is_named(workspace: Workspace, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Busy, match=f"Process {holder.pid} "), transform_lock(workspace):
        pytest.fail("two held it")
    holder.kill()
    holder.communicate()


def test_a_dead_holder_holds_nothing(workspace: Workspace, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.communicate()
    with transform_lock(workspace):
        pass


def test_the_lock_can_be_taken_again(workspace: Workspace) -> None:
    for _ in range(2):
        with transform_lock(workspace):
            pass
