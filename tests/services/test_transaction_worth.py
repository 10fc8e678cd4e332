"""What a transaction was worth then: as the lots count it, with the price and the rates of the time."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.worth import worth_of_exchange
from smartfolio_app.services import bundles, transactions, wealth
from smartfolio_app.services.explain import explain
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.transaction_worth import worth_of
from smartfolio_app.services.transactions import Filter
from smartfolio_app.services.views import basis

NOW = datetime.now(UTC)
AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
BTC, ETH, EUR = "crypto:BTC", "crypto:ETH", "fiat:EUR"


@pytest.fixture
def view(sample_user, db):
    return wealth.view_of(db, sample_user(NOW))


def added(db, user, kind, received=None, sent=None, **more):
    draft = Draft(at=AT, kind=kind, received=received, sent=sent, **more)
    return transactions.add(db, user, "manual_crypto", draft).id


@pytest.mark.parametrize(
    ("what", "told", "part"),
    [
        ({"kind": "trade", "received": ("0.5", BTC), "sent": ("20000", EUR)}, 20_000, "sent"),
        ({"kind": "trade", "received": ("30", EUR), "sent": ("0.5", BTC)}, 30, "received"),
        ({"kind": "swap", "received": ("1", ETH), "sent": ("2", BTC), "value": ("77", EUR)}, 77, "value"),
        ({"kind": "staking", "received": ("1", ETH), "value": ("9", EUR)}, 9, "value"),
        ({"kind": "swap", "received": ("3", "crypto:NONE"), "sent": ("1", "crypto:NEVER")}, None, ""),
    ],
)
def test_money_comes_first_then_what_its_source_tells(db, someone, what, told, part):
    one, view = added(db, someone, **what), wealth.view_of(db, someone)
    if told is None:
        with pytest.raises(NotFoundError):
            explain(db, view, f"transaction:{one}")
        return
    found = explain(db, view, f"transaction:{one}")
    first = found.steps[0]
    assert (found.amount, found.unit, first.label, first.amount) == (
        told,
        "EUR",
        f"explain.transaction.{part}",
        told,
    )
    assert len({step.label for step in found.steps}) == sum(
        part in what for part in ("received", "sent", "value")
    )


def test_it_is_what_the_lots_count_it_at_with_the_rates_of_the_time(db, view):
    book = basis(db, view.user_id).prices
    seen = 0
    for currency in ("EUR", "JPY"):
        here = wealth.view_of(db, view.user_id, currency=currency)
        values = MarketValues(book, currency)
        for entry in transactions.listing(db, view.user_id, Filter(kind="trade")).entries[::7]:
            one = entry.transaction
            told = explain(db, here, f"transaction:{entry.id}")
            assert told.amount == worth_of_exchange(one, values.price)
            found = worth_of(db, here, one)
            assert found.amount.quantity == told.steps[0].amount
            rates = [step for step in told.steps if step.label == "explain.holding.price"]
            assert bool(rates) is bool(found.price.path)
            day_over = one.at.replace(hour=23, minute=59, second=59)
            children = [rate for step in rates for rate in step.children]
            assert all(rate.source and rate.at <= day_over for rate in children)
            assert Decimal(bundles.make(db, here, f"transaction:{entry.id}")["result"]) == told.amount
            seen += bool(rates)
    assert seen > 4


def test_what_was_removed_or_is_another_persons_is_not_there(db, someone, other):
    one = added(db, someone, "trade", ("0.5", BTC), ("20000", EUR))
    with pytest.raises(NotFoundError):
        explain(db, wealth.view_of(db, other), f"transaction:{one}")
    view = wealth.view_of(db, someone)
    for figure in (
        "transaction:",
        "transaction:x",
        f"transaction:{10**30}",
        "transaction:0",
        "transaction:²",
    ):
        with pytest.raises(NotFoundError):
            explain(db, view, figure)
    transactions.delete(db, someone, one)
    with pytest.raises(NotFoundError):
        explain(db, view, f"transaction:{one}")
