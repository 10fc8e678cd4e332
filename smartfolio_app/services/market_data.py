"""The app's one gateway to the market providers, its written record, and how each provider is doing.

One gateway a process: budgets, pauses and breakers hold for everything that calls out. Every call is written to the
database as it happens, and read back after a restart, so a budget that was spent stays spent.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.providers import binance, binance_futures, coingecko, ecb, fear_greed, yahoo
from smartfolio_app.providers.binance import Binance
from smartfolio_app.providers.binance_futures import BinanceFutures
from smartfolio_app.providers.coingecko import CoinGecko
from smartfolio_app.providers.ecb import Ecb
from smartfolio_app.providers.fear_greed import FearGreed
from smartfolio_app.providers.http import Gateway, OutboundCall, ProviderClient
from smartfolio_app.providers.yahoo import Yahoo
from smartfolio_app.services import clock_skew
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.repo_prices import provider_states
from smartfolio_app.storage.tables import OutboundCallRow
from smartfolio_app.telemetry import metrics

#: How far back a restarted process looks for calls that count: longer than any budget's window and any pause.
MEMORY = timedelta(days=3)
#: How long the record of calls is kept.
KEPT = timedelta(days=30)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Market:
    """The market providers, on one gateway."""

    gateway: Gateway
    coingecko: CoinGecko
    ecb: Ecb
    binance: Binance
    yahoo: Yahoo
    futures: BinanceFutures
    fear_greed: FearGreed

    def named(self) -> tuple[tuple[str, str, ProviderClient], ...]:
        """Return id, name and client of each, in the order in which people read them."""
        return (
            (coingecko.ID, "CoinGecko", self.coingecko.client),
            (binance.ID, "Binance", self.binance.client),
            (yahoo.ID, "Yahoo", self.yahoo.client),
            (ecb.ID, "ECB", self.ecb.client),
            (binance_futures.ID, "Binance Futures", self.futures.client),
            (fear_greed.ID, "Fear & Greed", self.fear_greed.client),
        )


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """How a market provider is doing: what its budget leaves, until when it is left alone, when it last answered.

    ``error`` is the code of its last failure (a message key below ``error.``), empty when the last attempt succeeded.
    """

    id: str
    label: str
    host: str
    calls_left: int
    calls: int
    per_seconds: float
    offline: bool
    paused_until: datetime | None
    breaker_open: bool
    tried_at: datetime | None
    succeeded_at: datetime | None
    error: str


_lock = Lock()
_open: tuple[Settings, Market] | None = None


def market() -> Market:
    """Return the providers as the settings in force name them; opened once, budgets and pauses restored.

    Raises:
        ProviderAddressError: A base address is neither https nor on loopback.
    """
    global _open  # noqa: PLW0603 - the process's one gateway; ``close`` ends it
    settings = current_settings()
    with _lock:
        if _open is None or _open[0] is not settings:
            if _open is not None:
                _open[1].gateway.close()
            _open = (settings, _connect(settings))
        return _open[1]


def close() -> None:
    """Wake up whatever waits for a provider and close the connections."""
    global _open  # noqa: PLW0603 - see ``market``
    with _lock:
        if _open is not None:
            _open[1].gateway.close()
            _open = None


def provider_statuses(db: Session) -> list[ProviderStatus]:
    """Return how each market provider is doing. Calls nobody."""
    providers, states = market(), provider_states(db)
    found = []
    for provider_id, label, client in providers.named():
        health, state = client.health(), states.get(provider_id)
        found.append(
            ProviderStatus(
                id=provider_id,
                label=label,
                host=health.host,
                calls_left=health.left,
                calls=health.budget.calls,
                per_seconds=health.budget.seconds,
                offline=providers.gateway.offline,
                paused_until=health.paused_until,
                breaker_open=health.breaker_open,
                tried_at=state.tried_at if state else None,
                succeeded_at=state.succeeded_at if state else None,
                error=state.error if state else "",
            )
        )
    return found


def recent_calls(db: Session, limit: int = 100) -> list[OutboundCallRow]:
    """Return the newest outbound calls, newest first."""
    wanted = select(OutboundCallRow).order_by(col(OutboundCallRow.id).desc()).limit(limit)
    return list(db.execute(wanted).scalars())


def forget_old_calls(db: Session, now: datetime) -> None:
    """Remove what is too old to matter from the record of calls. Does not commit."""
    db.execute(delete(OutboundCallRow).where(col(OutboundCallRow.at) < now - KEPT))


def _connect(settings: Settings) -> Market:
    gateway = Gateway(offline=settings.offline, recorder=_record, history=_recorded)
    gateway.http.event_hooks = {"response": [clock_skew.note]}
    key = settings.coingecko_key.get_secret_value() if settings.coingecko_key else ""
    return Market(
        gateway,
        CoinGecko(gateway, settings.coingecko_url, key),
        Ecb(gateway, settings.ecb_url),
        Binance(gateway, settings.binance_url),
        Yahoo(gateway, settings.yahoo_url),
        BinanceFutures(gateway, settings.binance_futures_url),
        FearGreed(gateway, settings.fear_greed_url),
    )


def _record(call: OutboundCall) -> None:
    """Write a call down. A record that cannot be written must not cost the answer."""
    metrics.provider_call(call.provider, call.outcome, call.ms / 1000)
    try:
        with session_scope() as db:
            db.add(
                OutboundCallRow(
                    at=call.at,
                    provider=call.provider,
                    key_id=call.key_id,
                    host=call.host,
                    path=call.path[:500],
                    outcome=call.outcome,
                    status=call.status,
                    ms=call.ms,
                    size=call.size,
                    paused_until=call.paused_until,
                )
            )
    except (SQLAlchemyError, SmartFolioError):
        log.exception("a call to %s could not be recorded", call.provider)


def _recorded(provider: str, key_id: str) -> list[OutboundCall]:
    """Return the calls of a provider and key that may still count, whichever process made them."""
    wanted = select(OutboundCallRow).where(
        col(OutboundCallRow.provider) == provider,
        col(OutboundCallRow.key_id) == key_id,
        col(OutboundCallRow.at) >= datetime.now(UTC) - MEMORY,
    )
    with session_scope() as db:
        rows = list(db.execute(wanted).scalars())
    return [
        OutboundCall(
            at=row.at,
            provider=row.provider,
            key_id=row.key_id,
            host=row.host,
            path=row.path,
            outcome=row.outcome,
            status=row.status,
            ms=row.ms,
            size=row.size,
            paused_until=row.paused_until,
        )
        for row in rows
    ]
