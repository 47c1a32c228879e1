"""Prometheus metrics. Labels come from closed sets: route templates, methods, status classes, agents, outcomes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from agents.events import RunEvent

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS"})
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_RUN_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60, 120)


class Metrics:
    """One registry per application, so that two applications in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "copilot_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "copilot_http_request_seconds",
            "Time to the last byte; for a stream, its whole length.",
            ["route"],
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self._runs = Counter("copilot_runs", "Chat runs ended.", ["outcome"], registry=self.registry)
        self._run_seconds = Histogram(
            "copilot_run_seconds", "Length of a chat run.", buckets=_RUN_SECONDS, registry=self.registry
        )
        self._agents = Counter(
            "copilot_agent_results", "Agent results by status.", ["agent", "status"], registry=self.registry
        )
        self._data_age = Gauge(
            "copilot_data_age_seconds", "Now minus the newest published reading.", registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        label = method if method in _METHODS else "OTHER"
        self._requests.labels(label, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def saw(self, event: RunEvent) -> None:
        if event.type == "agent_finished":
            self._agents.labels(str(event.data.get("agent")), str(event.data.get("status"))).inc()

    def run_ended(self, event: RunEvent, seconds: float) -> None:
        outcome = "finished" if event.type == "run_finished" else str(event.data.get("code", "internal"))
        self._runs.labels(outcome).inc()
        self._run_seconds.observe(seconds)

    def data_age(self, seconds: float) -> None:
        self._data_age.set(seconds)

    def exposition(self) -> bytes:
        """The text a Prometheus server reads."""
        return generate_latest(self.registry)
