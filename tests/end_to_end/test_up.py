"""What a newcomer gets, asked as a technician would."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.end_to_end.up import Served

pytestmark = pytest.mark.slow


def test_the_plant_has_its_ninety_days_after_three_power_cuts(plant: Served) -> None:
    health = httpx.get(f"{plant.address}/health", timeout=30).json()
    assert health["status"] in ("ok", "degraded"), health
    warehouse = next(port for port in health["ports"] if port["port"] == "warehouse")
    readings = int(re.search(r"([\d,]+) readings", warehouse["detail"])[1].replace(",", ""))  # type: ignore[index]
    assert readings > 5_500_000


def test_the_machines_most_at_risk_come_with_reasons_and_the_model_version(plant: Served) -> None:
    answer = plant.ask("Which machines are most likely to fail this week and why?")
    assert answer.agents == ["ml"]
    assert re.search(r"1\. \*\*[A-Z]+-[A-F]-\d{3}\*\*", answer.text)
    assert any(evidence["model_version"] for evidence in answer.custom("evidence"))


def test_a_change_is_explained_by_what_went_with_it(plant: Served) -> None:
    answer = plant.ask("Why did CNC-A-102 vibrate more last week?")
    assert "CNC-A-102" in answer.text
    assert "vibration" in answer.text
    assert "higher" in answer.text
    assert "E-417" in answer.text


def test_an_error_code_is_answered_from_the_manual_with_its_place(plant: Served) -> None:
    answer = plant.ask("What does E-417 mean on the CNC and what do I do?")
    assert answer.agents == ["rag"]
    assert answer.custom("citation")
    assert "E-417" in answer.custom("citation")[0]["section"]
    assert "60 %" in answer.text


def test_a_compound_question_is_answered_by_three_agents_in_one_answer(plant: Served) -> None:
    answer = plant.ask(
        "Is PUMP-B-203 likely to fail, what will its temperature do tomorrow, and how do I change its seal?"
    )
    assert sorted(answer.agents) == ["forecasting", "ml", "rag"]
    assert "Mechanical seal change" in answer.text
    assert answer.custom("chart")[0]["forecast"]


def test_what_the_manuals_do_not_cover_is_refused(plant: Served) -> None:
    answer = plant.ask("How do I replace the toner cartridge of the office printer?")
    assert not answer.custom("citation")


def test_an_error_code_no_machine_has_is_refused(plant: Served) -> None:
    answer = plant.ask("What does E-999 mean?")
    assert "E-999" in answer.text
    assert not answer.custom("citation")


def test_it_means_the_machine_spoken_of(plant: Served) -> None:
    first = plant.ask("How is CNC-A-102 doing?")
    thread = next(event["threadId"] for event in first.events if event["type"] == "RUN_STARTED")
    second = plant.ask("What will its vibration be tomorrow?", thread_id=thread)
    assert "CNC-A-102" in second.text


def test_an_unknown_machine_is_named_with_its_nearest(plant: Served) -> None:
    assert "CNC-A-102" in plant.ask("Will CNC-A-120 fail this week?").text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (
            "/v1/forecast",
            {"equipment_id": "CNC-A-102", "metric": "vibration", "forecast_horizon": "-3_days"},
            "horizon",
        ),
        ("/v1/predict", {"equipment_id": "XYZ-999", "time_horizon": "7_days"}, "equipment_id"),
        ("/v1/chat", {"message": "   "}, "message"),
        ("/v1/chat", {"message": "x" * 10_000_000}, ""),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(
    plant: Served, path: str, body: dict[str, str], field: str
) -> None:
    response = httpx.post(f"{plant.address}{path}", json=body, timeout=60)
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"].startswith("application/problem+json")
    assert field in response.text
    assert response.json()["detail"]


MAPPING = """
name: historian
description: A second export of one machine
files:
  - match: "historian*.csv"
    format: csv
    targets:
      - table: readings
        fields:
          equipment_id: machine
          source_ts: {column: time, zone: UTC}
        values: [{column: vib, metric: vibration, unit: mm/s}]
"""


def test_import_transform_training_and_serving_run_side_by_side(plant: Served, tmp_path: Path) -> None:
    """No lock error anywhere, and the API answers all the while."""
    (tmp_path / "historian.yml").write_text(MAPPING, encoding="utf-8")
    rows = [f"CNC-A-101,2026-01-{day:02}T{hour:02}:30:30,1.{hour}" for day in range(1, 29) for hour in range(24)]
    (tmp_path / "historian.csv").write_text("\n".join(["machine,time,vib", *rows]), encoding="utf-8")
    importing = ("import", str(tmp_path / "historian.csv"), "--mapping", str(tmp_path / "historian.yml"))
    failures: list[str] = []
    done = threading.Event()

    def keep_asking() -> None:
        body = {"equipment_id": "CNC-A-102", "time_horizon": "7_days"}
        while not done.is_set():
            response = httpx.post(f"{plant.address}/v1/predict", json=body, timeout=60)
            if response.status_code != 200:
                failures.append(response.text)
            done.wait(0.2)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        processes = [_command(plant, *command) for command in (importing, ("transform",), ("train", "failure"))]
        outputs = [process.communicate(timeout=400)[0] for process in processes]
    finally:
        done.set()
        asking.join()
    assert [(p.returncode, o[-500:]) for p, o in zip(processes, outputs, strict=True) if p.returncode] == []
    assert failures == []


def _command(plant: Served, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "--home", str(plant.home), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
