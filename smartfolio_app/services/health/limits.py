"""What the rate limits did: how often they said yes and no, and to whom no."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.security.limits import announcement
from smartfolio_app.services import process_reports
from smartfolio_app.services.health.findings import Finding, Patient
from smartfolio_app.storage.tables import User


def check(patient: Patient) -> Iterator[Finding]:
    """Tell what is in force, and what the running server counted."""
    yield Finding("limits", "info", "limits.in_force", {"line": announcement(patient.settings)})
    told = process_reports.read(patient.db, now=patient.now)
    if not told.living or told.since is None:
        yield Finding("limits", "info", "limits.not_running")
        return
    names = dict(patient.db.execute(select(col(User.id), col(User.name))).all())
    facts = tuple((_named(key, names), str(count)) for key, count in told.top)
    params = {
        "allowed": told.allowed,
        "limited": told.limited,
        "since": told.since,
        "processes": len(told.living),
    }
    yield Finding("limits", "info", "limits.counted", params, facts)


def _named(key: str, names: dict[str, str]) -> str:
    """``default user:3f…`` -> ``default alice``."""
    bucket, _, who = key.partition(" ")
    kind, _, rest = who.partition(":")
    return f"{bucket} {names.get(rest, rest)}" if kind == "user" else f"{bucket} {rest or who}"
