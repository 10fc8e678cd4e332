"""Whatever a user does, what is kept in memory and brought up to date is what reading everything gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.services import (
    accounts,
    imports,
    items,
    ledger_view,
    manual_prices,
    own_transfers,
    price_books,
    transactions,
    user_settings,
    wealth,
)
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.services.price_books import price_book
from smartfolio_app.services.transaction_drafts import Draft
from tests.services.cointracking_files import LEDGER, balance, trades

PASSWORD = "correct horse battery"
AT = datetime(2024, 1, 3, 12, 0, tzinfo=UTC)
END = datetime(2024, 2, 1, tzinfo=UTC)
BUY = Draft(AT, "trade", received=("0.5", "crypto:BTC"), sent=("20000.10", "fiat:EUR"))
MORE = (
    ("Trade", "3.00000000", "SOL", "300.00", "EUR", "", "", "Kraken", 2),
    ("Trade", "0.01000000", "BTC", "1.0", "SOL", "", "", "Kraken", 4),
)


@pytest.fixture
def user_id(db):
    """Somebody with a few trades."""
    user = accounts.create_user(db, "Ann", PASSWORD, currency="EUR").id
    imports.commit(db, user, trades(), "a.csv")
    return user


@pytest.fixture
def reads(monkeypatch):
    """How often a whole ledger and a whole price book were read."""
    found = {"ledger": 0, "prices": 0}
    read, build = ledger_view._read, price_books._build

    def reading(*given):
        found["ledger"] += 1
        return read(*given)

    def building(*given):
        found["prices"] += 1
        return build(*given)

    monkeypatch.setattr(ledger_view, "_read", reading)
    monkeypatch.setattr(price_books, "_build", building)
    return found


def look(db, user_id):
    view = wealth.view_of(db, user_id)
    series = wealth.history(db, view, last=END.date())
    return wealth.portfolio(db, view, END), [series.value.tolist(), series.realised.tolist()]


def observed(book):
    seen = book._seen
    return [
        {asset: {currency: (one.times, one.values, one.providers) for currency, one in by.items()}}
        for tier in (seen.market, seen.trades)
        for asset, by in sorted(tier.items())
    ]


def assert_as_if_read(db, user_id):
    """Compare what is in memory with what a fresh start reads."""
    kept, book, shown = load_ledger(db, user_id), price_book(db, user_id), look(db, user_id)
    ledger_view.forget()
    price_books.forget()
    wealth.forget()
    fresh = load_ledger(db, user_id)
    assert list(kept.transactions) == list(fresh.transactions)
    assert kept.statements == fresh.statements
    assert (kept.items, kept.sources, kept.transfers) == (fresh.items, fresh.sources, fresh.transfers)
    assert {id_: kept.asset(id_) for id_ in fresh.assets} == fresh.assets
    assert observed(book) == observed(price_book(db, user_id))
    portfolio, series = look(db, user_id)
    assert shown[0] == portfolio
    assert str(shown[1]) == str(series), "as text, because what is not known is not equal to itself"


def first_of(db, user_id, kind):
    found = transactions.listing(db, user_id, transactions.Filter(kind=kind), descending=False)
    return found.entries[0].id


def add(db, user_id):
    transactions.add(db, user_id, "cointracking_csv", BUY)


def edit(db, user_id):
    later = replace(BUY, at=AT + timedelta(days=3), received=("0.7", "crypto:SOL"))
    transactions.edit(db, user_id, first_of(db, user_id, "trade"), later)


def delete(db, user_id):
    transactions.delete(db, user_id, first_of(db, user_id, "trade"))


def delete_and_restore(db, user_id):
    chosen = first_of(db, user_id, "trade")
    transactions.delete(db, user_id, chosen)
    transactions.restore(db, user_id, chosen)


def import_more(db, user_id):
    imports.commit(db, user_id, trades([*LEDGER, *MORE]), "b.csv")


def import_and_undo(db, user_id):
    outcome = imports.commit(db, user_id, trades([*LEDGER, *MORE]), "b.csv")
    load_ledger(db, user_id)
    imports.undo(db, user_id, outcome.batch_id)


def transfer(db, user_id):
    own_transfers.separate(db, user_id, first_of(db, user_id, "withdrawal"))


def item(db, user_id):
    items.add(db, user_id, kind="real_estate", name="House", currency="EUR", value="1000")


def group(db, user_id):
    user_settings.set_group(db, user_id, "ETH", "AI")


def test_changes_are_taken_in_without_reading_everything(db, user_id, reads):
    look(db, user_id)
    for act in (add, edit, delete, delete_and_restore, import_more, import_and_undo, transfer, item, group):
        before = dict(reads)
        act(db, user_id)
        look(db, user_id)
        assert reads == before, act.__name__
        assert_as_if_read(db, user_id)


def set_price(db, user_id):
    manual_prices.set_manual_price(db, user_id, "crypto:ETH", Decimal(3), "EUR", day=date(2024, 1, 4))


def statement(db, user_id):
    imports.commit(db, user_id, balance([("BTC", "0.5", "40000")]), "c.csv")


def test_what_cannot_be_told_is_read_again(db, user_id, reads, monkeypatch):
    look(db, user_id)
    for act in (set_price, statement):
        before = dict(reads)
        act(db, user_id)
        look(db, user_id)
        assert reads == {"ledger": before["ledger"], "prices": before["prices"] + 1}, act.__name__
        assert_as_if_read(db, user_id)
    monkeypatch.setattr("smartfolio_app.storage.repo_changes.MOST_TRANSACTIONS", 1)
    before = dict(reads)
    import_more(db, user_id)
    look(db, user_id)
    assert reads == {name: count + 1 for name, count in before.items()}
    assert_as_if_read(db, user_id)


def test_one_change_after_the_other_ends_where_reading_everything_does(db, user_id, reads):
    look(db, user_id)
    for act in (import_more, edit, add, delete, item, transfer, edit, delete_and_restore):
        act(db, user_id)
        look(db, user_id)
    assert (reads["ledger"], reads["prices"]) == (1, 1)
    assert_as_if_read(db, user_id)
