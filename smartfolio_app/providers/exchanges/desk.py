"""What a reading of an exchange writes on: the same book that the readers of its exported files use.

So a coin, a currency, a fee and a row that cannot be used mean the same whether they came by file or by network, and
the same trade told by both has the same fingerprint.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.money import ZERO, exact
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction
from smartfolio_app.providers.csv.base import FormatInfo, Message, ReadOptions, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.exchanges.catalogue import Exchange
from smartfolio_app.providers.exchanges.session import Session

#: No exchange told of by an API is older.
BEGINNING = datetime(2011, 1, 1, tzinfo=UTC)
_INFO = FormatInfo("exchange", "", "", "crypto", "")

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What one question brought: where to go on, and whether there is more to ask now."""

    state: State
    more: bool
    progress: tuple[int, int] | None = None


@dataclass(slots=True)
class Desk:
    """One question's working place. ``until`` is when this sync began; nothing later is asked for.

    ``memory`` is shared by all questions of an account and kept between syncs: the coins and markets met so far.
    """

    session: Session
    until: datetime
    since: datetime
    memory: dict[str, list[str]]
    markets: tuple[str, ...] = ()
    book: Book = field(default_factory=lambda: Book(Table((), [], []), ReadOptions(), _INFO))

    @property
    def api(self) -> Any:
        """ccxt's exchange."""
        return self.session.api

    @property
    def exchange(self) -> Exchange:
        """What the catalogue says of the exchange."""
        return self.session.exchange

    def each(self, rows: list[Any], use: Callable[[Row, dict[str, Any]], None]) -> None:
        """Call ``use`` with every record; one that cannot be used is set aside, with its reason."""
        for number, record in enumerate(rows, 1):
            row = Row(number, [json.dumps(record, separators=(",", ":"), ensure_ascii=False)])
            with self.book.guard(row):
                if not isinstance(record, dict):
                    raise RowError("not_data")
                try:
                    use(row, record)
                except (KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
                    raise RowError("not_data") from error

    def remember(self, what: str, *names: str) -> None:
        """Keep the names of coins or markets that were met."""
        known = self.memory.setdefault(what, [])
        known.extend(name for name in dict.fromkeys(names) if name and name not in known)

    def transactions(self) -> tuple[Transaction, ...]:
        """Return what was written down, in its order."""
        return tuple(self.book.transactions)

    def assets(self) -> Mapping[AssetId, Asset]:
        """Return the assets that were named."""
        return self.book.assets

    def warnings(self) -> tuple[Message, ...]:
        """Return remarks: how many records could not be used."""
        count = len(self.book.rejected)
        remark = Message("exchanges.warn.rejected", {"provider": self.exchange.name, "count": count})
        return (remark,) if count else ()


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of history. ``name`` is the last part of the message key of what is being fetched."""

    name: str
    read: Callable[[Desk, State], Awaitable[Step]]


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a key may do, ``None`` where the exchange does not tell; ``account`` is the exchange's name for it."""

    may_trade: bool | None = None
    may_withdraw: bool | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one exchange is read: its histories in their order, what is there now, and what the key may do."""

    streams: tuple[Stream, ...]
    balances: Callable[[Desk], Awaitable[None]]
    permissions: Callable[[Desk], Awaitable[Permissions]] | None = None
    own_nonce: bool = False


# ------------------------------------------------------------------------------------------------------ numbers
def number(record: Mapping[str, Any], name: str, default: Decimal | None = None) -> Decimal:
    """Return the number in a field, exactly as it was written; ``RowError`` when there is none and no default."""
    value = record.get(name)
    if value is None or value == "":
        if default is not None:
            return default
        raise RowError("amount_missing")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError("not_a_number", value=str(value)[:40])
    try:
        return exact(value)
    except ValueError as error:
        raise RowError("not_a_number", value=str(value)[:40]) from error


def moment_ms(value: object) -> datetime:
    """Return the second in which a time in milliseconds lies: files of exchanges tell no more than that."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError("not_a_date", value=str(value)[:40])
    return datetime.fromtimestamp(int(exact(value)) // 1000, UTC)


def moment_text(value: object) -> datetime:
    """Return the second of an ISO time; one without an offset is UTC."""
    try:
        at = datetime.fromisoformat(_six_digits(str(value).replace("Z", "+00:00")))
    except ValueError as error:
        raise RowError("not_a_date", value=str(value)[:40]) from error
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.replace(microsecond=0)


def _six_digits(text: str) -> str:
    """Cut fractions of a second that are finer than Python reads."""
    whole, point, rest = text.partition(".")
    if not point:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"


def ms(moment: datetime) -> int:
    """Return an instant in milliseconds."""
    return int(moment.timestamp() * 1000)


def held(desk: Desk, amounts: Mapping[AssetId, Decimal], *, account: str = "") -> None:
    """Write down what is there now; nothing of it is no line."""
    row = Row(0, [])
    for asset, quantity in amounts.items():
        if quantity:
            desk.book.line(row, asset, quantity, account=account)
    desk.remember("coins", *(asset.partition(":")[2] for asset, quantity in amounts.items() if quantity))


def statement(desk: Desk, at: datetime) -> Statement:
    """Return what ``held`` wrote down as a statement of that instant."""
    return Statement(
        at, tuple(StatementLine(one.asset, one.quantity, one.account) for one in desk.book.lines)
    )


def total(amounts: dict[AssetId, Decimal], asset: AssetId, quantity: Decimal) -> None:
    """Add to what there is of an asset."""
    amounts[asset] = amounts.get(asset, ZERO) + quantity


def positive(quantity: Decimal, asset: AssetId) -> Amount | None:
    """Return an amount without its sign, nothing for zero."""
    return Amount(abs(quantity), asset) if quantity else None
