"""``/healthz``: the process is alive (it touches nothing that could be slow). ``/readyz``: it can do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from smartfolio_app import __version__
from smartfolio_app.services.health.readiness import readiness
from smartfolio_app.storage.engine import current_settings

router = APIRouter(tags=["operation"])

Part = Literal["ok", "failed", "unused"]


class Health(BaseModel):
    """That the server runs, and which version."""

    status: str
    version: str


class Ready(BaseModel):
    """Whether the server can do its work, and if not, what is missing."""

    status: Literal["ready", "not_ready"]
    database: Part
    migrations: Part
    redis: Part


@router.get("/healthz", summary="Is the server alive?")
async def healthz() -> Health:
    """Answer as long as the event loop turns; needs no sign-in and is never limited."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", summary="Can the server do its work?", responses={503: {"model": Ready}})
def readyz(response: Response) -> Ready:
    """Answer 200 when the database, its schema and (where it is configured) Redis are there, else 503."""
    found = readiness(current_settings())
    response.status_code = 200 if found.ready else 503
    return Ready(
        status="ready" if found.ready else "not_ready",
        database="ok" if found.database else "failed",
        migrations="ok" if found.migrations else "failed",
        redis="unused" if found.redis is None else "ok" if found.redis else "failed",
    )
