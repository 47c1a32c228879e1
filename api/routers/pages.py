"""The technician page and the API's own documentation, served from this process alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

WEB = Path(__file__).resolve().parents[1] / "web"
router = APIRouter(include_in_schema=False)
_REVALIDATE = {"Cache-Control": "no-cache"}


class RevalidatedFiles(StaticFiles):
    """Files a browser keeps but asks about each time, so that page and server are never of two versions."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(_REVALIDATE)
        return response


@router.get("/")
async def page() -> Response:
    return FileResponse(WEB / "static" / "index.html", headers=_REVALIDATE)


@router.get("/docs")
async def docs() -> Response:
    return FileResponse(WEB / "static" / "docs.html", headers=_REVALIDATE)


@router.get("/favicon.ico")
async def favicon() -> Response:
    return FileResponse(WEB / "static" / "icon.svg", media_type="image/svg+xml", headers=_REVALIDATE)
