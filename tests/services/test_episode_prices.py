"""Closes from the time of the episodes: asked for once, of what was not held then, and apart from the price book."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.analytics.risk.scenarios import EPISODES
from smartfolio_app.services import episode_prices, pricing
from smartfolio_app.services.signals.references import CLOSE, INDEX
from smartfolio_app.storage.repo_signals import Told, put_signals
from smartfolio_app.storage.tables import DailyPrice, MarketSignal
from tests.services.papers import give_paper

NOW = datetime.now(UTC)


def days_of(db, asset):
    rows = db.execute(
        select(col(MarketSignal.at)).where(
            col(MarketSignal.signal) == episode_prices.SIGNAL, col(MarketSignal.subject) == asset
        )
    ).scalars()
    return sorted(at.date() for at in rows)


def test_the_days_of_the_episodes_are_fetched_once_and_value_nothing(db, online, server, someone, give):
    share = give_paper(db, someone, "AAPL", isin="US0378331005", currency="USD")
    coin = give(someone, "BTC", "1", NOW - timedelta(days=20))
    held_then = give(someone, "ETH", "1", datetime(2007, 1, 3, tzinfo=UTC))
    pricing.refresh(db)
    stored = db.execute(select(func.count()).select_from(DailyPrice)).scalar_one()
    report = episode_prices.backfill(db, now=NOW)
    assert report.problems == {}
    days = days_of(db, share)
    assert days[0] < EPISODES[0].first, "a close before the first day, in case that one is a holiday"
    inside = [(one.first - timedelta(days=5), one.last) for one in EPISODES]
    assert all(any(first <= day <= last for first, last in inside) for day in days)
    assert {day.year for day in days} == {2007, 2008, 2009, 2017, 2018, 2020, 2021, 2022}
    assert days_of(db, coin)
    assert days_of(db, held_then) == [], "its ordinary history reaches back by itself"
    assert db.execute(select(func.count()).select_from(DailyPrice)).scalar_one() == stored
    before = len(server.paths)
    assert episode_prices.backfill(db, now=NOW + timedelta(hours=2)).signals == 0
    assert [path for path in server.paths[before:] if "klines" in path or "chart" in path] == []

    past = episode_prices.read(db)
    assert past.own[share].currency == "USD"
    assert past.own[share].move(EPISODES[1]) == pytest.approx(
        past.own[share].near(date(2018, 12, 15)) / past.own[share].near(date(2017, 12, 16)) - 1
    )
    assert (past.bitcoin, past.index) == (None, None)


def test_references_of_the_signals_stand_for_what_nobody_held(db, settings):
    def told(subject, day, price):
        return Told(CLOSE, subject, datetime(*day, 23, 59, 59, tzinfo=UTC), Decimal(price), "test")

    put_signals(
        db,
        [
            told("BTC", (2017, 12, 16), 19000),
            told("BTC", (2018, 12, 15), 3200),
            told("ETH", (2018, 12, 15), 84),
            told("ETH", (2019, 6, 1), 250),
            told(INDEX, (2007, 10, 9), 1565),
            told(INDEX, (2009, 3, 9), 677),
        ],
        NOW,
    )
    db.commit()
    past = episode_prices.read(db)
    crisis, winter = EPISODES[:2]
    assert past.index.move(crisis) == pytest.approx(677 / 1565 - 1)
    assert past.bitcoin.move(winter) == past.own["crypto:BTC"].move(winter) == pytest.approx(3200 / 19000 - 1)
    assert past.own["crypto:ETH"].move(winter) is None
    assert date(2019, 6, 1) not in past.own["crypto:ETH"].by_day


def test_offline_nobody_is_asked(db, settings, someone, give):
    give(someone, "BTC", "1")
    assert episode_prices.backfill(db).offline
