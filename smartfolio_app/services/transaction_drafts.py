"""What a person types in, checked until it is a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, asset_id, symbol_of
from smartfolio_app.ledger.money import exact
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

K = TransactionKind

BOTH_SIDES = frozenset({K.TRADE, K.SWAP, K.MARGIN_TRADE, K.SPLIT})
RECEIVED_ONLY = frozenset(
    {
        *(K.DEPOSIT, K.INCOME, K.STAKING, K.MINING, K.INTEREST, K.DIVIDEND, K.AIRDROP, K.REWARD, K.FORK),
        *(K.GIFT_IN, K.MARGIN_PROFIT, K.LOAN_IN, K.SPIN_OFF),
    }
)
SENT_ONLY = frozenset(
    {
        *(K.WITHDRAWAL, K.SPEND, K.GIFT_OUT, K.DONATION, K.FEE, K.TAX, K.LOST, K.STOLEN),
        *(K.MARGIN_LOSS, K.LOAN_OUT),
    }
)

_LARGEST = Decimal(10) ** 30
_MOST_DIGITS = 40
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = {"account": 120, "group": 200, "note": 2_000}
#: Classes a transaction can move; wealth items have valuations instead.
_NAMESPACES = frozenset({AssetClass.CRYPTO, AssetClass.FIAT, AssetClass.STOCK})

Typed = tuple[Decimal | str, AssetId]


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction as typed. Each side is (quantity, asset id such as ``crypto:BTC``); ``at`` knows its zone.

    ``value`` is what the whole was worth, in a currency.
    """

    at: datetime
    kind: str
    received: Typed | None = None
    sent: Typed | None = None
    fee: Typed | None = None
    value: Typed | None = None
    account: str = ""
    group: str = ""
    note: str = ""
    about: AssetId = ""


def checked(draft: Draft, now: datetime) -> Transaction:
    """Return the transaction that a draft means.

    Raises:
        InvalidInputError: Something is missing, contradicts itself or cannot be; the code says what.
    """
    kind = _kind(draft.kind)
    transaction = Transaction(
        at=_moment(draft.at, now),
        kind=kind,
        received=_amount(draft.received),
        sent=_amount(draft.sent),
        fee=_amount(draft.fee),
        value=_amount(draft.value),
        account=_text("account", draft.account),
        group=_text("group", draft.group),
        note=_text("note", draft.note),
        about=_asset(draft.about) if draft.about else "",
    )
    _check_sides(transaction)
    if transaction.value is not None and not transaction.value.asset.startswith("fiat:"):
        raise InvalidInputError("transaction.value_in_currency")
    return transaction


def assets_of(transaction: Transaction, known: Mapping[AssetId, Asset]) -> list[Asset]:
    """Return a description of each asset in the transaction that nobody has described yet."""
    sides = (transaction.received, transaction.sent, transaction.fee, transaction.value)
    ids = {side.asset for side in sides if side is not None} | ({transaction.about} - {""})
    return [
        Asset(
            one,
            AssetClass(one.partition(":")[0]),
            symbol_of(one),
            quote_currency=symbol_of(one) if one.startswith("fiat:") else "",
        )
        for one in sorted(ids - known.keys())
    ]


def _kind(kind: str) -> TransactionKind:
    try:
        return TransactionKind(kind)
    except ValueError as error:
        allowed = ", ".join(one.value for one in TransactionKind)
        raise InvalidInputError("transaction.kind", allowed=allowed) from error


def _moment(at: datetime, now: datetime) -> datetime:
    if at.tzinfo is None:
        raise InvalidInputError("transaction.when")
    moment = at.astimezone(UTC)
    if moment < _EARLIEST:
        raise InvalidInputError("transaction.when")
    if moment > now + timedelta(minutes=5):  # clocks differ a little
        raise InvalidInputError("transaction.future")
    return moment


def _amount(typed: Typed | None) -> Amount | None:
    if typed is None:
        return None
    quantity, asset = typed
    try:
        number = exact(quantity)
    except (TypeError, ValueError) as error:
        raise InvalidInputError("transaction.quantity", value=str(quantity)[:40]) from error
    if not 0 < number < _LARGEST or len(number.as_tuple().digits) > _MOST_DIGITS or number.adjusted() < -30:
        raise InvalidInputError("transaction.quantity", value=str(quantity)[:40])
    return Amount(number, _asset(asset))


def _asset(asset: str) -> AssetId:
    namespace, _, code = asset.strip().partition(":")
    try:
        found = asset_id(AssetClass(namespace), code)
    except ValueError as error:
        raise InvalidInputError("transaction.asset", value=asset[:40]) from error
    if AssetClass(namespace) not in _NAMESPACES or len(found) > 80 or not found.isprintable():
        raise InvalidInputError("transaction.asset", value=asset[:40])
    return found


def _check_sides(transaction: Transaction) -> None:
    kind, received, sent = transaction.kind, transaction.received, transaction.sent
    if kind in BOTH_SIDES:
        if received is None or sent is None:
            raise InvalidInputError("transaction.both_sides")
        if (received.asset == sent.asset) != (kind is K.SPLIT):
            raise InvalidInputError("transaction.one_asset" if kind is K.SPLIT else "transaction.two_assets")
    elif kind in RECEIVED_ONLY and (received is None or sent is not None):
        raise InvalidInputError("transaction.received_side")
    elif kind in SENT_ONLY and (sent is None or received is not None):
        raise InvalidInputError("transaction.sent_side")


def _text(field: str, text: str) -> str:
    cleaned = text.replace("\x00", "").strip()
    if len(cleaned) > _LONGEST[field]:
        raise InvalidInputError("transaction.text_too_long", field=field, maximum=_LONGEST[field])
    return cleaned
