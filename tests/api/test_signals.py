"""Signals over REST: each figure as text, with source and age; no figure where nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.services.signals import sentiment
from smartfolio_app.services.signals.regimes import markets
from smartfolio_app.storage.engine import session_scope
from tests.api.conftest import token_of
from tests.services.signals.test_sentiment import Here
from tests.support.signals import store_signals


@pytest.fixture
async def client(connect, alice, monkeypatch):
    monkeypatch.setattr(sentiment, "_fitter", Here())
    sentiment.forget()
    async with connect(token=token_of(alice)) as opened:
        yield opened
    sentiment.forget()


async def read(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_everything_stored_is_told(client, alice):
    with session_scope() as db:
        store_signals(db, datetime.now(UTC))
    told = await read(client, "/api/market/signals")
    assert told["fear_greed"]["attribution"] == "Crypto Fear & Greed Index, alternative.me"
    assert 0 <= Decimal(told["fear_greed"]["now"]["value"]) <= 100
    assert told["fear_greed"]["now"]["age_seconds"] < 2 * 86_400
    assert told["btc_dominance"]["value"] == "0.5731"
    assert told["btc_dominance"]["source"] == "coingecko"
    assert told["funding"][0]["contract"] == "BTCUSDT"
    assert told["funding"][0]["interval_hours"] == 8

    mood = await read(client, "/api/ml/sentiment")
    assert mood["available"] is True
    assert mood["reason"] == ""
    assert float(mood["score"]) == pytest.approx(2 * float(mood["chance"]) - 1)
    assert Decimal(mood["index"]) == 100 * Decimal(mood["chance"])
    assert mood["verdict"] in ("edge", "none")
    skill = mood["record"]["brier_skill"]
    assert Decimal(skill["low"]) <= Decimal(skill["value"]) <= Decimal(skill["high"])
    assert (mood["verdict"] == "edge") == (Decimal(skill["low"]) > 0)
    with session_scope() as db:
        told = sentiment.sentiment(db, alice)
    record = told.mood.record
    for name, one in (("hit_rate", record.hits), ("brier_skill", record.skill)):
        assert mood["record"][name] == {
            part: str(exact(getattr(one, part))) for part in ("value", "low", "high")
        }
    assert float(mood["record"]["brier"]) == pytest.approx(record.brier)
    assert float(mood["record"]["base_brier"]) == pytest.approx(record.base_brier)
    assert float(mood["record"]["base_hit_rate"]) == pytest.approx(record.base_hits)
    assert mood["record"]["days"] == len(record.days) == sum(one["count"] for one in mood["record"]["bins"])
    assert {one["name"] for one in mood["components"]} == {
        "fear_greed",
        "funding",
        "trend",
        "volatility",
        "breadth",
    }
    assert all(one["weight"] is not None and one["age_days"] in (1, 2) for one in mood["components"])

    assert (await read(client, "/api/ml/sentiment/crypto:ETH"))["subject"] == "ETH"
    regimes = await read(client, "/api/market/regimes")
    assert [one["subject"] for one in regimes] == ["BTC", "ETH", "S&P 500"]
    assert all(one["regime"] for one in regimes)
    with session_scope() as db:
        known = markets(db)
    for one, market in zip(regimes, known, strict=True):
        assert [spell["first"] for spell in one["spells"]] == [
            day_of(spell.start).isoformat() for spell in market.regime.spells
        ]
        ends = [
            None if spell.end is None else day_of(spell.end).isoformat() for spell in market.regime.spells
        ]
        assert [spell["last"] for spell in one["spells"]] == ends
        assert ends[-1] is None
        for row, after in zip(one["after"], market.regime.after, strict=True):
            parts = ("lowest", "lower_quarter", "median", "upper_quarter", "highest", "rose")
            assert (row["regime"], row["days"], row["count"]) == (after.regime, after.days, after.count)
            assert [row[part] for part in parts] == [
                None if after.count == 0 else str(exact(getattr(after, part))) for part in parts
            ]
    why = await read(client, "/api/explain/signals:score:market")
    assert why["amount"] == mood["chance"]


async def test_where_nothing_is_stored_there_is_no_figure(client):
    told = await read(client, "/api/market/signals")
    assert told["fear_greed"]["now"] is None
    assert told["btc_dominance"] is None
    assert told["funding"] == []
    assert told["offline"] is True
    for path in ("/api/ml/sentiment", "/api/ml/sentiment/ETH", "/api/ml/sentiment/NOSUCHCOIN"):
        mood = await read(client, path)
        assert mood["available"] is False
        assert mood["reason"]
        assert (mood["score"], mood["index"], mood["chance"], mood["record"]) == (None, None, None, None)
