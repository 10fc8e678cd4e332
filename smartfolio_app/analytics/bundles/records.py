"""Transactions, prices and days as plain JSON values, and back. Numbers are decimal text: nothing is rounded.

Whatever comes back comes from a file that anybody may have written: what is not of the shape raises ``BundleError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.lots import Correction
from smartfolio_app.ledger.money import exact, plain
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

if TYPE_CHECKING:
    from decimal import Decimal

    from smartfolio_app.analytics.results import FloatArray, UnitPrice

Json = dict[str, Any]


class BundleError(SmartFolioError):
    """A bundle cannot be read, or a figure cannot be put into one."""

    status = 422


# ------------------------------------------------------------------------------------------------- simple values
def number(value: Any) -> Decimal:
    """Return a decimal that was written as text."""
    if not isinstance(value, str) or len(value) > 400:
        raise BundleError("bundle.broken", where=repr(value)[:80])
    try:
        return exact(value)
    except ValueError as error:
        raise BundleError("bundle.broken", where=repr(value)[:80]) from error


def known(value: Any) -> Decimal | None:
    """Return the same, ``None`` where nothing is known."""
    return None if value is None else number(value)


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise BundleError("bundle.broken", where=repr(value)[:80])
    return value


def moment(value: Any) -> datetime:
    """Return an instant, which must say its zone."""
    try:
        at = datetime.fromisoformat(text(value))
    except ValueError as error:
        raise BundleError("bundle.broken", where=repr(value)[:80]) from error
    if at.tzinfo is None:
        raise BundleError("bundle.broken", where=repr(value)[:80])
    return at.astimezone(UTC)


def day(value: Any) -> date:
    """Return a day."""
    try:
        return date.fromisoformat(text(value))
    except ValueError as error:
        raise BundleError("bundle.broken", where=repr(value)[:80]) from error


def part(of: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    """Return a named part of a JSON object, of this kind."""
    found = of.get(name) if isinstance(of, Mapping) else None
    if not isinstance(found, kind):
        raise BundleError("bundle.broken", where=name)
    return found


def floats(values: Any) -> FloatArray:
    """Return a series of floats that were written as text, ``nan`` where null."""
    if not isinstance(values, list):
        raise BundleError("bundle.broken", where=repr(values)[:80])
    try:
        return np.array([np.nan if one is None else float(text(one)) for one in values], dtype=np.float64)
    except ValueError as error:
        raise BundleError("bundle.broken", where="series") from error


def written(series: Iterable[float]) -> list[str | None]:
    """Write a series so that every float comes back as it was."""
    return [None if np.isnan(one) else repr(float(one)) for one in series]


# ----------------------------------------------------------------------------------------------------- the ledger
def transaction_out(row: Transaction) -> Json:
    """Write a transaction: what it was, its sides, where it came from."""
    found: Json = {"id": row.id, "at": row.at.astimezone(UTC).isoformat(), "kind": row.kind.value}
    sides = {"received": row.received, "sent": row.sent, "fee": row.fee, "value": row.value}
    found |= {name: amount_out(one) for name, one in sides.items() if one is not None}
    words = {"about": row.about, "account": row.account, "source": row.source}
    return found | {name: one for name, one in words.items() if one}


def transaction_in(row: Any) -> Transaction:
    """Read a transaction."""
    try:
        kind = TransactionKind(part(row, "kind", str))
    except ValueError as error:
        raise BundleError("bundle.broken", where="kind") from error
    sides = {name: amount_in(row[name]) for name in ("received", "sent", "fee", "value") if name in row}
    words = {name: text(row.get(name, "")) for name in ("about", "account", "source", "id")}
    fields: dict[str, Any] = {**sides, **words}
    return Transaction(at=moment(row.get("at")), kind=kind, **fields)


def amount_out(amount: Amount) -> list[str]:
    """Write a quantity of an asset."""
    return [plain(amount.quantity), amount.asset]


def amount_in(value: Any) -> Amount:
    """Read a quantity of an asset."""
    if not isinstance(value, list) or len(value) != 2:
        raise BundleError("bundle.broken", where=repr(value)[:80])
    return Amount(number(value[0]), text(value[1]))


def correction_out(one: Correction) -> Json:
    """Write what a statement corrects."""
    found: Json = {"at": str(one.at), "source": one.source, "account": one.account, "asset": one.asset}
    found |= {"change": plain(one.change), "reported": plain(one.reported)}
    return found if one.cost is None else found | {"cost": amount_out(one.cost)}


def correction_in(row: Any) -> Correction:
    """Read what a statement corrects."""
    return Correction(
        int(number(part(row, "at", str))),
        part(row, "source", str),
        part(row, "account", str),
        part(row, "asset", str),
        number(row.get("change")),
        number(row.get("reported")),
        amount_in(row["cost"]) if "cost" in row else None,
    )


def price_out(asset: str, at: datetime, found: UnitPrice | None) -> Json:
    """Write what a unit was worth, and by which rates of whom that was found."""
    row: Json = {"asset": asset, "at": at.astimezone(UTC).isoformat()}
    if found is None:
        return row | {"price": None, "rates": []}
    return row | {"price": plain(found.value), "rates": rates_out(found)}


def rates_out(found: UnitPrice) -> list[Json]:
    """Write the rates on the way to a price, each with its source and time."""
    return [
        {
            "base": rate.base,
            "quote": rate.quote,
            "value": plain(rate.value),
            "at": rate.at.astimezone(UTC).isoformat(),
            "source": rate.provider,
        }
        for rate in found.path
    ]
