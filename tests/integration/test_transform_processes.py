"""Several processes around one warehouse: readers, a writer of the lake, a transformation, and kill -9."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import FixedClock
from core.errors import Busy
from core.scope import LOCAL
from core.workspace import Workspace
from data_engineering.lake.local import LocalLake
from data_engineering.warehouse.duckdb import DuckDBWarehouse
from data_engineering.warehouse.snapshots import published_name, snapshot_folder
from data_engineering.warehouse.transform import transform
from tests.conftest import ROOT
from tests.doubles.small_lake import at, two_plants

pytestmark = pytest.mark.slow

HEAD = """
    import sys
    from datetime import timedelta
    from pathlib import Path
    from core.clock import FixedClock, SystemClock
    from core.scope import LOCAL
    from core.workspace import Workspace
    from data_engineering.contracts.tables import BronzeTable
    from data_engineering.lake.local import LocalLake
    from data_engineering.warehouse.duckdb import DuckDBWarehouse
    from data_engineering.warehouse.transform import transform
    from tests.doubles.small_lake import append, at, readings

    workspace = Workspace(Path(sys.argv[1]))
    clock = SystemClock()
    lake = LocalLake(workspace, clock)
"""
TRANSFORM = """
    def say(label, done, total):
        print(label, done, total, flush=True)

    transform(workspace, lake=lake, clock=clock, progress=say)
"""
READ = """
    warehouse = DuckDBWarehouse(workspace, max_rows=1000, max_seconds=20, clock=clock)
    seen = set()
    while not (workspace.home / "stop").exists():
        table = warehouse.run("freshness", scope=LOCAL)
        assert len(table) == 2, table.rows
        seen.add(table.snapshot.name)
    print(len(seen))
"""
APPEND = """
    minute = 0
    while not (workspace.home / "stop").exists():
        minute += 1
        append(lake, BronzeTable.READINGS, readings("CNC-1", "vibration", {at(2, minute=minute): 3.0}))
    print(minute)
"""


class Scripts:
    """Python processes over one workspace; whatever still runs is killed at the end."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.running: list[subprocess.Popen[str]] = []

    def start(self, body: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HEAD + body), str(self.workspace.home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("plant") / "home")
    two_plants(LocalLake(workspace, FixedClock(at(3))))
    run_transform(workspace, 3)
    return workspace


@pytest.fixture
def scripts(published: Workspace, tmp_path: Path) -> Iterator[Scripts]:
    shutil.copytree(published.home, tmp_path / "home")
    started = Scripts(Workspace(tmp_path / "home"))
    yield started
    started.stop()


def run_transform(workspace: Workspace, day: int) -> str:
    clock = FixedClock(at(day))
    return transform(workspace, lake=LocalLake(workspace, clock), clock=clock).snapshot.name


def kill_at(process: subprocess.Popen[str], moment: str) -> None:
    """kill -9 as soon as progress says `moment`."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(moment):
            process.send_signal(signal.SIGKILL)
            process.wait()
            return
    pytest.fail(f"never said {moment}: {process.stderr.read() if process.stderr else ''}")


def test_readers_a_transformation_and_an_append_go_on_side_by_side(scripts: Scripts) -> None:
    readers = [scripts.start(READ), scripts.start(READ)]
    writer = scripts.start(APPEND)
    transformation = scripts.start(TRANSFORM)
    assert transformation.wait() == 0, transformation.stderr and transformation.stderr.read()
    time.sleep(0.5)
    (scripts.workspace.home / "stop").touch()
    said = [process.communicate() for process in (*readers, writer)]
    assert [process.returncode for process in (*readers, writer)] == [0, 0, 0], said
    assert [out.strip() for out, _ in said[:2]] == ["2", "2"]
    assert int(said[2][0]) > 0


@pytest.mark.parametrize("moment", ["Building marts 3 ", "Building marts 30 ", "Publishing 0"])
def test_killed_while_transforming_the_old_snapshot_is_served_and_the_next_run_is_clean(
    scripts: Scripts, moment: str
) -> None:
    before = published_name(scripts.workspace)
    kill_at(scripts.start(TRANSFORM), moment)
    clock = FixedClock(at(4))
    warehouse = DuckDBWarehouse(scripts.workspace, max_rows=1000, max_seconds=20, clock=clock)
    assert len(warehouse.run("freshness", scope=LOCAL)) == 2
    assert warehouse.snapshot().name == before
    after = run_transform(scripts.workspace, 4)
    assert (published_name(scripts.workspace), warehouse.snapshot().name) == (after, after)
    assert warehouse.snapshot().readings == 192
    assert not (snapshot_folder(scripts.workspace) / ".publishing.duckdb").exists()
    warehouse.close()


def test_a_second_transformation_names_the_process_that_holds_the_first(scripts: Scripts) -> None:
    first = scripts.start(TRANSFORM)
    assert first.stdout is not None
    first.stdout.readline()
    with pytest.raises(Busy, match=str(first.pid)):
        run_transform(scripts.workspace, 3)
    assert first.wait() == 0


def test_ctrl_c_stops_dbt_too(scripts: Scripts) -> None:
    process = scripts.start(TRANSFORM)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    assert not [folder for folder in Path("/proc").glob("[0-9]*") if _is_dbt_of(scripts.workspace, folder)]


def _is_dbt_of(workspace: Workspace, process: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return "dbt_process" in command and str(workspace.warehouse) in command
