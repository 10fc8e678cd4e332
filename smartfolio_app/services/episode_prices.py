"""Closes from the time of the episodes that the Risk page replays, of what is held today but was not held then.

They are asked for once, over the episodes' days alone, and lie apart from the price book: no holding is ever valued by
them, and no history seems to begin in 2007. What was held then has prices already, and is not asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import or_, select
from sqlmodel import Session, col

from smartfolio_app.analytics.risk.scenarios import EPISODES, NEAR, Closes
from smartfolio_app.ledger.assets import AssetId, crypto, symbol_of
from smartfolio_app.providers import binance, coingecko, yahoo
from smartfolio_app.providers.binance import pair_of
from smartfolio_app.providers.errors import ProviderAnswerError, ProviderError, ProviderRefusedError
from smartfolio_app.services import price_bench, price_needs
from smartfolio_app.services.market_data import Market, market
from smartfolio_app.services.price_needs import Need
from smartfolio_app.services.price_reports import RefreshReport, failed
from smartfolio_app.services.signals.references import BITCOIN, CLOSE, INDEX, REFERENCES
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import histories, note_history, note_success
from smartfolio_app.storage.repo_signals import Told, put_signals, series
from smartfolio_app.storage.tables import MarketSignal

#: The signal's name in the database; its subject is the asset, its word the currency.
SIGNAL = "episode_close"
#: In the record of histories: whose episodes were asked for. Another list of episodes is another name.
ASKED = f"episodes_{len(EPISODES)}"
_LONGEST_SUBJECT = 24
_NOT_THERE = (400, 404)
_END = time(23, 59, 59)
#: The references of ``services.signals``: their past reaches over the episodes by itself.
_REFERENCES = {"bitcoin": (BITCOIN, "USDT"), "index": (INDEX, "USD")}


@dataclass(frozen=True, slots=True)
class Past:
    """What is known from then: closes of assets, of bitcoin, and of the stock index (``None``: not fetched yet)."""

    own: dict[AssetId, Closes]
    bitcoin: Closes | None
    index: Closes | None


def read(db: Session) -> Past:
    """Return everything that is known from the time of the episodes; of coins, the references' closes too."""
    row = MarketSignal
    near = [
        col(row.at).between(
            datetime.combine(day - NEAR, time(), UTC), datetime.combine(day, time(23, 59, 59, 999_999), UTC)
        )
        for one in EPISODES
        for day in (one.first, one.last)
    ]
    wanted = select(col(row.signal), col(row.subject), col(row.word), col(row.at), col(row.value)).where(
        col(row.signal).in_((SIGNAL, CLOSE)), or_(*near)
    )
    coins = {one.subject: one.currency for one in REFERENCES if one.is_coin}
    days: dict[tuple[AssetId, str], dict[date, float]] = defaultdict(dict)
    for signal, subject, word, at, value in db.execute(wanted):
        if signal == SIGNAL:
            days[subject, word][at.date()] = float(value)
        elif subject in coins:
            days[crypto(subject), coins[subject]][at.date()] = float(value)
    own = {asset: Closes(currency, found) for (asset, currency), found in days.items()}
    return Past(own, **{name: _reference(db, *known) for name, known in _REFERENCES.items()})


def _reference(db: Session, subject: str, currency: str) -> Closes | None:
    found = {at.date(): float(value) for at, value in series(db, CLOSE, subject)}
    return Closes(currency, found) if found else None


def backfill(db: Session, *, now: datetime | None = None, patience: float = 120.0) -> RefreshReport:
    """Ask for the closes of the episodes that are missing: of each coin and security once. Commits.

    A provider that fails is left alone until the next round; what it does not know is not asked again.
    """
    at, providers, report = now or datetime.now(UTC), market(), RefreshReport()
    if providers.gateway.offline:
        report.offline = True
        return report
    asked = histories(db, ASKED)
    silent: set[str] = set()
    for need in price_needs.needs(db).series:
        if providers.gateway.closing.is_set():
            break
        windows = _windows(need)
        before = asked.get(("", need.asset))
        name = binance.ID if need.provider == coingecko.ID else yahoo.ID
        if need.owner or not windows or name in silent or len(need.asset) > _LONGEST_SUBJECT:
            continue
        if before is not None and before.coin == need.coin:
            continue
        try:
            told = _ask(db, providers, need, at, patience)
        except ProviderError as error:
            failed(db, name, error, at, report)
            silent.add(name)
            continue
        if told is None:
            continue
        kept = [one for one in told if any(first <= one.at.date() <= last for first, last in windows)]
        report.signals += put_signals(db, kept, at)
        note_history(db, Observer(ASKED), need.asset, coin=need.coin, first=windows[0][0], at=at)
        note_success(db, name, at, changed=False)
        db.commit()
    return report


def _windows(need: Need) -> list[tuple[date, date]]:
    """Return the days of the episodes that began before the ordinary history of a series does."""
    found = [(one.first - NEAR, one.last) for one in EPISODES]
    return [(first, last) for first, last in found if first < need.first]


def _ask(db: Session, providers: Market, need: Need, at: datetime, patience: float) -> Iterable[Told] | None:
    """Return all closes from the first episode to the last one or to the first use; ``None``: nobody knows it yet."""
    windows = _windows(need)
    end = min(at, datetime.combine(max(last for _, last in windows) + timedelta(days=1), time(), UTC))
    asset = need.asset
    if need.provider == coingecko.ID:
        tickers = providers.binance.tickers(patience).value
        pair = pair_of(symbol_of(asset), tickers)
        if pair is None or not price_bench.is_confirmed(db, asset, binance.ID, at):
            return None
        db.commit()  # nothing is held while a provider is asked
        try:
            closes = providers.binance.closes(pair, windows[0][0], end, patience)
        except ProviderRefusedError as error:
            if error.http_status not in _NOT_THERE:
                raise
            closes = []
        days = {one.at.date(): one.price for one in closes}
        return _told(asset, pair.currency, days, binance.ID)
    db.commit()
    try:
        chart = providers.yahoo.chart(need.coin, windows[0][0], end, patience).value
    except (ProviderRefusedError, ProviderAnswerError) as error:
        if isinstance(error, ProviderRefusedError) and error.http_status not in _NOT_THERE:
            raise
        return []
    return _told(asset, chart.currency, {day: one.price for day, one in chart.closes.items()}, yahoo.ID)


def _told(asset: AssetId, currency: str, closes: dict[date, Decimal], provider: str) -> list[Told]:
    return [
        Told(SIGNAL, asset, datetime.combine(day, _END, UTC), price, provider, currency)
        for day, price in closes.items()
    ]
