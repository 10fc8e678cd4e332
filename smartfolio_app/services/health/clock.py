"""Has the clock gone back? What is stored cannot be younger than now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.services.health.findings import Finding, Patient
from smartfolio_app.storage.tables import AuditEntry, OutboundCallRow

TOLERANCE = timedelta(minutes=2)


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
        yield Finding("clock", "ok", "clock.plausible", {"now": f"{patient.now:%Y-%m-%d %H:%M:%S}"})
