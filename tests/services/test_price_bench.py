"""Two sources, one book: the first believable one is used, the other stands by, what cannot be right is set aside."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.services import market_data, price_books, pricing
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import days_with_prices
from smartfolio_app.storage.tables import DailyPrice, PriceWitness
from tests.services.papers import give_paper

NOW = datetime.now(UTC)
SOL, DUP = "crypto:SOL", "crypto:DUP"


def price(db, user, asset, currency="EUR", at=None):
    return pricing.price_book(db, user).unit_price(asset, currency, at or datetime.now(UTC))


def provider(db, user, asset, at=None):
    return price(db, user, asset, at=at).path[0].provider


def aside(db, asset):
    wanted = select(PriceWitness).where(
        col(PriceWitness.asset) == asset, col(PriceWitness.verdict) != "spare"
    )
    return list(db.execute(wanted.order_by(col(PriceWitness.day))).scalars())


def again(db, **options):
    """Ask anew, past what is kept in memory."""
    market_data.close()
    return pricing.refresh(db, **options)


def test_the_second_source_stands_by_and_takes_over_when_the_first_fails(
    db, online, server, someone, give, time_machine
):
    give(someone, "SOL", "3")
    start = datetime.now(UTC)
    time_machine.move_to(start)
    pricing.refresh(db)
    assert provider(db, someone, SOL) == "coingecko"
    spare = db.execute(select(PriceWitness).where(col(PriceWitness.asset) == SOL)).scalar_one()
    assert (spare.provider, spare.currency, spare.verdict) == ("binance", "USDT", "spare")

    server.trouble("status", path="/api/v3/simple", status=503)
    for minute in (6, 70):
        time_machine.move_to(start + timedelta(minutes=minute))
        report = again(db)
    assert set(report.problems) == {"coingecko"}
    found = price(db, someone, SOL)
    assert [rate.provider for rate in found.path] == [
        "binance",
        "binance",
    ]  # 1 EUR = ... USDT, from there too
    assert not found.stale

    server.behave()
    time_machine.move_to(start + timedelta(minutes=140))
    assert again(db).problems == {}
    assert provider(db, someone, SOL) == "coingecko"


@pytest.mark.parametrize("liar", ["coingecko", "binance"])
@pytest.mark.parametrize("factor", [100.0, 0.01])
def test_a_slip_of_units_now_is_set_aside_shown_and_heals_at_the_next_refresh(
    db, online, server, someone, give, liar, factor
):
    give(someone, "SOL", "3", NOW - timedelta(days=20))
    pricing.refresh(db)
    pricing.backfill(db)
    before = price(db, someone, SOL)
    today = datetime.now(UTC).date()
    names = {"coingecko": "solana", "binance": "SOLUSDT"}
    server.world.slips[liar, names[liar], today] = factor
    report = again(db)
    assert report.aside == 1
    (row,) = aside(db, SOL)
    assert (row.provider, row.verdict) == (liar, "unit")
    assert row.expected == pytest.approx(row.price / Decimal(factor), rel=Decimal("0.03"))
    found = price(db, someone, SOL)
    assert abs(found.value / before.value - 1) < Decimal("0.02")
    server.world.slips.clear()
    assert again(db).aside == 0
    assert aside(db, SOL) == []
    assert abs(price(db, someone, SOL).value / before.value - 1) < Decimal("0.02")


@pytest.mark.parametrize("liar", ["coingecko", "binance"])
def test_a_bad_bar_of_the_past_is_set_aside_the_other_is_used_and_it_heals(
    db, online, server, someone, give, time_machine, liar
):
    start = datetime.now(UTC)
    time_machine.move_to(start)
    give(someone, "SOL", "3", start - timedelta(days=30))
    day = (start - timedelta(days=12)).date()
    noon = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
    names = {"coingecko": "solana", "binance": "SOLUSDT"}
    server.world.slips[liar, names[liar], day] = 3.3
    pricing.refresh(db)
    pricing.backfill(db)
    (row,) = aside(db, SOL)
    assert (row.provider, row.verdict, row.day) == (liar, "outlier", day)
    honest = {"coingecko": "binance", "binance": "coingecko"}[liar]
    assert provider(db, someone, SOL, noon) == honest
    value = price(db, someone, SOL, at=noon).value

    time_machine.move_to(start + timedelta(minutes=5))
    calls = len(server.paths)
    pricing.backfill(db)
    assert [path for path in server.paths[calls:] if "chart" in path or "klines" in path] == []  # not yet
    server.world.slips.clear()
    time_machine.move_to(start + timedelta(minutes=21))
    pricing.backfill(db)
    assert aside(db, SOL) == []
    assert provider(db, someone, SOL, noon) == "coingecko"
    assert abs(price(db, someone, SOL, at=noon).value / value - 1) < Decimal("0.02")


def test_a_ticker_that_means_another_coin_there_is_never_used(db, online, server, someone, give):
    give(someone, "DUP", "3", NOW - timedelta(days=20))  # Heavyweight, 12 dollars; DUPUSDT is at 0.77
    pricing.refresh(db)
    again(db)
    (row,) = aside(db, DUP)
    assert (row.provider, row.verdict, row.against) == ("binance", "collision", "coingecko")
    pricing.backfill(db)
    assert days_with_prices(db, Observer("binance"), DUP, NOW.date() - timedelta(days=30)) == set()
    server.trouble("status", path="/api/v3/simple", status=503)
    again(db)
    assert provider(db, someone, DUP) == "coingecko"  # old, and said to be old, rather than somebody else's


def test_the_past_beyond_the_first_sources_plan_comes_from_the_second(db, online, server, someone, give):
    first = NOW - timedelta(days=500)
    give(someone, "SOL", "3", first)
    pricing.refresh(db)
    pricing.backfill(db)
    far = NOW - timedelta(days=450)
    found = price(db, someone, SOL, "EUR", far)
    assert found.path[0].provider == "binance"
    assert provider(db, someone, SOL, NOW - timedelta(days=100)) == "coingecko"
    days = days_with_prices(db, Observer("binance"), SOL, first.date())
    assert len(days) > 120
    calls = len(server.paths)
    pricing.backfill(db)
    assert [path for path in server.paths[calls:] if "klines" in path or "market_chart" in path] == []


def test_a_share_told_in_pence_for_a_day_is_set_aside_and_heals(db, online, server, someone, time_machine):
    start = datetime.now(UTC)
    time_machine.move_to(start)
    day = server.world.today - timedelta(days=20)
    day -= timedelta(days=max(day.weekday() - 4, 0))
    server.world.slips["yahoo", "SXR8.DE", day] = 100.0
    asset = give_paper(db, someone, "SXR8", isin="IE00B5BMR087", currency="EUR", days=60)
    pricing.refresh(db)
    pricing.backfill(db)
    (row,) = aside(db, asset)
    assert (row.provider, row.verdict, row.day, row.against) == ("yahoo", "unit", day, "")
    at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    assert price(db, someone, asset, at=at).value < 1000
    server.world.slips.clear()
    time_machine.move_to(start + timedelta(minutes=21))
    pricing.backfill(db)
    assert aside(db, asset) == []
    assert price(db, someone, asset, at=at).path[0].at.date() == day


def test_the_book_in_memory_says_what_one_read_anew_says(db, online, server, someone, give):
    give(someone, "SOL", "3", NOW - timedelta(days=30))
    pricing.refresh(db)
    pricing.price_book(db, someone)
    server.world.slips["coingecko", "solana", (NOW - timedelta(days=9)).date()] = 40.0
    pricing.backfill(db)
    again(db)
    moments = [NOW - timedelta(days=days, hours=3) for days in (1, 8, 9, 10, 20)] + [datetime.now(UTC)]
    grown = [price(db, someone, SOL, "EUR", at) for at in moments]
    price_books.forget()
    assert grown == [price(db, someone, SOL, "EUR", at) for at in moments]


def test_when_nobody_can_say_which_coin_it_is_a_household_name_is_priced_all_the_same(
    db, online, server, someone, give
):
    server.trouble("dropped", path="/api/v3/coins")
    server.trouble("dropped", path="/api/v3/simple")
    give(someone, "ETH", "3")
    give(someone, "DUP", "3")
    pricing.refresh(db)
    assert provider(db, someone, "crypto:ETH") == "binance"
    assert price(db, someone, DUP) is None


def test_what_was_set_aside_is_in_no_book(db, online, server, someone, give):
    give(someone, "SOL", "3", NOW - timedelta(days=20))
    server.world.slips["coingecko", "solana", (NOW - timedelta(days=5)).date()] = 100.0
    pricing.refresh(db)
    pricing.backfill(db)
    (row,) = aside(db, SOL)
    stored = db.execute(
        select(DailyPrice).where(col(DailyPrice.asset) == SOL, col(DailyPrice.day) == row.day)
    ).scalars()
    assert {one.provider for one in stored} == {"binance"}
