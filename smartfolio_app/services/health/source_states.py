"""How every user's sources are doing."""

from __future__ import annotations

from collections.abc import Iterator

from smartfolio_app.services import accounts, sources
from smartfolio_app.services.health.findings import Finding, Patient, Severity


def check(patient: Patient) -> Iterator[Finding]:
    """Name each source that fails or has grown old. Labels and reasons only, never what it holds."""
    fine = failing = 0
    for user in accounts.list_users(patient.db):
        for source in sources.source_status(patient.db, user.id).sources:
            params = {"user": user.name, "source": source.label or source.key, "reason": source.reason}
            if source.status == "error":
                failing += 1
                yield Finding("sources", "warning", "sources.failing", params)
            elif source.status == "stale":
                yield Finding("sources", "info", "sources.stale", params)
            elif source.configured:
                fine += 1
    severity: Severity = "ok" if fine and not failing else "info"
    yield Finding("sources", severity, "sources.fine", {"count": fine})
