"""Yahoo's charts: shares, funds and currencies, and which symbol an ISIN or a ticker has on which exchange.

Unofficial and without a key, so calls are few and every answer is doubted. What it says is put straight here:

- prices in pence, cents or agorot become prices in pounds, rand or shekels;
- closes come adjusted for later splits; they are turned back into what was really paid that day, which is what a
  ledger of real quantities has to be multiplied with, and which no later split changes;
- a day without a price (``null``) stays a gap;
- the day that is still running is no close.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from smartfolio_app.ledger.money import divide, multiply
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.errors import ProviderRefusedError
from smartfolio_app.providers.http import Gateway, Params, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_object, moment, price

ID = "yahoo"

#: No limit is documented; some 2,000 calls an hour are known to be too many.
BUDGET = Budget(calls=60, seconds=300.0)
#: It refuses what does not look like a browser.
HEADERS = {"user-agent": "Mozilla/5.0 (compatible; SmartFolio)", "accept": "application/json"}

CHART_TTL_SECONDS = 60.0
SEARCH_TTL_SECONDS = 86_400.0

#: Hundredths of a currency that prices are printed in.
MINOR_UNITS = {
    "GBp": "GBP",
    "GBX": "GBP",
    "ZAc": "ZAR",
    "ZAX": "ZAR",
    "ILA": "ILS",
    "USX": "USD",
    "EUX": "EUR",
}
_HUNDRED = Decimal(100)
#: Closes carry the noise of a short binary fraction; the printed digits and two more are kept.
_DIGITS = 2
#: What Yahoo calls the things a household holds.
KINDS = frozenset({"EQUITY", "ETF", "MUTUALFUND", "CURRENCY"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A price in the chart's currency, and when it was made."""

    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Split:
    """From ``day`` on, each old share is ``ratio`` shares."""

    day: date
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class Dividend:
    """``amount`` a share, of the shares there were on ``day``."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """What Yahoo knows of one symbol since a day. Prices are in ``currency`` (a whole unit), as paid on their day.

    ``closes`` are of finished days, by the exchange's own date; ``now`` is the newest price; ``opens_again`` is when
    the exchange's present or next session begins and ends, where Yahoo says so.
    """

    symbol: str
    currency: str
    exchange: str
    kind: str
    now: Quoted | None
    closes: dict[date, Quoted]
    splits: tuple[Split, ...] = ()
    dividends: tuple[Dividend, ...] = ()
    session: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A symbol that a search found."""

    symbol: str
    name: str
    exchange: str
    kind: str = field(default="EQUITY")


class Yahoo:
    """Reads Yahoo's charts through the gateway."""

    def __init__(self, gateway: Gateway, base_url: str) -> None:
        self.client: ProviderClient = gateway.provider(ID, base_url, budget=BUDGET, headers=HEADERS)

    def chart(self, symbol: str, first: date, now: datetime, patience: float = 0.0) -> Answer[Chart]:
        """Return what a symbol cost since ``first``. Raises ``ProviderError``."""
        # Whole days, so that the same question is the same address; the end lies ahead to include the running day.
        params: Params = {
            "period1": _seconds(first),
            "period2": _seconds(now.date() + timedelta(days=1)),
            "interval": "1d",
            "events": "div,splits",
        }
        path = f"v8/finance/chart/{quote(symbol, safe='=.-^')}"
        return self.client.get(
            path, params, read=lambda body: read_chart(body, now), ttl=CHART_TTL_SECONDS, patience=patience
        )

    def search(self, text: str, patience: float = 0.0) -> list[Candidate]:
        """Return the symbols that an ISIN or a ticker finds, best first; none when nothing is found.

        Raises ``ProviderError``.
        """
        params: Params = {"q": text, "quotesCount": 20, "newsCount": 0, "enableFuzzyQuery": "false"}
        try:
            return self.client.get(
                "v1/finance/search", params, read=_read_search, ttl=SEARCH_TTL_SECONDS, patience=patience
            ).value
        except ProviderRefusedError as error:
            if error.http_status == 404:
                return []
            raise


def currency_symbol(currency: str) -> str:
    """Return the symbol of 1 EUR in a currency."""
    return f"EUR{currency}=X"


def read_chart(body: bytes, now: datetime) -> Chart:
    """Return a chart as it stands; raises ``ValueError`` and its like for what is none."""
    chart = json_object(body)["chart"]
    if chart.get("error") or not chart.get("result"):
        raise ValueError("the chart reports an error")
    result = chart["result"][0]
    meta = result["meta"]
    units = str(meta["currency"])
    minor = MINOR_UNITS.get(units)
    divisor = _HUNDRED if minor else Decimal(1)
    digits = _count(meta.get("priceHint"), 2) + _DIGITS
    offset = timedelta(seconds=_count(meta.get("gmtoffset"), 0))
    session = _session(meta)
    length = session[1] - session[0] if session else timedelta(hours=8)
    events = result.get("events") or {}
    splits = _splits(events, offset)

    closes: dict[date, Quoted] = {}
    stamps = result.get("timestamp") or []
    values = ((result["indicators"].get("quote") or [{}])[0].get("close")) or []
    if len(values) != len(stamps):
        raise ValueError("times and prices do not go together")
    for stamp, value in zip(stamps, values, strict=True):
        if value is None:
            continue  # a gap stays a gap
        opened = moment(int(stamp))
        day = (opened + offset).date()
        closed = min(opened + length, datetime.combine(day, time(23, 59, 59), UTC) - offset)
        if closed >= now or (session and session[0] <= opened < session[1] and now < session[1]):
            continue  # still running
        try:
            closes[day] = Quoted(_unadjusted(_price(value, divisor, digits), day, splits), closed)
        except ValueError as error:
            log.warning("yahoo: a close of %s is refused: %s", str(meta.get("symbol"))[:20], error)
    return Chart(
        symbol=str(meta["symbol"]),
        currency=minor or _iso(units),
        exchange=str(meta.get("fullExchangeName") or meta.get("exchangeName") or "")[:60],
        kind=str(meta.get("instrumentType") or ""),
        now=_now(meta, divisor, digits, now),
        closes=closes,
        splits=splits,
        dividends=_dividends(events, offset, divisor, splits),
        session=session,
    )


def _price(value: object, divisor: Decimal, digits: int) -> Decimal:
    rounded = round(price(value), digits + (2 if divisor != 1 else 0))
    return price(divide(rounded, divisor) if divisor != 1 else rounded)


def _now(meta: dict[str, Any], divisor: Decimal, digits: int, now: datetime) -> Quoted | None:
    value, stamp = meta.get("regularMarketPrice"), meta.get("regularMarketTime")
    if value is None or stamp is None:
        return None
    return Quoted(_price(value, divisor, digits), min(moment(int(stamp)), now))


def _session(meta: dict[str, Any]) -> tuple[datetime, datetime] | None:
    regular = (meta.get("currentTradingPeriod") or {}).get("regular")
    if not regular:
        return None
    start, end = moment(int(regular["start"])), moment(int(regular["end"]))
    return (start, end) if timedelta(0) < end - start <= timedelta(days=1) else None


def _splits(events: dict[str, Any], offset: timedelta) -> tuple[Split, ...]:
    found = []
    for row in (events.get("splits") or {}).values():
        above, below = price(row["numerator"]), price(row["denominator"])
        found.append(Split((moment(int(row["date"])) + offset).date(), divide(above, below)))
    return tuple(sorted(found, key=lambda one: one.day))


def _dividends(
    events: dict[str, Any], offset: timedelta, divisor: Decimal, splits: Sequence[Split]
) -> tuple[Dividend, ...]:
    found = []
    for row in (events.get("dividends") or {}).values():
        day = (moment(int(row["date"])) + offset).date()
        amount = divide(price(row["amount"]), divisor)
        found.append(Dividend(day, _unadjusted(amount, day, splits)))
    return tuple(sorted(found, key=lambda one: one.day))


def _unadjusted(adjusted: Decimal, day: date, splits: Sequence[Split]) -> Decimal:
    """Undo the splits after a day."""
    for split in splits:
        if split.day > day:
            adjusted = multiply(adjusted, split.ratio)
    return adjusted


def _read_search(body: bytes) -> list[Candidate]:
    found = []
    for row in json_object(body)["quotes"]:
        kind = str(row.get("quoteType") or "")
        if not row.get("symbol") or kind not in KINDS:
            continue
        name = str(row.get("longname") or row.get("shortname") or "")[:160]
        exchange = str(row.get("exchDisp") or row.get("exchange") or "")[:40]
        found.append(Candidate(str(row["symbol"])[:40], name, exchange, kind))
    return found


def _iso(code: str) -> str:
    if len(code) != 3 or not code.isascii() or not code.isalpha() or code != code.upper():
        raise ValueError(f"not a currency: {code[:10]!r}")
    return code


def _count(value: object, otherwise: int) -> int:
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 86_400
        else otherwise
    )


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
