"""Conversations and verdicts on their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.database.feedback import store_feedback
from api.database.threads import read_thread
from api.models import ID_PATTERN, FeedbackRequest, FeedbackStored, ThreadView
from api.openapi import problems
from api.routers.dependencies import Caller, Serving

router = APIRouter(prefix="/v1", tags=["conversations"])


@router.get(
    "/threads/{thread_id}", operation_id="read_thread", summary="Read a conversation", responses=problems(404, 422)
)
async def thread(
    thread_id: Annotated[str, Path(pattern=ID_PATTERN, description="The conversation.")],
    scope: Caller,
    services: Serving,
) -> ThreadView:
    """What was said, every run with its state, and the last verdict on each. Only its owner can read it."""
    return await read_thread(services.database, thread_id, subject=scope.subject)


@router.post(
    "/feedback",
    status_code=201,
    operation_id="give_feedback",
    summary="Rate an answer",
    responses=problems(400, 404, 413, 415, 422),
)
async def feedback(body: FeedbackRequest, scope: Caller, services: Serving) -> FeedbackStored:
    """Thumbs up or down on one's own run, perhaps with a reason. The last verdict counts; none is overwritten."""
    row = await store_feedback(
        services.database,
        services.clock,
        run_id=body.run_id,
        subject=scope.subject,
        verdict=body.verdict,
        comment=body.comment,
    )
    return FeedbackStored.model_validate(row, from_attributes=True)
