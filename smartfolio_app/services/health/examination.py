"""Runs the checks, each on its own: one that breaks is reported and takes no other with it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from smartfolio_app.errors import NotFoundError, SmartFolioError
from smartfolio_app.services.health import (
    audit_chain,
    background_jobs,
    backup_state,
    clock,
    database,
    disk,
    key_files,
    limits,
    notices,
    policy,
    providers,
    redis_server,
    settings_in_force,
    source_states,
    vault,
    version,
)
from smartfolio_app.services.health.findings import Check, Finding, Patient
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings, engine_for
from smartfolio_app.storage.tables import HealthDismissal

log = logging.getLogger(__name__)

CHECKS: dict[str, Check] = {
    "version": version.check,
    "settings": settings_in_force.check,
    "keys": key_files.check,
    "vault": vault.check,
    "database": database.check,
    "audit": audit_chain.check,
    "disk": disk.check,
    "clock": clock.check,
    "limits": limits.check,
    "policy": policy.check,
    "jobs": background_jobs.check,
    "backups": backup_state.check,
    "redis": redis_server.check,
    "providers": providers.check,
    "sources": source_states.check,
    "notices": notices.check,
}


def examine(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    now: datetime | None = None,
    checks: Mapping[str, Check] | None = None,
) -> list[Finding]:
    """Run every check and return what they found, in their order. Writes nothing, calls no provider."""
    findings: list[Finding] = []
    for name, check in (CHECKS if checks is None else checks).items():
        # A session each: what one check leaves broken must not spoil the next.
        try:
            with Session(engine_for(settings)) as db:
                patient = Patient(
                    settings, db, os.environ if environ is None else environ, now or datetime.now(UTC)
                )
                findings += check(patient)
        except Exception as error:  # noqa: BLE001 - a check that fails in an unforeseen way is a finding, too
            findings.append(_failed(name, error))
    aside = _set_aside(settings)
    return [
        replace(finding, dismissed=finding.can_be_dismissed and finding.key in aside) for finding in findings
    ]


def is_healthy(findings: list[Finding]) -> bool:
    """Tell whether nothing is wrong; warnings are advice."""
    return all(finding.severity != "error" for finding in findings)


def dismiss(db: Session, key: str, by: str) -> None:
    """Set a finding aside, until it is taken back or has become an error. Does not commit.

    Raises:
        NotFoundError: There is no such warning now.
    """
    found = {finding.key: finding for finding in examine(current_settings()) if finding.can_be_dismissed}
    if key not in found:
        raise NotFoundError("health.no_such_finding")
    db.merge(HealthDismissal(finding=key, by=by))
    db.flush()


def take_back(db: Session, key: str) -> None:
    """Be reminded of a finding again. Does not commit."""
    db.execute(delete(HealthDismissal).where(col(HealthDismissal.finding) == key))


def _set_aside(settings: Settings) -> frozenset[str]:
    try:
        with Session(engine_for(settings)) as db:
            return frozenset(db.execute(select(col(HealthDismissal.finding))).scalars())
    except SQLAlchemyError:  # a broken database is among the findings; nothing of it is set aside
        return frozenset()


def _failed(name: str, error: Exception) -> Finding:
    """Say that a check could not be done. Messages of unforeseen errors may hold anything, so only their kind shows."""
    if isinstance(error, SmartFolioError):
        reason = error.code
    elif isinstance(error, SQLAlchemyError):
        reason = type(getattr(error, "orig", None) or error).__name__
    else:
        reason = type(error).__name__
    log.warning("the check %s could not be done: %s", name, reason)
    return Finding(name, "error", "check_failed", {"check": name, "reason": reason})
