"""The jury's bench: what providers tell goes through here before it may value anything.

Of the prices of one asset and day, the first one that the jury believes is used, in the order of ``ORDER``; the others
are kept beside it (``spare``), and what the jury does not believe is set aside with its reason, where people see it.
Nothing is deleted by a verdict: a bar that was set aside is asked for again, and one that has become plausible is used.

Nothing here commits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from sqlmodel import Session

from smartfolio_app.analytics.clock import micros
from smartfolio_app.analytics.price_jury import AGREE, HUNDRED, UNIT_SLACK, Finding, judge
from smartfolio_app.ledger.assets import crypto, fiat, symbol_of
from smartfolio_app.ledger.money import divide, exact
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.providers import binance, coingecko, yahoo
from smartfolio_app.providers.coingecko_ids import MAJORS
from smartfolio_app.services import price_books
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import put_quotes
from smartfolio_app.storage.repo_witness import (
    SPARE,
    Told,
    forget_witnesses,
    put_witnesses,
    take_out,
    told_of,
)
from smartfolio_app.storage.tables import PriceWitness

if TYPE_CHECKING:
    from smartfolio_app.analytics.prices import PriceBook

#: Who is asked first. CoinGecko goes by identity; a pair at Binance only by its ticker.
ORDER = (coingecko.ID, binance.ID, yahoo.ID)
COMPARED_IN = "USD"
#: How far back the newest price looks for company.
RECENT = timedelta(days=40)
#: A provider that is asked first, but whose newest price is this much older than another's, does not hold it up.
LEAD = timedelta(minutes=30)


@dataclass(slots=True)
class Ruling:
    """What came of a hearing: the quotes used now, by provider; how many were set aside; whether any left the book."""

    used: dict[str, list[PriceQuote]] = field(default_factory=dict)
    doubted: int = 0
    removed: bool = False

    def use(self, provider: str, quote: PriceQuote) -> None:
        """Count a quote in."""
        self.used.setdefault(provider, []).append(quote)

    @property
    def count(self) -> int:
        """How many quotes are used."""
        return sum(len(quotes) for quotes in self.used.values())


def hear_now(db: Session, owner: str, told: Mapping[str, Mapping[str, PriceQuote]], at: datetime) -> Ruling:
    """Judge the present prices that providers tell (by asset, then provider), store them, and return what is used."""
    book = price_books.public_book(db) if not owner else price_books.price_book(db, owner)
    ruling, witnesses = Ruling(), []
    for asset, quotes in told.items():
        ordered = {name: quotes[name] for name in ORDER if name in quotes}
        worth = {name: _dollars(book, quote) for name, quote in ordered.items()}
        doubts = _doubt_now(db, book, owner=owner, asset=asset, quotes=ordered, worth=worth, at=at)
        findings = {one.source: one for one in doubts}
        good = [name for name in ordered if name not in findings]
        newest = max((ordered[name].at for name in good), default=at)
        chosen = next((name for name in good if ordered[name].at >= newest - LEAD), "")
        for name, quote in ordered.items():
            if name == chosen:
                ruling.use(name, quote)
                continue
            if name not in findings and any(math.isnan(worth[one]) for one in (name, chosen) if one):
                continue  # it was compared with nobody, so it is nobody's witness
            witnesses.append(_witness(owner, name, quote, findings.get(name), at))
            ruling.doubted += name in findings
    for name, used in ruling.used.items():
        observer = Observer(name, owner=owner)
        put_quotes(db, observer, used)
        put_daily_prices(db, observer, used)
        for quote in used:
            forget_witnesses(db, owner, quote.asset, name, [quote.at.date()])
    put_witnesses(db, witnesses)
    return ruling


def hear_past(
    db: Session, observer: Observer, asset: str, closes: Iterable[PriceQuote], at: datetime
) -> Ruling:
    """Judge the closes a provider tells, together with all that was told before, and store what follows from it.

    Days before ``at``'s own only: that one is still running.
    """
    new = {quote.at.date(): quote for quote in closes if quote.at.date() < at.date()}
    if not new:
        return Ruling()
    owner, provider = observer.owner, observer.provider
    first = min(new) - timedelta(days=15)
    before = {
        (one.provider, one.day): one
        for one in sorted(told_of(db, owner, asset, first, ORDER), key=lambda one: one.at)
        if one.day < at.date()
    }
    now = dict(before)
    for day, quote in new.items():
        now[provider, day] = Told(provider, day, quote.currency, quote.price, quote.at)
    findings = {(one.source, date.fromordinal(one.day)): one for one in _judged(db, asset, now.values())}
    by_day: dict[date, dict[str, Told]] = {}
    for (name, day), one in now.items():
        by_day.setdefault(day, {})[name] = one
    ruling, witnesses = Ruling(), []
    gone: dict[tuple[str, bool], list[date]] = {}
    back: dict[str, list[date]] = {}
    for day, said in by_day.items():
        chosen = next((name for name in ORDER if name in said and (name, day) not in findings), "")
        for name, one in said.items():
            known, finding = before.get((name, day)), findings.get((name, day))
            changed = known is None or (name == provider and day in new)
            quote = PriceQuote(asset, one.currency, one.price, one.at)
            if name == chosen:
                if changed or (known is not None and not known.used):
                    ruling.use(name, quote)
                    back.setdefault(name, []).append(day)
                continue
            ruling.doubted += finding is not None
            if known is not None and known.used:
                gone.setdefault((name, finding is not None), []).append(day)
            verdict = finding.verdict if finding else SPARE
            if changed or known is None or known.used or known.verdict != verdict:
                witnesses.append(_witness(owner, name, quote, finding, at))
    for (name, doubted), days in gone.items():
        take_out(db, owner, asset, name, days, quotes=doubted)
        ruling.removed = True
    for name, days in back.items():
        forget_witnesses(db, owner, asset, name, days)
        put_daily_prices(db, Observer(name, owner=owner), ruling.used[name])
    put_witnesses(db, witnesses)
    return ruling


def is_confirmed(db: Session, asset: str, provider: str, at: datetime) -> bool:
    """Tell whether a provider that goes by tickers speaks of this very asset: a household name, or it has agreed before
    with somebody who goes by identity.
    """
    if symbol_of(asset) in MAJORS:
        return True
    recent = told_of(db, "", asset, (at - RECENT).date(), (provider,))
    return any(one.used or one.verdict == SPARE for one in recent)


# ------------------------------------------------------------------------------------------------------ helpers
def _doubt_now(
    db: Session,
    book: PriceBook,
    *,
    owner: str,
    asset: str,
    quotes: Mapping[str, PriceQuote],
    worth: Mapping[str, float],
    at: datetime,
) -> list[Finding]:
    """Return the findings against the present prices. Most of the time a glance is enough."""
    known = {name: value for name, value in worth.items() if not math.isnan(value)}
    last = book.unit_price(asset, COMPARED_IN, at)
    if last is not None and at - last.quoted_at > timedelta(days=10):
        last = None
    logs = [math.log(value) for value in known.values()]
    together = not logs or max(logs) - min(logs) <= AGREE
    leaps = last is not None and any(
        abs(abs(one - math.log(float(last.value))) - HUNDRED) < UNIT_SLACK for one in logs
    )
    if together and not leaps:
        return []
    first = (at - RECENT).date()
    said = [
        one
        for one in told_of(db, owner, asset, first, ORDER)
        if one.used or one.verdict == SPARE
        if one.day < at.date() or one.provider not in quotes
    ]
    said += [
        Told(name, at.date(), quote.currency, quote.price, quote.at)
        for name, quote in quotes.items()
        if name in known
    ]
    today = [one for one in _judged(db, asset, said) if one.day == at.date().toordinal()]
    if together:
        return today
    return [
        # Who has never agreed with anybody speaks of something else.
        Finding(one.source, one.day, "collision", one.factor, one.against)
        if one.source == binance.ID and one.verdict != "unit" and not is_confirmed(db, asset, one.source, at)
        else one
        for one in today
    ]


def _judged(db: Session, asset: str, told: Iterable[Told]) -> list[Finding]:
    """Return the jury's findings over what was told, compared in one currency by the public rates."""
    book = price_books.public_book(db)
    by_source: dict[str, list[Told]] = {}
    for one in told:
        by_source.setdefault(one.provider, []).append(one)
    comparable: dict[str, dict[int, float]] = {}
    for name in (one for one in ORDER if one in by_source):
        rows = by_source[name]
        rates: dict[str, np.ndarray] = {}
        ends = np.array(sorted({micros(row.at) for row in rows}), dtype=np.int64)
        where = {int(end): index for index, end in enumerate(ends)}
        for currency in {row.currency for row in rows}:
            rates[currency] = _rates(book, asset, currency, ends)
        line = {
            row.day.toordinal(): float(row.price) * float(rates[row.currency][where[micros(row.at)]])
            for row in rows
        }
        comparable[name] = {day: value for day, value in line.items() if math.isfinite(value) and value > 0}
    return judge(comparable)


def _rates(book: PriceBook, asset: str, currency: str, ends: np.ndarray) -> np.ndarray:
    if currency == COMPARED_IN:
        return np.ones(len(ends))
    unit = _unit(currency)
    if unit == asset:  # what the price is in must not be what is judged
        return np.full(len(ends), np.nan)
    return book.daily([unit], COMPARED_IN, ends).price[:, 0]


def _dollars(book: PriceBook, quote: PriceQuote) -> float:
    """Return a quote in the currency everything is compared in; ``nan`` where no rate leads there."""
    if quote.currency == COMPARED_IN:
        return float(quote.price)
    rate = book.convert(quote.currency, COMPARED_IN, quote.at)
    return math.nan if rate is None else float(quote.price * rate.value)


def _unit(currency: str) -> str:
    return crypto(currency) if currency in binance.QUOTES else fiat(currency)


def _witness(
    owner: str, provider: str, quote: PriceQuote, finding: Finding | None, at: datetime
) -> PriceWitness:
    expected: Decimal | None = None
    if finding is not None:
        expected = divide(quote.price, exact(f"{finding.factor:.6g}"))
    return PriceWitness(
        owner=owner,
        asset=quote.asset,
        provider=provider,
        day=quote.at.date(),
        currency=quote.currency,
        price=quote.price,
        at=quote.at,
        verdict=finding.verdict if finding else SPARE,
        expected=expected,
        against=finding.against if finding else "",
        since=at,
        heard_at=at,
    )


def end_of(day: date) -> datetime:
    """Return the last instant of a UTC day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
