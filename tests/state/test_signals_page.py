"""The Signals page's state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.pages.signals import signals
from smartfolio_app.services.signals import sentiment
from smartfolio_app.services.signals.regimes import markets
from smartfolio_app.services.views import view_of
from smartfolio_app.state.decision_tiles import read
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.signals import SignalsState
from smartfolio_app.storage.engine import session_scope
from tests.services.signals.test_sentiment import Here
from tests.state.figures_on_page import shown_on, unexplained
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
    with session_scope() as db:
        record = sentiment.sentiment(db, alice).mood.record
        known = markets(db)
    seen = shown_on(signals, page)
    figures = Figures()
    # The record with its intervals, and what it comes to, as a sentence that explains itself.
    for name, one, sign in (("hits", record.hits, False), ("skill", record.skill, True)):
        low, high = (figures.percent(exact(part), sign=sign, decimals=1) for part in (one.low, one.high))
        assert seen[f"{name}_between"] == [(f"{low} to {high}", f"signals:{name}:market")]
        assert seen[name][0][0] == figures.percent(exact(one.value), sign=sign, decimals=1)
    assert record.verdict == "none", "made-up days have no edge"
    assert seen["verdict"][0][0] == "No demonstrated edge"
    ((sentence, opens),) = seen["verdict_text"]
    assert "not reliably better" in sentence
    assert opens == "signals:skill:market"
    assert "reason" not in seen
    # What followed earlier changes into the present regime.
    for row, one in zip(page.markets, known, strict=True):
        after = [part for part in one.regime.after if part.regime == one.regime.regime]
        assert len(row.followed) == len(after) == 2
        for told, part in zip(row.followed, after, strict=True):
            if not part.count:
                assert told.why
                continue
            quarters = (part.median, part.lower_quarter, part.upper_quarter)
            median, low, high = (figures.percent(exact(one), sign=True, decimals=1) for one in quarters)
            assert (told.median, told.between) == (median, f"half of them between {low} and {high}")
            assert (told.median, told.figure) in seen["median"]
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


async def test_too_little_history_is_said_on_the_page_with_how_much_there_is(settings, alice, here):
    with session_scope() as db:
        store_signals(db, datetime.now(UTC), 400)
    page = await tab(SignalsState, alice, "/signals")
    assert (page.mood.available, page.mood.chance) == (False, "—")
    seen = shown_on(signals, page)
    ((sentence, opens),) = seen["reason"]
    assert sentence.startswith("The model needs 559 days")
    assert opens == "signals:known:market"
    for name in ("verdict", "verdict_text", "hits", "skill"):
        assert not any(text for text, _ in seen.get(name, ())), name


async def test_an_empty_page_says_what_is_missing_and_the_tiles_keep_quiet(settings, alice, here):
    page = await tab(SignalsState, alice, "/signals")
    assert page.empty
    assert page.offline
    assert page.mood.chance in ("", "—")
    with session_scope() as db:
        tiles = read(db, view_of(db, alice), Figures())
    assert tiles["regime"].hidden
    assert tiles["mood"].hidden
