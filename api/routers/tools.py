"""The tools over HTTP. Plain functions on purpose: tools block, so FastAPI runs them in its thread pool."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from api.models import (
    AnalyticsBody,
    AnalyticsResponse,
    EquipmentList,
    EquipmentStateResponse,
    ForecastBody,
    ForecastResponse,
    PredictBody,
    PredictResponse,
)
from api.openapi import problems
from api.routers.dependencies import Caller, Serving
from core.evidence import Evidenced
from tools.models import AnalyticsRequest, ForecastRequest, PredictRequest

router = APIRouter(prefix="/v1")
_TOOL_PROBLEMS = problems(400, 404, 413, 415, 422, 502, 503)

Result = TypeVar("Result", bound=BaseModel)


@router.post(
    "/predict",
    tags=["insight"],
    operation_id="predict",
    summary="How likely is a failure",
    response_model=PredictResponse,
    responses=_TOOL_PROBLEMS,
)
def predict(body: PredictBody, scope: Caller, services: Serving) -> Response:
    """Probability of failure within the horizon, from the champion model's latest stored score, with its reasons."""
    from tools.predict import predict_failure

    request = PredictRequest.model_construct(**body.__dict__)
    return _grounded(PredictResponse, predict_failure(request, services.toolbox, scope))


@router.post(
    "/analytics",
    tags=["insight"],
    operation_id="analyse",
    summary="How did it perform",
    response_model=AnalyticsResponse,
    responses=_TOOL_PROBLEMS,
)
def analytics(body: AnalyticsBody, scope: Caller, services: Serving) -> Response:
    """KPIs and trends of a machine, a line or a plant over a past range, from catalogue entries only."""
    from tools.analytics import analyse

    request = AnalyticsRequest.model_construct(**body.__dict__)
    return _grounded(AnalyticsResponse, analyse(request, services.toolbox, scope))


@router.post(
    "/forecast",
    tags=["insight"],
    operation_id="forecast",
    summary="Where is a metric heading",
    response_model=ForecastResponse,
    responses=_TOOL_PROBLEMS,
)
def forecast(body: ForecastBody, scope: Caller, services: Serving) -> Response:
    """Hourly values with a band, and when limits will probably be crossed."""
    from tools.forecast import forecast as forecast_metric

    request = ForecastRequest.model_construct(**body.__dict__)
    return _grounded(ForecastResponse, forecast_metric(request, services.toolbox, scope))


@router.get(
    "/equipment",
    tags=["equipment"],
    operation_id="list_equipment",
    summary="List machines",
    response_model=EquipmentList,
    responses=problems(422, 503),
)
def equipment(
    scope: Caller,
    services: Serving,
    plant_id: Annotated[str | None, Query(description="Only this plant.")] = None,
    line: Annotated[str | None, Query(description="Only this line.")] = None,
    equipment_type: Annotated[str | None, Query(description="Only this type, e.g. pump.")] = None,
) -> Response:
    """Every machine of the caller's plants."""
    from tools.equipment import list_equipment

    wanted = {"plant_id": plant_id, "line": line, "equipment_type": equipment_type}
    filters = {name: value for name, value in wanted.items() if value is not None}
    machines = [
        machine
        for machine in list_equipment(services.toolbox, scope)
        if all(getattr(machine, name) == value for name, value in filters.items())
    ]
    return _json(EquipmentList(equipment=machines, count=len(machines)))


@router.get(
    "/equipment/{equipment_id}",
    tags=["equipment"],
    operation_id="read_equipment",
    summary="Read one machine",
    response_model=EquipmentStateResponse,
    responses=problems(404, 422, 503),
)
def equipment_by_id(
    equipment_id: Annotated[str, Path(min_length=1, max_length=128, description="As on its label, e.g. CNC-A-102.")],
    scope: Caller,
    services: Serving,
) -> Response:
    """One machine with its latest state, measurements, alarms and risk."""
    from tools.equipment import equipment_state

    return _grounded(EquipmentStateResponse, equipment_state(equipment_id, services.toolbox, scope))


def _grounded(shape: type[BaseModel], found: Evidenced[Result]) -> Response:
    """The tool's result with its evidence beside it. Already validated by the tool, so not validated again."""
    return _json(shape.model_construct(**found.result.__dict__, evidence=found.evidence, notes=found.notes))


def _json(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
