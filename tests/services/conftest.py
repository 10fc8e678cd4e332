"""Services against a loopback stand-in for the providers, and people with something to price."""

import shutil
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import Session

from smartfolio_app.ledger.assets import Asset, AssetClass, crypto, fiat
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services import accounts, demo, market_data, price_books
from smartfolio_app.services.sources import new_source
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.repo_ledger import bump_revision, insert_transactions, remember_assets
from tests.loopback.server import LoopbackServer

PASSWORD = "correct horse battery"


@pytest.fixture
def server():
    with LoopbackServer() as running:
        yield running


@pytest.fixture
def online(settings, server):
    """The same database, with the providers reachable on loopback."""
    chosen = load_settings(data_dir=settings.data_dir, offline=False, **server.addresses)
    engine.configure(chosen)
    yield chosen
    market_data.close()
    engine.configure(settings)


@pytest.fixture(autouse=True)
def _fresh_books():
    yield
    price_books.forget()
    market_data.close()


@pytest.fixture
def someone(db):
    """A user without anything."""
    return accounts.create_user(db, "someone", PASSWORD, currency="EUR").id


@pytest.fixture
def other(db):
    return accounts.create_user(db, "other", PASSWORD, currency="USD").id


@pytest.fixture
def give(db):
    """Give a user coins: ``give(user, "BTC", "0.5", at)``."""

    def give_coins(user_id, symbol, quantity, at=datetime(2026, 1, 5, 12, tzinfo=UTC)):
        asset = fiat(symbol) if symbol in ("EUR", "USD", "CHF") else crypto(symbol)
        kind = AssetClass(asset.partition(":")[0])
        bump_revision(db, user_id)
        remember_assets(db, [Asset(asset, kind, symbol)])
        source = new_source(db, user_id, "file_crypto")
        deposit = Transaction(
            at=at, kind=TransactionKind.DEPOSIT, received=Amount(Decimal(quantity), asset), account="Wallet"
        )
        insert_transactions(db, user_id, source.id, [deposit], [fingerprint(deposit)])
        db.commit()
        return asset

    return give_coins


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory, migrated_database):
    """Make a database with the sample user as of an instant, once a run: ``(now) -> (path, user id)``."""
    made = {}

    def make(now):
        if now not in made:
            chosen = load_settings(data_dir=tmp_path_factory.mktemp("sample") / "data", offline=True)
            chosen.data_dir.mkdir(mode=0o700)
            shutil.copyfile(migrated_database, chosen.data_dir / "smartfolio.sqlite")
            with Session(engine.engine_for(chosen)) as session:
                user_id = demo.reset_demo(session, now).id
                session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose(chosen)
            made[now] = (chosen.data_dir / "smartfolio.sqlite", user_id)
        return made[now]

    return make


@pytest.fixture
def sample_user(settings, sample_database):
    """Put the sample user, as of an instant, into the test's database, before anything is asked of it."""

    def put(now):
        path, user_id = sample_database(now)
        shutil.copyfile(path, settings.data_dir / "smartfolio.sqlite")
        return user_id

    return put
