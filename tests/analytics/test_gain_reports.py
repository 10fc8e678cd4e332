"""Gains reports that are kept: the same as made anew, and no reason for an old book of lots to stay."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.gain_reports import kept_report
from smartfolio_app.ledger.assets import crypto, fiat
from smartfolio_app.ledger.gains import US_TERM, gains_report
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def book():
    coins, money = (
        Amount(Decimal(1), crypto("BTC")),
        [Amount(Decimal(10 + n), fiat("EUR")) for n in range(40)],
    )
    rows = [
        Transaction(START + timedelta(days=30 * n), TransactionKind.TRADE, *sides, source="s", id=str(n))
        for n in range(40)
        for sides in [(coins, money[n]) if n % 2 == 0 else (money[n], coins)]
    ]
    return lot_book(rows, "EUR", lambda _asset, _at: None)


def test_a_kept_report_is_the_one_that_is_made_anew(book):
    for days in ((None, None), (date(2025, 1, 1), date(2025, 12, 31))):
        fresh = gains_report(book, first=days[0], last=days[1], zone=UTC, rule=US_TERM)
        for _ in range(2):
            kept = kept_report(book, UTC, US_TERM, days)
            assert list(kept.rows) == list(fresh.rows)
            assert (kept.total, kept.by_year, kept.by_asset) == (fresh.total, fresh.by_year, fresh.by_asset)


def test_no_more_than_some_are_kept_and_each_is_right(book):
    for year in range(2000, 2040):
        found = kept_report(book, UTC, US_TERM, (date(year, 1, 1), date(year, 12, 31)))
        assert set(found.by_year) <= {year}
    assert kept_report(book, UTC, US_TERM).total.count == 20


def test_a_kept_report_does_not_hold_the_book_it_was_made_of(book):
    mine = lot_book(book.ordered, "EUR", lambda _asset, _at: None)
    kept_report(mine, UTC, US_TERM)
    seen = weakref.ref(mine)
    gc.collect()
    gc.disable()
    try:
        del mine
        assert seen() is None, "it goes at once, without the collector"
    finally:
        gc.enable()
