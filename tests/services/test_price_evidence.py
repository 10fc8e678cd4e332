"""A price that was set aside is shown with its reason, and one user may go by it without moving anybody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import assets, market_data, price_evidence, pricing, wealth

SOL = "crypto:SOL"
NOW = datetime.now(UTC)


@pytest.fixture
def slipped(db, online, server, someone, give):
    """Somebody's coin, of which the first provider told a hundred times its price just now."""
    give(someone, "SOL", "3", NOW - timedelta(days=5))
    pricing.refresh(db)
    pricing.backfill(db)
    server.world.slips["coingecko", "solana", datetime.now(UTC).date()] = 100.0
    market_data.close()
    assert pricing.refresh(db).aside == 1
    return someone


def value(db, user):
    return pricing.price_book(db, user).unit_price(SOL, "EUR", datetime.now(UTC)).value


def test_what_was_set_aside_is_told_with_its_reason_and_the_days_around_it(db, slipped):
    found = assets.prices(db, wealth.view_of(db, slipped), SOL)
    (one,) = found.doubted
    assert (one.provider, one.verdict, one.accepted) == ("coingecko", "unit", False)
    assert one.expected < one.price / 50
    today = [row for row in found.told if row.day == one.day]
    assert {(row.provider, row.used, row.verdict) for row in today} >= {
        ("coingecko", False, "unit"),
        ("binance", True, ""),
    }
    assert {row.provider for row in found.told if row.used} >= {"coingecko", "binance"}
    assert found.price.path[0].provider == "binance"
    week = price_evidence.told(db, slipped, SOL, one.day - timedelta(days=2), one.day - timedelta(days=1))
    assert {row.day for row in week} == {one.day - timedelta(days=2), one.day - timedelta(days=1)}
    for first, last in (
        (NOW.date(), NOW.date() - timedelta(days=1)),
        (NOW.date() - timedelta(days=999), None),
    ):
        with pytest.raises(InvalidInputError):
            price_evidence.told(db, slipped, SOL, first, last)


def test_everything_that_was_set_aside_is_in_one_list_of_what_the_user_owns(db, slipped, other, give):
    give(slipped, "ADA", "2")
    (one,) = price_evidence.every_doubted(db, slipped)
    assert (one.asset, one.symbol) == (SOL, "SOL")
    assert list(one.set_aside) == price_evidence.doubted(db, slipped, SOL)
    assert price_evidence.every_doubted(db, other) == [], "who does not own it is asked nothing"
    give(other, "SOL", "1")
    assert [row.asset for row in price_evidence.every_doubted(db, other)] == [SOL]
    price_evidence.decide(db, slipped, SOL, "coingecko", one.set_aside[0].day, use=True)
    assert [row.set_aside[0].accepted for row in price_evidence.every_doubted(db, slipped)] == [True]
    assert [row.set_aside[0].accepted for row in price_evidence.every_doubted(db, other)] == [False]


def test_one_user_goes_by_it_and_leaves_it_again_and_nobody_else_notices(db, slipped, give, other):
    give(other, "SOL", "1")
    before, theirs = value(db, slipped), value(db, other)
    (one,) = price_evidence.doubted(db, slipped, SOL)
    price_evidence.decide(db, slipped, SOL, one.provider, one.day, use=True)
    assert [row.accepted for row in price_evidence.doubted(db, slipped, SOL)] == [True]
    assert value(db, slipped) > before * 50
    assert value(db, other) == theirs
    assert [row.accepted for row in price_evidence.doubted(db, other, SOL)] == [False]
    price_evidence.decide(db, slipped, SOL, one.provider, one.day, use=False)
    assert value(db, slipped) == before
    with pytest.raises(NotFoundError):
        price_evidence.decide(db, slipped, SOL, "binance", one.day, use=True)


def test_who_said_which_coin_it_is_sees_nothing_of_the_other_coins_prices(db, slipped):
    pricing.choose_coin(db, slipped, SOL, "allbridge-bridged-sol")
    assert price_evidence.doubted(db, slipped, SOL) == []
