"""Series where a rule ends: a benchmark that begins late, a part of the household, a fee nobody could pay."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from smartfolio_app.analytics.benchmark import LATEST, same_money
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.ledger_view import LedgerView, SourceView
from smartfolio_app.analytics.prices import PriceBook, PricePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.movements import movements
from smartfolio_app.ledger.ordering import in_order
from tests.ledger.test_gains import report
from tests.ledger.test_lots import T0, buy, tx


@pytest.mark.parametrize(("late", "told"), [(LATEST, True), (LATEST + 1, False)])
def test_a_benchmark_whose_prices_begin_late_has_no_return_to_compare_with(late, told):
    days = tuple(date(2024, 1, 1) + timedelta(days=number) for number in range(12))
    money, price = np.zeros(12), np.full(12, 10.0)
    money[0], price[:late], price[-1] = 100.0, np.nan, 11.0
    found = same_money("crypto:BTC", days, money, price)
    assert found.value[-1] == pytest.approx(110)
    assert (found.rate is not None, found.xirr is not None) == (told, told)


def test_what_was_bought_with_money_of_the_household_flowed_into_the_part_it_bought():
    rows = [
        tx(0, "deposit", "100 EUR", source="s", id="1"),
        buy(1, "1 BTC", "100 EUR", source="s", id="2"),
    ]
    view = LedgerView(rows, sources={"s": SourceView("s", "S", Category.CRYPTO)})
    book = PriceBook(
        PricePoint("crypto:BTC", "EUR", Decimal(100), T0 + timedelta(days=day), "m") for day in range(3)
    )
    found = history(view, book, Scope(), "EUR", T0.date(), T0.date() + timedelta(days=2), "asset")
    assert list(found.flows) == [100, 0, 0]
    flows = {key: list(part.flows) for key, part in found.parts.items()}
    assert sorted(flows.values()) == [[0, 100, 0], [100, -100, 0]]


def test_a_fee_that_takes_a_place_below_zero_is_the_first_that_did():
    rows = in_order(
        [tx(0, "deposit", "1 BTC"), tx(1, "deposit", "1 EUR", fee="2 BTC"), tx(2, "spend", sent="1 BTC")]
    )
    stream = movements(rows, {})
    assert {stream.places[place][2]: index for place, index in stream.negative.items()} == {"crypto:BTC": 1}


@pytest.mark.parametrize("descending", [True, False])
def test_gains_that_are_not_known_come_last_in_any_order(descending):
    assert report().rows.ordered("gain", descending=descending)[-1].transaction == "t4"
