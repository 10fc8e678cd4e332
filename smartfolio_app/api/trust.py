"""Is everything in order? The findings of the Trust page and the doctor, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from smartfolio_app.api.dependencies import Admin, Caller, Database, language_of
from smartfolio_app.api.schemas import Answer, Body, Done
from smartfolio_app.services import health
from smartfolio_app.services.health.findings import Severity
from smartfolio_app.storage.engine import current_settings

router = APIRouter(prefix="/api/trust", tags=["operation"])


class FactOut(Answer):
    """A name and a value."""

    name: str
    value: str


class FindingOut(Answer):
    """One thing that was looked at: how it is, why that matters, what to do."""

    key: Annotated[str, Field(description="what it is about, the same each time; for setting it aside")]
    check: str
    severity: Severity
    code: str
    what: str
    why: str
    mend: str
    facts: list[FactOut]
    dismissed: bool
    can_be_dismissed: bool


class TrustOut(Answer):
    """Every finding; ``healthy`` unless one is an error."""

    healthy: bool
    findings: list[FindingOut]


class DismissalIn(Body):
    """A warning to set aside."""

    key: Annotated[str, Field(min_length=1, max_length=400)]


@router.get("", summary="Every check and what it found")
def get_trust(viewer: Admin, access: Caller, db: Database) -> TrustOut:
    """Look at everything, now, and say it in the caller's language."""
    language = language_of(access, db, viewer.user_id)
    findings = health.examine(current_settings())
    return TrustOut(
        healthy=health.is_healthy(findings), findings=[_finding(one, language) for one in findings]
    )


@router.put("/dismissals", summary="Set a warning aside")
def dismiss(viewer: Admin, db: Database, body: DismissalIn) -> Done:
    """Be reminded of it no more. Errors cannot be set aside."""
    health.dismiss(db, body.key, viewer.name)
    return Done()


@router.delete("/dismissals", summary="Be reminded of a warning again")
def take_back(_viewer: Admin, db: Database, key: Annotated[str, Query(max_length=400)]) -> Done:
    """Take a dismissal back; one that is not there is no error."""
    health.take_back(db, key)
    return Done()


def _finding(one: health.Finding, language: str) -> FindingOut:
    return FindingOut(
        key=one.key,
        check=one.check,
        severity=one.severity,
        code=one.code,
        what=one.what(language),
        why=one.why(language),
        mend=one.mend(language),
        facts=[FactOut(name=name, value=value) for name, value in one.facts],
        dismissed=one.dismissed,
        can_be_dismissed=one.can_be_dismissed,
    )
