"""The Signals page's state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smartfolio_app.pages.signals import signals
from smartfolio_app.services.signals import sentiment
from smartfolio_app.services.views import view_of
from smartfolio_app.state.decision_tiles import read
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.signals import SignalsState
from smartfolio_app.storage.engine import session_scope
from tests.services.signals.test_sentiment import Here
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, tab
from tests.support.signals import store_signals


@pytest.fixture
def here(monkeypatch):
    monkeypatch.setattr(sentiment, "_fitter", Here())
    sentiment.forget()
    yield
    sentiment.forget()


async def test_the_page_with_everything_and_about_one_coin(settings, alice, here):
    with session_scope() as db:
        store_signals(db, datetime.now(UTC))
    page = await tab(SignalsState, alice, "/signals")
    assert not page.empty
    assert page.mood.available
    assert page.mood.chance.endswith("%")
    assert page.mood.verdict
    assert [row.subject for row in page.markets] == ["BTC", "ETH", "S&P 500"]
    assert all(row.bands and row.changes and row.line for row in page.markets)
    assert [row.contract for row in page.funding] == ["BTCUSDT"]
    assert page.outside.mood
    assert page.outside.dominance == "57.3%"
    problems, explained = unexplained(signals, page, alice)
    assert not problems, "\n".join(problems)
    assert explained > 60
    market = page.mood.chance, page.mood.label
    await call(page, "choose_subject", "ETH")
    assert (page.mood.chance, page.mood.label) != market
    assert "ETH" in page.mood.label
    await call(page, "choose_subject", "no such coin")
    assert page.subject == "ETH"
    with session_scope() as db:
        tiles = read(db, view_of(db, alice), Figures())
    assert tiles["mood"].headline == market[0]
    assert tiles["mood"].verdict
    assert tiles["regime"].headline.startswith("BTC")
    assert not tiles["regime"].hidden


async def test_an_empty_page_says_what_is_missing_and_the_tiles_keep_quiet(settings, alice, here):
    page = await tab(SignalsState, alice, "/signals")
    assert page.empty
    assert page.offline
    assert page.mood.chance in ("", "—")
    with session_scope() as db:
        tiles = read(db, view_of(db, alice), Figures())
    assert tiles["regime"].hidden
    assert tiles["mood"].hidden
