"""Two people with CoinTracking accounts, and a server that speaks its API."""

import pytest

from smartfolio_app.providers.http import Limits
from smartfolio_app.services import accounts, market_data, sources, sync
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from tests.loopback.cointracking import CoinTrackingServer

PASSWORD = "correct horse battery"
ANN = {"api_key": "ct-key-0001-of-ann", "api_secret": "ct-secret-0001-of-ann"}
BEN = {"api_key": "ct-key-0002-of-ben", "api_secret": "ct-secret-0002-of-ben"}
FAST = Limits(connect=10.0, read=10.0, deadline=20.0, backoff=0.001, backoff_max=0.002)


@pytest.fixture
def world():
    with CoinTrackingServer() as running:
        account = running.world.add(ANN["api_key"], ANN["api_secret"])
        account.places = {
            "Kraken": {"BTC": ("0.5", "60,000.00"), "EUR": ("2,900.00", "1.00"), "ETH": ("1.001", "3,000.00")}
        }
        account.trade(1, 1_700_000_000, "Deposit", buy="25,000.00 EUR")
        account.trade(2, 1_700_086_400, buy="0.5 BTC", sell="20,000.00 EUR", fee="30.00 EUR")
        account.trade(3, 1_700_172_800, buy="1 ETH", sell="2,070.00 EUR")
        account.trade(4, 1_700_259_200, "Staking", buy="0.001 ETH")
        other = running.world.add(BEN["api_key"], BEN["api_secret"], currency="USD")
        other.places = {"Binance": {"ADA": ("100", "0.50")}}
        other.trade(1, 1_700_000_000, "Deposit", buy="100 ADA", exchange="Binance")
        yield running


@pytest.fixture
def online(settings, world):
    """The same database, with CoinTracking on loopback, and retries that wait for nothing."""
    chosen = load_settings(data_dir=settings.data_dir, offline=False, cointracking_url=world.url)
    engine.configure(chosen)
    gateway = market_data.market().gateway
    gateway.limits = FAST
    yield chosen
    sync.stop()
    market_data.close()
    engine.configure(settings)


@pytest.fixture
def ann(db):
    return accounts.create_user(db, "ann", PASSWORD, currency="EUR").id


@pytest.fixture
def ben(db):
    return accounts.create_user(db, "ben", PASSWORD, currency="USD").id


@pytest.fixture
def live(db, online):
    """Give a user a CoinTracking source with its key in the vault: ``live(user, values)`` -> its key."""

    def make(user, values=ANN, **choices):
        made = sources.add(db, user, "cointracking_api", **choices)
        sync.connect(db, user, made.key, values, begin=False)
        return made.key

    return make


@pytest.fixture
def synced(db):
    """Sync a source to its end and return the sync: ``synced(user, key)``."""

    def run(user, key):
        sync.start(db, user, key)
        assert sync.wait(30)
        db.expire_all()
        return sync.history(db, user, key)[0]

    return run
