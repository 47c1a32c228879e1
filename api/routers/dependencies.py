"""What routes ask for. Async on purpose: a sync dependency would cost a thread each."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from api.metrics import Metrics
from api.security.local import caller
from api.services import Services
from api.streaming.runs import Runs
from core.scope import Scope


async def services_of(request: Request) -> Services:
    return cast(Services, request.app.state.services)


async def runs_of(request: Request) -> Runs:
    return cast(Runs, request.app.state.runs)


async def metrics_of(request: Request) -> Metrics:
    return cast(Metrics, request.app.state.metrics)


Serving = Annotated[Services, Depends(services_of)]
RunsInFlight = Annotated[Runs, Depends(runs_of)]
MetricsOfApp = Annotated[Metrics, Depends(metrics_of)]
Caller = Annotated[Scope, Depends(caller)]
