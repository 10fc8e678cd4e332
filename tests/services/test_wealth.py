"""The one answer: the same everywhere, right after every change, fast, and honest about what it does not know."""

import math
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import pricing, user_settings, wealth
from tests.support.large import fill_user

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _fresh_answers():
    wealth.forget()
    yield
    wealth.forget()


@pytest.fixture
def household(sample_user):
    """The sample user, whose wealth has a little of everything."""
    return sample_user(NOW)


@pytest.fixture
def view(household, db):
    return wealth.view_of(db, household)


def test_the_parts_make_the_whole(db, view):
    whole = wealth.portfolio(db, view)
    assert whole.currency == "EUR"
    assert whole.total == whole.assets - whole.liabilities == sum(whole.by_category.values())
    assert whole.total == sum(row.value for row in whole.holdings if row.value is not None)
    one_by_one = [
        wealth.portfolio(db, replace(view, scope=Scope(crypto=crypto, stocks="none", wealth="none"))).total
        for crypto in ("kraken", "binance", "ledger")
    ]
    # Each worth is rounded to twelve decimals, so a coin held in two places may differ in the last of them.
    assert abs(sum(one_by_one) - whole.by_category[Category.CRYPTO]) < Decimal("1e-9")


def test_what_is_not_priced_and_what_is_old_is_said(db, view):
    headline = wealth.summary(db, view)
    assert headline.unpriced == ("crypto:MOONBIT",)
    assert "crypto:GMX" in headline.stale
    assert headline.coverage.priced == headline.coverage.total - 1
    assert {row.asset.id for row in wealth.stale(db, view)} == {*headline.stale, *headline.unpriced}
    assert headline.total_value == wealth.portfolio(db, view).total


def test_the_sample_dashboard_is_worth_a_look(db, view):
    whole = wealth.portfolio(db, view)
    groups = {part.key for part in wealth.allocation(db, view)}
    assert {
        "BTC",
        "ETH",
        "STABLECOINS",
        "SOL",
        "L1",
        "L2",
        "DEFI",
        "AI",
        "GAMING",
        "MEME",
        "OTHERS",
    } == groups
    gainers, losers = wealth.movers(db, view)
    assert gainers
    assert losers
    assert whole.liabilities > 0
    assert whole.total > 200_000
    assert whole.change.market is not None


@pytest.mark.parametrize("by", list(wealth.SPREADS))
def test_every_split_adds_up(db, view, by):
    parts = wealth.allocation(db, view, by)
    assert len(parts) > 1
    if by not in ("group", "source"):
        assert abs(sum(part.value for part in parts) - wealth.portfolio(db, view).total) < Decimal("1e-9")


def test_an_unknown_split_currency_range_or_user_is_refused(db, view):
    with pytest.raises(InvalidInputError):
        wealth.allocation(db, view, "colour")
    with pytest.raises(InvalidInputError):
        wealth.view_of(db, view.user_id, currency="XXX")
    with pytest.raises(InvalidInputError):
        wealth.line(db, view, "1c")
    with pytest.raises(InvalidInputError):
        wealth.history(db, view, by="colour")
    with pytest.raises(InvalidInputError):
        wealth.history(db, view, NOW.date(), NOW.date() - timedelta(days=3))
    with pytest.raises(NotFoundError):
        wealth.portfolio(db, replace(view, user_id="nobody"))


@pytest.mark.parametrize("currency", ["USD", "CHF", "BTC"])
def test_any_currency_says_the_same(db, view, currency):
    euros, other = wealth.portfolio(db, view), wealth.portfolio(db, replace(view, currency=currency))
    rate = pricing.price_book(db, view.user_id).convert("EUR", currency, other.at).value
    assert abs(other.total / (euros.total * rate) - 1) < Decimal("0.0001")


def test_a_currency_nobody_has_a_rate_for_values_nothing(db, view):
    whole = wealth.portfolio(db, replace(view, currency="TRY"))
    assert whole.total is None
    assert {row.reason for row in whole.holdings} == {"holding.no_rate", "holding.no_price"}


def test_the_history_ends_where_the_portfolio_is(db, view):
    line = wealth.history(db, view)
    whole = wealth.portfolio(db, view)
    assert math.isclose(line.value[-1], float(whole.total), rel_tol=1e-9)
    assert len(line.days) == len(line.value) > 1000
    day = wealth.line(db, view, "1d")
    week = wealth.line(db, view, "1w")
    for intraday in (day, week):
        assert math.isclose(intraday.value[-1], float(whole.total), rel_tol=1e-9)
        assert not any(map(math.isnan, intraday.value))
    assert len(day.times) in (97, 98)
    assert len(week.times) in (169, 170)


def test_any_stretch_of_the_history_is_a_part_of_the_whole(db, view):
    whole = wealth.history(db, view)
    first, last = whole.days[-100], whole.days[-40]
    part = wealth.history(db, view, first, last)
    assert part.days == whole.days[-100:-39]
    assert list(part.value) == list(whole.value[-100:-39])
    assert list(part.invested) == list(whole.invested[-100:-39])
    early = wealth.history(db, view, whole.days[0] - timedelta(days=5), whole.days[2])
    assert list(early.value) == [0] * 5 + list(whole.value[:3])
    before = wealth.history(db, view, whole.days[0] - timedelta(days=9), whole.days[0] - timedelta(days=5))
    assert list(before.value) == [0] * 5
    beyond = wealth.history(db, view, first, NOW.date() + timedelta(days=300))
    assert beyond.days[-1] == whole.days[-1]


def test_a_breakdown_over_time_adds_up_to_the_line(db, view):
    line = wealth.history(db, view, by="category")
    assert set(line.by) == {"crypto", "stocks", "wealth"}
    assert all(
        math.isclose(sum(series[-n] for series in line.by.values()), line.value[-n], rel_tol=1e-9)
        for n in (1, 200)
    )


def test_nothing_at_all_is_an_empty_portfolio_and_a_flat_line(db, someone):
    view = wealth.view_of(db, someone)
    whole = wealth.portfolio(db, view)
    assert (whole.holdings, whole.total, whole.coverage.total) == ((), 0, 0)
    assert list(wealth.history(db, view).value) == [0]


def test_an_answer_is_given_again_until_something_changes(db, view):
    first = wealth.portfolio(db, view)
    assert wealth.portfolio(db, view) is first
    pricing.set_manual_price(db, view.user_id, "crypto:MOONBIT", Decimal("0.5"), "EUR")
    after = wealth.portfolio(db, view)
    assert after.total == first.total + 725
    user_settings.set_group(db, view.user_id, "crypto:MOONBIT", "MEME")
    changed = wealth.portfolio(db, view)
    assert {row.group for row in changed.holdings if row.asset.id == "crypto:MOONBIT"} == {"MEME"}


def test_an_answer_about_now_grows_old(db, view, monkeypatch):
    first = wealth.portfolio(db, view)
    monkeypatch.setattr("smartfolio_app.services.views.FRESH_SECONDS", -1)
    assert wealth.portfolio(db, view) is not first


def test_two_people_never_see_each_others_figures(db, view, someone, give):
    give(someone, "BTC", "1")
    mine = wealth.portfolio(db, wealth.view_of(db, someone))
    assert [row.asset.id for row in mine.holdings] == ["crypto:BTC"]
    assert mine.total is None  # no market price is known here, and the sample prices are the sample user's


def test_ten_thousand_transactions_answer_at_once(db, someone):
    fill_user(db, someone, 10_000, NOW.date(), assets=25)
    view = wealth.view_of(db, someone)
    wealth.portfolio(db, view)
    wealth.history(db, view)

    def milliseconds(ask):
        started = time.thread_time()  # our own work, however busy the machine is
        ask()
        return (time.thread_time() - started) * 1000

    elsewhere = replace(view, currency="USD")
    assert (
        milliseconds(lambda: wealth.portfolio(db, elsewhere)) < 350
    )  # the cost of everything in a new currency
    assert milliseconds(lambda: wealth.history(db, elsewhere)) < 250
    for other in (view, elsewhere):  # from then on
        narrow = replace(other, scope=Scope(crypto="cointracking_csv"))
        assert milliseconds(lambda: wealth.portfolio(db, narrow)) < 60  # noqa: B023 - called at once
        assert milliseconds(lambda: wealth.history(db, narrow)) < 60  # noqa: B023 - called at once
    assert milliseconds(lambda: wealth.history(db, view, NOW.date() - timedelta(days=365))) < 20
