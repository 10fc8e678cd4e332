"""How the background jobs of the running server are doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from smartfolio_app.services import process_reports
from smartfolio_app.services.health.findings import Finding, Patient, Severity


def check(patient: Patient) -> Iterator[Finding]:
    """Name the jobs that failed the last time they ran."""
    told = process_reports.read(patient.db, now=patient.now)
    if not told.living:
        yield Finding("jobs", "info", "jobs.not_running")
        return
    for job in told.jobs:
        if job.error:
            params = {"job": job.name, "error": job.error, "at": job.finished_at or "-"}
            yield Finding("jobs", "warning", "jobs.failed", params)
    ran = [job for job in told.jobs if job.finished_at is not None]
    facts = tuple((job.name, _told(job)) for job in told.jobs)
    severity: Severity = "ok" if ran and not any(job.error for job in told.jobs) else "info"
    yield Finding("jobs", severity, "jobs.told", {"ran": len(ran), "count": len(told.jobs)}, facts)


def _told(job: process_reports.JobTold) -> str:
    if job.started_at is None:
        return f"- → {_minute(job.next_at)}"
    if job.running or job.finished_at is None:
        return f"{_minute(job.started_at)} …"
    seconds = (job.finished_at - job.started_at).total_seconds()
    return f"{_minute(job.finished_at)}, {seconds:.1f} s → {_minute(job.next_at)}"


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"
