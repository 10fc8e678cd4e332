"""An exchange through the real service: one account with its files, kept keys, a sync and what it says."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from smartfolio_app.providers.exchanges import session
from smartfolio_app.services import imports, market_data, sources, sync
from smartfolio_app.services.sync.connecting import DangerousKeyError
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.tables import TransactionRow
from tests.loopback.venues import KEY, SECRET, Kraken, VenueServer
from tests.providers.exchanges.test_kraken import as_file, ledger

KEYS = {"apiKey": KEY, "secret": SECRET}


@pytest.fixture
def venue():
    return Kraken(ledger(30), {"ZEUR": "4698.18", "XXBT": "0.015"})


@pytest.fixture
def kraken(settings, venue, monkeypatch):
    monkeypatch.setattr(session, "KEEP_PACE", False)
    monkeypatch.setattr(session, "BACKOFF", 0.001)
    with VenueServer(venue) as server:
        chosen = {"data_dir": settings.data_dir, "database_url": settings.database_url}
        engine.configure(load_settings(**chosen, offline=False, exchange_urls={"kraken": server.url}))
        yield server
        sync.stop()
        market_data.close()
        engine.configure(settings)


def stored(db):
    db.expire_all()
    return db.execute(select(func.count()).select_from(TransactionRow)).scalar_one()


def test_an_account_told_by_file_and_by_network_is_one_and_tells_everything_once(db, kraken, ann):
    imports.commit(db, ann, as_file(ledger(20)), "ledgers.csv")
    assert stored(db) == 21
    key = sources.add(db, ann, "kraken_api").key
    assert (
        len([one for one in sources.source_status(db, ann).sources if one.provider.startswith("kraken")]) == 1
    )
    sync.connect(db, ann, key, KEYS)
    assert sync.wait(60)
    last = sync.history(db, ann, key)[0]
    assert (last.state, last.added) == ("done", 10)
    assert stored(db) == 31
    sync.start(db, ann, key)
    assert sync.wait(60)
    assert stored(db) == 31


def test_a_key_that_can_withdraw_is_not_kept_unless_its_owner_says_so(db, kraken, venue, ann):
    venue.permissions = ["query-funds", "withdraw-funds"]
    key = sources.add(db, ann, "kraken_api").key
    with pytest.raises(DangerousKeyError) as raised:
        sync.connect(db, ann, key, KEYS)
    assert raised.value.check.may_withdraw
    sync.connect(db, ann, key, KEYS, accept_risks=True, begin=False)
    assert sync.connection(db, ann, key).may_withdraw
