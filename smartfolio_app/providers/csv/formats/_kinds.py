"""Helpers the format files share: matching by headings, and amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount
from smartfolio_app.providers.csv.base import RowError, Table
from smartfolio_app.providers.csv.headings import normalise


def has(table: Table, *names: str) -> bool:
    """Tell whether all ``names`` (normalised) are headings of the table."""
    if table.kind in {"json", "xml"}:
        return False
    present = {normalise(header) for header in table.headers}
    return all(name in present for name in names)


def amount(quantity: Decimal, asset: AssetId) -> Amount:
    """Return the amount without its sign: the side of a transaction tells the direction."""
    return Amount(abs(quantity), asset)


def fee_of(quantity: Decimal | None, asset: AssetId) -> Amount | None:
    """Return the fee, whatever its sign in the file; nothing for none or zero."""
    return Amount(abs(quantity), asset) if quantity else None


_Meaning = TypeVar("_Meaning")


def known(kinds: Mapping[str, _Meaning], word: str) -> _Meaning:
    """Return the kind that ``word`` means.

    Raises:
        RowError: the file uses a type this version does not know; guessing it would be worse than asking.
    """
    try:
        return kinds[word.strip().casefold()]
    except KeyError as error:
        raise RowError("unknown_type", type=word.strip()[:60]) from error


def without_fees(total: Decimal, fees: Decimal, gross: Decimal | None, *, buys: bool) -> Decimal:
    """Return what a trade's shares came to by themselves, out of a total that may have its fees in it.

    ``gross`` (quantity times price) decides which; where it is unknown the total is what the cash moved by.
    """
    inside = total - fees if buys else total + fees
    if gross is None or not fees:
        return inside
    return total if abs(total - gross) < abs(inside - gross) else inside
