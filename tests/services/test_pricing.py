"""Prices from provider to price book: exact, shared where public, private where not, never invented, never awaited."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.providers import coingecko
from smartfolio_app.providers.http import Limits
from smartfolio_app.services import demo, market_data, pricing
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import days_with_prices, price_revision
from smartfolio_app.storage.tables import DailyPrice, FxRate, OutboundCallRow, Quote

NOW = datetime.now(UTC)
BTC, SOL = "crypto:BTC", "crypto:SOL"


def price(db, user, asset, currency="USD", at=None):
    return pricing.price_book(db, user).unit_price(asset, currency, at or datetime.now(UTC))


def test_what_is_held_gets_a_price_with_its_whole_path(db, online, someone, give):
    give(someone, "SOL", "3")
    report = pricing.refresh(db, someone)
    assert (report.prices, report.problems, report.unresolved) == (
        3,
        {},
        (),
    )  # bitcoin too: a currency to look in; and the dollar that Binance counts in
    found = price(db, someone, SOL, "EUR")
    assert [rate.provider for rate in found.path] == ["coingecko", "ecb"]
    assert found.path[0].value == Decimal("187.25")
    assert abs(found.value - Decimal("187.25") / found.path[1].value) < Decimal("1e-20")
    assert not found.stale
    assert price(db, someone, SOL, "BTC").value < Decimal("0.01")


def test_nobody_is_asked_for_a_user_without_anything(db, online, server, someone):
    assert pricing.refresh(db).prices == 0
    assert server.paths == []


def test_offline_calls_nobody_and_says_so(db, settings, server, someone, give):
    give(someone, "SOL", "3")
    assert pricing.refresh(db, someone).offline
    assert pricing.backfill(db).offline
    assert server.paths == []
    assert price(db, someone, SOL) is None


def test_one_call_serves_all_users_and_their_books_agree(db, online, server, someone, other, give):
    give(someone, "SOL", "3")
    give(other, "SOL", "5")
    give(other, "ADA", "100")
    pricing.refresh(db)
    asked = [request for request in server.world.requests if request.path.endswith("/simple/price")]
    assert len(asked) == 1
    assert asked[0].query["ids"] == "bitcoin,cardano,solana"
    assert price(db, someone, SOL) == price(db, other, SOL)
    assert (
        db.execute(
            select(func.count()).select_from(DailyPrice).where(col(DailyPrice.owner) != "")
        ).scalar_one()
        == 0
    )


def test_a_nonsense_price_is_refused_and_the_last_one_stays_and_grows_old(db, online, server, someone, give):
    give(someone, "SOL", "3")
    pricing.refresh(db, now=NOW)
    for nonsense in ("0", "-1", '"187"'):
        market_data.close()
        server.behave()
        server.trouble(
            "body",
            path="simple/price",
            body=f'{{"bitcoin": {{"usd": 90000}}, "solana": {{"usd": {nonsense}}}}}',
        )
        report = pricing.refresh(db, now=NOW + timedelta(minutes=6))
        assert report.refused == ("solana",)
    assert price(db, someone, SOL).value == Decimal("187.25")
    assert price(db, someone, SOL, at=NOW + timedelta(hours=3)).stale


@pytest.mark.parametrize(
    "trouble", [{"kind": "html"}, {"kind": "dropped"}, {"kind": "status", "status": 429}]
)
def test_a_failing_provider_leaves_everything_as_it_was(db, online, server, someone, give, trouble):
    give(someone, "SOL", "3")
    pricing.refresh(db)
    before = price(db, someone, SOL)
    market_data.close()
    server.trouble(path="simple/price", **trouble)
    report = pricing.refresh(db)
    assert report.problems["coingecko"].startswith("provider.")
    assert price(db, someone, SOL) == before
    status = next(one for one in pricing.provider_statuses(db) if one.id == "coingecko")
    assert status.error == report.problems["coingecko"]
    assert status.succeeded_at is not None


def test_one_failing_provider_does_not_stop_the_other(db, online, server, someone, give):
    give(someone, "SOL", "3")
    server.trouble("status", path="eurofxref", status=404)
    report = pricing.refresh(db)
    assert set(report.problems) == {"ecb"}
    assert price(db, someone, SOL).value == Decimal("187.25")
    assert price(db, someone, SOL, "EUR") is None  # no rate is never 1.0


def test_an_ambiguous_ticker_waits_for_the_users_choice_which_is_theirs_alone(
    db, online, server, someone, other, give
):
    gem = give(someone, "GEM", "10")
    give(other, "GEM", "20")
    assert pricing.refresh(db).unresolved == (gem,)
    (open_,) = pricing.unresolved(db, someone)
    assert open_.candidates == (("gemstone-one", "Gemstone One"), ("gemini-meme", "Gem Meme"))
    assert price(db, someone, gem) is None

    pricing.choose_coin(db, someone, gem, "gemini-meme")
    pricing.choose_coin(db, other, gem, "gemstone-one")
    pricing.refresh(db)
    assert price(db, someone, gem).value == Decimal("0.004")
    assert price(db, other, gem).value == Decimal("1.1")
    assert pricing.unresolved(db, someone) == []

    pricing.choose_coin(db, someone, gem, pricing.NO_COIN)
    assert price(db, someone, gem) is None
    pricing.refresh(db)
    assert price(db, someone, gem) is None
    assert price(db, other, gem).value == Decimal("1.1")


def test_an_unknown_ticker_is_listed_and_not_priced(db, online, someone, give):
    asset = give(someone, "NOSUCHCOIN", "1")
    assert pricing.refresh(db).unresolved == (asset,)
    assert pricing.unresolved(db, someone)[0].candidates == ()


def test_the_past_is_filled_once_and_only_where_it_is_missing(db, online, server, someone, give):
    first = NOW - timedelta(days=40)
    give(someone, "SOL", "3", first)
    pricing.refresh(db)
    report = pricing.backfill(db)
    assert report.problems == {}
    days = days_with_prices(db, Observer(coingecko.ID), SOL, first.date())
    assert len(days) >= 40
    asked = len(server.paths)
    assert pricing.backfill(db).prices == 0
    assert len(server.paths) == asked

    db.execute(
        DailyPrice.__table__.delete().where(DailyPrice.__table__.c.day == (NOW - timedelta(days=20)).date())
    )
    db.commit()
    pricing.backfill(db)
    assert len(server.paths) == asked  # a gap that was asked for before is not asked again


def test_days_the_server_was_off_are_filled(db, online, server, someone, give):
    give(someone, "SOL", "3", NOW - timedelta(days=10))
    pricing.backfill(db, now=NOW)
    pricing.refresh(db, now=NOW)
    pricing.backfill(db, now=NOW)
    table = DailyPrice.__table__
    last_days = [(NOW - timedelta(days=back)).date() for back in range(1, 5)]
    from smartfolio_app.storage.tables import PriceHistoryRow

    for row in db.execute(select(PriceHistoryRow)).scalars():
        row.asked_at = NOW - timedelta(days=4)
        db.add(row)
    db.execute(table.delete().where(table.c.day.in_(last_days)))
    db.commit()
    market_data.close()
    pricing.backfill(db, now=NOW)
    assert set(last_days) <= days_with_prices(db, Observer(coingecko.ID), SOL, last_days[-1])


def test_a_close_belongs_to_the_day_it_closes(db, online, someone, give):
    give(someone, "SOL", "3", NOW - timedelta(days=30))
    pricing.refresh(db)
    pricing.backfill(db)
    row = db.execute(
        select(DailyPrice).where(
            col(DailyPrice.asset) == SOL, col(DailyPrice.day) == (NOW - timedelta(days=5)).date()
        )
    ).scalar_one()
    assert row.at.date() == row.day
    assert (row.at + timedelta(microseconds=1)).time().isoformat() == "00:00:00"


def test_rates_reach_back_to_the_first_day_and_further_when_an_older_ledger_comes(db, online, someone, give):
    give(someone, "SOL", "3", NOW - timedelta(days=30))
    pricing.refresh(db)
    first = db.execute(select(func.min(FxRate.__table__.c.day))).scalar_one()
    assert first <= (NOW - timedelta(days=30)).date()
    give(someone, "ADA", "3", NOW - timedelta(days=900))
    pricing.backfill(db)
    first = db.execute(select(func.min(FxRate.__table__.c.day))).scalar_one()
    assert first <= (NOW - timedelta(days=900)).date()


def test_a_price_set_by_hand_is_private_and_wins_on_its_day(db, online, someone, other, give):
    give(someone, "SOL", "3")
    give(other, "SOL", "3")
    pricing.refresh(db)
    pricing.set_manual_price(db, someone, SOL, Decimal("200.5"), "USD")
    assert price(db, someone, SOL).value == Decimal("200.5")
    assert price(db, someone, SOL).path[0].provider == "manual"
    assert price(db, other, SOL).value == Decimal("187.25")
    pricing.set_manual_price(db, someone, SOL, Decimal(201), "EUR")
    assert [quote.currency for quote in pricing.manual_prices(db, someone, SOL)] == ["EUR"]
    pricing.remove_manual_price(db, someone, SOL, datetime.now(UTC).date())
    assert price(db, someone, SOL).value == Decimal("187.25")


@pytest.mark.parametrize(
    ("value", "currency", "days", "error"),
    [
        ("0", "USD", 0, InvalidInputError),
        ("-1", "USD", 0, InvalidInputError),
        ("NaN", "USD", 0, InvalidInputError),
        ("1", "XXX", 0, InvalidInputError),
        ("1", "USD", 2, InvalidInputError),  # also when it has become tomorrow since
    ],
)
def test_a_price_set_by_hand_must_be_one(db, settings, someone, give, value, currency, days, error):
    give(someone, "SOL", "3")
    with pytest.raises(error):
        pricing.set_manual_price(
            db, someone, SOL, Decimal(value), currency, day=(NOW + timedelta(days=days)).date()
        )


def test_nobody_prices_what_does_not_exist(db, settings, someone):
    with pytest.raises(NotFoundError):
        pricing.set_manual_price(db, someone, "crypto:NEVERHEARD", Decimal(1), "USD")


def test_a_book_is_kept_until_something_changes(db, online, someone, give):
    give(someone, "SOL", "3")
    pricing.refresh(db)
    book = pricing.price_book(db, someone)
    assert pricing.price_book(db, someone) is book
    pricing.set_manual_price(db, someone, SOL, Decimal(5), "USD")
    changed = pricing.price_book(db, someone)
    assert changed is not book
    before = price_revision(db)
    market_data.close()
    pricing.refresh(db)
    assert price_revision(db) > before
    assert pricing.price_book(db, someone) is not changed


def test_a_grown_book_says_the_same_as_one_read_anew(db, online, server, someone, give):
    from smartfolio_app.services import price_books

    give(someone, "SOL", "3", NOW - timedelta(days=12))
    pricing.refresh(db, now=NOW)
    pricing.price_book(db, someone)
    server.world.prices["solana"] = 190.5
    market_data.close()
    pricing.refresh(db)
    pricing.backfill(db)
    moments = [NOW - timedelta(hours=hours) for hours in (0, 5, 30, 100, 200)] + [datetime.now(UTC)]
    grown = [price(db, someone, SOL, "EUR", at) for at in moments]
    price_books.forget()
    assert grown == [price(db, someone, SOL, "EUR", at) for at in moments]
    assert grown[-1].path[0].value == Decimal("190.5")


def test_the_sample_user_lives_on_sample_prices_alone_and_costs_no_call(db, online, server, someone, give):
    give(someone, "SOL", "3")
    user = demo.reset_demo(db)
    assert pricing.refresh(db, user.id).prices == 0
    assert server.paths == []
    pricing.refresh(db)
    pricing.backfill(db)
    asked = {i for request in server.world.requests for i in request.query.get("ids", "").split(",")}
    assert "cardano" not in asked  # which only the sample user holds
    found = price(db, user.id, BTC, "EUR")
    assert {rate.provider for rate in found.path} == {"demo"}
    assert {rate.provider for rate in price(db, someone, SOL, "EUR").path} == {"coingecko", "ecb"}


def test_every_call_is_on_record(db, online, server, someone, give):
    give(someone, "SOL", "3")
    pricing.refresh(db)
    rows = pricing.recent_calls(db)
    assert len(rows) == len(server.paths)
    assert {(row.provider, row.outcome, row.status) for row in rows} == {
        ("coingecko", "ok", 200),
        ("ecb", "ok", 200),
        ("binance", "ok", 200),
    }
    assert all("?" not in row.path for row in rows)


def test_a_spent_budget_stays_spent_after_a_restart(db, online, server, someone, give):
    give(someone, "SOL", "3")
    pricing.refresh(db)
    left = {one.id: one.calls_left for one in pricing.provider_statuses(db)}
    assert left["coingecko"] == 8 - 2  # the list of coins, the prices
    market_data.close()
    assert {one.id: one.calls_left for one in pricing.provider_statuses(db)} == left


def test_old_quotes_and_old_calls_are_forgotten(db, online, someone, give):
    give(someone, "SOL", "3")
    pricing.refresh(db, now=NOW)
    pricing.tidy(db, NOW + timedelta(days=8))
    assert db.execute(select(func.count()).select_from(Quote)).scalar_one() > 0
    pricing.tidy(db, NOW + timedelta(days=40))
    assert db.execute(select(func.count()).select_from(Quote)).scalar_one() == 0
    assert db.execute(select(func.count()).select_from(OutboundCallRow)).scalar_one() == 0
    assert db.execute(select(func.count()).select_from(DailyPrice)).scalar_one() > 0


def test_yesterdays_quotes_are_thinned_to_one_an_hour(db, someone, give):
    from smartfolio_app.ledger.transactions import PriceQuote
    from smartfolio_app.storage.repo_prices import put_quotes

    start = (NOW - timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    quotes = [PriceQuote(SOL, "USD", Decimal(100 + n), start + timedelta(minutes=6 * n)) for n in range(720)]
    put_quotes(db, Observer(coingecko.ID), quotes)
    pricing.tidy(db, NOW)
    kept = db.execute(select(Quote).order_by(col(Quote.at))).scalars().all()
    old = [row for row in kept if row.at < NOW - timedelta(hours=27)]
    assert all(row.at.minute == 54 for row in old)
    assert 44 <= len(old) <= 46
    assert len(kept) - len(old) >= 250


def test_an_exchange_rate_in_a_users_file_serves_that_user_where_nobody_else_has_one(
    db, someone, other, give
):
    from smartfolio_app.ledger.transactions import PriceQuote
    from smartfolio_app.storage.repo_ledger import bump_revision
    from smartfolio_app.storage.repo_market import put_daily_prices
    from smartfolio_app.storage.repo_prices import RateRow, put_rates

    rates = [
        PriceQuote("fiat:EUR", "USD", Decimal("1.25"), NOW),
        PriceQuote("fiat:CHF", "EUR", Decimal("0.8"), NOW),
    ]
    bump_revision(db, someone)
    put_daily_prices(db, Observer("file", owner=someone), rates)
    db.commit()
    book = pricing.price_book(db, someone)
    assert book.convert("EUR", "USD", NOW).value == Decimal("1.25")
    assert book.convert("CHF", "EUR", NOW).value == Decimal("0.8")
    assert book.convert("EUR", "USD", NOW).path[0].provider == "file"
    assert pricing.price_book(db, other).convert("EUR", "USD", NOW) is None
    put_rates(db, [RateRow("USD", NOW.date(), Decimal("1.1"), "ecb")], NOW)
    bump_revision(db, someone)
    db.commit()
    from smartfolio_app.services import price_books

    price_books.forget()
    assert pricing.price_book(db, someone).convert("EUR", "USD", NOW).value == Decimal("1.1")


TROUBLES = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 429, "headers": {"retry-after": "30"}},
    {"kind": "status", "status": 418},
    {"kind": "dropped"},
    {"kind": "truncated"},
    {"kind": "garbage"},
    {"kind": "html"},
    {"kind": "huge"},
    {"kind": "redirect", "body": "https://elsewhere.example/"},
    {"kind": "body", "body": "null"},
    {"kind": "body", "body": '{"bitcoin": 5, "solana": "soon", "prices": {"a": 1}}'},
    {
        "kind": "body",
        "body": '{"bitcoin": {"usd": {}}, "solana": {"usd": 1e999}, "prices": [[1], [null, null]]}',
    },
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble)[9:60])
def test_an_hour_of_any_trouble_harms_nothing_and_passes(
    db, online, server, someone, give, time_machine, trouble
):
    now = datetime.now(UTC)
    start = max(now, now.replace(hour=15, minute=30))  # no fixing falls into the hour
    time_machine.move_to(start)
    give(someone, "SOL", "3", start - timedelta(days=20))
    pricing.refresh(db)
    before = price(db, someone, SOL, "EUR", start)
    assert before is not None
    market_data.market().gateway.limits = Limits(read=0.3, deadline=0.5, backoff=0.001, backoff_max=0.001)
    server.trouble(**trouble)
    for minute in range(6, 66, 6):
        time_machine.move_to(start + timedelta(minutes=minute))
        calls = len(server.paths)
        pricing.refresh(db)
        pricing.backfill(db, patience=0)
        assert len(server.paths) - calls <= 8 + 20  # both budgets of one minute
        assert price(db, someone, SOL, "EUR", start) == before
    later = price(db, someone, SOL, "EUR")
    assert later.value == before.value
    assert later.stale
    server.behave()
    time_machine.move_to(start + timedelta(minutes=66 + 16))  # past the longest rest of a breaker
    pricing.refresh(db)
    assert not price(db, someone, SOL, "EUR").stale
