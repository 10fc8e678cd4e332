"""How much money to move into or out of each target. Which assets, and where, is the next step (``trades``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

Amounts = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Room:
    """What a target holds, how much of that may be sold, and whether more of it may be bought."""

    value: Decimal
    sellable: Decimal
    buyable: bool = True


def amounts(
    rooms: Mapping[str, Room], weights: Mapping[str, Decimal], cash: Decimal, *, only_cash: bool
) -> Amounts:
    """Return the money to move into (positive) or out of (negative) each target; their sum is ``cash``.

    ``cash`` is new money to invest, or, negative, money to take out. With ``only_cash`` nothing is exchanged: new money
    goes where most is missing (each gap is filled in the same proportion), money is taken where there is too much.
    Otherwise every target is restored. What may not be sold or bought limits that; then the sum falls short of
    ``cash``, or the gaps are filled in proportion.
    """
    with localcontext(MONEY_CONTEXT):
        total = sum((room.value for room in rooms.values()), ZERO) + cash
        gaps, surplus = _distances(rooms, weights, max(total, ZERO))
        if only_cash:
            surplus = surplus if cash < 0 else {}
            gaps = gaps if cash > 0 else {}
        missing, spare = _sum(gaps), _sum(surplus)
        if only_cash and cash < 0:
            sold = _scaled(surplus, min(-cash, spare))
            return _negative(_topped_up(sold, rooms, -cash))
        if spare + cash < 0:
            return _negative(_topped_up(surplus, rooms, -cash))
        spent = min(missing, spare + cash)
        sold = _scaled(surplus, min(spare, max(spent - cash, ZERO)))
        return _scaled(gaps, spent) | _negative(sold)


def _distances(
    rooms: Mapping[str, Room], weights: Mapping[str, Decimal], total: Decimal
) -> tuple[Amounts, Amounts]:
    """Return what is missing and what is too much of each target, of that what may be bought and sold."""
    gaps: Amounts = {}
    surplus: Amounts = {}
    for key, weight in weights.items():
        room = rooms[key]
        distance = weight * total - room.value
        if distance > 0 and room.buyable:
            gaps[key] = distance
        elif distance < 0 and room.sellable > 0:
            surplus[key] = min(-distance, room.sellable)
    return gaps, surplus


def _topped_up(sold: Amounts, rooms: Mapping[str, Room], wanted: Decimal) -> Amounts:
    """Return ``sold`` with more, out of what is left to sell everywhere, until it makes ``wanted`` (or all is sold)."""
    rest = {key: room.sellable - sold.get(key, ZERO) for key, room in rooms.items()}
    more = _scaled(rest, min(wanted - _sum(sold), _sum(rest)))
    return {key: sold.get(key, ZERO) + more.get(key, ZERO) for key in sold.keys() | more.keys()}


def _scaled(parts: Amounts, total: Decimal) -> Amounts:
    """Return the parts in their proportion, so that they make ``total``."""
    whole = _sum(parts)
    if whole <= 0 or total <= 0:
        return {}
    return {key: part * total / whole for key, part in parts.items() if part > 0}


def _negative(parts: Amounts) -> Amounts:
    return {key: -part for key, part in parts.items() if part}


def _sum(parts: Mapping[str, Decimal] | Collection[Decimal]) -> Decimal:
    return sum(parts.values() if isinstance(parts, Mapping) else parts, ZERO)
