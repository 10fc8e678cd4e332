"""A Saxo account told by its files and by the network: each trade once, each paper under one name."""

from __future__ import annotations

from collections import Counter

import pytest

from smartfolio_app.providers import registry
from smartfolio_app.providers.saxo_tokens import Holder, Proof, exchange, sign_in_address
from smartfolio_app.services import imports, market_data, sources, sync
from smartfolio_app.services.sync.access import client_of
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.repo_ledger import read_assets, read_statements, read_transactions
from tests.loopback.saxo import APP_KEY, SaxoVenue
from tests.loopback.venues import VenueServer
from tests.providers.test_saxo import BACK, booking, trade

HEADINGS = (
    "Client ID,Trade Date,Value Date,Account ID,Booking Id,Transaction Type,Event,Booked Amount,Currency,"
    "Conversion Rate,Total cost,Instrument,Instrument Symbol,Instrument ISIN,Instrument currency,Type"
)
PAPER = "Direxion Daily,SOXL:arcx,US25459W4583,USD,Etf"
FILE = "\n".join(
    (
        HEADINGS,
        "1,02-Apr-2025,04-Apr-2025,T1,11,Trade,Sell -1 @ 800.00 USD,727.05,EUR,0.91,-0.95," + PAPER,
        "1,01-Jun-2026,03-Jun-2026,T1,12,Trade,Buy 3 @ 241.50 USD,-655.77,EUR,0.9027,-1.77," + PAPER,
        "1,01-Jun-2026,01-Jun-2026,T1,13,Corporate action,Dividend,12.34,EUR,0.9,0," + PAPER,
        "1,01-Jun-2026,01-Jun-2026,T1,14,Cash Transfer,Deposit,1000,EUR,1,0,,,,,",
        "1,15-Mar-2025,15-Mar-2025,T1,10,Cash Transfer,Deposit,500,EUR,1,0,,,,,",
    )
).encode()


@pytest.fixture
def venue():
    Holder._newest.clear()
    one = SaxoVenue()
    paper = {"InstrumentSymbol": "SOXL:arcx", "AssetType": "Etf", "InstrumentDescription": "Direxion Daily"}
    one.trades = [trade(1, 3.0), trade(2, -1.0, day="2025-04-02"), trade(4, 2.0, day="2026-06-09")]
    one.bookings = [
        booking(1, "Share Amount", -654.0, "671"),
        booking(2, "Commission", -1.27, "671"),
        booking(3, "Exchange Fee", -0.5, "671"),
        booking(4, "Corporate Actions - Cash Dividends", 12.34, **paper),
        booking(6, "Cash Deposit", 1000),
    ]
    one.positions = [
        {
            "PositionBase": {"AccountId": "T1", "Amount": 5.0, "AssetType": "Etf", "OpenPrice": 218.0},
            "PositionView": {"CurrentPrice": 243.18},
            "DisplayAndFormat": {"Symbol": "SOXL:arcx", "Currency": "USD", "Description": "Direxion Daily"},
        }
    ]
    return one


@pytest.fixture
def saxo(settings, venue):
    with VenueServer(venue) as server:
        chosen = {"data_dir": settings.data_dir, "database_url": settings.database_url}
        urls = {"saxo_url": f"{server.url}/sim/openapi", "saxo_login_url": server.url}
        engine.configure(load_settings(**chosen, offline=False, **urls))
        yield server
        sync.stop()
        market_data.close()
        engine.configure(settings)


def connect(db, user, server, venue) -> str:
    key = sources.add(db, user, "saxo_api").key
    proof = Proof.fresh()
    code = venue.authorize(
        sign_in_address(server.url, APP_KEY, BACK, "state", proof).removeprefix(server.url)
    )
    client = client_of(registry.provider("saxo_api"), "sign-in", {})
    tokens = exchange(
        client, code, app_key=APP_KEY, login_url=server.url, redirect_uri=BACK, verifier=proof.verifier
    )
    sync.connect(db, user, key, tokens.as_fields())
    assert sync.wait(60)
    last = sync.history(db, user, key)[0]
    assert (last.state, last.error) == ("done", None)
    return key


@pytest.mark.parametrize("files_first", [True, False])
def test_each_trade_is_there_once_and_the_paper_has_one_name(db, ann, saxo, venue, files_first):
    if files_first:
        imports.commit(db, ann, FILE, "transactions.csv")
    key = connect(db, ann, saxo, venue)
    if not files_first:
        imports.commit(db, ann, FILE, "transactions.csv")
    db.expire_all()
    stored = read_transactions(db)
    days = Counter((one.at.date().isoformat(), one.kind.value) for one in stored)
    assert days == {
        ("2025-03-15", "deposit"): 1,  # of the file alone
        ("2025-04-02", "trade"): 1,
        ("2026-06-01", "trade"): 1,
        ("2026-06-01", "dividend"): 1,
        ("2026-06-01", "deposit"): 1,
        ("2026-06-09", "trade"): 1,  # of the network alone
    }
    papers = {asset for one in stored for asset, _ in one.movements() if asset.startswith("stock:")}
    (name,) = papers
    assert name == ("stock:US25459W4583" if files_first else "stock:SOXL.ARCX")
    assert read_assets(db, papers)[name].isin == "US25459W4583"
    (statements,) = read_statements(db).values()
    assert {line.asset for line in statements[-1].lines} == {name, "fiat:EUR"}
    again = imports.commit(db, ann, FILE, "transactions.csv")
    assert (again.added, again.duplicates) == (0, 5)
    sync.start(db, ann, key)
    assert sync.wait(60)
    assert sync.history(db, ann, key)[0].batch_id is None
