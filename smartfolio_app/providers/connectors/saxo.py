"""Saxo Bank's OpenAPI: trades and bookings, positions and cash, of every account of the signed-in client.

The report of trades tells what was bought and sold, the report of bookings every movement of money: those of a trade
are its price and its costs, the others stand for themselves (dividends, interest, transfers, custody). Saxo tells no
ISIN; an instrument is known by its symbol and market.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import ZERO, exact
from smartfolio_app.ledger.transactions import Amount, Statement, TransactionKind
from smartfolio_app.providers.connectors.base import (
    Access,
    CredentialsRefusedError,
    Cursor,
    KeyCheck,
    Page,
)
from smartfolio_app.providers.csv.base import FormatInfo, Message, ReadOptions, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.formats._securities import in_major
from smartfolio_app.providers.csv.formats.saxo_transactions import EVENTS
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.declared import Field, Provider
from smartfolio_app.providers.errors import ProviderAnswerError, ProviderRefusedError
from smartfolio_app.providers.http import Outgoing
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_object
from smartfolio_app.providers.saxo_tokens import Holder

#: Per session and group of services.
BUDGET = Budget(120, 60.0)
_PATIENCE = 60.0
_PAGE = 500
_WINDOW = timedelta(days=365)
#: Bookings of a trade can follow days after it.
_OVERLAP = timedelta(days=10)
_FIRST = date(2010, 1, 1)
_MOST_PAGES = 2_000
_CLASSES = {
    "Stock": AssetClass.STOCK, "Etf": AssetClass.ETF, "Etc": AssetClass.COMMODITY, "Etn": AssetClass.ETF,
    "Fund": AssetClass.FUND, "MutualFund": AssetClass.FUND, "Bond": AssetClass.BOND, "Rights": AssetClass.STOCK,
    "CompanyWarrant": AssetClass.DERIVATIVE, "Warrant": AssetClass.DERIVATIVE,
}  # fmt: skip
_INFO = FormatInfo("saxo_api", "", "Saxo Bank", "stocks", "saxo_csv")


class Saxo:
    """One of Saxo's two worlds: the real one, or the simulation."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def check(self, access: Access) -> KeyCheck:
        """Return whose account it is. Saxo does not tell what the sign-in may do."""
        client = _Client(access)
        me = client.get("port/v1/clients/me")
        client.get("port/v1/accounts/me")
        name = str(me.get("Name") or me.get("ClientId") or "")
        return KeyCheck(ok=True, account=name, warnings=(Message("saxo.warn.not_told", {}),))

    def pull(self, access: Access, cursor: Cursor) -> Iterator[Page]:
        """Yield the history, a year at a time, then positions and cash."""
        client = _Client(access)
        me = client.get("port/v1/clients/me")
        accounts = list(client.all("port/v1/accounts/me"))
        key = _key(me, "ClientKey")
        today = access.now().date()
        first = date.fromisoformat(cursor["since"]) if cursor.get("since") else _begin(access, accounts)
        start = date.fromisoformat(cursor["at"]) if cursor.get("at") else first
        while start <= today:
            if access.cancelled():
                return
            end = min(start + _WINDOW - timedelta(days=1), today)
            book = _history(client, key, start, end)
            start = end + timedelta(days=1)
            yield Page(
                cursor={"since": first.isoformat(), "at": start.isoformat()},
                transactions=tuple(book.transactions),
                assets=book.assets,
                prices=tuple(book.prices),
                progress=((end - first).days, max((today - first).days, 1)),
                label="saxo.reading.history",
                warnings=_warnings(book),
            )
        if access.cancelled():
            return
        at = access.now()
        book = _holdings(client, key, accounts, at)
        yield Page(
            cursor={"since": (today - _OVERLAP).isoformat()},
            done=True,
            statement=Statement(at, tuple(book.lines)),
            assets=book.assets,
            prices=tuple(book.prices),
            label="saxo.reading.holdings",
            warnings=_warnings(book),
        )


class _Client:
    """Questions with the account's bearer token; a list is followed to its end."""

    def __init__(self, access: Access) -> None:
        self._access, self._holder = access, Holder(access)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Return one answer; a token that is refused before its time is renewed once."""
        bearer = self._holder.bearer()
        try:
            return self._ask(path, params, bearer)
        except ProviderRefusedError as error:
            if error.http_status != 401:
                raise
        try:
            return self._ask(path, params, self._holder.bearer(spent=bearer))
        except ProviderRefusedError as error:
            if error.http_status != 401:
                raise
            raise CredentialsRefusedError("saxo.signed_out", provider="Saxo Bank") from error

    def _ask(self, path: str, params: Mapping[str, str | int] | None, bearer: str) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/json"}
        outgoing = Outgoing(path=path, params=params, headers=headers)
        return self._access.client.ask(lambda: outgoing, read=json_object, patience=_PATIENCE).value

    def all(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the records of a list, following ``__next`` on the same host alone."""
        asked: Mapping[str, str | int] | None = {"$top": _PAGE, **(params or {})}
        for _ in range(_MOST_PAGES):
            answer = self.get(path, asked)
            records = answer.get("Data")
            if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
                raise ProviderAnswerError("provider.unreadable", provider="Saxo Bank")
            yield from records
            following = answer.get("__next")
            if not following or not records:
                return
            path, asked = self._next(str(following)), None
        raise ProviderAnswerError("provider.too_large", provider="Saxo Bank")

    def _next(self, address: str) -> str:
        if urlsplit(address).netloc != self._access.client.host:
            raise ProviderAnswerError("provider.unreadable", provider="Saxo Bank")
        return address


# ------------------------------------------------------------------------------------------------------ history
def _history(client: _Client, key: str, start: date, end: date) -> Book:
    """Read a span's trades, with what was booked for them, and everything else that was booked."""
    span = {"FromDate": start.isoformat(), "ToDate": end.isoformat()}
    trades = list(client.all(f"cs/v1/reports/trades/{key}", span))
    bookings = list(client.all(f"cs/v1/reports/bookings/{key}", span))
    by_trade: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for booking in bookings:
        by_trade[str(booking.get("RelatedTradeId") or "")].append(booking)
    book = _book()
    told: set[str] = set()
    for number, trade in enumerate(trades, 1):
        with book.guard(_row(number, trade)), _usable():
            if _is_owned(trade):
                _trade(book, _row(number, trade), trade, by_trade.get(_text(trade, "TradeId"), []))
                told.add(_text(trade, "TradeId"))
            else:
                book.skip(_row(number, trade), "import.skip.no_movement")
    rest = [one for one in bookings if str(one.get("RelatedTradeId") or "") not in told]
    for number, booking in enumerate(rest, len(trades) + 1):
        with book.guard(_row(number, booking)), _usable():
            _booking(book, _row(number, booking), booking)
    return book


def _trade(book: Book, row: Row, trade: dict[str, Any], bookings: list[dict[str, Any]]) -> None:
    quantity = _number(trade, "Amount")
    shares = Amount(abs(quantity), _instrument(book, trade))
    cash = book.currency(_text(trade, "AccountCurrency"))
    price = sum((_number(one, "AmountAccountCurrency") for one in bookings if _is_price(one)), ZERO)
    costs = sum((_number(one, "AmountAccountCurrency") for one in bookings if not _is_price(one)), ZERO)
    if not price:  # the bookings are not told (yet): what the account was charged, costs included
        price, costs = _number(trade, "BookedAmountAccountCurrency"), ZERO
    if not quantity or not price or (quantity > 0) is (price > 0):
        raise RowError("trade_side_missing")
    if costs > 0:
        price, costs = price + costs, ZERO
    money = Amount(abs(price), cash)
    book.add(
        row,
        _moment(trade.get("TradeExecutionTime") or trade["TradeDate"]),
        TransactionKind.TRADE,
        received=shares if quantity > 0 else money,
        sent=money if quantity > 0 else shares,
        fee=Amount(abs(costs), cash) if costs else None,
        account=str(trade.get("AccountId") or ""),
        external_id=_text(trade, "TradeId"),
        note=f"{trade.get('TradeEventType') or ''} {trade.get('InstrumentDescription') or ''}".strip(),
    )


def _is_price(booking: dict[str, Any]) -> bool:
    """Tell whether a booking of a trade is what the shares cost, rather than a cost of the trade."""
    return normalise(str(booking.get("BkAmountType"))).startswith(
        ("share amount", "bond amount", "fund amount", "cash amount", "investment amount")
    )


def _booking(book: Book, row: Row, booking: dict[str, Any]) -> None:
    amount = _number(booking, "AmountAccountCurrency")
    if not amount:
        book.skip(row, "import.skip.no_movement")
        return
    kind = str(booking.get("BkAmountType") or "")
    words = normalise(f"{kind} {booking.get('CaEventName') or ''}")
    gain, loss = TransactionKind.INCOME, TransactionKind.FEE
    if not _is_owned(booking) and booking.get("RelatedTradeId"):
        gain, loss = TransactionKind.MARGIN_PROFIT, TransactionKind.MARGIN_LOSS
    # The kind first: a withholding tax of a dividend is a tax.
    for keys, inflow, outflow in sorted(
        EVENTS, key=lambda event: not any(key in normalise(kind) for key in event[0])
    ):
        if any(key in words for key in keys):
            gain, loss = inflow, outflow
            break
    book.move(
        row,
        _moment(booking["Date"]),
        Amount(amount, book.currency(_text(booking, "AccountCurrency"))),
        gain=gain,
        loss=loss,
        about=_instrument(book, booking) if booking.get("InstrumentSymbol") else "",
        account=str(booking.get("AccountId") or ""),
        external_id=_text(booking, "BkAmountId"),
        note=f"{kind} {booking.get('InstrumentDescription') or ''}".strip(),
    )


# ----------------------------------------------------------------------------------------------------- holdings
def _holdings(client: _Client, key: str, accounts: list[dict[str, Any]], at: datetime) -> Book:
    """Read what is held: positions added up by account and instrument, and each account's cash."""
    book = _book()
    held: dict[tuple[str, AssetId], Decimal] = defaultdict(Decimal)
    groups = "PositionBase,PositionView,DisplayAndFormat"
    for number, position in enumerate(client.all("port/v1/positions/me", {"FieldGroups": groups}), 1):
        row = _row(number, position)
        with book.guard(row), _usable():
            base, shown = position["PositionBase"], position["DisplayAndFormat"]
            if str(base["AssetType"]).startswith("Fx"):
                book.skip(
                    row, "import.skip.no_movement"
                )  # a bet on a rate; what it is worth is not the amount
                continue
            named = {
                "InstrumentSymbol": shown["Symbol"],
                "InstrumentDescription": shown.get("Description"),
                "AssetType": base["AssetType"],
                "Currency": shown.get("Currency"),
            }
            asset = _instrument(book, named)
            held[str(base.get("AccountId") or ""), asset] += _number(base, "Amount")
            view = position.get("PositionView") or {}
            if view.get("CurrentPrice") and _is_owned(named):
                price, currency = in_major(_number(view, "CurrentPrice"), str(shown["Currency"]))
                book.currency(currency)
                book.price(row, asset, currency, price, at)
    for (account, asset), quantity in held.items():
        if quantity:
            book.line(Row(0, []), asset, quantity, account=account)
    for number, account_ in enumerate(accounts, 1):
        row = _row(number, account_)
        asked = {"ClientKey": key, "AccountKey": _key(account_, "AccountKey")}
        balance = client.get("port/v1/balances", asked)
        with book.guard(row), _usable():
            cash = _number(balance, "CashBalance")
            if cash:
                currency_ = book.currency(_text(balance, "Currency"))
                book.line(row, currency_, cash, account=str(account_.get("AccountId") or ""))
    return book


# -------------------------------------------------------------------------------------------------------- parts
class _usable:  # noqa: N801 - used like a function
    """Turn what a record of a wrong form raises into a rejection of that record."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | ArithmeticError):
            raise RowError("not_data") from error


def _book() -> Book:
    return Book(Table((), [], []), ReadOptions(), _INFO)


def _row(number: int, record: dict[str, Any]) -> Row:
    return Row(number, [", ".join(f"{name}: {value}" for name, value in record.items())])


def _is_owned(record: dict[str, Any]) -> bool:
    """Tell whether a trade moves something that is then owned; a contract for a difference moves none."""
    return str(record.get("AssetType")) in _CLASSES


def _instrument(book: Book, record: dict[str, Any]) -> AssetId:
    symbol, _, market = str(record.get("InstrumentSymbol") or "").partition(":")
    kind = _CLASSES.get(str(record.get("AssetType")), AssetClass.DERIVATIVE)
    name = str(record.get("InstrumentDescription") or "")
    _, currency = in_major(Decimal(0), str(record.get("Currency") or ""))
    if kind is AssetClass.DERIVATIVE:
        return book.security(symbol, mic="CFD", name=name, kind=kind)
    return book.security(symbol, mic=market.upper(), name=name, kind=kind, currency=currency)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str | int) or value == "":
        raise RowError("not_data")
    return str(value)


def _key(record: Mapping[str, Any], name: str) -> str:
    try:
        return _text(record, name)
    except RowError as error:
        raise ProviderAnswerError("provider.unreadable", provider="Saxo Bank") from error


def _number(record: Mapping[str, Any], name: str) -> Decimal:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise RowError("not_a_number", value=str(value)[:40])
    return exact(value)


def _moment(text: object) -> datetime:
    """Return an instant, or the beginning of a day: files of the same bank tell days alone."""
    value = str(text)
    if len(value) == 10:
        return datetime.combine(date.fromisoformat(value), time(), UTC)
    at = datetime.fromisoformat(value)
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)).replace(microsecond=0)


def _begin(access: Access, accounts: list[dict[str, Any]]) -> date:
    wished = access.config.get("since", "").strip()
    if wished:
        try:
            return date.fromisoformat(wished)
        except ValueError:
            pass
    opened = [str(one.get("CreationDate") or "")[:10] for one in accounts]
    return min((date.fromisoformat(day) for day in opened if day), default=_FIRST)


def _warnings(book: Book) -> tuple[Message, ...]:
    count = len(book.rejected)
    remark = Message("exchanges.warn.rejected", {"provider": "Saxo Bank", "count": count})
    return (remark,) if count else ()


_FIELDS = tuple(
    Field(name, f"saxo.field.{name}", secret=True)
    for name in (
        "app_key",
        "login_url",
        "redirect_uri",
        "verifier",
        "access_token",
        "refresh_token",
        "expires_at",
    )
)


def _provider(key: str, label: str, setting: str, base_url: str, files_of: str = "") -> Provider:
    return Provider(
        key,
        label,
        "stocks",
        "api",
        ("transactions", "balances", "prices"),
        credential_fields=_FIELDS,
        config_fields=(Field("since", "exchanges.field.since", required=False),),
        budget=BUDGET,
        base_url_setting=setting,
        base_url=base_url,
        files_of=files_of,
        help_url="https://www.developer.saxo/openapi/appmanagement",
        advice="saxo.advice",
        sign_in=True,
    )


CONNECTORS = (
    Saxo(
        _provider(
            "saxo_api", "Saxo Bank", "saxo_url", "https://gateway.saxobank.com/openapi", files_of="saxo_csv"
        )
    ),
    Saxo(
        _provider(
            "saxo_sim_api", "saxo.simulation", "saxo_sim_url", "https://gateway.saxobank.com/sim/openapi"
        )
    ),
)
