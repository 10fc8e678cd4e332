"""Coins: CoinGecko goes by identity and is asked first; Binance is the second opinion and the substitute.

Nothing is held in the database while a provider is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.ledger.assets import crypto, symbol_of
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.providers import binance, coingecko
from smartfolio_app.providers.binance import Pair, pair_of
from smartfolio_app.providers.coingecko import QUOTE_CURRENCY
from smartfolio_app.providers.coingecko_ids import MAJORS
from smartfolio_app.providers.errors import ProviderError, ProviderRefusedError
from smartfolio_app.services import price_bench, price_needs
from smartfolio_app.services.market_data import Market
from smartfolio_app.services.price_needs import Need, Needs
from smartfolio_app.services.price_reports import RefreshReport, failed, told
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import (
    histories,
    note_history,
    note_success,
    oldest_quotes,
    put_quotes,
)
from smartfolio_app.storage.repo_witness import SPARE, doubted, told_of
from smartfolio_app.storage.tables import PriceWitness

QUOTE_DAYS = 7
#: In the record of histories: the week of hourly quotes.
HOURLY = "coingecko_hourly"
#: What pairs are quoted in. Its own price has to be known to know theirs.
DOLLAR = crypto(binance.QUOTES[0])
_LAST_MOMENT = timedelta(microseconds=1)
#: A bar that was set aside is asked for again after so long, then after twice as long each time, at last once a day.
_FIRST_HEALING = timedelta(minutes=15)
_LAST_HEALING = timedelta(days=1)
_NO_PAIR = (400, 404)
#: A day whose last price is older than this hour has no close yet.
_EVENING = 21

Told = dict[str, dict[str, PriceQuote]]


@dataclass(frozen=True, slots=True)
class Asking:
    """What every step needs: whom to ask, when it is, and how many seconds a call may wait for the budget."""

    providers: Market
    at: datetime
    patience: float
    report: RefreshReport


def refresh(db: Session, asking: Asking, wanted: Needs, user_id: str | None) -> Needs:
    """Ask for the present prices of coins. Commits. Returns the needs as they are after tickers were resolved."""
    by_owner: dict[str, Told] = {}
    answered = []
    try:
        if wanted.unresolved:
            price_needs.resolve(db, asking.providers.coingecko, wanted.unresolved, asking.patience)
            wanted = price_needs.needs(db, user_id)
        _ask_coingecko(db, asking, wanted, by_owner)
        answered.append(coingecko.ID)
    except ProviderError as error:
        failed(db, coingecko.ID, error, asking.at, asking.report)
    try:
        _ask_binance(db, asking, wanted, by_owner.setdefault("", {}))
        answered.append(binance.ID)
    except ProviderError as error:
        failed(db, binance.ID, error, asking.at, asking.report)
    for owner, quotes in sorted(
        by_owner.items(), reverse=True
    ):  # the public ones last: they are told at once
        dollar = {DOLLAR: quotes.pop(DOLLAR)} if not owner and DOLLAR in quotes else {}
        for part in (dollar, quotes):  # the dollar first: the others are compared by its price
            if part:
                ruling = price_bench.hear_now(db, owner, part, asking.at)
                told(db, Observer(answered[0], owner=owner), asking.at, ruling, asking.report)
    for name in answered:
        note_success(db, name, asking.at, changed=False)
    db.commit()
    return wanted


def backfill(db: Session, asking: Asking, wanted: Needs) -> None:
    """Fetch the past of coins that is missing, at each provider until it fails. Commits."""
    silent: set[str] = set()
    steps = (
        (coingecko.ID, wanted.coins, _closes_of_coingecko),
        (binance.ID, _pairs_wanted(wanted), _closes_of_binance),
        (coingecko.ID, wanted.coins, _week_of_quotes),
    )
    for name, needs, step in steps:
        for need in needs:
            if asking.providers.gateway.closing.is_set() or name in silent:
                break
            try:
                step(db, asking, need)
            except ProviderError as error:
                failed(db, name, error, asking.at, asking.report)
                silent.add(name)


# ---------------------------------------------------------------------------------------------- present prices
def _ask_coingecko(db: Session, asking: Asking, wanted: Needs, by_owner: dict[str, Told]) -> None:
    db.commit()
    if not wanted.coins:
        return
    answer = asking.providers.coingecko.prices((need.coin for need in wanted.coins), asking.patience)
    asking.report.refused = answer.refused
    for need in wanted.coins:
        spot = answer.found.get(need.coin)
        if spot is not None:
            quote = PriceQuote(need.asset, QUOTE_CURRENCY, spot.price, spot.at)
            by_owner.setdefault(need.owner, {}).setdefault(need.asset, {})[coingecko.ID] = quote


def _ask_binance(db: Session, asking: Asking, wanted: Needs, quotes: Told) -> None:
    """Add the pairs of public coins; those nobody goes by identity for only where their ticker is a household name."""
    needs = _pairs_wanted(wanted)
    if not needs:
        return
    db.commit()
    answer = asking.providers.binance.tickers(asking.patience)
    for need in needs:
        pair = pair_of(symbol_of(need.asset), answer.value)
        if pair is None:
            continue
        alone = coingecko.ID not in quotes.get(need.asset, {})
        if alone and not price_bench.is_confirmed(db, need.asset, binance.ID, asking.at):
            continue
        quotes.setdefault(need.asset, {})[binance.ID] = _quote(need.asset, pair, answer.value, answer.at)


def _quote(asset: str, pair: Pair, tickers: dict[str, Decimal], at: datetime) -> PriceQuote:
    return PriceQuote(asset, pair.currency, pair.price(tickers[pair.symbol]), at)


def _pairs_wanted(wanted: Needs) -> tuple[Need, ...]:
    """Return the public series that a pair could tell, first that of the dollar all of them are quoted in."""
    public = [need for need in wanted.coins if not need.owner and need.asset != DOLLAR]
    since = wanted.rates_since
    if since is None:
        return ()
    public += [
        Need(asset, "", MAJORS[symbol_of(asset)], since)
        for asset in wanted.unresolved
        if symbol_of(asset) in MAJORS and asset != DOLLAR
    ]
    first = min((need.first for need in public), default=since)
    return (Need(DOLLAR, "", "", first), *public) if public else ()


# ------------------------------------------------------------------------------------------------ missing past
def _closes_of_coingecko(db: Session, asking: Asking, need: Need) -> None:
    gecko, at = asking.providers.coingecko, asking.at
    reach = gecko.history_days
    first = need.first if reach is None else max(need.first, at.date() - timedelta(days=reach - 1))
    missing = _missing(db, need, at, by=(coingecko.ID, need.coin), first=first)
    if missing is None:
        return
    db.commit()
    points = gecko.daily(need.coin, missing, at, asking.patience)
    quotes = [
        PriceQuote(need.asset, QUOTE_CURRENCY, point.price, point.at - _LAST_MOMENT)
        for point in points.values()
    ]
    _hear(db, asking, need, quotes, by=(coingecko.ID, need.coin), first=min(first, missing))


def _closes_of_binance(db: Session, asking: Asking, need: Need) -> None:
    at = asking.at
    tickers = asking.providers.binance.tickers(asking.patience).value
    pair = pair_of(symbol_of(need.asset), tickers)
    if pair is None or not price_bench.is_confirmed(db, need.asset, binance.ID, at):
        return
    missing = _missing(db, need, at, by=(binance.ID, pair.symbol), first=need.first)
    if missing is None:
        return
    db.commit()
    try:
        closes = asking.providers.binance.closes(pair, missing, at, asking.patience)
    except ProviderRefusedError as error:
        if error.http_status not in _NO_PAIR:
            raise
        closes = []  # quoted, but no longer charted
    quotes = [PriceQuote(need.asset, pair.currency, close.price, close.at) for close in closes]
    _hear(db, asking, need, quotes, by=(binance.ID, pair.symbol), first=min(need.first, missing))


def _week_of_quotes(db: Session, asking: Asking, need: Need) -> None:
    """Fetch the last week's hourly quotes of a series that has none yet."""
    at, observer = asking.at, Observer(coingecko.ID, owner=need.owner)
    asked = histories(db, HOURLY).get((need.owner, need.asset))
    if asked is not None and asked.coin == need.coin and at - asked.asked_at < timedelta(days=QUOTE_DAYS):
        return
    oldest = oldest_quotes(db, observer).get(need.asset, at)
    if oldest < at - timedelta(days=QUOTE_DAYS):
        return
    db.commit()
    points = asking.providers.coingecko.hourly(need.coin, QUOTE_DAYS, asking.patience)
    wrong = {row.day for row in doubted(db, need.owner, need.asset, coingecko.ID)}
    quotes = [
        PriceQuote(need.asset, QUOTE_CURRENCY, point.price, point.at)
        for point in points
        if point.at < oldest and point.at.date() not in wrong
    ]
    hourly = Observer(HOURLY, owner=need.owner)
    first = at.date() - timedelta(days=QUOTE_DAYS)
    note_history(db, hourly, need.asset, coin=need.coin, first=first, at=at)
    put_quotes(db, observer, quotes)
    ruling = price_bench.Ruling(used={coingecko.ID: quotes} if quotes else {})
    told(db, Observer(coingecko.ID, owner=need.owner), at, ruling, asking.report)


def _hear(
    db: Session,
    asking: Asking,
    need: Need,
    quotes: Iterable[PriceQuote],
    *,
    by: tuple[str, str],
    first: date,
) -> None:
    """Take in closes told ``by`` a provider, under the name it knows the coin by."""
    provider, name = by
    observer = Observer(provider, owner=need.owner)
    ruling = price_bench.hear_past(db, observer, need.asset, quotes, asking.at)
    note_history(db, observer, need.asset, coin=name, first=first, at=asking.at)
    told(db, observer, asking.at, ruling, asking.report)


def is_due(row: PriceWitness, at: datetime) -> bool:
    """Tell whether a bar that was set aside may have healed by now."""
    return at - row.heard_at >= min(max(row.heard_at - row.since, _FIRST_HEALING), _LAST_HEALING)


def _missing(db: Session, need: Need, at: datetime, *, by: tuple[str, str], first: date) -> date | None:
    """Return the first day for which a provider has to be asked again, ``None`` when there is none.

    A gap that it was asked for before is its own, and is not asked for again. A bar that was set aside is, more and
    more seldom.
    """
    provider, name = by
    known = {
        one.day
        for one in told_of(db, need.owner, need.asset, first, (provider,))
        if (one.used or one.verdict == SPARE) and one.at.hour >= _EVENING
    }
    aside = doubted(db, need.owner, need.asset, provider)
    sick = {row.day for row in aside if is_due(row, at)}
    waiting = {row.day for row in aside} - sick
    asked = histories(db, provider).get((need.owner, need.asset))
    start = first
    if asked is not None and asked.coin == name and asked.first <= first:
        start = asked.asked_at.date() - timedelta(days=1)  # before that, a gap is the provider's own
    yesterday = at.date() - timedelta(days=1)
    gaps = (start + timedelta(days=number) for number in range((yesterday - start).days + 1))
    missing = next((day for day in gaps if day not in known and day not in waiting), None)
    healing = min((day for day in sick if day >= first), default=None)
    return min((day for day in (missing, healing) if day is not None), default=None)
