"""The mood of the market and of a coin, from what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services.explain import explain
from smartfolio_app.services.signals import board as boards
from smartfolio_app.services.signals import regimes, sentiment
from smartfolio_app.services.signals.references import COINS, DOMINANCE, FEAR_GREED, MARKET
from smartfolio_app.services.views import view_of
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import note_failure
from smartfolio_app.storage.repo_signals import Told, put_signals
from smartfolio_app.storage.tables import User
from tests.services.papers import give_paper
from tests.support.signals import DAYS, store_signals

NOW = datetime.now(UTC)


class Here:
    """Fits in this process, and counts how often."""

    def __init__(self):
        self.fits = 0

    def run(self, function, *arguments):
        self.fits += 1
        return function(*arguments, progress=lambda *_: None)


@pytest.fixture
def fitter(monkeypatch):
    here = Here()
    monkeypatch.setattr(sentiment, "_fitter", here)
    sentiment.forget()
    yield here
    sentiment.forget()


def test_the_mood_has_components_with_sources_and_a_record(db, someone, fitter):
    store_signals(db, NOW)
    found = sentiment.sentiment(db, someone, now=NOW)
    assert found.available
    assert found.day == NOW.date() - timedelta(days=1)
    assert 0 < found.mood.chance < 1
    assert found.mood.score == 2 * found.mood.chance - 1
    assert {one.name for one in found.mood.parts} == set(found.sources)
    assert all(one.weight is not None for one in found.mood.parts)
    assert found.sources["fear_greed"] == "fear_greed"
    record = found.mood.record
    assert len(record.days) >= 180
    assert record.skill.low <= record.skill.value <= record.skill.high


def test_a_days_answer_is_fitted_once(db, someone, fitter):
    store_signals(db, NOW)
    first = sentiment.sentiment(db, someone, now=NOW)
    put_signals(db, [Told(FEAR_GREED, MARKET, NOW - timedelta(minutes=1), Decimal(3), "fear_greed")], NOW)
    assert sentiment.sentiment(db, someone, now=NOW) is first, (
        "what is told of a day that still runs changes nothing"
    )
    assert fitter.fits == 1
    assert sentiment.sentiment(db, someone, "ETH", now=NOW).mood.chance != first.mood.chance
    assert fitter.fits == 2


def test_an_answer_made_before_all_inputs_arrived_is_made_again(db, someone, fitter):
    store_signals(db, NOW)
    sentiment.sentiment(db, someone, now=NOW)
    yesterday = datetime.combine(NOW.date(), datetime.min.time(), UTC) - timedelta(seconds=1)
    put_signals(db, [Told("close", "LINK", yesterday, Decimal(10), "binance")], NOW)
    sentiment.sentiment(db, someone, now=NOW)
    assert fitter.fits == 2


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("", "no_prices"),
        ("BTC", "no_prices"),
        ("NOBODYSCOIN", "unknown_coin"),
        (" ", "unknown_coin"),
        ("crypto:", "unknown_coin"),
        ("\x00'%", "unknown_coin"),
        ("stock:US0378331005", "unknown_coin"),
        ("stock:", "unknown_coin"),
        ("fiat:EUR", "not_traded"),
        ("item:1", "not_traded"),
    ],
)
def test_where_nothing_is_stored_it_says_why(db, someone, fitter, symbol, reason):
    found = sentiment.sentiment(db, someone, symbol, now=NOW)
    assert found.reason == f"signals.why_{reason}"
    assert not found.available
    assert found.mood is None or found.mood.chance is None
    assert fitter.fits == 0


def test_too_short_a_past_says_how_many_days_are_missing(db, someone, fitter):
    store_signals(db, NOW, 400)
    found = sentiment.sentiment(db, someone, now=NOW)
    assert found.reason == "signals.why_short"
    assert 0 < found.mood.known_days < found.mood.needed_days
    assert fitter.fits == 0


def test_a_coin_somebody_holds_is_looked_at_by_the_prices_they_see(db, someone, give, fitter):
    store_signals(db, NOW)
    asset = give(someone, "SOLO", "1")
    quotes = [
        PriceQuote(asset, "USD", Decimal(100 + day % 17 + day), NOW - timedelta(days=DAYS - day))
        for day in range(DAYS)
    ]
    put_daily_prices(db, Observer("file", owner=someone), quotes)
    db.commit()
    found = sentiment.sentiment(db, someone, "solo", now=NOW)
    assert found.available, found.reason
    assert found.sources["trend"] == sentiment.OWN_PRICES
    funding = next(one for one in found.mood.parts if one.name == "funding")
    assert funding.state == "absent", "there is no contract of it"


def closes(asset, days=DAYS, *, seed=1, weekdays=False):
    """Closes of an asset that wanders, in dollars, up to yesterday."""
    path = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, days)))
    at = [NOW - timedelta(days=days - number) for number in range(days)]
    return [
        PriceQuote(asset, "USD", Decimal(f"{price:.4f}"), day)
        for day, price in zip(at, path, strict=True)
        if not weekdays or day.weekday() < 5
    ]


def test_breadth_is_of_what_the_household_holds_and_says_so(db, someone, give, fitter):
    from smartfolio_app.services import accounts

    store_signals(db, NOW)
    told = sentiment.sentiment(db, someone, now=NOW)
    assert (told.breadth, told.breadth_of) == ("top", COINS)
    names = ("AAA", "BBB", "CCC", "DDD", "EEE")
    for number, name in enumerate((*names, "YOUNG")):
        days = 300 if name == "YOUNG" else DAYS
        quotes = closes(give(someone, name, str(9 - number)), days, seed=number)
        put_daily_prices(db, Observer("file", owner=someone), quotes)
    give(someone, "USDT", "1000")
    db.commit()
    mine = sentiment.sentiment(db, someone, now=NOW)
    assert mine.breadth == "held"
    assert set(mine.breadth_of) == set(names), "what is too young is left out"
    assert mine.sources["breadth"] == sentiment.OWN_PRICES
    above = 0
    for number in range(5):
        path = [float(one.price) for one in closes("crypto:X", seed=number)][-100:]
        above += path[-1] > sum(path) / 100
    assert next(one.value for one in mine.mood.parts if one.name == "breadth") == above / 5
    steps = explain(db, view_of(db, someone), "signals:part:breadth-market").steps
    over = next(one for one in steps if one.label == "explain.signals.coins_held")
    assert {one.label for one in over.children} == set(names)
    other = accounts.create_user(db, "other", "correct horse battery").id
    assert sentiment.sentiment(db, other, now=NOW).breadth == "top"
    offered = [subject for subject, _ in sentiment.choices(db, someone, now=NOW)]
    assert set(offered[:5]) == set(names)
    assert set(offered[5:]) == set(COINS)
    fits = fitter.fits
    put_daily_prices(db, Observer("file", owner=someone), [PriceQuote("crypto:AAA", "USD", Decimal(7), NOW)])
    db.commit()
    assert sentiment.sentiment(db, someone, now=NOW).mood is mine.mood, "today is not over"
    assert fitter.fits == fits
    sentiment.forget()
    sentiment.warm(db)
    assert fitter.fits == fits + 2, "one for this household, one for all others"
    sentiment.sentiment(db, someone, now=NOW)
    sentiment.sentiment(db, other, now=NOW)
    assert fitter.fits == fits + 2


def test_a_security_one_holds_has_a_mood_of_its_trading_days(db, someone, fitter):
    store_signals(db, NOW)
    asset = give_paper(db, someone, "ACME", isin="US0000000001", currency="USD", name="Acme Corp.")
    young = give_paper(db, someone, "BABY", currency="USD")
    put_daily_prices(db, Observer("file", owner=someone), closes(asset, 1000, weekdays=True))
    put_daily_prices(db, Observer("file", owner=someone), closes(young, 200, weekdays=True))
    db.commit()
    found = sentiment.sentiment(db, someone, asset, now=NOW)
    assert found.available, found.reason
    assert (found.subject, found.label) == (asset, "Acme Corp.")
    days = [day_of(int(one)) for one in found.mood.record.days]
    assert {day.weekday() for day in days} == {0, 1, 2, 3, 4}
    states = {one.name: one.state for one in found.mood.parts}
    assert (states["fear_greed"], states["funding"]) == ("absent", "absent"), "they say nothing of a security"
    assert {states["trend"], states["volatility"]} == {"used"}
    assert sentiment.sentiment(db, someone, "acme", now=NOW).mood is found.mood
    assert (asset, "Acme Corp.") in sentiment.choices(db, someone, now=NOW)
    for name in ("score", "hits", "skill"):
        assert explain(db, view_of(db, someone), f"signals:{name}:{asset}").steps
    assert explain(db, view_of(db, someone), f"signals:part:trend-{asset}").amount is not None
    short = sentiment.sentiment(db, someone, young, now=NOW)
    assert (short.available, short.reason) == (False, "signals.why_short")
    assert young not in dict(sentiment.choices(db, someone, now=NOW))


def test_another_user_cannot_tell_what_somebody_holds(db, someone, give, fitter):
    from smartfolio_app.services import accounts

    give(someone, "SOLO", "1")
    other = accounts.create_user(db, "other", "correct horse battery").id
    assert sentiment.sentiment(db, other, "SOLO").reason == sentiment.sentiment(db, other, "NOSUCH").reason


def test_made_up_prices_have_no_mood_but_the_market_has(db, someone, fitter):
    db.get(User, someone).is_demo = True
    store_signals(db, NOW)
    assert sentiment.sentiment(db, someone, now=NOW).available
    assert sentiment.sentiment(db, someone, "PEPE", now=NOW).reason == "signals.why_made_up"


def test_it_is_fitted_in_a_process_of_its_own(db, someone):
    sentiment.forget()
    store_signals(db, NOW, 660)
    try:
        assert sentiment.sentiment(db, someone, now=NOW).available
        assert sentiment._fitter._process is not None
    finally:
        sentiment.stop()
        sentiment.forget()


# -------------------------------------------------------------------------------------------- board and regimes
def test_the_board_tells_each_signal_with_its_source_and_who_did_not_answer(db, someone):
    store_signals(db, NOW)
    note_failure(db, "coingecko", NOW, "provider.timeout", None)
    found = boards.board(db, NOW)
    assert found.dominance.value == Decimal("0.5731")
    assert boards.is_fresh(found.dominance, NOW)
    assert not boards.is_fresh(found.dominance, NOW + timedelta(days=2))
    assert len(found.moods) == 365
    assert [row.contract for row in found.funding] == ["BTCUSDT"]
    assert found.funding[0].interval == timedelta(hours=8)
    assert found.problems == {"coingecko": "provider.timeout"}
    put_signals(db, [Told(DOMINANCE, MARKET, NOW + timedelta(hours=1), Decimal("0.6"), "coingecko")], NOW)
    assert boards.board(db, NOW).dominance.value == Decimal("0.6"), "a new word is seen at once"


def test_nothing_stored_is_an_empty_board(db, someone):
    found = boards.board(db, NOW)
    assert found.empty
    assert found.offline
    assert [one.regime.regime for one in regimes.markets(db, NOW)] == ["", "", ""]


def test_every_figure_explains_itself(db, someone, fitter):
    store_signals(db, NOW)
    view = view_of(db, someone)
    told = sentiment.sentiment(db, someone)
    figures = ["fear_greed", "dominance", "funding:BTCUSDT", "score:market", "hits:market", "skill:ETH"]
    figures += [f"part:{name}-market" for name in told.sources]
    markets = {one.subject: one.regime for one in regimes.markets(db)}
    figures += [f"regime:{subject}" for subject in markets]
    figures += [f"after:{one.regime}-{one.days}-BTC" for one in markets["BTC"].after if one.count]
    for figure in figures:
        found = explain(db, view, f"signals:{figure}")
        assert found.amount is not None, figure
        assert found.steps, figure
        assert found.figure == f"signals:{figure}"
    score = explain(db, view, "signals:score:market")
    assert float(score.amount) == pytest.approx(told.mood.chance)
    assert any("alternative.me" in step.label for step in explain(db, view, "signals:fear_greed").steps)


@pytest.mark.parametrize(
    "figure", ["", "score:NOPE", "funding:X", "part:luck-market", "regime:DAX", "after:x"]
)
def test_what_is_no_signal_has_no_explanation(db, someone, fitter, figure):
    from smartfolio_app.analytics.explain import UnknownFigureError

    with pytest.raises(UnknownFigureError):
        explain(db, view_of(db, someone), f"signals:{figure}")


def test_coins_of_the_choice_have_a_contract():
    from smartfolio_app.services.signals.references import contract_of

    assert all(contract_of(coin) == f"{coin}USDT" for coin in COINS)
    assert contract_of("SOLO") == ""
