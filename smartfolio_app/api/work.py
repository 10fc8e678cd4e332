"""Work in the background as it stands: one shape for everything that is started and looked at again."""

from __future__ import annotations

from typing import Any, Literal

from smartfolio_app.api.schemas import Answer, Problem
from smartfolio_app.i18n import error_text
from smartfolio_app.services.jobs import Job


class WorkOut(Answer):
    """Work as it stands; ``done`` of ``total`` (0: not known yet), ``error`` where it failed."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int
    error: Problem | None


def standing(job: Job, language: str) -> dict[str, Any]:
    """Return the fields of ``WorkOut`` for a job."""
    problem = None
    if job.error is not None:
        detail = {name: str(value) for name, value in job.error.params.items()}
        problem = Problem(code=job.error.code, message=error_text(language, job.error), detail=detail)
    return {"id": job.id, "state": job.state, "done": job.done, "total": job.total, "error": problem}
