"""What plain purchases cost and plain sales brought, as floats, without asking their exact numbers again.

Turning an exact number into a float takes longer than all arithmetic with it, and the money and the fee of every trade
have been turned already (``LedgerColumns.quantity``). Their sum as floats may be off in the last digit. But where no
amount of a currency has more than ``s`` decimals, the exact sum is a whole number of units of 10^-s, and rounding to
whole units gives it back::

    float of the exact sum = round((money + fee) x 10^s) / 10^s

* The floats, their sum and the product are each off by 2^-53 of themselves at most. Below 2^49 units that is less than
  half a unit, so the whole number is the right one; and it and 10^s (s <= 22) are exact as floats, so their quotient is
  the float nearest to the exact sum.
* ``s`` needs no look at every amount: an exact sum has as many decimals as the one of its terms that has most, and the
  ledger knows the sum of each place. Nothing was rounded away in it either: what 50 digits cannot hold beside sums of
  a million million amounts below 2^49 units would have left more than ``s`` decimals. Only a statement sets a sum anew.

Where any of this does not hold nothing is told, and the exact numbers are asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smartfolio_app.ledger.assets import fiat
from smartfolio_app.ledger.movements import Side

if TYPE_CHECKING:
    from smartfolio_app.analytics.columns import LedgerColumns
    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.ledger.assets import AssetId

#: Sums below this many units of the last decimal are told; a power of ten with a larger exponent is not exact.
_LARGEST = 2.0**49
_MOST_DECIMALS = 22


class PlainMoney(NamedTuple):
    """``paid`` (fee included) and ``earned`` (net of fee) by transaction, in the currency asked for.

    Each has the shape (transactions + 1,), so that -1 (no transaction) finds the ``nan`` at the end; ``nan`` is also
    all that is no purchase or no sale for money of that currency, with a fee in it or none.
    """

    paid: FloatArray
    earned: FloatArray


def plain_money(columns: LedgerColumns, currency: str) -> PlainMoney | None:
    """Return what plain trades cost and brought, ``None`` where it cannot be told exactly."""
    home = fiat(currency)
    if home not in columns.assets:
        return None
    count, number = len(columns.ordered) + 1, columns.assets.index(home)
    mine = columns.asset == number
    decimals = _decimals(columns, home)
    if decimals > _MOST_DECIMALS or (mine & (columns.side == Side.ANCHOR)).any():
        return None
    plain = np.ones(count, dtype=np.bool_)
    plain[[*columns.unusual, -1]] = False
    plain[columns.transaction[(columns.side == Side.FEE) & ~mine]] = False
    money = np.zeros((3, count))
    there = np.zeros((3, count), dtype=np.bool_)
    for side in (Side.RECEIVED, Side.SENT, Side.FEE):
        chosen = np.flatnonzero(mine & (columns.side == side))
        money[side, columns.transaction[chosen]] = np.abs(columns.quantity[chosen])
        there[side, columns.transaction[chosen]] = True
    unit = 10.0**decimals
    paid, earned = (
        (money[Side.SENT] + money[Side.FEE]) * unit,
        (money[Side.RECEIVED] - money[Side.FEE]) * unit,
    )
    if (money.sum(axis=0) * unit).max() >= _LARGEST:
        return None
    paid, earned = np.rint(paid) / unit, np.rint(earned) / unit
    paid[~(plain & there[Side.SENT])] = np.nan
    earned[~(plain & there[Side.RECEIVED] & ~there[Side.SENT])] = np.nan
    return PlainMoney(paid, earned)


def _decimals(columns: LedgerColumns, home: AssetId) -> int:
    """Return how many decimals the amounts of an asset have at most."""
    totals = zip(columns.places, columns.stream.totals, strict=True)
    exponents = [total.as_tuple().exponent for (_, _, asset), total in totals if asset == home]
    return -min(exponent for exponent in [0, *exponents] if isinstance(exponent, int))
