"""What a page is shown while syncs change things: what stands, of one moment; its user's own edits at once."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlmodel import col

from smartfolio_app.services import views, warming, wealth
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User


@pytest.fixture
def followed(monkeypatch):
    for name in ("FRESH_SECONDS", "PATIENCE_SECONDS"):  # however slow the machine is
        monkeypatch.setattr(views, name, 600.0)
    views.forget()
    views.follow(True)
    yield warming.Follower()
    views.be_patient(False)
    views.follow(False)


@pytest.fixture
def built(monkeypatch):
    """Every portfolio that is worked out, by who did it."""
    made = []
    original = wealth._build

    def counted(db, known, view, at):
        made.append(threading.current_thread().name)
        return original(db, known, view, at)

    monkeypatch.setattr(wealth, "_build", counted)
    return made


def btc(portfolio):
    return sum((row.quantity for row in portfolio.holdings if row.asset.id == "crypto:BTC"), Decimal(0))


@pytest.fixture
def synced(db, someone, give):
    """Add coins as a sync does: in one transaction that is not the user's own doing."""

    def add(quantity):
        before = db.get(User, someone, populate_existing=True).revised_by_hand
        give(someone, "BTC", quantity)
        db.execute(update(User).where(col(User.id) == someone).values(revised_by_hand=before))
        db.commit()

    return add


def test_a_patient_reader_is_shown_what_stands_until_it_is_worked_out_anew(
    db, someone, give, synced, followed, built
):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    followed(db)
    views.be_patient()
    first = wealth.portfolio(db, view)
    built.clear()
    for _ in range(20):
        synced("1")
        assert wealth.portfolio(db, view) is first, "the kept answer, though the ledger has moved on"
        assert views.is_behind(db, someone)
        assert views.basis(db, someone).ledger is views.basis(db, someone).ledger
    assert built == [], "twenty changes by syncs, and nothing was worked out for the reader"
    views.be_patient(False)
    assert followed(db) == 1
    views.be_patient()
    assert btc(wealth.portfolio(db, view)) == Decimal(21)
    assert len(built) == 1, "once, behind the reader's back"
    assert not views.is_behind(db, someone)


def test_what_the_user_changed_is_shown_at_once_and_with_it_what_syncs_brought(
    db, someone, give, synced, followed
):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    views.be_patient()
    wealth.portfolio(db, view)
    synced("1")
    assert btc(wealth.portfolio(db, view)) == Decimal(1)
    give(someone, "BTC", "3")
    assert btc(wealth.portfolio(db, view)) == Decimal(5)


def test_whoever_is_not_patient_is_told_what_is_new_and_takes_nothing_from_a_patient_one(
    db, someone, give, synced, followed
):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    views.be_patient()
    first = wealth.portfolio(db, view)
    synced("1")
    assert wealth.portfolio(db, view) is first
    views.be_patient(False)
    assert btc(wealth.portfolio(db, view)) == Decimal(2)
    views.be_patient()
    assert wealth.portfolio(db, view) is first


def test_patience_ends(db, someone, give, synced, followed, monkeypatch):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    views.be_patient()
    wealth.portfolio(db, view)
    synced("1")
    assert btc(wealth.portfolio(db, view)) == Decimal(1)
    monkeypatch.setattr(views, "PATIENCE_SECONDS", 0.0)
    assert btc(wealth.portfolio(db, view)) == Decimal(2)


def test_where_nobody_follows_nobody_is_patient(db, someone, give, synced):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    views.be_patient()
    try:
        wealth.portfolio(db, view)
        synced("1")
        assert btc(wealth.portfolio(db, view)) == Decimal(2)
    finally:
        views.be_patient(False)


def test_of_many_who_ask_the_same_at_once_one_works_it_out(db, someone, give, built, monkeypatch):
    give(someone, "BTC", "1")
    view = wealth.view_of(db, someone)
    counted, may_go = wealth._build, threading.Event()

    def slow(*arguments):
        assert may_go.wait(30)
        return counted(*arguments)

    monkeypatch.setattr(wealth, "_build", slow)
    found = []

    def ask():
        with session_scope() as own:
            found.append(wealth.portfolio(own, view))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    may_go.set()
    for one in threads:
        one.join(30)
    assert len(built) == 1
    assert len({id(one) for one in found}) == 1
    assert len(found) == 8
