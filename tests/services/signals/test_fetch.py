"""Fetching market signals from servers that speak the documented APIs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from smartfolio_app.services import market_data
from smartfolio_app.services.scheduler import TASKS
from smartfolio_app.services.signals import fetch
from smartfolio_app.services.signals.references import (
    CLOSE,
    DOMINANCE,
    FEAR_GREED,
    FUNDING,
    FUNDING_NOW,
    INDEX,
    MARKET,
    REFERENCES,
)
from smartfolio_app.storage.repo_prices import provider_states
from smartfolio_app.storage.repo_signals import newest, series
from tests.loopback.charts import Paper

HERE = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT"}  # contracts the stand-in has


@pytest.fixture
def now(time_machine):
    """Noon of this day, for the stand-in too: no midnight and no settlement of a funding rate is near."""
    time_machine.move_to(datetime.now(UTC).replace(hour=12, minute=0))
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def recent_past(monkeypatch, server, now):
    """Forty days are the whole past here; page limits are lower in proportion."""
    first = now.date() - timedelta(days=40)
    monkeypatch.setattr(fetch, "REFERENCES", tuple(replace(one, first=first) for one in REFERENCES))
    monkeypatch.setattr(fetch, "FIRST_FUNDING", first)
    monkeypatch.setattr(fetch, "RATES_PER_CALL", 50)
    monkeypatch.setattr("smartfolio_app.providers.binance_futures.RATES_PER_CALL", 50)
    server.world.papers = [*server.world.papers, Paper("^GSPC", "S&P 500", "USD", 6000.0, kind="INDEX")]
    fetch.forget_pauses()
    yield
    fetch.forget_pauses()


def test_every_signal_is_stored_with_its_source_and_its_whole_past(db, online, server, someone, now):
    task = next(one for one in TASKS if one.name == "signals")
    assert task.run(db).problems == {}
    moods = series(db, FEAR_GREED, MARKET)
    assert len(moods) == 400  # all the stand-in knows
    assert moods[-1][0].date() == now.date()
    assert newest(db, FEAR_GREED)[MARKET].provider == "fear_greed"
    assert newest(db, FEAR_GREED)[MARKET].word in ("Fear", "Greed", "Neutral")

    rates = series(db, FUNDING, "BTCUSDT")
    assert len(rates) >= 39 * 3, "more than a page is read to its end"
    assert all(later[0] - before[0] == timedelta(hours=8) for before, later in pairwise(rates))
    assert set(newest(db, FUNDING_NOW)) == HERE
    assert newest(db, DOMINANCE)[MARKET].value == Decimal("0.5731")

    closes = series(db, CLOSE, "BTC")
    assert [at.date() for at, _ in closes] == [now.date() - timedelta(days=back) for back in range(40, 0, -1)]
    stocks = series(db, CLOSE, INDEX)
    assert stocks
    assert all(at.weekday() < 5 for at, _ in stocks)
    assert newest(db, CLOSE)[INDEX].provider == "yahoo"


def test_nothing_is_asked_for_before_it_can_be_newer(db, online, server, someone, now):
    fetch.refresh(db, now=now)
    before = len(server.paths)
    fetch.refresh(db, now=now + timedelta(minutes=5))
    assert server.paths[before:] == []
    market_data.close()  # another process: it remembers no answer
    fetch.refresh(db, now=now + timedelta(minutes=30))
    assert Counter(server.paths[before:]) == {"/fapi/v1/premiumIndex": len(HERE)}
    assert len(newest(db, FUNDING_NOW)) == len(HERE)
    assert len(series(db, FUNDING_NOW, "BTCUSDT")) == 1, "what is not settled yet is kept while it is new"


def test_one_provider_that_fails_costs_no_other_signal(db, online, server, someone, now):
    server.trouble("status", path="/fng", status=500, times=99)
    server.trouble("html", path="/fapi", times=99)
    market_data.market().gateway.limits = replace(market_data.market().gateway.limits, attempts=1)
    report = fetch.refresh(db, now=now)
    assert set(report.problems) == {"fear_greed", "binance_futures"}
    assert series(db, FEAR_GREED, MARKET) == []
    assert series(db, CLOSE, "ETH")
    assert newest(db, DOMINANCE)
    assert provider_states(db)["fear_greed"].error
    server.behave()
    assert fetch.refresh(db, now=now + timedelta(minutes=30)).problems.keys() <= {
        "fear_greed",
        "binance_futures",
    }


def test_nobody_is_asked_offline(db, settings, server, someone, now):
    assert fetch.refresh(db, now=now).offline
    assert server.paths == []


def test_nobody_is_asked_before_there_is_an_account(db, online, server, now):
    assert fetch.refresh(db, now=now).signals == 0
    assert server.paths == []
