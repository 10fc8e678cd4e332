"""Is the clock right? What is stored cannot be younger than now, and the providers have clocks of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.services import process_reports
from smartfolio_app.services.health.findings import Finding, Patient
from smartfolio_app.storage.tables import AuditEntry, OutboundCallRow

TOLERANCE = timedelta(minutes=2)
#: More than an answer can take to travel.
SKEW_SECONDS = 30


def check(patient: Patient) -> Iterator[Finding]:
    """Compare the clock with the newest entries that this machine wrote."""
    newest = [
        at
        for column in (col(AuditEntry.at), col(OutboundCallRow.at))
        if (at := patient.db.execute(select(func.max(column))).scalar_one()) is not None
    ]
    ahead = max((at - patient.now for at in newest), default=timedelta())
    if ahead > TOLERANCE:
        yield Finding("clock", "warning", "clock.behind", {"minutes": int(ahead.total_seconds() // 60)})
    else:
        yield Finding("clock", "ok", "clock.plausible", {"now": patient.now})
    told = process_reports.read(patient.db, now=patient.now)
    if told.jump is not None:
        params = {"seconds": f"{told.jump.seconds:+.0f}", "at": told.jump.at}
        yield Finding("clock", "warning", "clock.jumped", params)
    skew = told.skew_seconds
    if skew is None:
        yield Finding("clock", "info", "clock.not_compared")
    elif abs(skew) > SKEW_SECONDS:
        yield Finding("clock", "warning", "clock.skewed", {"seconds": f"{skew:+.0f}"})
    else:
        yield Finding("clock", "ok", "clock.agrees", {"seconds": f"{skew:+.0f}"})
