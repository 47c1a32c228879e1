"""Which lanes a run had: printed at its end, so that a lane that silently did not run is seen."""

from __future__ import annotations

from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter

LANES = {
    "browser": "browser (headless Chromium)",
    "shared": "shared data (third-party sets)",
    "slow": "plant (whole workspace, trained model)",
}
EMBEDDED = "embedded (no network, no server)"
NOT_BUILT = ("kafka", "bigquery-emulator", "postgres", "redis")


class LaneReport:
    """Counts outcomes by lane."""

    def __init__(self) -> None:
        self._lane_of: dict[str, str] = {}
        self._outcomes: dict[str, Counter[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            lane = next((title for mark, title in LANES.items() if item.get_closest_marker(mark)), EMBEDDED)
            self._lane_of[item.nodeid] = lane

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            lane = self._lane_of.get(report.nodeid, EMBEDDED)
            self._outcomes.setdefault(lane, Counter())[report.outcome] += 1

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        terminalreporter.section("lanes")
        for lane, outcomes in sorted(self._outcomes.items()):
            counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
            terminalreporter.write_line(f"{lane}: {counts}")
        terminalreporter.write_line(f"not built yet: {', '.join(NOT_BUILT)}")
