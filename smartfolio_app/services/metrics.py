"""What Prometheus may know, as text: limits, jobs, providers, backups. No name, no address, no amount."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app import __version__
from smartfolio_app.services import backups, scheduler
from smartfolio_app.settings import Settings
from smartfolio_app.storage.tables import OutboundCallRow, ProviderState, User

Sample = tuple[dict[str, str], float]


def exposition(db: Session, settings: Settings, *, allowed: int, limited: int, now: datetime) -> str:
    """Return the metrics in Prometheus' text format.

    Args:
        allowed, limited: How often the limits of this process said yes and no.
    """
    lines: list[str] = []
    for name, kind, help_text, samples in _families(db, settings, allowed=allowed, limited=limited, now=now):
        lines += [f"# HELP smartfolio_{name} {help_text}", f"# TYPE smartfolio_{name} {kind}"]
        lines += [f"smartfolio_{name}{_labels(labels)} {value:g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _families(
    db: Session, settings: Settings, *, allowed: int, limited: int, now: datetime
) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    yield "info", "gauge", "The version.", [({"version": __version__}, 1)]
    decisions = [({"decision": "allowed"}, allowed), ({"decision": "limited"}, limited)]
    yield "limit_decisions_total", "counter", "Decisions of this process's rate limits.", decisions
    users = db.execute(select(func.count()).select_from(User)).scalar_one()
    yield "users", "gauge", "Accounts.", [({}, users)]

    jobs = [job for job in scheduler.jobs() if job.started_at and job.finished_at]
    yield (
        "job_duration_seconds",
        "gauge",
        "How long a background job took the last time.",
        [
            ({"job": job.name}, (job.finished_at - job.started_at).total_seconds())
            for job in jobs
            if job.started_at and job.finished_at and job.finished_at >= job.started_at
        ],
    )
    failed = [({"job": job.name}, float(bool(job.error))) for job in jobs]
    yield "job_failed", "gauge", "1 when a background job failed the last time.", failed

    outcome = (col(OutboundCallRow.provider), col(OutboundCallRow.outcome))
    calls = db.execute(select(*outcome, func.count()).group_by(*outcome)).all()
    yield (
        "provider_calls",
        "gauge",
        "Recorded calls to a provider (30 days are kept).",
        [({"provider": provider, "outcome": result}, count) for provider, result, count in calls],
    )
    states = db.execute(select(ProviderState)).scalars()
    yield (
        "sync_age_seconds",
        "gauge",
        "Since when a provider has not answered well.",
        [
            ({"provider": state.provider}, (now - state.succeeded_at).total_seconds())
            for state in states
            if state.succeeded_at is not None
        ],
    )
    newest = backups.listed(settings)[:1]
    ages: list[Sample] = [({}, (now - made).total_seconds()) for made, _ in newest]
    yield "backup_age_seconds", "gauge", "Age of the newest backup; absent when there is none.", ages


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    escaped = (
        (name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n"))
        for name, value in labels.items()
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
