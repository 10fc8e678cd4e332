"""The sample user: believable, honest, private, and the same every time on a given day."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.services import demo
from smartfolio_app.services.demo_household import SOURCES, UNPRICED, play
from smartfolio_app.services.demo_items import items
from smartfolio_app.services.demo_market import INSTRUMENTS, DemoMarket
from smartfolio_app.storage.repo_ledger import read_transactions, revision_of
from smartfolio_app.storage.repo_prices import newest_quotes, read_prices
from smartfolio_app.storage.tables import DailyPrice, Quote, SourceRow, TransactionRow, User, WealthItem

NOW = datetime(2026, 11, 23, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "now", [NOW, datetime(2027, 2, 28, 23, 59, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)]
)
def test_no_account_is_ever_overdrawn(now):
    plan = play(DemoMarket(now.date()), now)
    for source in SOURCES:
        held = {}
        for transaction in sorted(plan.transactions[source.key], key=lambda one: one.at):
            assert transaction.at <= now
            for asset, change in transaction.movements():
                held[asset] = held.get(asset, Decimal(0)) + change
                assert held[asset] >= 0, (source.label, asset, transaction.at)


def test_the_same_day_gives_the_same_household_and_the_next_day_goes_on_from_it():
    first, again = (play(DemoMarket(NOW.date()), NOW).transactions for _ in range(2))
    assert first == again
    later = NOW + timedelta(days=1)
    tomorrow = play(DemoMarket(later.date()), later).transactions
    for key, rows in first.items():
        assert tomorrow[key][: len(rows)] == rows


def test_a_price_does_not_depend_on_when_it_is_asked_for():
    now, later = DemoMarket(NOW.date()), DemoMarket(NOW.date() + timedelta(days=40))
    for instrument in INSTRUMENTS:
        day = NOW.date() - timedelta(days=100)
        assert now.price(instrument.asset.id, day) == later.price(instrument.asset.id, day)
    coin = INSTRUMENTS[0]
    window = (NOW - timedelta(days=2), NOW)
    assert list(now.quotes(coin, *window)) == list(later.quotes(coin, *window))


def test_prices_move_like_prices():
    market = DemoMarket(NOW.date())
    for instrument in INSTRUMENTS:
        closes = [price for _, price in market.closes(instrument, NOW.date() - timedelta(days=700))]
        assert all(price > 0 for price in closes)
        steps = [abs(b / a - 1) for a, b in pairwise(closes)]
        assert max(steps) < Decimal("0.5"), instrument.asset.symbol
        assert len(set(closes)) > 50, instrument.asset.symbol


def test_the_household_has_everything_a_dashboard_shows():
    plan = play(DemoMarket(NOW.date()), NOW)
    kinds = {one.kind for rows in plan.transactions.values() for one in rows}
    assert {
        TransactionKind.TRADE,
        TransactionKind.STAKING,
        TransactionKind.DIVIDEND,
        TransactionKind.DEPOSIT,
        TransactionKind.WITHDRAWAL,
        TransactionKind.AIRDROP,
        TransactionKind.FEE,
    } <= kinds
    owned = items(DemoMarket(NOW.date()), plan.first, NOW.date())
    assert {"real_estate", "mortgage", "bank_account", "vehicle", "pension", "precious_metal"} <= {
        i.kind for i in owned
    }
    assert all(value >= 0 for item in owned for _, value in item.valuations)


def test_it_is_made_in_under_two_seconds_and_belongs_to_the_sample_user_alone(db):
    started = time.thread_time()  # our own work, however busy the machine is
    user = demo.reset_demo(db, NOW)
    assert time.thread_time() - started < 2
    assert user.is_demo
    assert user.password_hash == ""
    assert db.execute(select(func.count()).where(col(TransactionRow.user_id) == user.id)).scalar_one() > 900
    assert read_prices(db, owner="") == []
    prices = read_prices(db, owner=user.id)
    assert {row.provider for row in prices} == {"demo"}
    assert max(row.at for row in prices) <= NOW
    assert not any(row.asset == UNPRICED.id for row in prices)
    stale = max(row.at for row in prices if row.asset == "crypto:GMX")
    assert timedelta(days=17) < NOW - stale < timedelta(days=21)


def test_resetting_brings_back_the_same_and_keeps_the_user(sample_user, db):
    user = db.get(User, sample_user(NOW))
    before = read_transactions(db, col(TransactionRow.user_id) == user.id)
    revision = revision_of(db, user.id)
    db.execute(TransactionRow.__table__.delete().where(col(TransactionRow.user_id) == user.id))
    db.add(SourceRow(user_id=user.id, key="own", provider="file_crypto", label="Own", category="crypto"))
    db.commit()
    again = demo.reset_demo(db, NOW)
    after = read_transactions(db, col(TransactionRow.user_id) == user.id)
    assert again.id == user.id
    assert [(t.at, t.kind, t.received, t.sent) for t in after] == [
        (t.at, t.kind, t.received, t.sent) for t in before
    ]
    assert db.execute(select(func.count()).where(col(SourceRow.key) == "own")).scalar_one() == 0
    assert db.execute(select(func.count()).select_from(WealthItem)).scalar_one() == 9
    assert revision_of(db, user.id) > revision


def test_the_market_goes_on(sample_user, db):
    user = db.get(User, sample_user(NOW))
    counted = {
        table: db.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (DailyPrice, Quote)
    }
    assert not demo.extend(db, NOW + timedelta(minutes=5))
    later = NOW + timedelta(hours=26)
    assert demo.extend(db, later)
    newest = newest_quotes(db, demo._observer(user.id))["crypto:BTC"]
    assert later - newest < timedelta(minutes=30)
    for table, count in counted.items():
        assert db.execute(select(func.count()).select_from(table)).scalar_one() > count
    fresh = demo.reset_demo(db, later)
    assert newest_quotes(db, demo._observer(fresh.id))["crypto:BTC"] == newest


def test_it_is_made_when_wanted_and_made_anew_when_its_story_is_old(db):
    assert demo.find_demo(db) is None
    user = demo.demo_user(db, NOW)
    revision = revision_of(db, user.id)
    assert demo.demo_user(db, NOW + timedelta(minutes=10)).id == user.id
    assert revision_of(db, user.id) == revision
    much_later = NOW + timedelta(days=60)
    demo.demo_user(db, much_later)
    newest = db.execute(select(func.max(TransactionRow.__table__.c.at))).scalar_one()
    assert much_later - newest < timedelta(days=8)


def test_a_person_called_demo_is_left_alone(db):
    db.add(User(name="Demo", password_hash="x"))
    db.commit()
    user = demo.reset_demo(db, NOW)
    assert (user.name, user.is_demo) == ("Demo 2", True)
