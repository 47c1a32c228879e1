"""The served process: addresses, streams over a real socket, and how it stops."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.server import listen, serve
from core.errors import Busy, Forbidden
from core.settings import Settings
from tests.doubles.copilot import ScriptedCopilot
from tests.doubles.served_plant import plant_services, served
from tests.unit.api.streams import read_events

ROOT = Path(__file__).resolve().parents[2]
QUESTION = {"message": "Which machines fail this week?"}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with served(plant_services(tmp_path, ScriptedCopilot())) as at:
        yield at


def test_a_port_in_use_is_named_with_a_remedy(tmp_path: Path) -> None:
    taken = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(Busy, match=f"port {port}") as refused:
        serve(Settings(home=tmp_path, port=port))
    taken.close()
    assert "COPILOT_PORT" in refused.value.remedy


def test_an_address_other_machines_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="COPILOT_HOST"):
        serve(Settings(home=tmp_path, host="0.0.0.0"))


def test_an_answer_streams_over_a_socket(address: str) -> None:
    answer = httpx.post(f"{address}/v1/chat", json=QUESTION, trust_env=False)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert read_events(answer.text)[-1].type == "RUN_FINISHED"


def test_a_lost_client_can_read_the_answer_later(tmp_path: Path) -> None:
    with served(plant_services(tmp_path, ScriptedCopilot(pause_s=0.005))) as at:
        with httpx.stream("POST", f"{at}/v1/chat", json=QUESTION, trust_env=False) as lost:
            run = lost.headers["x-run-id"]
            next(lost.iter_lines())
        whole = httpx.get(f"{at}/v1/chat/runs/{run}/events", trust_env=False)
    assert read_events(whole.text)[-1].type == "RUN_FINISHED"


def test_a_body_sent_in_chunks_is_limited_too(address: str) -> None:
    chunks = (b" " * 65_536 for _ in range(32))
    refused = httpx.post(
        f"{address}/v1/chat", content=chunks, headers={"Content-Type": "application/json"}, trust_env=False
    )
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server in a process of its own, whose answers take half a minute."""
    command = [sys.executable, "-m", "tests.doubles.served_plant", str(tmp_path), "0.5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        yield started, started.stdout.readline().strip()
        started.kill()


def test_a_stopping_server_ends_its_streams_properly(process: tuple[subprocess.Popen[str], str]) -> None:
    running, address = process
    with httpx.stream("POST", f"{address}/v1/chat", json=QUESTION, timeout=30, trust_env=False) as answer:
        lines = answer.iter_lines()
        text = next(lines) + "\n"
        running.send_signal(signal.SIGTERM)
        text += "\n".join(lines)
    assert read_events(text)[-1].data["code"] == "interrupted"
    assert running.wait(15) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_whoever_serves_goes_on_after_the_server_has_stopped(tmp_path: Path, kind: signal.Signals) -> None:
    code = (
        "import sys; from pathlib import Path; from api.server import serve; from core.settings import Settings\n"
        "try: serve(Settings(home=Path(sys.argv[1]), port=0))\n"
        "finally: print('tidied', flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        address = run.stdout.readline().split()[-1]
        httpx.get(f"{address}/livez", timeout=60, trust_env=False).raise_for_status()
        run.send_signal(kind)
        assert run.wait(20) == 0
        assert "tidied" in run.stdout.read()
