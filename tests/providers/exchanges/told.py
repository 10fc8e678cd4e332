"""Transactions as short lines, for comparing."""

from __future__ import annotations

from smartfolio_app.ledger.money import plain
from smartfolio_app.ledger.transactions import Amount, Transaction


def side(amount: Amount | None) -> str:
    return f"{plain(amount.quantity)} {amount.asset.partition(':')[2]}" if amount else ""


def line(one: Transaction) -> str:
    return f"{one.at:%Y-%m-%d %H:%M:%S} {one.kind.value}: +{side(one.received)} -{side(one.sent)} ~{side(one.fee)}"


def lines(found: list[Transaction]) -> list[str]:
    return sorted(line(one) for one in found)
