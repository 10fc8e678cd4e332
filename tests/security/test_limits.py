from __future__ import annotations

import logging

import pytest
from limits import parse

from smartfolio_app.security import limits
from smartfolio_app.security.limits import Limits, RateLimitedError, announcement
from smartfolio_app.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    monkeypatch.delenv("SECURITY_RATE_LIMIT_REFILL_RATE", raising=False)
    monkeypatch.delenv("SECURITY_RATE_LIMIT_BURST_SIZE", raising=False)


def test_start_says_what_is_in_force_and_where_it_comes_from(monkeypatch, caplog):
    assert (
        announcement(load_settings())
        == "Token bucket rate limiter initialized: 20.0 req/s burst 50 (default)"
    )
    monkeypatch.setenv("SECURITY_RATE_LIMIT_REFILL_RATE", "7.5")
    assert announcement(load_settings()) == (
        "Token bucket rate limiter initialized: 7.5 req/s burst 50 (rate: environment, burst: default)"
    )
    monkeypatch.setenv("SECURITY_RATE_LIMIT_BURST_SIZE", "12")
    with caplog.at_level(logging.INFO):
        Limits(load_settings()).announce()
    assert "Token bucket rate limiter initialized: 7.5 req/s burst 12 (environment)" in caplog.messages


@pytest.mark.parametrize("name", ["SECURITY_RATE_LIMIT_REFILL_RATE", "SECURITY_RATE_LIMIT_BURST_SIZE"])
@pytest.mark.parametrize("value", ["0", "-3", "many", "inf", "nan"])
def test_nonsense_refuses_the_start_with_name_and_rule(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert refused.value.params["name"] == name
    assert refused.value.params["rule"]


async def test_slowapi_and_the_door_draw_from_the_same_bucket(settings):
    shared = Limits(settings)
    item = parse(limits.IMPORTS.limit_string)
    for _ in range(10):
        assert shared.limiter.limiter.hit(item, "user:1", limits.IMPORTS.name)
    decision = await shared.take(limits.IMPORTS, "user:1")
    assert decision.remaining == limits.IMPORTS.burst - 11


def test_refusals_are_counted_by_bucket_and_caller(settings):
    shared = Limits(settings)
    for _ in range(5):
        shared.require(limits.SET_UP, "address:192.0.2.1")
    for _ in range(2):
        with pytest.raises(RateLimitedError) as refused:
            shared.require(limits.SET_UP, "address:192.0.2.1")
        assert refused.value.headers()["Retry-After"] == "30"
    counted = shared.counters()
    assert (counted.allowed, counted.limited) == (5, 2)
    assert counted.top == (("set-up address:192.0.2.1", 2),)
