"""How the providers are doing: what their budgets leave, whether they are given a rest, what went wrong last."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Answer
from smartfolio_app.i18n import known, translate, translate_or_text
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.services import provider_overview

router = APIRouter(prefix="/api/providers", tags=["prices"])


class ProviderOut(Answer):
    """One provider. Budgets of market providers are shared by everybody, those of live sources belong to your key."""

    id: str
    label: str
    kind: str = Field(description="market, or api: one of your own live sources")
    yields: list[str]
    source: str = Field(description="the key of your source; empty for a market provider")
    calls: int
    calls_left: int | None = Field(description="what the budget leaves now; null without a key")
    per_seconds: int
    offline: bool = Field(description="this server is set to call nobody")
    paused_until: datetime | None = Field(description="it asked for silence until then")
    breaker_open: bool = Field(description="it failed several times in a row and is given a rest")
    tried_at: datetime | None
    succeeded_at: datetime | None
    error: str = Field(description="the last failure, as a sentence; empty when the last attempt succeeded")
    error_code: str
    host: str = Field(description="told to administrators alone")


@router.get("", summary="How the providers are doing")
def list_providers(viewer: SignedIn, access: Caller, db: Database) -> list[ProviderOut]:
    """Return the market providers and those of your own live sources. Nobody is called to find out."""
    language = language_of(access, db, viewer.user_id)
    found = provider_overview.overview(db, viewer.user_id, with_hosts=viewer.is_admin)
    return [
        ProviderOut(
            id=one.id,
            label=translate_or_text(language, one.label),
            kind=one.kind,
            yields=list(one.yields),
            source=one.source,
            calls=one.calls,
            calls_left=one.calls_left,
            per_seconds=round(one.per_seconds),
            offline=one.offline,
            paused_until=one.paused_until,
            breaker_open=one.breaker_open,
            tried_at=one.tried_at,
            succeeded_at=one.succeeded_at,
            error=_sentence(one.error, language),
            error_code=one.error.code if one.error is not None else "",
            host=one.host,
        )
        for one in found
    ]


def _sentence(error: Message | None, language: str) -> str:
    if error is None:
        return ""
    if not known(f"error.{error.code}"):
        return translate(language, "error.unexpected", code=error.code)
    return translate(language, f"error.{error.code}", **error.params)
