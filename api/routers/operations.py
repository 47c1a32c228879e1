"""Health, readiness, metrics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.health import check_health, data_age, missing_for_readiness
from api.metrics import CONTENT_TYPE
from api.models import Alive, Health, Ready
from api.openapi import problems
from api.routers.dependencies import MetricsOfApp, RunsInFlight, Serving

router = APIRouter(tags=["operations"])


@router.get("/health", operation_id="health", summary="State of every port", responses=problems(500))
def health(services: Serving) -> Health:
    """Which adapter is active behind each port, whether it answers, how old the data is. Always 200: read `status`."""
    return check_health(services)


@router.get("/livez", operation_id="livez", summary="Is the process alive", responses=problems(500))
async def livez() -> Alive:
    """Asks nothing else; a failure means restart."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can it answer",
    responses={503: {"model": Ready, "description": "Not yet, or stopping."}},
)
async def readyz(services: Serving, runs: RunsInFlight, response: Response) -> Ready:
    """503 until the warehouse and the app database answer, and again while stopping."""
    waiting = ["shutdown"] if runs.is_draining else await run_in_threadpool(missing_for_readiness, services)
    if waiting:
        response.status_code = 503
    return Ready(status="not_ready" if waiting else "ready", waiting_for=waiting)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
def metrics(services: Serving, metrics: MetricsOfApp) -> Response:
    """Requests, runs, agent results, age of the data. Labels come from closed sets."""
    age = data_age(services)
    if age is not None and age.age_seconds is not None:
        metrics.data_age(age.age_seconds)
    return Response(metrics.exposition(), media_type=CONTENT_TYPE)
