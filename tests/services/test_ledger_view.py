"""A user's ledger is read once a revision, whoever asks, and is always all of one state."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.analytics.ledger_view import SourceView
from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import accounts, imports, ledger_view, sources, transactions
from smartfolio_app.services.ledger_view import load_ledger, load_with_revision
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.collecting import set_aside
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_ledger import revision_of
from tests.services.cointracking_files import balance, trades

PASSWORD = "correct horse battery"
AT = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)
BUY = Draft(AT, "trade", received=("0.5", "crypto:BTC"), sent=("30000.10", "fiat:EUR"))


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def test_it_is_read_again_only_when_something_changed(db, user_id, monkeypatch):
    reads = []
    original = ledger_view._read
    monkeypatch.setattr(ledger_view, "_read", lambda *given: reads.append(1) or original(*given))
    first = load_ledger(db, user_id)
    assert load_ledger(db, user_id) is first
    transactions.add(db, user_id, "manual_crypto", BUY)
    second = load_ledger(db, user_id)
    assert (len(first.transactions), len(second.transactions)) == (0, 1)
    assert len(reads) == 1, "what one transaction changed is told, and nothing else is read again"
    assert load_with_revision(db, user_id) == (revision_of(db, user_id), second)


def test_many_who_ask_at_once_share_one_read(db, user_id, monkeypatch):
    reads = []
    original = ledger_view._read
    monkeypatch.setattr(ledger_view, "_read", lambda *given: reads.append(1) or original(*given))

    def ask():
        with session_scope() as own:
            load_ledger(own, user_id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_a_change_between_two_questions_is_noticed(db, user_id, monkeypatch):
    original = ledger_view._items
    late = []

    def slow_items(*given):
        if not late:
            late.append(1)
            with session_scope() as other:
                transactions.add(other, user_id, "manual_crypto", BUY)
        return original(*given)

    monkeypatch.setattr(ledger_view, "_items", slow_items)
    revision, view = load_with_revision(db, user_id)
    assert len(view.transactions) == 1
    assert revision == revision_of(db, user_id)


def test_only_active_sources_are_in_it_under_their_ids(db, user_id):
    imports.commit(db, user_id, balance([("BTC", "0.5", "40000")]), "a.csv")
    transactions.add(db, user_id, "manual_crypto", BUY)
    rows = {key: sources.find(db, user_id, key).id for key in ("cointracking_csv", "manual_crypto")}
    view = load_ledger(db, user_id)
    assert view.sources[rows["cointracking_csv"]] == SourceView("cointracking_csv", "CoinTracking", "crypto")
    assert list(view.statements) == [rows["cointracking_csv"]]
    assert [one.source for one in view.transactions] == [rows["manual_crypto"]]
    assert view.assets["crypto:BTC"].symbol == "BTC"
    sources.set_active(db, user_id, "cointracking_csv", active=False)
    sources.set_active(db, user_id, "manual_crypto", active=False)
    off = load_ledger(db, user_id)
    assert (off.statements, list(off.transactions)) == ({}, [])


def test_users_do_not_see_each_other(db, user_id):
    imports.commit(db, user_id, trades(), "a.csv")
    eve = accounts.create_user(db, "Eve", PASSWORD).id
    assert list(load_ledger(db, eve).transactions) == []
    assert len(load_ledger(db, user_id).transactions) == 5
    with pytest.raises(NotFoundError):
        load_ledger(db, "nobody")


def test_old_ledgers_make_room(db, user_id, monkeypatch):
    monkeypatch.setattr(ledger_view, "KEPT_TRANSACTIONS", 6)
    eve = accounts.create_user(db, "Eve", PASSWORD).id
    for one in (user_id, eve):
        imports.commit(db, one, trades(), "a.csv")
    first = load_ledger(db, user_id)
    second = load_ledger(db, eve)
    assert load_ledger(db, eve) is second
    assert load_ledger(db, user_id) is not first


def test_a_large_ledger_is_kept_from_the_collector_and_still_freed(db, user_id, monkeypatch):
    monkeypatch.setattr(ledger_view, "LARGE", 1)
    imports.commit(db, user_id, trades(), "a.csv")
    before = gc.get_freeze_count()
    try:
        view = load_ledger(db, user_id)
        assert gc.get_freeze_count() > before
        assert gc.isenabled()
        assert view.transactions[1].received.quantity == Decimal("0.05")
    finally:
        gc.unfreeze()


def test_setting_aside_collects_what_is_garbage_already():
    class Node:
        alive = 0

        def __init__(self):
            self.me = self
            Node.alive += 1

        def __del__(self):
            Node.alive -= 1

    try:
        with set_aside():
            pass
        Node()
        with set_aside():
            assert Node.alive == 0
    finally:
        gc.unfreeze()


def test_a_transaction_reads_the_same_alone_and_in_bulk(db, user_id):
    entry = transactions.add(db, user_id, "manual_crypto", BUY)
    assert list(load_ledger(db, user_id).transactions) == [replace(entry.transaction, raw="")]
