"""`copilot up` as a person runs it: a process of its own, on a free port, stopped by its id."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ROOT

PATIENCE_S = 600.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start_up(home: Path, port: int, log: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Starts `copilot up` in a process group of its own."""
    environment = {**os.environ, "COPILOT_PORT": str(port), "COPILOT_REFRESH_MINUTES": "0", **settings}
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "--home", str(home), "up"],
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode} before {what}:\n{log.read_text()[-3000:]}")
        if time.monotonic() > deadline:
            raise AssertionError(f"not {what} within {PATIENCE_S} s:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C, then patience."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    return process.wait(60)


@dataclass(frozen=True)
class Served:
    address: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    def ask(self, message: str, thread_id: str | None = None) -> Answer:
        body = {"message": message} | ({"thread_id": thread_id} if thread_id else {})
        with httpx.stream("POST", f"{self.address}/v1/chat", json=body, timeout=120) as response:
            response.raise_for_status()
            lines = [line for line in response.iter_lines() if line.startswith("data:")]
        return Answer([json.loads(line.removeprefix("data:")) for line in lines])


@dataclass(frozen=True)
class Answer:
    events: list[dict[str, Any]]

    @property
    def text(self) -> str:
        return "".join(event["delta"] for event in self.events if event["type"] == "TEXT_MESSAGE_CONTENT")

    def custom(self, name: str) -> list[dict[str, Any]]:
        return [e["value"] for e in self.events if e["type"] == "CUSTOM" and e["name"] == f"copilot.{name}"]

    @property
    def agents(self) -> list[str]:
        return [event["name"] for event in self.events if event["type"] == "SUBAGENT_STARTED"]


@contextmanager
def served(home: Path, log: Path, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    port = free_port()
    process = start_up(home, port, log, **(settings or {}))
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: is_ready(address), process, log, "ready")
        yield Served(address, home, log, process)
    finally:
        stop(process)
