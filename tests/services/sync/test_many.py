"""Many sources at once: the ledger's revision moves once a sync, an open page is not worked out each time."""

import pytest
from sqlalchemy import select

from smartfolio_app.providers.connectors import cointracking
from smartfolio_app.services import imports, ledger_view, sources, sync, views, warming, wealth
from smartfolio_app.services.sync import storing, telling
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SyncRun, User
from tests.services.sync.conftest import ANN
from tests.services.sync.test_sync import export

SOURCES, ASSETS = 20, 12


@pytest.fixture
def pages(monkeypatch):
    """A sync brings one trade at a time; how many pages were stored, and what was known of each revision then."""
    monkeypatch.setattr(cointracking, "TRADES_A_PAGE", 1)
    seen = []
    original = storing.store

    def counted(run_id, page, **how):
        seen.append(page)
        return original(run_id, page, **how)

    monkeypatch.setattr(storing, "store", counted)
    return seen


def revisions(db, user):
    row = db.get(User, user, populate_existing=True)
    return row.revision, row.revised_by_hand


def test_a_sync_of_many_pages_moves_the_revision_once_and_not_by_hand(db, ann, live, synced, pages):
    key = live(ann)
    before, by_hand = revisions(db, ann)
    old = ledger_view.load_ledger(db, ann)
    assert not old.transactions
    assert synced(ann, key).added == 4
    assert len(pages) > 4
    assert revisions(db, ann) == (before + 1, by_hand)
    found = ledger_view.load_ledger(db, ann)
    ledger_view.forget(ann)
    anew = ledger_view.load_ledger(db, ann)
    assert [one.id for one in found.transactions] == [one.id for one in anew.transactions]
    assert found.statements == anew.statements


def test_a_long_sync_tells_now_and_then_how_far_it_is(db, ann, live, synced, pages, monkeypatch):
    monkeypatch.setattr(telling, "TELL_EVERY", telling.TELL_EVERY * 0)
    key = live(ann)
    before, by_hand = revisions(db, ann)
    synced(ann, key)
    after = revisions(db, ann)
    assert before + 2 < after[0] <= before + len(pages) + 1
    assert after[1] == by_hand


def test_a_sync_that_ends_badly_tells_what_it_brought(db, ann, live, synced, world, pages):
    key = live(ann)
    before, _ = revisions(db, ann)
    world.trouble("status", path="getBalance", status=400)
    assert synced(ann, key).state == "failed"
    assert revisions(db, ann)[0] == before + 1
    assert len(ledger_view.load_ledger(db, ann).transactions) == 4
    assert {run.untold for run in db.execute(select(SyncRun)).scalars()} == {""}


def test_a_file_that_arrives_while_a_page_is_being_planned_tells_nothing_twice(
    db, ann, live, synced, world, monkeypatch
):
    key = live(ann)
    synced(ann, key)
    account = world.world.accounts[ANN["api_key"]]
    account.trade(6, 1_700_400_000, "Deposit", buy="2 ETH")
    account.trade(7, 1_700_500_000, "Deposit", buy="3 ETH")
    ledger_view.load_ledger(db, ann)
    original, imported = storing.lock_ledger, []

    def late(session, user):
        if not imported:
            imported.append(True)
            with session_scope() as own:
                imports.commit(own, ann, export(account), "trades.csv")
        return original(session, user)

    monkeypatch.setattr(storing, "lock_ledger", late)
    done = synced(ann, key)
    assert imported
    assert (done.added, done.duplicates) == (0, 6)
    found = ledger_view.load_ledger(db, ann)
    assert len(found.transactions) == 6
    ledger_view.forget(ann)
    assert found.transactions == ledger_view.load_ledger(db, ann).transactions


def test_twenty_sources_sync_while_an_open_page_is_answered_from_what_is_kept(
    db, ann, online, world, monkeypatch
):
    keys = []
    for number in range(SOURCES):
        values = {
            "api_key": f"ct-key-of-source-{number:03}",
            "api_secret": f"ct-secret-of-source-{number:03}",
        }
        account = world.world.add(*values.values())
        coins = [f"K{asset:03}" for asset in range(ASSETS)]
        account.places = {"Kraken": dict.fromkeys(coins, ("2.5", "1.25"))}
        for index, coin in enumerate(coins):
            account.trade(index, 1_700_000_000 + index * 600, "Deposit", buy=f"2.5 {coin}")
        keys.append(sources.add(db, ann, "cointracking_api", separate=True).key)
        sync.connect(db, ann, keys[-1], values, begin=False)
    view = wealth.view_of(db, ann)
    for name in ("FRESH_SECONDS", "PATIENCE_SECONDS"):  # however slow the machine is
        monkeypatch.setattr(views, name, 600.0)
    views.forget()
    views.follow(True)
    follower, built, original = warming.Follower(), [], wealth._build

    def counted(database, known, seen, at):
        built.append(at)
        return original(database, known, seen, at)

    monkeypatch.setattr(wealth, "_build", counted)
    try:
        follower(db)
        views.be_patient()
        shown = wealth.portfolio(db, view)
        before, by_hand = revisions(db, ann)
        built.clear()
        for key in keys:
            sync.start(db, ann, key)
        looks = 0
        while not sync.wait(0.05):
            looks += 1
            assert wealth.portfolio(db, view) is shown
        assert looks > 0
        assert wealth.portfolio(db, view) is shown
        assert built == [], "nobody works a portfolio out while twenty sources sync"
        assert revisions(db, ann) == (before + SOURCES, by_hand), "once a sync"
        views.be_patient(False)
        assert follower(db) == 1
        views.be_patient()
        assert {row.quantity for row in wealth.portfolio(db, view).holdings} == {SOURCES * 5 / 2}
        assert len(built) == 1, "once for all of them"
    finally:
        views.be_patient(False)
        views.follow(False)
