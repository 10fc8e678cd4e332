"""Securities from ticker to price book: the right symbol, real prices in whole units, and no call too many."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.providers import yahoo
from smartfolio_app.providers.yahoo import Candidate
from smartfolio_app.services import (
    listings,
    market_data,
    performance,
    price_needs,
    price_refresh,
    pricing,
    views,
)
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import days_with_prices
from smartfolio_app.storage.tables import FxRate, PriceListing, SecurityEvent
from tests.loopback.charts import YahooApi
from tests.services.papers import give_paper

NOW = datetime.now(UTC)


def price(db, user, asset, currency, at=None):
    return pricing.price_book(db, user).unit_price(asset, currency, at or datetime.now(UTC))


def told(server, symbol, units=1):
    """What the stand-in said of a symbol last, as exactly as we read it."""
    return (
        round(Decimal(str(round(YahooApi(server.world).present(symbol), 6))), 4 if units == 1 else 6) / units
    )


def charts(server):
    return [request for request in server.world.requests if "/chart/" in request.path]


def listing(db, asset, owner=""):
    return db.get(PriceListing, (owner, asset, yahoo.ID))


def test_a_share_with_an_isin_is_found_priced_and_explained(db, online, server, someone):
    asset = give_paper(db, someone, "AAPL", isin="US0378331005", currency="USD")
    report = pricing.refresh(db)
    assert report.problems == {}
    assert listing(db, asset).symbol == "AAPL"
    found = price(db, someone, asset, "EUR")
    assert [rate.provider for rate in found.path] == ["yahoo", "ecb"]
    assert found.path[0].value == told(server, "AAPL")
    assert not found.stale


def test_the_listing_in_the_currency_of_the_file_is_taken_and_thin_floors_last(db, online, someone):
    asset = give_paper(db, someone, "APC", isin="US0378331005", currency="EUR")
    pricing.refresh(db)
    assert listing(db, asset).symbol == "APC.DE"


def test_pence_are_a_hundredth_of_a_pound(db, online, server, someone):
    asset = give_paper(db, someone, "VOD", isin="GB00BH4HKS39", currency="GBP")
    pricing.refresh(db)
    assert price(db, someone, asset, "GBP").value == told(server, "VOD.L", 100)
    event = db.execute(select(SecurityEvent)).scalar_one()
    assert (event.kind, event.amount, event.currency) == ("dividend", Decimal("0.045"), "GBP")


def test_the_past_is_filled_once_with_gaps_left_as_gaps(db, online, server, someone):
    asset = give_paper(db, someone, "SXR8", isin="IE00B5BMR087", currency="EUR", days=60)
    pricing.refresh(db)
    pricing.backfill(db)
    first = (NOW - timedelta(days=60)).date()
    days = days_with_prices(db, Observer(yahoo.ID), asset, first)
    gaps = {(server.world.today - timedelta(days=back)) for back in (3, 10)}
    assert days.isdisjoint(gaps)
    assert all(day.weekday() < 5 for day in days)
    assert len(days) > 35
    asked = len(charts(server))
    pricing.backfill(db)
    pricing.refresh(db)
    assert len(charts(server)) == asked  # nothing is due, nothing is missing


def test_history_is_what_was_paid_before_a_split(db, online, server, someone):
    asset = give_paper(db, someone, "SPLT", isin="US0000000SP1", currency="USD", days=90)
    pricing.refresh(db)
    pricing.backfill(db)
    before = server.world.today - timedelta(days=50)
    after = server.world.today - timedelta(days=30)

    def paid(day):
        return float(
            price(db, someone, asset, "USD", datetime(day.year, day.month, day.day, 23, tzinfo=UTC)).value
        )

    assert paid(before) > 8 * paid(after)
    event = db.execute(select(SecurityEvent).where(col(SecurityEvent.kind) == "split")).scalar_one()
    assert event.amount == 10


def test_a_ticker_of_two_companies_waits_for_the_users_word_which_is_theirs_alone(
    db, online, server, someone, other
):
    asset = give_paper(db, someone, "DTE")
    give_paper(db, other, "DTE")
    assert asset in pricing.refresh(db).unresolved
    (open_,) = pricing.unresolved(db, someone)
    assert (open_.provider, open_.symbol) == ("yahoo", "DTE")
    assert {one for one, _ in open_.candidates} == {"DTE", "DTE.DE", "DTE.F"}
    assert price(db, someone, asset, "EUR") is None

    pricing.choose_coin(db, someone, asset, "dte.de")
    pricing.choose_coin(db, other, asset, "DTE")
    assert pricing.refresh(db).problems == {}
    assert price(db, someone, asset, "EUR").value == told(server, "DTE.DE")
    assert price(db, other, asset, "USD").value == told(server, "DTE")
    assert pricing.unresolved(db, someone) == []
    pricing.choose_coin(db, someone, asset, pricing.NO_COIN)
    assert price(db, someone, asset, "EUR") is None
    assert price(db, other, asset, "USD").value == told(server, "DTE")


def test_the_currency_of_the_file_tells_companies_apart(db, online, someone):
    asset = give_paper(db, someone, "DTE", currency="EUR")
    pricing.refresh(db)
    assert listing(db, asset).symbol == "DTE.DE"


def test_what_nobody_knows_is_asked_for_once_and_listed(db, online, server, someone):
    asset = give_paper(db, someone, "NOSUCH")
    pricing.refresh(db)
    asked = len(server.paths)
    market_data.close()
    pricing.refresh(db)
    assert [path for path in server.paths[asked:] if "search" in path] == []
    assert pricing.unresolved(db, someone)[0].asset == asset


def test_own_word_wins_over_what_everybody_takes_it_for(db, online, server, someone, other):
    asset = give_paper(db, someone, "MONO", isin="US00000MONO1", currency="USD")
    give_paper(db, other, "MONO", isin="US00000MONO1", currency="USD")
    pricing.refresh(db)
    assert price(db, someone, asset, "USD").value == told(server, "MONO")
    pricing.choose_coin(db, someone, asset, "AAPL")
    pricing.refresh(db)
    assert price(db, someone, asset, "USD").value == told(server, "AAPL")
    assert price(db, other, asset, "USD").value == told(server, "MONO")


def test_a_symbol_that_is_refused_harms_no_other_and_is_left_alone_for_a_day(db, online, server, someone):
    gone = give_paper(db, someone, "MONO", isin="US00000MONO1", currency="USD")
    kept = give_paper(db, someone, "AAPL", isin="US0378331005", currency="USD")
    server.trouble("status", path="chart/MONO", status=404, body='{"chart":{"result":null,"error":{}}}')
    report = pricing.refresh(db)
    assert report.problems == {"yahoo": "provider.refused"}
    assert price(db, someone, gone, "USD") is None
    assert price(db, someone, kept, "USD") is not None
    asked = len(charts(server))
    pricing.refresh(db)
    assert len(charts(server)) == asked

    def is_asked_for(hours):
        before = len(charts(server))
        pricing.refresh(db, now=datetime.now(UTC) + timedelta(hours=hours))
        return any("MONO" in one.path for one in charts(server)[before:])

    assert [is_asked_for(hours) for hours in (8, 23, 25)] == [False, False, True]


def test_an_open_exchange_is_asked_every_quarter_of_an_hour_and_a_closed_one_hardly(
    db, online, server, someone, time_machine
):
    monday = datetime.combine(
        server.world.today - timedelta(days=server.world.today.weekday()), datetime.min.time(), UTC
    ).replace(hour=9)
    time_machine.move_to(monday)
    server.world.today = monday.date()
    give_paper(db, someone, "SXR8", isin="IE00B5BMR087", currency="EUR", days=5)
    pricing.refresh(db)

    def asked_within(hours, start):
        before = len(charts(server))
        for minute in range(0, hours * 60, 7):
            time_machine.move_to(start + timedelta(minutes=minute))
            pricing.refresh(db)
        return len(charts(server)) - before

    assert 2 <= asked_within(1, monday + timedelta(minutes=6)) <= 4
    time_machine.move_to(monday + timedelta(hours=10, minutes=50))
    pricing.refresh(db)
    assert asked_within(2, monday + timedelta(hours=11, minutes=6)) <= 1


def test_currencies_the_ecb_does_not_publish_come_from_yahoo_and_its_own_are_not_replaced(
    db, online, server, someone, give
):
    from smartfolio_app.ledger.assets import fiat

    asset = give_paper(db, someone, "RUB", currency="", kind=AssetClass.FIAT)
    assert asset == fiat("RUB")
    give(someone, "SOL", "1")
    assert pricing.refresh(db).problems == {}
    rate = pricing.price_book(db, someone).convert("RUB", "EUR", NOW)
    assert rate.path[0].provider == "yahoo"
    assert {
        row.currency for row in db.execute(select(FxRate).where(col(FxRate.provider) == "yahoo")).scalars()
    } == {"RUB"}
    asked = len(charts(server))
    pricing.refresh(db)
    assert len(charts(server)) == asked


def test_when_the_ecb_is_silent_for_days_yahoo_steps_in_and_steps_back(
    db, online, server, someone, give, time_machine
):
    start = datetime(2026, 3, 2, 17, tzinfo=UTC)
    time_machine.move_to(start)
    server.world.today = start.date()
    give(someone, "USD", "100", start - timedelta(days=5))
    pricing.refresh(db)
    assert pricing.price_book(db, someone).convert("USD", "EUR", start).path[0].provider == "ecb"
    later = start + timedelta(days=8)
    time_machine.move_to(later)
    server.world.today = later.date()
    server.trouble("status", path="eurofxref", status=503)
    pricing.refresh(db)
    found = pricing.price_book(db, someone).convert("USD", "EUR", later)
    assert found.path[0].provider == "yahoo"
    assert not found.stale
    server.behave()
    market_data.close()
    pricing.refresh(db)
    assert pricing.price_book(db, someone).convert("USD", "EUR", later).path[0].provider == "ecb"
    assert db.execute(select(FxRate).where(col(FxRate.provider) == "yahoo")).first() is None


@pytest.mark.parametrize(
    ("asset", "candidates", "chosen"),
    [
        (Asset("stock:X", AssetClass.STOCK, "X"), [], ""),
        (Asset("stock:X", AssetClass.STOCK, "X"), [("X", "One")], "X"),
        (Asset("stock:X", AssetClass.STOCK, "X"), [("X", "One"), ("X.DE", "Two")], ""),
        (Asset("stock:X", AssetClass.STOCK, "X"), [("X.F", "One AG"), ("X.DE", "One AG")], "X.DE"),
        (Asset("stock:X", AssetClass.STOCK, "X"), [("XY", "One")], ""),
        (Asset("stock:X.XETR", AssetClass.STOCK, "X"), [("X", "One"), ("X.DE", "Two")], "X.DE"),
        (Asset("stock:X", AssetClass.STOCK, "X", quote_currency="CHF"), [("X", "A"), ("X.SW", "B")], "X.SW"),
        (Asset("stock:X", AssetClass.STOCK, "X", quote_currency="GBP"), [("X", "A"), ("X.L", "B")], "X.L"),
        (Asset("stock:X", AssetClass.STOCK, "X", quote_currency="SEK"), [("X", "A"), ("X.DE", "B")], ""),
    ],
)
def test_which_listing_an_asset_is(asset, candidates, chosen):
    found, offered = listings.chosen_of(asset, [Candidate(symbol, name, "") for symbol, name in candidates])
    assert (found.symbol if found else "") == chosen
    assert len(offered) <= len(candidates)


def test_a_close_of_an_asian_exchange_belongs_to_its_own_day():
    body = (
        b'{"chart":{"error":null,"result":[{"meta":{"currency":"JPY","symbol":"7203.T","priceHint":2,'
        b'"gmtoffset":32400,"currentTradingPeriod":{"regular":{"start":1777507200,"end":1777528800}}},'
        b'"timestamp":[1777420800],"indicators":{"quote":[{"close":[2750.5]}]}}]}}'
    )
    chart = yahoo.read_chart(body, datetime(2026, 4, 30, 12, tzinfo=UTC))
    (day,) = chart.closes
    assert day == date(2026, 4, 29)
    assert chart.closes[day].at.date() == day


def test_a_security_nobody_owns_can_be_compared_with_once_somebody_wants_it(
    db, online, server, someone, give
):
    """An index fund by its symbol: fetched since the household's own first day, offered when its prices are there."""
    give(someone, "BTC", "1", NOW - timedelta(days=40))
    view = views.view_of(db, someone)
    with pytest.raises(InvalidInputError):
        performance.want_benchmark(db, someone, " ")
    asset = performance.want_benchmark(db, someone, "APC.DE")
    assert asset not in {one.id for one in performance.benchmarks(db, view)}
    pricing.refresh(db)
    price_refresh.backfill(db)
    assert asset in {one.id for one in performance.benchmarks(db, view)}
    assert asset in {one.asset for one in price_needs.needs(db, someone).papers}
    found = performance.report(db, view, "1W", against=asset)
    assert found.benchmark.asset == asset
    price_needs.choose_coin(db, someone, asset, "")
    assert asset not in {one.asset for one in price_needs.needs(db, someone).papers}
