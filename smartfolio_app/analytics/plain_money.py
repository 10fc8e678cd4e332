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

from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.ledger.assets import fiat
from smartfolio_app.ledger.movements import Side

if TYPE_CHECKING:
    from smartfolio_app.analytics.columns import LedgerColumns
    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.ledger.assets import AssetId

#: Amounts below this many units of the last decimal are added up: three of them are less than 2^49 units.
_LARGEST = 2.0**47
#: A larger power of ten is no exact float.
_MOST_DECIMALS = 22
#: So many movements are worked on at a time, which takes little memory.
_AT_A_TIME = 1 << 16


def plain_money(columns: LedgerColumns, currency: str) -> FloatArray | None:
    """Return what each plain trade brought in money of a currency: a purchase less than nothing, fee included.

    Shape (transactions + 1,), so that -1 (no transaction) finds the ``nan`` at the end; ``nan`` is also all that is no
    two-sided trade for that money, or has a fee in anything else. ``None`` where it cannot be told exactly.
    """
    home = fiat(currency)
    if home not in columns.assets:
        return None
    mine = columns.asset == columns.assets.index(home)
    decimals = _decimals(columns, home)
    if decimals > _MOST_DECIMALS or (mine & (columns.side == Side.ANCHOR)).any():
        return None
    unit = 10.0**decimals
    brought: FloatArray = np.zeros(len(columns.ordered) + 1)
    for first in range(0, len(mine), _AT_A_TIME):
        piece = slice(first, first + _AT_A_TIME)
        amounts, numbers = columns.quantity[piece][mine[piece]], columns.transaction[piece][mine[piece]]
        if np.abs(amounts).max(initial=0.0) * unit >= _LARGEST:
            return None
        np.add.at(brought, numbers, amounts)
    brought *= unit
    np.rint(brought, out=brought)
    brought /= unit
    traded = np.zeros(len(brought), dtype=np.bool_)
    traded[columns.transaction[mine & (columns.side != Side.FEE)]] = True
    traded[columns.transaction[~mine & (columns.side == Side.FEE)]] = False
    traded[[*columns.unusual, -1]] = False
    brought[~traded] = np.nan
    return brought


def _decimals(columns: LedgerColumns, home: AssetId) -> int:
    """Return how many decimals the amounts of an asset have at most."""
    totals = zip(columns.places, columns.stream.totals, strict=True)
    exponents = [total.as_tuple().exponent for (_, _, asset), total in totals if asset == home]
    return -min(exponent for exponent in [0, *exponents] if isinstance(exponent, int))
