"""How everybody that is asked is doing: the market providers, which all users share, and a user's own live sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.providers import registry
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.services import market_data, sync
from smartfolio_app.services.market_data import ProviderStatus
from smartfolio_app.services.sync import Connection
from smartfolio_app.storage.tables import OutboundCallRow


@dataclass(frozen=True, slots=True)
class ProviderView:
    """One provider as a user may see it.

    ``source`` is the key of the user's own source that is read from it, empty for a market provider. ``calls_left`` of
    ``calls`` in ``per_seconds`` is the budget, ``None`` while there is no key. ``paused_until``: it asked for silence;
    ``breaker_open``: it failed several times in a row and is given a rest. ``error`` is the last failure, ``None`` when
    the last attempt succeeded. ``host`` is told to administrators alone.
    """

    id: str
    label: str
    kind: str
    yields: tuple[str, ...]
    source: str
    calls: int
    calls_left: int | None
    per_seconds: float
    offline: bool
    paused_until: datetime | None
    breaker_open: bool
    tried_at: datetime | None
    succeeded_at: datetime | None
    error: Message | None
    host: str


def overview(db: Session, user_id: str, *, with_hosts: bool = False) -> list[ProviderView]:
    """Return the market providers, then what the user's own live sources are read from. Calls nobody."""
    found = [_market(db, one, with_hosts) for one in market_data.provider_statuses(db)]
    offline = market_data.market().gateway.offline
    return found + [_own(one, offline) for one in sync.connections(db, user_id)]


def _market(db: Session, status: ProviderStatus, with_hosts: bool) -> ProviderView:
    return ProviderView(
        id=status.id,
        label=registry.label_of(status.id),
        kind="market",
        yields=registry.provider(status.id).yields,
        source="",
        calls=status.calls,
        calls_left=status.calls_left,
        per_seconds=status.per_seconds,
        offline=status.offline,
        paused_until=status.paused_until,
        breaker_open=status.breaker_open,
        tried_at=status.tried_at,
        succeeded_at=status.succeeded_at,
        error=_failure(db, status) if status.error else None,
        host=status.host if with_hosts else "",
    )


def _failure(db: Session, status: ProviderStatus) -> Message:
    """Return the last failure; the status that was answered is in the record of calls."""
    answered = (
        select(col(OutboundCallRow.status))
        .where(col(OutboundCallRow.provider) == status.id, col(OutboundCallRow.status) >= 400)
        .order_by(col(OutboundCallRow.id).desc())
        .limit(1)
    )
    number = db.execute(answered).scalar_one_or_none() or "?"
    words = {"provider": registry.label_of(status.id), "status": number, "http_status": number}
    return Message(status.error, {**words, "host": status.host, "words": ""})


def _own(how: Connection, offline: bool) -> ProviderView:
    provider = registry.provider(how.provider)
    return ProviderView(
        id=how.provider,
        label=provider.label,
        kind=provider.kind,
        yields=provider.yields,
        source=how.source_key,
        calls=how.calls,
        calls_left=how.calls_left,
        per_seconds=how.per_seconds,
        offline=offline,
        paused_until=how.paused_until,
        breaker_open=how.breaker_open,
        tried_at=how.tried_at,
        succeeded_at=how.succeeded_at,
        error=how.error,
        host="",
    )
