"""``/healthz``: the process is alive. It touches nothing that could be slow."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from smartfolio_app import __version__

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """That the server runs, and which version."""

    status: str
    version: str


@router.get("/healthz", summary="Is the server alive?")
async def healthz() -> Health:
    """Answer as long as the event loop turns; needs no sign-in and is never limited."""
    return Health(status="ok", version=__version__)
