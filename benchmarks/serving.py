"""Cost of the served API: start, chat at 1 and 20 at once, predict in CPU microseconds, memory."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles

import httpx

from benchmarks.report import process_cpu_s, process_rss_mb, show
from core.workspace import Workspace

QUESTIONS = (
    "Which machines are most likely to fail this week and why?",
    "Why did CNC-A-102 vibrate more last week?",
    "What does E-417 mean on the CNC and what do I do?",
    "Is PUMP-B-203 likely to fail, what will its temperature do tomorrow, and how do I change its seal?",
    "How is CNC-A-102 doing?",
)
PREDICTIONS = 2_000


@contextmanager
def served(workspace: Workspace, port: int) -> Iterator[tuple[str, int, float]]:
    """(address, process id, seconds to readiness) of a server of its own process."""
    command = [sys.executable, "-m", "cli.main", "--home", str(workspace.home), "serve", "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, process)
        yield address, process.pid, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(f"{address}/livez", timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the server was not ready within 60 s")


def run(workspace: Workspace, port: int) -> None:
    """Prints the tables of one server over a prepared workspace."""
    with served(workspace, port) as (address, pid, ready_s):
        at_start = process_rss_mb(pid)
        rows = [
            asyncio.run(_chat(address, concurrent, 10 * concurrent if concurrent > 1 else 50)) for concurrent in (1, 20)
        ]
        after = process_rss_mb(pid)
        predict = _predict(address, pid)
    show("Chat", ("at once", "runs", "first event p50 / p95 ms", "first text p50 / p95 ms", "full p50 / p95 ms"), rows)
    show(
        "API process",
        ("what", "figure"),
        [
            ("ready after", f"{ready_s:.1f} s"),
            ("RSS at start", f"{at_start:.0f} MB"),
            ("RSS after the chats", f"{after:.0f} MB"),
            (f"POST /v1/predict, {PREDICTIONS} in a row", predict),
        ],
    )


async def _chat(address: str, concurrent: int, runs: int) -> tuple[str, ...]:
    gate = asyncio.Semaphore(concurrent)
    async with httpx.AsyncClient(
        base_url=address, timeout=120, limits=httpx.Limits(max_connections=concurrent)
    ) as client:

        async def one(index: int) -> tuple[float, float, float]:
            async with gate:
                return await _ask(client, QUESTIONS[index % len(QUESTIONS)])

        times = await asyncio.gather(*(one(index) for index in range(runs)))
    columns = [[row[column] * 1000 for row in times] for column in range(3)]
    return str(concurrent), str(runs), *(f"{_percentile(c, 50):.0f} / {_percentile(c, 95):.0f}" for c in columns)


async def _ask(client: httpx.AsyncClient, question: str) -> tuple[float, float, float]:
    begun = time.perf_counter()
    first = text = 0.0
    async with client.stream("POST", "/v1/chat", json={"message": question}) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            first = first or time.perf_counter() - begun
            if not text and "TEXT_MESSAGE_CONTENT" in line:
                text = time.perf_counter() - begun
    return first, text, time.perf_counter() - begun


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def _predict(address: str, pid: int) -> str:
    body = {"equipment_id": "CNC-A-102", "prediction_type": "failure_risk", "time_horizon": "7_days"}
    with httpx.Client(base_url=address) as client:
        client.post("/v1/predict", json=body).raise_for_status()
        wall, cpu = time.perf_counter(), process_cpu_s(pid)
        for _ in range(PREDICTIONS):
            client.post("/v1/predict", json=body).raise_for_status()
        wall, cpu = time.perf_counter() - wall, process_cpu_s(pid) - cpu
    return f"{cpu / PREDICTIONS * 1e6:.0f} us CPU, {wall / PREDICTIONS * 1e6:.0f} us wall a request"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
