"""Average cost against published tables: adjusted cost base per step, and the gain of each sale."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

pytestmark = pytest.mark.shared
NAMES = ("adjustedcostbase1", "adjustedcostbase2", "adjustedcostbase3")


def transaction(row):
    day, side, quantity, price, fee = row
    shares = Amount(Decimal(str(quantity)), "stock:X")
    money = Amount(Decimal(str(quantity)) * Decimal(str(price)), "fiat:CAD")
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    buys = side == "buy"
    return Transaction(
        at,
        TransactionKind.TRADE,
        shares if buys else money,
        money if buys else shares,
        Amount(Decimal(str(fee)), "fiat:CAD"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_cost_base_and_gains_are_those_of_the_table(shared_dir, name):
    path = shared_dir / "samples/golden/costbasis/average_cost_adjustedcostbase.json"
    cases = json.loads(path.read_text())["cases"]
    assert [case["name"] for case in cases] == list(NAMES)
    case = next(case for case in cases if case["name"] == name)
    rows = [transaction(row) for row in case["tx"]]
    gains = []
    for step in range(1, len(rows) + 1):
        book = lot_book(
            in_order(rows[:step]), "CAD", lambda asset, at: None, policy=Policy(method=Method.AVERAGE)
        )
        basis = book.bases().get("stock:X")
        assert float(basis.quantity if basis else 0) == pytest.approx(case["total_quantity"][step - 1])
        assert float(basis.cost if basis else 0) == pytest.approx(case["ACB"][step - 1], abs=0.005)
        gains = [row.gain for row in book.matches()]
    per_sale = {}
    for row in book.matches():
        per_sale[row.disposal] = per_sale.get(row.disposal, 0) + row.gain
    expected = [gain for gain in case["gains"] if gain is not None]
    assert [float(gain) for gain in per_sale.values()] == pytest.approx(expected, abs=0.005)
    assert gains
