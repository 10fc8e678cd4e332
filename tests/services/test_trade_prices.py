"""The user's own trades are evidence for prices, and only as long as they say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services import accounts, sources, trade_prices, transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.tables import DailyPrice

AT = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)
BUY = Draft(AT, "trade", received=("0.5", "crypto:BTC"), sent=("30000", "fiat:EUR"), fee=("100", "fiat:EUR"))


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", "correct horse battery").id


def amount(text, asset):
    return Amount(Decimal(text), asset)


def prices(db, user_id):
    wanted = select(DailyPrice).where(DailyPrice.owner == user_id, DailyPrice.provider == "trade")
    return [
        (row.asset, row.currency, row.price) for row in db.execute(wanted.order_by(DailyPrice.at)).scalars()
    ]


@pytest.mark.parametrize(
    ("kind", "sides", "expected"),
    [
        (
            "trade",
            {"received": amount("2", "crypto:ETH"), "sent": amount("5000", "fiat:CHF")},
            [("crypto:ETH", "CHF", "2500")],
        ),
        (
            "trade",
            {"received": amount("5000", "fiat:CHF"), "sent": amount("2", "crypto:ETH")},
            [("crypto:ETH", "CHF", "2500")],
        ),
        (
            "trade",
            {"received": amount("8", "crypto:SOL"), "sent": amount("0.02", "crypto:BTC")},
            [("crypto:SOL", "BTC", "0.0025")],
        ),
        ("trade", {"received": amount("100", "fiat:EUR"), "sent": amount("110", "fiat:USD")}, []),
        ("trade", {"received": amount("5", "crypto:AAA"), "sent": amount("7", "crypto:BBB")}, []),
        (
            "trade",
            {
                "received": amount("5", "crypto:AAA"),
                "sent": amount("4", "crypto:BBB"),
                "value": amount("20", "fiat:EUR"),
            },
            [("crypto:AAA", "EUR", "4"), ("crypto:BBB", "EUR", "5")],
        ),
        (
            "staking",
            {"received": amount("4", "crypto:DOT"), "value": amount("20", "fiat:EUR")},
            [("crypto:DOT", "EUR", "5")],
        ),
        ("staking", {"received": amount("4", "crypto:DOT")}, []),
        (
            "split",
            {
                "received": amount("4", "stock:X"),
                "sent": amount("1", "stock:X"),
                "value": amount("1", "fiat:EUR"),
            },
            [],
        ),
        ("trade", {"received": amount("0", "crypto:ETH"), "sent": amount("5", "fiat:EUR")}, []),
    ],
)
def test_what_a_transaction_says_about_a_price(kind, sides, expected):
    quotes = trade_prices.derive([Transaction(AT, TransactionKind(kind), **sides)])
    assert [(one.asset, one.currency, str(one.price)) for one in quotes] == expected


def test_the_last_trade_of_a_utc_day_tells(db, user_id):
    transactions.add(
        db, user_id, "manual_crypto", replace(BUY, at=AT + timedelta(hours=1), sent=("31000", "fiat:EUR"))
    )
    transactions.add(db, user_id, "manual_crypto", BUY)
    assert prices(db, user_id) == [("crypto:BTC", "EUR", Decimal(62000))]


def test_a_price_follows_its_transaction(db, user_id):
    first = transactions.add(db, user_id, "manual_crypto", BUY)
    later = transactions.add(
        db, user_id, "manual_crypto", replace(BUY, at=AT + timedelta(hours=1), sent=("31000", "fiat:EUR"))
    )
    transactions.delete(db, user_id, later.id)
    assert prices(db, user_id) == [("crypto:BTC", "EUR", Decimal(60000))]
    transactions.restore(db, user_id, later.id)
    assert prices(db, user_id) == [("crypto:BTC", "EUR", Decimal(62000))]
    transactions.edit(db, user_id, later.id, replace(BUY, at=AT + timedelta(days=2), sent=("1", "fiat:EUR")))
    assert prices(db, user_id) == [("crypto:BTC", "EUR", Decimal(60000)), ("crypto:BTC", "EUR", Decimal(2))]
    transactions.delete(db, user_id, first.id)
    transactions.delete(db, user_id, later.id)
    assert prices(db, user_id) == []


def test_prices_go_with_their_source(db, user_id):
    key = sources.add(db, user_id, "file_crypto").key
    transactions.add(db, user_id, key, BUY)
    sources.delete_source(db, user_id, key)
    assert prices(db, user_id) == []
