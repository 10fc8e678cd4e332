"""Where browsers report what the content policy blocked, and where administrators read it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from smartfolio_app.api.dependencies import Admin, Caller, limits_of
from smartfolio_app.api.schemas import Answer
from smartfolio_app.security.limits import REPORTS, RateLimitedError, address_key
from smartfolio_app.security.violations import REPORTED

router = APIRouter(prefix="/api/security", tags=["operation"])


class ViolationOut(Answer):
    """One kind of violation of the content policy."""

    directive: str
    blocked: str
    page: str
    place: str
    sample: str
    count: int
    first_at: datetime
    last_at: datetime


@router.post("/csp-report", status_code=204, include_in_schema=False)
async def report_violation(request: Request, access: Caller) -> Response:
    """Take a browser's report. Anyone may send one: it is small, limited, and only ever shown as text."""
    decision = await limits_of(request).take(REPORTS, address_key(access.client.bucket))
    if not decision.allowed:
        raise RateLimitedError(decision, REPORTS)
    await run_in_threadpool(REPORTED.record, await request.body())
    return Response(status_code=204)


@router.get("/csp-reports", summary="What the content policy blocked")
def list_violations(_viewer: Admin) -> list[ViolationOut]:
    """Return the violations reported since the start, newest first."""
    return [ViolationOut.model_validate(one) for one in REPORTED.listed()]
