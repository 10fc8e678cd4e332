"""The same event told twice in different words: by a file and by the network, with other ids, kinds, fees or times.

What cannot differ is what moved. Two tellings are of one event when the same assets moved by the same net quantities
(money within a cent, as one of the two may have rounded) at the same time: within seconds, or on the same day where one
of them knows the day alone, as brokers' files do (what happens to a coin has its second everywhere). They are paired
one to one, so two equal fills stay two.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.money import MONEY_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smartfolio_app.ledger.transactions import Transaction

#: How far two clocks that tell the same event may lie apart.
SECONDS = timedelta(seconds=5)
#: A day somewhere may begin this much before or after it does in UTC.
_ZONE = timedelta(hours=12)
_CENT = Decimal("0.01")

Net = dict[AssetId, Decimal]


def retold(told: Sequence[Transaction], new: Sequence[Transaction]) -> set[int]:
    """Return the indices of those of ``new`` that ``told`` tells already. Each of ``told`` is used once."""
    with localcontext(MONEY_CONTEXT):
        by_assets: defaultdict[frozenset[AssetId], list[tuple[Transaction, Net]]] = defaultdict(list)
        for one in told:
            net = _net(one)
            if net:
                by_assets[frozenset(net)].append((one, net))
        pairs: list[tuple[timedelta, int, int]] = []
        for index, one in enumerate(new):
            net = _net(one)
            for other, its in by_assets.get(frozenset(net), ()) if net else ():
                apart = _apart(one.at, other.at, by_day=not any(asset.startswith("crypto:") for asset in net))
                if apart is not None and _same(net, its):
                    pairs.append((apart, index, id(other)))
        same: set[int] = set()
        used: set[int] = set()
        for _, index, other_id in sorted(pairs):
            if index not in same and other_id not in used:
                same.add(index)
                used.add(other_id)
        return same


def _net(one: Transaction) -> Net:
    found: defaultdict[AssetId, Decimal] = defaultdict(Decimal)
    for asset, change in one.movements():
        found[asset] += change
    return {asset: change for asset, change in found.items() if change}


def _same(one: Net, other: Net) -> bool:
    return all(
        abs(change - other[asset]) <= (_CENT if is_fiat(asset) else 0) for asset, change in one.items()
    )


def _apart(one: datetime, other: datetime, *, by_day: bool) -> timedelta | None:
    """Return how far apart two tellings are, ``None`` when they cannot be of the same time."""
    gap = abs(one - other)
    if gap <= SECONDS:
        return gap
    if not by_day or _is_day(one) == _is_day(other):
        return None  # both know the hour, or both only the day: then it is another one
    day, instant = (one, other) if _is_day(one) else (other, one)
    near = day.date() in {instant.date(), (instant + _ZONE).date(), (instant - _ZONE).date()}
    return gap if near else None


def _is_day(at: datetime) -> bool:
    return at.time() == time()
