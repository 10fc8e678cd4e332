"""CoinTracking over its API: the account's trades, what it holds where, and what CoinTracking itself says of it.

One address, POST only. The body is signed as it is sent, with a nonce that grows with every call of a key. The API only
reads. A currency is never assumed: what the account counts in is what the answer says.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlencode

from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, fiat
from smartfolio_app.ledger.transactions import (
    Amount,
    PriceQuote,
    Statement,
    StatementLine,
    Transaction,
    TransactionKind,
)
from smartfolio_app.providers.connectors._numbers import instant, number
from smartfolio_app.providers.connectors.base import Access, CredentialsRefusedError, Cursor, KeyCheck, Page
from smartfolio_app.providers.csv import currencies
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.csv.formats._cointracking_types import KINDS, OUTGOING, TWO_SIDED
from smartfolio_app.providers.csv.symbols import COINTRACKING, CoinTrackingTickers
from smartfolio_app.providers.declared import Field, Provider
from smartfolio_app.providers.errors import ProviderAnswerError, ProviderError, ProviderPausedError
from smartfolio_app.providers.http import Outgoing
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_object

ID = "cointracking_api"
T = TypeVar("T")
_FORM = "application/x-www-form-urlencoded"

#: 20 calls an hour for PRO and EXPERT accounts; UNLIMITED ones may make 60, and we do not need them.
BUDGET = Budget(calls=20, seconds=3600)

#: Trades a call. Three and a half megabytes: well under the cap, and ten calls for a hundred thousand.
TRADES_A_PAGE = 10_000
#: How far behind the newest known trade a sync begins to look: what is booked late is found.
OVERLAP = timedelta(days=7)
#: Once in this time all trades are asked for again: what was booked years late is found too.
WHOLE_EVERY = timedelta(days=1)

_SUMS = frozenset({"TOTAL", "TOTAL_SUMMARY", "SUMMARY"})
_GIFTS = frozenset({TransactionKind.GIFT_IN, TransactionKind.GIFT_OUT})
_ENVELOPE = frozenset({"success", "method", "error", "error_msg", "account_currency", "summary"})
_VALUES = ("value_fiat", "fiat", "value", "usd", "eur")
#: Tickers whose meaning depends on which others an account has.
_AMBIGUOUS = frozenset({*COINTRACKING, *(ours for ours, _ in COINTRACKING.values())})


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of a coin at a place (empty: all places). ``price`` is per unit in the account's currency."""

    coin: str
    quantity: Decimal
    place: str = ""
    price: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The account as a whole; ``currency`` is empty when the answer does not name it."""

    currency: str
    positions: tuple[Position, ...]
    value: Decimal | None
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """What CoinTracking says the account (or one coin of it) was at an instant, in the account's currency."""

    at: datetime
    value: Decimal | None
    value_btc: Decimal | None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trades:
    """One page of trades: what could be read, whether there are more, and how many rows could not be used, why."""

    rows: tuple[Mapping[str, Any], ...]
    full: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """An answer with ``success: 0``."""

    document: dict[str, Any]

    @property
    def of_nonce(self) -> bool:
        return "NONCE" in f"{self.document.get('error')} {self.document.get('error_msg')}".upper()


class CoinTracking:
    """The six documented methods, for one key."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def balance(self) -> Balance:
        """Return what the account holds in all, with CoinTracking's own prices."""

        def understand(document: dict[str, Any]) -> Balance:
            summary = document.get("summary")
            return Balance(
                currency=_currency(document),
                positions=tuple(_positions(_details(document), "")),
                value=_first(summary, _VALUES) if isinstance(summary, dict) else None,
                at=self._access.now(),
            )

        return self._call("getBalance", understand)

    def grouped_balance(self) -> tuple[Position, ...]:
        """Return what is held at each exchange and wallet."""

        def understand(document: dict[str, Any]) -> tuple[Position, ...]:
            found: list[Position] = []
            for name, group in _named(_details(document)):
                if name.upper() not in _SUMS:
                    place = name.removesuffix(" Balance").strip()
                    found.extend(_positions(_details(group), place))
            return tuple(found)

        return self._call("getGroupedBalance", understand, group="exchange")

    def trades(self, start: datetime | None = None, limit: int = TRADES_A_PAGE) -> Trades:
        """Return trades from ``start`` on, oldest first, at most ``limit``."""

        def understand(document: dict[str, Any]) -> Trades:
            rows = tuple(row for _, row in _named(_details(document), strict=False))
            return Trades(rows, len(rows) >= limit)

        return self._call("getTrades", understand, order="ASC", limit=limit, **_since(start))

    def historical_summary(self, start: datetime | None = None) -> tuple[HistoryPoint, ...]:
        """Return what the whole account was worth on each day."""
        return self._call(
            "getHistoricalSummary", lambda document: _history(_details(document)), **_since(start)
        )

    def historical_currency(
        self, coin: str, start: datetime | None = None
    ) -> dict[str, tuple[HistoryPoint, ...]]:
        """Return amount and value of one coin (empty: of each) on each day."""

        def understand(document: dict[str, Any]) -> dict[str, tuple[HistoryPoint, ...]]:
            return {name: _history(_details(days)) for name, days in _named(_details(document))}

        chosen = {"currency": coin} if coin else {}
        return self._call("getHistoricalCurrency", understand, **_since(start), **chosen)

    def gains(self) -> dict[str, dict[str, Decimal]]:
        """Return CoinTracking's own figures of each coin's cost and gains, under its own names for them."""

        def understand(document: dict[str, Any]) -> dict[str, dict[str, Decimal]]:
            rows = _named(_details(document, "gains"))
            return {coin: figures for coin, row in rows if (figures := _figures(row))}

        return self._call("getGains", understand, price="transaction")

    def _call(self, method: str, understand: Callable[[dict[str, Any]], T], **choices: str | int) -> T:
        """Call a method; once more when the nonce was too small, as another program may use the same key.

        Raises:
            CredentialsRefusedError: The key or the signature is not accepted.
            ProviderPausedError: The hour's calls are used up, by whomever.
            ProviderError: No usable answer; the subclass says why.
        """
        credentials = self._access.credentials
        secret = credentials["api_secret"].strip().encode()

        def signed() -> Outgoing:
            body = urlencode({**choices, "method": method, "nonce": self._access.nonce()}).encode()
            sign = hmac.new(secret, body, hashlib.sha512).hexdigest()
            headers = {"Key": credentials["api_key"].strip(), "Sign": sign, "content-type": _FORM}
            return Outgoing(method="POST", headers=headers, content=body)

        def read(body: bytes) -> T | _Refused:
            document = _envelope(body)
            return understand(document) if str(document["success"]) == "1" else _Refused(document)

        answer = self._access.client.ask(signed, read=read)
        if isinstance(answer.value, _Refused) and answer.value.of_nonce:
            answer = self._access.client.ask(signed, read=read)
        if isinstance(answer.value, _Refused):
            raise _refusal(answer.value.document, answer.at)
        return answer.value


class CoinTrackingConnector:
    """The live source: trades page by page, then what is held where."""

    provider = Provider(
        ID,
        "CoinTracking",
        "crypto",
        "api",
        ("transactions", "balances", "prices"),
        credential_fields=(
            Field("api_key", "connect.field.api_key", secret=True),
            Field("api_secret", "connect.field.api_secret", secret=True),
        ),
        budget=BUDGET,
        base_url_setting="cointracking_url",
        base_url="https://cointracking.info/api/v1",
        files_of="cointracking_csv",
        key_field="api_key",
        help_url="https://cointracking.info/api/",
        advice="connect.advice.cointracking",
    )

    def check(self, access: Access) -> KeyCheck:
        """Ask for the balance; CoinTracking's API has no method that moves anything."""
        balance = CoinTracking(access).balance()
        warnings = () if balance.currency else (Message("sync.warn.no_currency"),)
        return KeyCheck(ok=True, may_read=True, may_trade=False, may_withdraw=False, warnings=warnings)

    def pull(self, access: Access, cursor: Cursor) -> Iterator[Page]:
        """Yield the trades since the cursor, then the balances."""
        api, state = CoinTracking(access), _State.of(cursor)
        whole = state.whole_at is None or access.now() - state.whole_at >= WHOLE_EVERY
        if not state.busy:
            state.busy = True
            state.whole = whole
            state.start = None if whole or state.newest is None else state.newest - OVERLAP
        while not state.trades_done:
            yield self._trades(api, state, access)
            if access.cancelled():
                return
        yield self._balances(api, state)

    @staticmethod
    def _trades(api: CoinTracking, state: _State, access: Access) -> Page:
        found = api.trades(state.start, state.limit)
        rows, next_start = found.rows, None
        if found.full:
            rows, next_start = _whole_seconds(rows)
        translator = _Translator(state.tickers, (*rows,))
        transactions = translator.transactions(rows)
        state.tickers |= translator.ambiguous
        if transactions:
            newest = max(one.at for one in transactions)
            state.newest = newest if state.newest is None else max(state.newest, newest)
        state.seen += len(rows)
        if not found.full:
            state.trades_done = True
            if state.whole:
                state.whole_at = access.now()
        elif next_start is None:
            state.limit *= 4  # more trades in one second than a page holds
        else:
            state.start, state.limit = next_start, TRADES_A_PAGE
        return Page(
            cursor=state.to_json(),
            transactions=tuple(transactions),
            assets=translator.assets,
            progress=(state.seen, 0),
            label="sync.fetching.trades",
            warnings=translator.warnings(),
        )

    @staticmethod
    def _balances(api: CoinTracking, state: _State) -> Page:
        balance = api.balance()
        grouped = api.grouped_balance()
        translator = _Translator(
            state.tickers, ({"coin": one.coin} for one in (*balance.positions, *grouped))
        )
        state.tickers |= translator.ambiguous
        positions, warnings = _reconciled(balance.positions, grouped)
        lines = tuple(
            StatementLine(translator.asset(one.coin), one.quantity, one.place[:120])
            for one in positions
            if one.quantity
        )
        prices = []
        for one in balance.positions:
            asset = translator.asset(one.coin)
            if (
                balance.currency
                and one.price is not None
                and one.price > 0
                and asset != fiat(balance.currency)
            ):
                prices.append(PriceQuote(asset, balance.currency, one.price, balance.at))
        if not balance.currency:
            warnings.append(Message("sync.warn.no_currency"))
        return Page(
            cursor=state.finished(),
            done=True,
            statement=Statement(balance.at, lines),
            assets=translator.assets,
            prices=tuple(prices),
            label="sync.fetching.balances",
            warnings=tuple(warnings),
        )


@dataclass
class _State:
    """The cursor, read. ``busy``: a sync is under way; ``start``: from where its next page is asked for."""

    newest: datetime | None = None
    whole_at: datetime | None = None
    tickers: frozenset[str] = frozenset()
    busy: bool = False
    whole: bool = False
    trades_done: bool = False
    start: datetime | None = None
    limit: int = TRADES_A_PAGE
    seen: int = 0

    @classmethod
    def of(cls, cursor: Cursor) -> _State:
        return cls(
            newest=_moment(cursor.get("newest")),
            whole_at=_moment(cursor.get("whole_at")),
            tickers=frozenset(cursor.get("tickers", ())),
            busy=bool(cursor.get("busy")),
            whole=bool(cursor.get("whole")),
            trades_done=bool(cursor.get("trades_done")),
            start=_moment(cursor.get("start")),
            limit=int(cursor.get("limit", TRADES_A_PAGE)),
            seen=int(cursor.get("seen", 0)),
        )

    def finished(self) -> dict[str, Any]:
        """Return the cursor that the next sync begins with."""
        return {
            "newest": self.newest.isoformat() if self.newest else None,
            "whole_at": self.whole_at.isoformat() if self.whole_at else None,
            "tickers": sorted(self.tickers),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the cursor with which this sync goes on."""
        return {
            **self.finished(),
            "busy": self.busy,
            "whole": self.whole,
            "trades_done": self.trades_done,
            "start": self.start.isoformat() if self.start else None,
            "limit": self.limit,
            "seen": self.seen,
        }


class _RowError(Exception):
    """A trade cannot be used; ``reason`` tells why in CoinTracking's own words."""


class _Translator:
    """CoinTracking's rows -> the ledger's records, named as its exports are."""

    def __init__(self, known: frozenset[str], rows: Any) -> None:
        codes = {
            str(row.get(name) or "").strip().upper()
            for row in rows
            for name in ("coin", "buy_currency", "sell_currency", "fee_currency")
            if isinstance(row, Mapping)
        } - {""}
        self.ambiguous = frozenset(codes & _AMBIGUOUS)
        self.assets: dict[AssetId, Asset] = {}
        self._tickers = CoinTrackingTickers(codes | known)
        self._unusable: list[str] = []
        self._types: set[str] = set()

    def asset(self, code: str) -> AssetId:
        """Return the asset that a ticker of CoinTracking's stands for."""
        upper = code.strip().upper()
        if upper in currencies.TRADED:
            found = fiat(upper)
            self.assets.setdefault(found, Asset(found, AssetClass.FIAT, upper, quote_currency=upper))
            return found
        found, symbol, name = self._tickers.resolve(upper[:60])
        self.assets.setdefault(found, Asset(found, AssetClass.CRYPTO, symbol[:60], name))
        return found

    def transactions(self, rows: tuple[Mapping[str, Any], ...]) -> list[Transaction]:
        """Return the trades that can be used; the others are counted."""
        found = []
        for row in rows:
            try:
                found.append(self._one(row))
            except (_RowError, ValueError, TypeError, KeyError) as error:
                self._unusable.append(str(error)[:80])
        return found

    def warnings(self) -> tuple[Message, ...]:
        """Return what there is to say about rows that were left out."""
        found = []
        if self._types:
            found.append(Message("sync.warn.unknown_types", {"types": ", ".join(sorted(self._types)[:5])}))
        if self._unusable:
            found.append(
                Message("sync.warn.unusable", {"count": len(self._unusable), "example": self._unusable[0]})
            )
        return tuple(found)

    def _one(self, row: Mapping[str, Any]) -> Transaction:
        word = str(row.get("type") or "").strip()
        kind = KINDS.get(word.casefold())
        if kind is None:
            self._types.add(word[:40] or "?")
            raise _RowError(word[:40] or "?")
        received = self._side(row, "buy")
        sent = self._side(row, "sell")
        fee = self._side(row, "fee")
        if kind in _GIFTS and (received is None) is not (sent is None):
            kind = TransactionKind.GIFT_IN if sent is None else TransactionKind.GIFT_OUT
        if kind in TWO_SIDED:
            if received is None or sent is None:
                raise _RowError(word)
        elif (sent is None) if kind in OUTGOING else (received is None):
            raise _RowError(word)
        return Transaction(
            at=instant(row.get("time")),
            kind=kind,
            received=received,
            sent=sent,
            fee=fee,
            account=_text(row, "exchange", 120),
            group=_text(row, "group", 200),
            note=_text(row, "comment", 1000),
            raw=" ".join(f"{name}={value}" for name, value in row.items() if value not in ("", None))[:2000],
        )

    def _side(self, row: Mapping[str, Any], side: str) -> Amount | None:
        quantity = number(row.get(f"{side}_amount"))
        code = str(row.get(f"{side}_currency") or "").strip()
        if not quantity:
            return None
        if not code or code == "-":
            raise _RowError(f"{side}_currency")
        return Amount(abs(quantity), self.asset(code))


def _envelope(body: bytes) -> dict[str, Any]:
    document = json_object(body)
    if str(document["success"]) not in ("0", "1"):
        raise ValueError("neither a success nor an error")
    return document


def _refusal(document: Mapping[str, Any], at: datetime) -> ProviderError:
    """Return what an answer with ``success: 0`` means."""
    code = str(document.get("error") or "").upper()
    words = " ".join(str(document.get("error_msg") or code).removeprefix("ERROR:").split())[:200]
    told = f"{code} {words.upper()}"
    if any(sign in told for sign in ("LIMIT", "EXCEED", "TOO MANY", "BLOCK")):
        hour = at + timedelta(hours=1)
        return ProviderPausedError("provider.hour_used", provider=ID, retry_at=hour)
    if "NONCE" in told:
        return ProviderAnswerError("provider.nonce", provider=ID)
    if any(sign in told for sign in ("KEY", "SIGN", "AUTH", "PERMISSION", "ACCESS", "PRO ", "UPGRADE")):
        return CredentialsRefusedError("provider.credentials_refused", provider=ID, words=words)
    return ProviderAnswerError("provider.said", provider=ID, words=words)


def _details(document: Any, *names: str) -> Any:
    """Return what an answer is about, wherever it was put: below ``result`` and ``details``, or beside the envelope."""
    found = document
    for name in ("result", *names, "details", "data", "trades"):
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping | list):
            found = found[name]
    if isinstance(found, Mapping):
        return {name: value for name, value in found.items() if name not in _ENVELOPE}
    if isinstance(found, list):
        return found
    raise ValueError("neither a list nor an object")


def _named(details: Any, *, strict: bool = True) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the entries of an object, or of a list, by name.

    An entry that is no object makes the answer unreadable, so that no broken answer passes for an empty account; unless
    not ``strict``, then it is passed over.
    """
    for name, row in _pairs(details):
        if isinstance(row, Mapping):
            yield name, row
        elif strict:
            raise ValueError("an entry is no object")


def _pairs(details: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(details, Mapping):
        yield from ((str(name), row) for name, row in details.items())
        return
    for row in details:
        if not isinstance(row, Mapping):
            raise ValueError("an entry is no object")  # noqa: TRY004 - a wrong answer, not a wrong call
        name = row.get("coin") or row.get("currency") or row.get("name") or row.get("exchange") or ""
        yield str(name), row


def _positions(details: Any, place: str) -> Iterator[Position]:
    for name, row in _named(details):
        coin = str(row.get("coin") or row.get("currency") or name).strip()
        if not coin or coin.upper() in _SUMS:
            continue
        quantity = number(row.get("amount"))
        if quantity is None:
            continue
        price = number(row.get("price_fiat"))
        yield Position(coin, quantity, place, price, _first(row, _VALUES))


def _history(days: Any) -> tuple[HistoryPoint, ...]:
    found = []
    for name, row in _named(days):
        at = instant(row.get("time") or name)
        found.append(
            HistoryPoint(
                at, _first(row, _VALUES), _first(row, ("value_btc", "btc")), number(row.get("amount"))
            )
        )
    return tuple(sorted(found, key=lambda point: point.at))


def _figures(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what is a number in a row; an answer may hold texts beside them."""
    figures = {}
    for name, value in row.items():
        try:
            figure = number(value)
        except ValueError:
            continue
        if figure is not None:
            figures[str(name)] = figure
    return figures


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Decimal | None:
    return next((value for name in names if (value := number(row.get(name))) is not None), None)


def _currency(document: Mapping[str, Any]) -> str:
    summary = document.get("summary")
    told = document.get("account_currency") or (
        summary.get("account_currency") or summary.get("currency") if isinstance(summary, dict) else ""
    )
    code = str(told or "").strip().upper()
    return code if currencies.is_currency(code) else ""


def _reconciled(
    totals: tuple[Position, ...], grouped: tuple[Position, ...]
) -> tuple[tuple[Position, ...], list[Message]]:
    """Return the positions by place, unless they contradict the account's totals; then the totals."""
    if not grouped:
        return totals, []
    sums: dict[str, Decimal] = {}
    for one in grouped:
        sums[one.coin.upper()] = sums.get(one.coin.upper(), Decimal(0)) + one.quantity
    for one in totals:
        # Eight decimals a place: each may be off by half of the last one.
        if abs(sums.pop(one.coin.upper(), Decimal(0)) - one.quantity) > Decimal("1e-6") * max(
            abs(one.quantity), Decimal(1)
        ):
            return totals, [Message("sync.warn.places_differ", {"coin": one.coin})]
    if any(abs(left) > Decimal("1e-6") for left in sums.values()):
        return totals, [Message("sync.warn.places_differ", {"coin": next(iter(sums))})]
    return grouped, []


def _whole_seconds(
    rows: tuple[Mapping[str, Any], ...],
) -> tuple[tuple[Mapping[str, Any], ...], datetime | None]:
    """Leave the last second of a full page to the next one, so that no second is cut in two.

    Returns the rows to use, and from when the next page is asked for: ``None`` when the page is one second long.
    """
    timed = []
    for row in rows:
        try:
            timed.append((instant(row.get("time")), row))
        except ValueError:
            continue
    if not timed:
        raise ValueError("trades without a time")
    last = max(at for at, _ in timed)
    kept = tuple(row for at, row in timed if at < last)
    return (kept, last) if kept else ((), None)


def _since(start: datetime | None) -> dict[str, str | int]:
    return {} if start is None else {"start": int(start.timestamp())}


def _text(row: Mapping[str, Any], name: str, longest: int) -> str:
    return str(row.get(name) or "").strip()[:longest]


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) and text else None


CONNECTORS = (CoinTrackingConnector(),)
