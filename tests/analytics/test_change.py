"""P&L today: the market apart from income, fees and flows; three anchors; the identity that always holds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.anchors import Anchor, anchor_instant
from smartfolio_app.analytics.movers import movers
from smartfolio_app.analytics.portfolio import WealthItemView
from smartfolio_app.analytics.scope import Scope
from tests.analytics.conftest import NOW, World

MIDNIGHT = -12  # hours from now, in UTC


@pytest.fixture
def prices(world):
    """BTC rose from 50 to 60 since midnight, ETH fell from 10 to 8; a euro is worth two dollars."""
    quotes = ["BTC 50 EUR", "ETH 10 EUR"]
    return [
        *(world.price(quote, at=-40) for quote in quotes),
        world.price("BTC 55 EUR", at=-6),
        world.price("BTC 60 EUR", at=0),
        world.price("ETH 8 EUR", at=0),
    ]


def test_what_was_held_all_day_is_a_market_move(world, prices):
    portfolio = world.portfolio(world.ledger(world.tx("deposit", "2 BTC", at=-30)), prices)
    change = portfolio.change
    assert (change.value_then, change.total, change.market, change.flows) == (100, 20, 20, 0)
    assert change.pct == Decimal("0.2")
    assert change.since == NOW - 12 * world.hour
    assert (portfolio.holdings[0].change_today, portfolio.holdings[0].change_today_pct) == (
        20,
        Decimal("0.2"),
    )


def test_a_deposit_is_a_flow_and_only_what_it_gained_since_is_the_market(world, prices):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-30), world.tx("deposit", "1 BTC", at=-5))
    change = world.portfolio(ledger, prices).change
    assert (change.total, change.deposits, change.flows, change.market) == (80, 55, 55, 25)
    assert change.pct == Decimal("0.25")


def test_a_withdrawal_is_a_flow_the_other_way(world, prices):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-30), world.tx("withdrawal", None, "1 BTC", at=-5))
    change = world.portfolio(ledger, prices).change
    assert (change.total, change.withdrawals, change.flows, change.market) == (-40, 55, -55, 15)


def test_a_transfer_between_own_places_is_no_flow_and_what_it_loses_is_a_fee(world, prices):
    ledger = world.ledger(
        world.tx("deposit", "2 BTC", at=-30),
        world.tx("withdrawal", None, "1 BTC", at=-5),
        world.tx("deposit", "0.96 BTC", at=-4, source="b"),
    )
    change = world.portfolio(ledger, prices).change
    assert (change.flows, change.deposits, change.withdrawals, change.purchases) == (0, 0, 0, 0)
    assert (change.fees, change.total) == (Decimal("2.2"), Decimal("17.6"))
    one_end = world.portfolio(ledger, prices, scope=Scope(crypto="kraken")).change
    assert (one_end.withdrawals, one_end.deposits) == (55, 0)


def test_a_purchase_moves_money_inside_and_its_fee_is_a_cost(world, prices):
    ledger = world.ledger(
        world.tx("deposit", "100 EUR", at=-30), world.tx("trade", "1 BTC", "55 EUR", "1 EUR", at=-5)
    )
    change = world.portfolio(ledger, prices).change
    assert (change.value_then, change.total) == (100, 4)
    assert (change.market, change.fees, change.flows, change.purchases) == (5, 1, 0, 55)
    assert change.pct == Decimal("0.04")


def test_a_coin_for_coin_trade_adds_nothing_by_itself(world, prices):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-30), world.tx("trade", "6 ETH", "1 BTC", at=-5))
    change = world.portfolio(ledger, prices).change
    # 6 ETH were worth 60 when received, so the bitcoin had risen to 60; since then the ether fell to 48.
    assert (change.total, change.market, change.flows, change.purchases) == (-2, -2, 0, 60)


def test_income_and_losses_are_told_apart_from_the_market(world, prices):
    ledger = world.ledger(
        world.tx("deposit", "2 BTC", at=-30),
        world.tx("staking", "1 ETH", at=-5),
        world.tx("stolen", None, "1 BTC", at=-4),
    )
    change = world.portfolio(ledger, prices).change
    assert (change.income, change.fees, change.flows) == (10, 55, 0)
    assert change.total == change.market + change.income - change.fees


def test_a_statement_uploaded_today_corrects_what_was_known_and_is_neither_flow_nor_gain(world, prices):
    ledger = world.ledger(statements={"k": [world.statement("3 BTC", at=-1)]})
    change = world.portfolio(ledger, prices).change
    assert (change.value_then, change.total, change.flows, change.market) == (150, 30, 0, 30)
    assert (change.gain, change.pct) == (30, Decimal("0.2"))


def test_a_price_that_was_old_at_the_anchor_says_nothing_about_today(world):
    ledger = world.ledger(world.tx("deposit", "2 BTC", at=-3000))
    prices = [world.price("BTC 266 EUR", at=-2900), world.price("BTC 60000 EUR", at=-1)]
    change = world.portfolio(ledger, prices).change
    assert (change.gain, change.uncovered, change.reason) == (None, ("crypto:BTC",), "change.not_priced")


def test_what_nobody_quotes_moves_with_its_currency_and_tells_nothing_of_the_day(world, prices):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-3000), world.tx("deposit", "100 OLD", at=-3000))
    rates = [world.rate("1.25 USD", days=-3), world.rate("1.00 USD", days=0)]
    known = [*prices, world.price("OLD 0.10 USD", at=-2900)]
    change = world.portfolio(ledger, known, rates, at=datetime(2024, 5, 15, 18, tzinfo=UTC)).change
    assert (change.value_then, change.total, change.market, change.uncovered) == (58, 12, 12, ())
    # Alone it is no news: the day is not known.
    alone = world.portfolio(
        world.ledger(world.tx("deposit", "100 OLD", at=-3000)),
        known,
        rates,
        at=datetime(2024, 5, 15, 18, tzinfo=UTC),
    ).change
    assert (alone.gain, alone.reason) == (None, "change.little_covered")


def test_an_asset_without_a_price_at_the_anchor_is_left_out_and_named(world, prices):
    ledger = world.ledger(
        world.tx("deposit", "1 BTC", at=-30),
        world.tx("deposit", "1 NEW", at=-30),
        world.tx("deposit", "1 XYZ", at=-30),
    )
    portfolio = world.portfolio(ledger, [*prices, world.price("NEW 50 EUR", at=-1)])
    assert portfolio.total == 110
    assert (portfolio.change.total, portfolio.change.uncovered) == (10, ("crypto:NEW", "crypto:XYZ"))


def test_a_change_of_the_lesser_part_is_not_the_change_of_the_whole(world, prices):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-30), world.tx("deposit", "1 NEW", at=-30))
    at_first = world.portfolio(ledger, [*prices, world.price("NEW 61 EUR", at=-1)]).change
    assert (at_first.gain, at_first.uncovered, at_first.reason) == (
        None,
        ("crypto:NEW",),
        "change.little_covered",
    )
    assert world.portfolio(ledger, [*prices, world.price("NEW 59 EUR", at=-1)]).change.gain == 10


def test_buying_something_that_has_no_price_is_a_withdrawal_from_what_has_one(world, prices):
    ledger = world.ledger(world.tx("deposit", "100 EUR", at=-30), world.tx("trade", "9 XYZ", "40 EUR", at=-5))
    change = world.portfolio(ledger, prices).change
    assert (change.total, change.market, change.withdrawals) == (-40, 0, 40)


def test_with_nothing_to_compare_the_change_is_unknown_and_says_why(world, prices):
    nothing_priced = world.portfolio(world.ledger(world.tx("deposit", "1 XYZ", at=-30))).change
    assert (nothing_priced.total, nothing_priced.market, nothing_priced.reason) == (
        None,
        None,
        "change.not_priced",
    )
    assert world.portfolio(world.ledger()).change.reason == "change.nothing_held"
    no_snapshot = world.portfolio(
        world.ledger(world.tx("deposit", "1 BTC")), prices, anchor="snapshot"
    ).change
    assert (no_snapshot.total, no_snapshot.since, no_snapshot.reason) == (None, None, "change.no_snapshot")


def test_the_snapshot_anchor_counts_from_when_it_was_taken(world, prices):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-30))
    change = world.portfolio(ledger, prices, anchor="snapshot", snapshot_at=NOW - 5 * world.hour).change
    assert (change.since, change.value_then, change.market) == (NOW - 5 * world.hour, 55, 5)


@pytest.mark.parametrize(
    ("day", "since"),
    [
        ("2024-05-15", "2024-05-14T22:00"),  # Wednesday: the end of Tuesday
        ("2024-05-13", "2024-05-10T22:00"),  # Monday: the end of Friday
        ("2024-05-12", "2024-05-10T22:00"),  # Sunday: the end of Friday
        ("2024-04-02", "2024-03-28T23:00"),  # after Easter: the end of Maundy Thursday, in winter time
    ],
)
def test_the_previous_close_is_the_end_of_the_last_business_day(day, since):
    at = datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=UTC)
    found = anchor_instant(Anchor.CLOSE, at, ZoneInfo("Europe/Paris"), None)
    assert found == datetime.fromisoformat(since).replace(tzinfo=UTC)


def test_a_snapshot_that_is_not_taken_yet_is_none():
    zone = ZoneInfo("UTC")
    assert anchor_instant(Anchor.SNAPSHOT, NOW, zone, NOW) == NOW
    assert anchor_instant(Anchor.SNAPSHOT, NOW, zone, NOW + World.hour) is None
    assert anchor_instant(Anchor.SNAPSHOT, NOW, zone, None) is None


def test_a_price_of_the_very_midnight_is_the_new_day_s(world):
    quotes = [
        world.price("BTC 50 EUR", at=-13),
        world.price("BTC 70 EUR", at=MIDNIGHT),
        world.price("BTC 60 EUR"),
    ]
    change = world.portfolio(world.ledger(world.tx("deposit", "1 BTC", at=-30)), quotes).change
    assert (change.value_then, change.market) == (50, 10)


def test_midnight_is_the_user_s_own():
    found = anchor_instant(Anchor.MIDNIGHT, NOW, ZoneInfo("America/New_York"), None)
    assert found == datetime(2024, 5, 15, 4, tzinfo=UTC)


def test_a_bank_balance_changes_by_flows_and_a_house_by_the_market(world):
    def item(kind, item_id, liability=False):
        rows = [(date(2024, 5, 1), Decimal(100)), (date(2024, 5, 15), Decimal(130))]
        return WealthItemView(item_id, kind, kind, "EUR", liability, rows)

    change = world.portfolio(world.ledger(items=[item("bank_account", "a")])).change
    assert (change.value_then, change.total, change.flows, change.market) == (100, 30, 30, 0)
    change = world.portfolio(world.ledger(items=[item("real_estate", "a")])).change
    assert (change.value_then, change.total, change.flows, change.market) == (100, 30, 0, 30)
    change = world.portfolio(world.ledger(items=[item("mortgage", "a", liability=True)])).change
    assert (change.value_then, change.total, change.flows, change.market) == (-100, -30, -30, 0)


def test_a_foreign_balance_gains_and_loses_with_its_currency(world):
    rows = [(date(2024, 5, 1), Decimal(100))]
    ledger = world.ledger(items=[WealthItemView("a", "bank", "bank_account", "USD", False, rows)])
    rates = [world.rate("2 USD", days=-1), world.rate("1.6 USD", days=0)]
    assert world.portfolio(ledger, [], rates).change.total == 0  # today's rate is not out yet
    change = world.portfolio(ledger, [], rates, at=NOW + 4 * world.hour).change
    assert (change.value_then, change.total, change.market) == (50, Decimal("12.5"), Decimal("12.5"))


def test_the_movers_are_the_strongest_on_either_side(world, prices):
    ledger = world.ledger(world.tx("deposit", "1 BTC", at=-30), world.tx("deposit", "1 ETH", at=-30))
    gainers, losers = movers(world.portfolio(ledger, prices))
    assert [(row.asset.symbol, row.change_today_pct) for row in gainers] == [("BTC", Decimal("0.2"))]
    assert [(row.asset.symbol, row.change_today_pct) for row in losers] == [("ETH", Decimal("-0.2"))]
    assert movers(world.portfolio(ledger, prices), smallest=Decimal(50))[1] == []
    both = [*prices, world.price("SOL 100 EUR", at=-40), world.price("SOL 40 EUR")]
    falling = world.ledger(world.tx("deposit", "1 ETH", at=-30), world.tx("deposit", "1 SOL", at=-30))
    losers = movers(world.portfolio(falling, both))[1]
    assert [row.asset.symbol for row in losers] == ["SOL", "ETH"]  # by percentage, the deepest fall first
    assert len(movers(world.portfolio(falling, both), count=1)[1]) == 1


WORLD = World()
names = st.sampled_from(["1 BTC", "3 BTC", "2 ETH", "40 EUR", "5 XYZ"])
events = st.lists(
    st.builds(
        lambda kind, received, sent, fee, at, source: WORLD.tx(
            kind, received, sent, fee, at=-at, source=source
        ),
        st.sampled_from(
            ["trade", "deposit", "withdrawal", "staking", "spend", "lost", "split", "spin_off", "fee"]
        ),
        names,
        names,
        st.none() | names,
        st.integers(0, 30),
        st.sampled_from(["k", "b"]),  # one category: what is left out is told by asset
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(events, st.sampled_from(["EUR", "USD"]))
def test_market_plus_income_less_fees_plus_flows_is_always_the_whole_change(transactions, currency):
    prices = [
        WORLD.price("BTC 50 EUR", at=-99),
        WORLD.price("BTC 60 EUR", at=-3),
        WORLD.price("ETH 10 USD", at=-99),
        WORLD.price("ETH 8 USD", at=-9),
    ]
    rates = [WORLD.rate("2 USD", -9), WORLD.rate("1.6 USD")]
    portfolio = WORLD.portfolio(WORLD.ledger(*transactions), prices, rates, currency=currency)
    change = portfolio.change
    if change.total is None:
        return
    assert change.total == change.market + change.income - change.fees + change.flows
    assert change.flows == change.deposits - change.withdrawals
    covered = [row.value for row in portfolio.holdings if row.asset.id not in change.uncovered]
    assert change.value_then + change.total == sum(covered)
