"""Targets, drift and the trades of a plan. Every figure in these cases can be checked with pencil and paper."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.analytics.rebalancing.amounts import Room, amounts
from smartfolio_app.analytics.rebalancing.drift import (
    PRESETS,
    Bands,
    TargetsError,
    check_weights,
    drifts,
    whole,
)
from smartfolio_app.analytics.rebalancing.trades import Piece, Place, Rules, Venue, make_plan

D = Decimal
HALVES = {"BTC": D("0.5"), "ETH": D("0.5")}


def place(
    asset: str, value: int | str, venue: str = "kraken", *, price: str = "1", locked: bool = False
) -> Place:
    return Place(f"crypto:{asset}", venue, asset, D(value) / D(price), D(price), locked)


def moved(plan) -> dict[tuple[str, str], D]:
    return {(trade.key, trade.venue): trade.signed for trade in plan.trades}


# ------------------------------------------------------------------------------------------------------- targets
def test_every_preset_is_a_whole():
    for presets in PRESETS.values():
        for weights in presets.values():
            check_weights(weights)


def test_parts_become_steps_that_are_exactly_one():
    assert whole({"A": D(1), "B": D(1), "C": D(1)}) == {"A": D("0.334"), "B": D("0.333"), "C": D("0.333")}
    assert whole({"A": D(9999), "B": D(1)}) == {"A": D(1)}
    assert whole({"A": D(0)}) == {}


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=12))
def test_parts_of_any_size_become_a_whole(parts):
    shares = whole({str(at): D(part) / 1000 for at, part in enumerate(parts)})
    assert shares == {} or sum(shares.values()) == 1
    assert all(share > 0 for share in shares.values())


@pytest.mark.parametrize(
    "weights", [{"BTC": D("0.5")}, {"BTC": D("1.2"), "ETH": D("-0.2")}, {"BTC": D("NaN")}, {}]
)
def test_targets_that_are_no_whole_are_refused(weights):
    with pytest.raises(TargetsError):
        check_weights(weights)


def test_bands_by_points_and_by_parts_of_the_target():
    bands = Bands(D("0.05"), D("0.25"))
    assert bands.broken(D("0.549"), D("0.5")) == ""
    assert bands.broken(D("0.551"), D("0.5")) == "absolute"
    assert bands.broken(D("0.026"), D("0.02")) == "relative"  # small targets are watched more closely
    assert Bands(None, None).broken(D(1), D(0)) == ""


def test_a_band_is_left_beyond_its_edge_and_not_on_it():
    bands = Bands(D("0.05"), D("0.25"))
    assert [bands.broken(D(share), D("0.5")) for share in ("0.45", "0.55", "0.4499")] == ["", "", "absolute"]
    assert [bands.broken(D(share), D("0.04")) for share in ("0.03", "0.05", "0.0501")] == ["", "", "relative"]


def test_drift_counts_what_has_a_target_alone():
    first, second = drifts({"BTC": D(300), "ETH": D(100), "MEME": D(600)}, HALVES, Bands())
    assert (first.share, first.difference, first.band) == (D("0.75"), D("0.25"), "absolute")
    assert second.share == D("0.25")
    assert drifts({}, HALVES, Bands()) == ()


# ------------------------------------------------------------------------------------------------------- amounts
def test_exchange_restores_every_target():
    rooms = {"BTC": Room(D(300), D(300)), "ETH": Room(D(100), D(100))}
    assert amounts(rooms, HALVES, D(0), only_cash=False) == {"BTC": D(-100), "ETH": D(100)}


def test_new_money_fills_the_gaps_and_sells_nothing():
    rooms = {"BTC": Room(D(300), D(300)), "ETH": Room(D(100), D(100))}
    assert amounts(rooms, HALVES, D(50), only_cash=True) == {"ETH": D(50)}
    assert amounts(rooms, HALVES, D(400), only_cash=True) == {"BTC": D(100), "ETH": D(300)}


def test_money_is_taken_where_there_is_too_much():
    rooms = {"BTC": Room(D(300), D(300)), "ETH": Room(D(100), D(100))}
    assert amounts(rooms, HALVES, D(-100), only_cash=True) == {"BTC": D(-100)}


def test_what_may_not_be_sold_limits_what_can_be_bought():
    rooms = {"BTC": Room(D(300), D(40)), "ETH": Room(D(100), D(100))}
    assert amounts(rooms, HALVES, D(0), only_cash=False) == {"BTC": D(-40), "ETH": D(40)}


def test_nothing_is_sold_for_what_may_not_be_bought():
    rooms = {"BTC": Room(D(300), D(300)), "ETH": Room(D(100), D(0), buyable=False)}
    assert amounts(rooms, HALVES, D(0), only_cash=False) == {}


@given(
    values=st.lists(st.decimals(0, 1_000_000, places=2), min_size=1, max_size=6),
    cash=st.decimals(-500_000, 500_000, places=2),
    only_cash=st.booleans(),
)
def test_what_moves_is_the_cash(values, cash, only_cash):
    weights = {str(number): D(1) / len(values) for number in range(len(values))}
    rooms = {str(number): Room(value, value) for number, value in enumerate(values)}
    moves = amounts(rooms, weights, cash, only_cash=only_cash)
    expected = max(cash, -sum(values))
    assert abs(sum(moves.values()) - expected) < D("1e-6")
    assert all(-moves[key] <= rooms[key].value + D("1e-6") for key in moves)
    if only_cash:
        assert all(amount * cash >= 0 for amount in moves.values())


# ---------------------------------------------------------------------------------------------------------- plans
def test_nothing_is_exchanged_while_no_band_is_broken():
    plan = make_plan([place("BTC", 520), place("ETH", 480)], {}, Rules(HALVES))
    assert not plan.needed
    assert plan.trades == ()


def test_a_broken_band_brings_everything_back():
    plan = make_plan([place("BTC", 700), place("ETH", 300)], {}, Rules(HALVES))
    assert plan.needed
    assert moved(plan) == {("BTC", "kraken"): D(-200), ("ETH", "kraken"): D(200)}
    assert [one.share for one in plan.after] == [D("0.5"), D("0.5")]
    assert plan.left == 0


def test_with_new_cash_only_nothing_is_sold():
    plan = make_plan([place("BTC", 700), place("ETH", 300)], {}, Rules(HALVES, cash=D(100), only_cash=True))
    assert moved(plan) == {("ETH", "kraken"): D(100)}


def test_fees_are_paid_out_of_what_is_bought():
    venues = {"kraken": Venue("kraken", rate=D("0.01"), fixed=D(1))}
    plan = make_plan([place("BTC", 700), place("ETH", 300)], venues, Rules(HALVES))
    sold, bought = plan.trades
    assert sold.fee == D(1) + sold.amount / 100
    assert bought.amount + plan.fees <= sold.amount
    assert D("-0.01") < plan.left < D("0.05")


def test_locked_assets_and_venues_are_left_alone():
    places = [place("BTC", 500, "ledger"), place("BTC", 200), place("ETH", 300)]
    plan = make_plan(places, {"ledger": Venue("ledger", locked=True)}, Rules(HALVES))
    assert moved(plan) == {("BTC", "kraken"): D(-200), ("ETH", "kraken"): D(200)}
    everything = [place("BTC", 700, locked=True), place("ETH", 300)]
    assert make_plan(everything, {}, Rules(HALVES)).trades == ()


def test_trades_below_the_minimum_are_left_out_and_no_money_is_missing():
    weights = {"BTC": D("0.5"), "ETH": D("0.3"), "SOL": D("0.2")}
    places = [place("BTC", 600), place("ETH", 295), place("SOL", 105)]
    plan = make_plan(places, {}, Rules(weights, minimum=D(20)))
    assert {trade.key for trade in plan.trades} == {"BTC", "SOL"}
    assert plan.left >= 0


def test_a_trade_of_just_the_minimum_is_made():
    places = [place("BTC", 600), place("ETH", 400)]
    assert len(make_plan(places, {}, Rules(HALVES, minimum=D(100))).trades) == 2
    assert make_plan(places, {}, Rules(HALVES, minimum=D("100.01"))).trades == ()


def test_what_is_taken_out_is_sold_where_there_is_too_much_and_drift_is_told_before_and_after():
    plan = make_plan([place("BTC", 700), place("ETH", 300)], {}, Rules(HALVES, cash=D(-200)))
    assert moved(plan) == {("BTC", "kraken"): D(-300), ("ETH", "kraken"): D(100)}
    assert [(one.share, one.band) for one in plan.before] == [(D("0.7"), "absolute"), (D("0.3"), "absolute")]
    assert [(one.share, one.band) for one in plan.after] == [(D("0.5"), ""), (D("0.5"), "")]
    assert (plan.left, plan.turnover) == (0, D(300))


def test_money_that_comes_while_no_band_is_broken_is_only_placed():
    plan = make_plan([place("BTC", 520), place("ETH", 480)], {}, Rules(HALVES, cash=D(10)))
    assert not plan.needed
    assert moved(plan) == {("ETH", "kraken"): D(10)}


def test_every_trade_pays_the_fee_of_its_own_venue():
    venues = {"kraken": Venue("kraken", D("0.01"), D(2)), "saxo": Venue("saxo", D("0.002"), D(5))}
    plan = make_plan([place("BTC", 700), place("ETH", 300, "saxo")], venues, Rules(HALVES))
    sold, bought = plan.trades
    assert (sold.venue, sold.fee) == ("kraken", 2 + sold.amount / 100)
    assert (bought.venue, bought.fee) == ("saxo", 5 + bought.amount * 2 / 1000)
    assert plan.fees == sold.fee + bought.fee
    assert plan.left == sold.amount - bought.amount - plan.fees


def test_whole_units_are_traded_whole():
    venues = {"saxo": Venue("saxo", whole=True)}
    places = [place("AAA", 700, "saxo", price="70"), place("BBB", 300, "saxo", price="30")]
    plan = make_plan(places, venues, Rules({"AAA": D("0.5"), "BBB": D("0.5")}))
    assert all(trade.quantity == trade.quantity.to_integral_value() for trade in plan.trades)
    assert plan.left >= 0


def test_what_is_not_held_yet_is_bought_as_a_choice_to_make():
    plan = make_plan([place("BTC", 1000)], {}, Rules({"BTC": D("0.8"), "ETH": D("0.2")}))
    bought = plan.trades[-1]
    assert (bought.side, bought.key, bought.asset, bought.venue, bought.amount) == (
        "buy",
        "ETH",
        "",
        "",
        D(200),
    )


def test_the_least_taxed_lots_are_sold_first_and_unknown_costs_last():
    pieces = [
        Piece("crypto:BTC", 0, D(150), D("0.2")),
        Piece("crypto:BTC", 1, D(150), D("-0.1")),
        Piece("crypto:BTC", 2, D(400), None),
    ]
    plan = make_plan([place("BTC", 700), place("ETH", 300)], {}, Rules(HALVES), pieces)
    assert plan.trades[0].picked == ((1, D(150)), (0, D(50)))


def test_lots_kept_by_venue_are_sold_there_and_others_where_it_is_cheapest():
    venues = {"dear": Venue("dear", rate=D("0.05")), "cheap": Venue("cheap", rate=D("0.001"))}
    places = [place("BTC", 400, "dear"), place("BTC", 300, "cheap"), place("ETH", 300, "cheap")]
    bound = [Piece("crypto:BTC", 0, D(400), D(0), "dear"), Piece("crypto:BTC", 1, D(300), D("0.1"), "cheap")]
    assert {
        trade.venue
        for trade in make_plan(places, venues, Rules(HALVES), bound).trades
        if trade.side == "sell"
    } == {"dear"}
    free = [Piece("crypto:BTC", 0, D(700), D(0))]
    assert {
        trade.venue for trade in make_plan(places, venues, Rules(HALVES), free).trades if trade.side == "sell"
    } == {"cheap"}


@given(
    values=st.lists(st.decimals(1, 100_000, places=2), min_size=2, max_size=5),
    cash=st.decimals(0, 50_000, places=2),
    rate=st.decimals(0, "0.02", places=4),
)
def test_a_plan_is_paid_for_and_brings_the_portfolio_closer(values, cash, rate):
    weights = {str(number): D(1) / len(values) for number in range(len(values))}
    places = [
        Place(f"crypto:{number}", "kraken", str(number), value, D(1)) for number, value in enumerate(values)
    ]
    plan = make_plan(places, {"kraken": Venue("kraken", rate=rate)}, Rules(weights, cash=cash))
    assert plan.left > D("-0.02")
    distance = [sum(abs(one.difference) for one in drift) for drift in (plan.before, plan.after)]
    assert distance[1] <= distance[0] + D("0.001")
