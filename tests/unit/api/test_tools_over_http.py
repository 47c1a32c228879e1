from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.services import Services
from core.clock import FixedClock
from core.workspace import Workspace
from tests.doubles import plant
from tests.unit.api.conftest import MakeClient, PlantClient


def test_predict_answers_in_the_agreed_shape(plant_client: PlantClient) -> None:
    asked = {"equipment_id": "CNC-A-102", "prediction_type": "failure_risk", "time_horizon": "7_days"}
    answer = plant_client().post("/v1/predict", json=asked).json()
    assert answer["failure_probability"] == pytest.approx(0.73)
    assert answer["risk_level"] == "High"
    assert isinstance(answer["contributing_factors"], list)
    assert isinstance(answer["recommended_action"], str)


def test_predict_says_which_model_and_which_rows(plant_client: PlantClient) -> None:
    answer = plant_client().post("/v1/predict", json={"equipment_id": "CNC-A-102"}).json()
    assert answer["model_version"] == "3"
    assert answer["evidence"][0]["query"] == "risk_curve"


def test_analytics_answers_in_the_agreed_shape(plant_client: PlantClient) -> None:
    asked = {"equipment_id": "CNC-A-102", "analysis_type": "performance_trend", "time_range": "last_30_days"}
    answer = plant_client().post("/v1/analytics", json=asked).json()
    assert answer["metrics"]["avg_uptime"].endswith("%")
    assert answer.keys() >= {"metrics", "trends", "insights", "evidence", "notes"}


def test_forecast_answers_in_the_agreed_shape(plant_client: PlantClient) -> None:
    asked = {"equipment_id": "CNC-A-102", "metric": "vibration", "forecast_horizon": "24_hours"}
    answer = plant_client().post("/v1/forecast", json=asked).json()
    first = answer["forecasted_values"][0]
    assert len(answer["forecasted_values"]) == 24
    assert first.keys() == {"timestamp", "value", "confidence_interval"}
    assert first["confidence_interval"][0] <= first["value"] <= first["confidence_interval"][1]
    assert answer.keys() >= {"threshold_violations", "recommendation", "evidence"}


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/v1/predict", {"equipment_id": "CNC-A-120"}, 404, "equipment_id"),
        ("/v1/predict", {"equipment_id": "CNC-A-102", "time_horizon": "-3_days"}, 422, "time_horizon"),
        ("/v1/predict", {"equipment_id": "CNC-A-102", "time_horizon": "soon"}, 422, "time_horizon"),
        ("/v1/predict", {"equipment_id": "CNC-A-102", "prediction_type": "weather"}, 422, "prediction_type"),
        ("/v1/predict", {"equipment_id": "CNC-A-102", "horizon": "7_days"}, 422, "horizon"),
        ("/v1/predict", {"equipment_id": "a\ud800"}, 422, "equipment_id"),
        ("/v1/predict", {}, 422, "equipment_id"),
        ("/v1/predict", [], 422, "body"),
        ("/v1/forecast", {"equipment_id": "CNC-A-102", "metric": "mood"}, 422, "metric"),
        (
            "/v1/forecast",
            {"equipment_id": "CNC-A-102", "metric": "vibration", "forecast_horizon": "-3_days"},
            422,
            None,
        ),
        ("/v1/analytics", {"equipment_id": "CNC-A-102", "time_range": "last_0_days"}, 422, "time_range"),
    ],
)
def test_what_cannot_be_answered_names_the_field(
    plant_client: PlantClient, path: str, body: Any, status: int, field: str | None
) -> None:
    import json

    content = json.dumps(body).encode()
    refused = plant_client().post(path, content=content, headers={"content-type": "application/json"})
    assert refused.status_code == status, refused.text
    assert refused.json()["remedy"]
    if field is not None:
        assert refused.json()["field"] == field


def test_machines_are_listed(plant_client: PlantClient) -> None:
    listed = plant_client().get("/v1/equipment").json()
    assert [machine["equipment_id"] for machine in listed["equipment"]] == ["CNC-A-102", "PUMP-B-203"]
    assert listed["count"] == 2


def test_machines_are_listed_by_type(plant_client: PlantClient) -> None:
    listed = plant_client().get("/v1/equipment", params={"equipment_type": "pump"}).json()
    assert [machine["equipment_id"] for machine in listed["equipment"]] == ["PUMP-B-203"]


def test_one_machine_has_its_latest_state(plant_client: PlantClient) -> None:
    state = plant_client().get("/v1/equipment/CNC-A-102").json()
    assert state["equipment"]["equipment_id"] == "CNC-A-102"
    assert state["metrics"][0]["unit"] == "mm/s"
    assert state["evidence"]


def test_an_unknown_machine_is_not_found(plant_client: PlantClient) -> None:
    refused = plant_client().get("/v1/equipment/CNC-A-999")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_equipment")


def test_nothing_published_yet_is_not_an_empty_plant(make_client: MakeClient, services: Services) -> None:
    from data_engineering.warehouse.duckdb import DuckDBWarehouse

    empty = DuckDBWarehouse(Workspace(Path("/nowhere")), max_rows=10, max_seconds=1, clock=FixedClock(plant.NOW))
    refused = make_client(toolbox=replace(services.toolbox, warehouse=empty)).get("/v1/equipment")
    assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
    assert refused.headers["retry-after"]
