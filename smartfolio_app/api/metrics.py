"""``/metrics`` for Prometheus: not there unless ``SECURITY_METRICS_TOKEN`` is set, and then only for its bearer."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from smartfolio_app.api.dependencies import Caller, Database
from smartfolio_app.security.problems import RequestRefusedError
from smartfolio_app.services.metrics import exposition
from smartfolio_app.storage.engine import current_settings

router = APIRouter(tags=["operation"])


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(caller: Caller, db: Database) -> PlainTextResponse:
    """Answer with the metrics of this process; 404 for everybody without the operator's token."""
    settings = current_settings()
    wanted = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    # The same answer when it is off and when the token is wrong: nothing can be learnt by asking.
    if not wanted or not secrets.compare_digest(caller.token.encode(), wanted.encode()):
        raise RequestRefusedError("request.not_found", 404)
    text = exposition(db, settings, now=datetime.now(UTC))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")
