"""The facts that rules are judged by, from the same services that the pages read; each found when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.base import (
    BadDay,
    CredentialAge,
    Fall,
    Flow,
    LiveSource,
    TargetDrift,
)
from smartfolio_app.analytics.columns import Role
from smartfolio_app.analytics.rebalancing.drift import drifts
from smartfolio_app.analytics.results import Coverage, Holding, Portfolio, UnitPrice
from smartfolio_app.analytics.risk.tails import historical
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.assets import AssetId, symbol_of
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.money import market_value
from smartfolio_app.ledger.transactions import Amount
from smartfolio_app.ledger.worth import worth_of_side
from smartfolio_app.providers import registry
from smartfolio_app.services import credentials, performance, risk, user_settings, wealth
from smartfolio_app.services.rebalancing.plan import key_of
from smartfolio_app.services.rebalancing.targets import TRADED
from smartfolio_app.services.rebalancing.targets import get as targets_of
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.storage.tables import SourceRow, SyncState
from smartfolio_app.storage.vault import VaultLockedError

#: A value at risk is judged by a day that is over, but not long over.
_YESTERDAY = timedelta(days=4)
#: A sign-in whose short-lived token is this much past its end was not renewed any more: it has ended.
_NOT_RENEWED = timedelta(hours=1)
_FINE = Decimal("0.000001")


class Gathered:
    """``analytics.alerts.base.Facts`` of one user, of the whole household, in one currency."""

    def __init__(self, db: Session, user_id: str, currency: str, now: datetime) -> None:
        """Raise ``NotFoundError`` when there is no such user."""
        self._db = db
        self._view = wealth.view_of(db, user_id, scope=Scope(), currency=currency)
        self.now = now
        self.currency = currency

    @cached_property
    def portfolio(self) -> Portfolio:
        """What the dashboard shows of everything."""
        return wealth.portfolio(self._db, self._view)

    @property
    def holdings(self) -> Sequence[Holding]:
        return self.portfolio.holdings

    @property
    def coverage(self) -> Coverage:
        return self.portfolio.coverage

    def price(self, asset: AssetId) -> UnitPrice | None:
        return wealth.basis(self._db, self._view.user_id).prices.unit_price(asset, self.currency, self.now)

    def symbol(self, asset: AssetId) -> str:
        known = wealth.basis(self._db, self._view.user_id).ledger.assets.get(asset)
        return known.symbol if known else symbol_of(asset)

    @cached_property
    def drifts(self) -> Sequence[TargetDrift]:
        chosen = targets_of(self._db, self._view.user_id)
        worth: dict[str, Decimal] = defaultdict(Decimal)
        names: dict[str, str] = {}
        for row in self.holdings:
            key = key_of(row, chosen.by)
            if row.price is None or key not in chosen.weights or row.category not in TRADED:
                continue
            held = sum((one.quantity for one in row.positions if one.quantity > 0), Decimal(0))
            worth[key] += market_value(held, row.price.value)
            names[key] = row.asset.symbol
        found = []
        for one in drifts(worth, chosen.weights, chosen.bands):
            distances = [chosen.bands.absolute]
            if chosen.bands.relative is not None and one.target:
                distances.append(chosen.bands.relative * one.target)
            label = f"explain.{chosen.by}.{one.key}"
            if chosen.by == "asset":
                label = names.get(one.key) or self.symbol(one.key)
            limit = min((distance for distance in distances if distance is not None), default=None)
            found.append(TargetDrift(one.key, label, one.share, one.target, limit))
        return tuple(found)

    @cached_property
    def fall(self) -> Fall | None:
        series = performance.series(self._db, self._view)
        index = series.index
        if len(index) < 2 or not np.isfinite(index).all() or not (series.value > 0).any():
            return None
        peak = int(np.argmax(index))
        depth = Decimal(repr(max(0.0, 1.0 - float(index[-1]) / float(index[peak]))))
        return Fall(depth.quantize(_FINE), series.days[peak], series.days[-1])

    def bad_day(self, confidence: Decimal) -> BadDay | None:
        report = risk.dashboard(self._db, self._view).report
        if report is None or not len(report.returns) or not np.isfinite(report.returns[-1]):
            return None
        day = report.days[-1]
        if self.now.date() - day > _YESTERDAY:
            return None
        limit = historical(report.returns[:-1], float(confidence)).var
        if limit is None:
            return None
        returned = Decimal(repr(float(report.returns[-1])))
        return BadDay(day, returned.quantize(_FINE), Decimal(repr(limit)).quantize(_FINE))

    @cached_property
    def _sources(self) -> list[SourceRow]:
        mine = select(SourceRow).where(col(SourceRow.user_id) == self._view.user_id)
        rows = self._db.execute(mine.order_by(col(SourceRow.key))).scalars().all()
        return [row for row in rows if row.active and registry.is_live(row.provider)]

    @cached_property
    def _language(self) -> str:
        return user_settings.get(self._db, self._view.user_id).language

    @cached_property
    def live_sources(self) -> Sequence[LiveSource]:
        found = []
        for row in self._sources:
            state = self._db.get(SyncState, row.id, populate_existing=True)
            if state is not None and state.tried_at is not None:
                label = label_of(row, self._language)
                error = state.error if state.failures else ""
                found.append(
                    LiveSource(row.key, label, state.failures, error, state.tried_at, state.succeeded_at)
                )
        return found

    @cached_property
    def credentials(self) -> Sequence[CredentialAge]:
        found = []
        for row in self._sources:
            held = [one for one in credentials.describe(self._db, row) if one.set_at is not None]
            if not held:
                continue
            since = max(one.set_at for one in held if one.set_at is not None)
            ends = self._sign_in_ended(row) if registry.provider(row.provider).sign_in else None
            found.append(CredentialAge(row.key, label_of(row, self._language), since, ends))
        return found

    def _sign_in_ended(self, row: SourceRow) -> datetime | None:
        """Return when a sign-in ended; ``None`` while it is renewed by turns, or is not known."""
        try:
            told = credentials.secrets_of(self._db, row.id).get("expires_at", "")
            ends = datetime.fromisoformat(told)
        except (VaultLockedError, ValueError):
            return None
        ends = ends if ends.tzinfo else ends.replace(tzinfo=UTC)
        return ends if self.now - ends > _NOT_RENEWED else None

    def flows(self, since: timedelta) -> Sequence[Flow]:
        known = wealth.basis(self._db, self._view.user_id)
        columns, prices = known.ledger.columns, known.prices
        own = {*columns.transfers, *columns.transfers.values()}

        def price_of(asset: AssetId, at: datetime) -> Decimal | None:
            found = prices.unit_price(asset, self.currency, at)
            return None if found is None else found.value

        found = []
        for number in columns.since(micros(self.now - since), micros(self.now)):
            index = int(columns.transaction[number])
            if index < 0 or index in own or columns.role[number] != Role.FLOW:
                continue
            row, asset = columns.ordered[index], columns.assets[columns.asset[number]]
            quantity = columns.stream.change(number)
            worth = worth_of_side(row, Amount(abs(quantity), asset), price_of)
            signed = None if worth is None else worth.copy_sign(quantity)
            found.append(Flow(str(row.id), row.at, self.symbol(asset), quantity, signed))
        return found
