"""What browsers say the content policy blocked."""

from __future__ import annotations

from collections.abc import Iterator

from smartfolio_app.services import process_reports
from smartfolio_app.services.health.findings import Finding, Patient

#: More kinds than that are one attack, not so many problems.
SHOWN = 10


def check(patient: Patient) -> Iterator[Finding]:
    """Name what was blocked in the last week, newest first."""
    told = process_reports.read(patient.db, now=patient.now)
    if not told.living and not told.blocked:
        yield Finding("policy", "info", "policy.not_running")
        return
    for one in told.blocked[:SHOWN]:
        params = {
            "directive": one.directive,
            "blocked": one.blocked or "-",
            "page": one.page,
            "count": one.count,
        }
        facts = (("place", one.place or "-"), ("last_at", one.last_at.isoformat(timespec="seconds")))
        yield Finding("policy", "warning", "policy.blocked", params, facts)
    if len(told.blocked) > SHOWN:
        yield Finding("policy", "warning", "policy.more", {"count": len(told.blocked) - SHOWN})
    if not told.blocked:
        yield Finding("policy", "ok", "policy.quiet")
