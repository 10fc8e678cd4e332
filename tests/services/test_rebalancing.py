"""Targets and plans, from the database to the figures; gains and taxes by the user's own lots."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.rebalancing.drift import Bands, TargetsError
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.services import manual_prices, sources, transactions, user_settings, wealth
from smartfolio_app.services.rebalancing import export, targets
from smartfolio_app.services.rebalancing.plan import Wish, propose
from smartfolio_app.services.rebalancing.targets import Targets
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.repo_market import Observer, put_daily_prices

D = Decimal
NOW = datetime.now(UTC)
HALVES = Targets(weights={"BTC": D("0.5"), "ETH": D("0.5")}, minimum=D(0))


@pytest.fixture
def household(db, someone):
    """8 BTC bought at 10, 50 and 90 (now 100), and 400 of ETH: BTC is at two thirds."""
    kraken = sources.add(db, someone, "file_crypto", "=Kraken").key

    def buy(days_ago, quantity, asset, cost):
        draft = Draft(
            at=NOW - timedelta(days=days_ago),
            kind="trade",
            received=(quantity, f"crypto:{asset}"),
            sent=(cost, "fiat:EUR"),
        )
        transactions.add(db, someone, kraken, draft)

    buy(800, "4", "BTC", "40")
    buy(400, "2", "BTC", "100")
    buy(30, "2", "BTC", "180")
    buy(30, "4", "ETH", "400")
    transactions.add(
        db, someone, kraken, Draft(at=NOW - timedelta(days=900), kind="deposit", received=("720", "fiat:EUR"))
    )
    today = NOW.date()
    for asset in ("crypto:BTC", "crypto:ETH"):
        manual_prices.set_manual_price(db, someone, asset, D(100), "EUR", day=today)
    return kraken


@pytest.fixture
def view(db, someone, household):
    return lambda **chosen: wealth.view_of(db, someone, **chosen)


def test_what_was_kept_comes_back(db, someone, household):
    wanted = replace(
        HALVES,
        bands=Bands(None, D("0.2")),
        lot_choice="least_tax",
        tax_short=D("0.3"),
        venues={household: Venue(household, D("0.002"), D(1), locked=False, whole=True)},
        locked=frozenset({"crypto:ETH"}),
    )
    assert targets.save(db, someone, wanted) == wanted
    assert targets.get(db, someone) == wanted
    assert targets.save(db, someone, Targets()) == Targets()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"weights": {"BTC": D("0.6")}}, TargetsError),
        ({"weights": {"NOPE": D(1)}}, TargetsError),
        ({"by": "category", "weights": {"wealth": D(1)}}, TargetsError),
        ({"by": "colour"}, InvalidInputError),
        ({"tax_long": D("1.5")}, InvalidInputError),
        ({"minimum": D(-1)}, InvalidInputError),
        ({"venues": {"elsewhere": Venue("elsewhere")}}, NotFoundError),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(db, someone, household, change, error):
    targets.save(db, someone, HALVES)
    with pytest.raises(error):
        targets.save(db, someone, replace(HALVES, **change))
    assert targets.get(db, someone).weights == HALVES.weights


def test_the_plan_counts_gain_and_tax_by_the_users_method(db, someone, view):
    """First in, first out: 2 of the oldest at 10 are sold for 100 each, long term."""
    targets.save(db, someone, replace(HALVES, tax_short=D("0.3"), tax_long=D("0.1")))
    found = propose(db, view(currency="EUR"))
    sold, bought = found.trades
    assert (sold.trade.side, sold.trade.asset, sold.trade.quantity) == ("sell", "crypto:BTC", D(2))
    assert (sold.gain, sold.long_term, sold.short_term, sold.tax) == (D(180), D(180), D(0), D(18))
    assert (bought.trade.side, bought.trade.asset, bought.trade.amount) == ("buy", "crypto:ETH", D(200))
    assert (found.gain, found.tax, found.unknown, found.plan.left) == (D(180), D(18), 0, D(0))


def test_the_least_taxed_lots_can_be_chosen_instead(db, someone, view):
    """The newest lot has a gain of 10 a unit (taxed 30 %: 3), the oldest one of 90 (taxed 10 %: 9)."""
    targets.save(db, someone, replace(HALVES, tax_short=D("0.3"), tax_long=D("0.1"), lot_choice="least_tax"))
    found = propose(db, view(currency="EUR"))
    sold = found.trades[0]
    assert sold.trade.picked == ((2, D(2)),)
    assert (sold.gain, sold.short_term, sold.tax) == (D(20), D(20), D(6))
    # Taxed at 90 %, those 10 cost more than the 50 of the lot before, which are taxed at 10 %.
    dear = replace(targets.get(db, someone), tax_short=D("0.9"))
    assert propose(db, view(currency="EUR"), targets=dear).trades[0].trade.picked == ((1, D(2)),)


def test_the_tax_of_a_sale_is_that_of_each_lot_it_takes(db, someone, household, view):
    """5 sold: 4 of the oldest lot (gain 90 each, long term), 1 of the next (gain 50, long term: 400 days)."""
    wanted = replace(
        HALVES, weights={"BTC": D("0.25"), "ETH": D("0.75")}, tax_short=D("0.3"), tax_long=D("0.1")
    )
    targets.save(db, someone, wanted)
    sold = propose(db, view(currency="EUR")).trades[0]
    assert sold.trade.quantity == 5
    assert (sold.gain, sold.long_term, sold.short_term, sold.tax) == (D(410), D(410), D(0), D(41))
    targets.save(db, someone, replace(wanted, weights={"ETH": D(1)}))
    found = propose(db, view(currency="EUR"))
    assert found.outside, "what no target counts is not sold"
    everything = replace(wanted, weights={"BTC": D(0), "ETH": D(1)})
    sold = propose(db, view(currency="EUR"), targets=everything).trades[0]
    assert (sold.long_term, sold.short_term) == (D(460), D(20))
    assert sold.tax == D(460) / 10 + D(20) * 3 / 10
    assert targets.get(db, someone).weights == {"ETH": D(1)}, "what is tried is not kept"


def test_a_loss_saves_tax_and_the_plan_as_a_whole_owes_none(db, someone, household, view):
    manual_prices.set_manual_price(db, someone, "crypto:BTC", D(60), "EUR", day=NOW.date())
    manual_prices.set_manual_price(db, someone, "crypto:ETH", D(60), "EUR", day=NOW.date())
    targets.save(db, someone, replace(HALVES, tax_short=D("0.5"), tax_long=D("0.1"), lot_choice="least_tax"))
    found = propose(db, view(currency="EUR"))
    sold = found.trades[0]
    assert sold.trade.picked == ((2, D(2)),), "the lot with the loss goes first"
    assert (sold.gain, sold.tax) == (D(-60), D(-30))
    assert (found.gain, found.tax) == (D(-60), D(0))


def test_an_asset_sold_at_two_venues_takes_its_lots_once(db, someone, household, view):
    other = sources.add(db, someone, "file_crypto", "Wallet", separate=True).key
    at = NOW - timedelta(days=20)
    transactions.add(db, someone, household, Draft(at=at, kind="withdrawal", sent=("3", "crypto:BTC")))
    arrives = Draft(at=at + timedelta(minutes=5), kind="deposit", received=("3", "crypto:BTC"))
    transactions.add(db, someone, other, arrives)
    targets.save(db, someone, replace(HALVES, weights={"BTC": D(0), "ETH": D(1)}))
    found = propose(db, view(currency="EUR"))
    sales = [one for one in found.trades if one.trade.side == "sell"]
    assert {one.trade.venue: one.trade.quantity for one in sales} == {household: D(5), other: D(3)}
    assert sum(one.gain for one in sales) == 4 * 90 + 2 * 50 + 2 * 10
    assert sales[0].gain / 5 == sales[1].gain / 3, "each its part of the lots they take together"


def test_what_is_locked_stays_and_money_is_not_sold(db, someone, household, view):
    targets.save(db, someone, replace(HALVES, locked=frozenset({"crypto:BTC"})))
    assert propose(db, view(currency="EUR")).trades == ()
    assert [one.locked for one in propose(db, view(currency="EUR")).ground.places] == [True, False]
    late = Draft(at=NOW - timedelta(days=1), kind="deposit", received=("1200", "fiat:EUR"))
    transactions.add(db, someone, household, late)
    by_asset = {"crypto:BTC": D("0.5"), "crypto:ETH": D("0.5"), "fiat:EUR": D(0)}
    tried = replace(HALVES, by="asset", weights=by_asset)
    found = propose(db, view(currency="EUR"), targets=tried)
    assert "fiat:EUR" not in {one.trade.asset for one in found.trades}


def test_the_smallest_trade_and_fees_are_in_the_money_the_plan_is_in(db, someone, household, view):
    user_settings.update(db, someone, base_currency="EUR")
    put_daily_prices(db, Observer("file", owner=someone), [PriceQuote("fiat:EUR", "USD", D(2), NOW)])
    db.commit()
    fees = {household: Venue(household, D(0), D(1))}
    targets.save(db, someone, replace(HALVES, minimum=D(10), venues=fees))
    found = propose(db, view(currency="USD"))
    rate = found.local.minimum / 10
    assert rate == 2
    assert found.ground.rules.minimum == found.local.minimum
    assert found.local.venues[household].fixed == rate
    assert {one.trade.fee for one in found.trades} == {rate}
    assert found.targets.minimum == D(10)


def test_a_plan_trades_nothing(db, someone, household, view):
    targets.save(db, someone, HALVES)
    before = [one.id for one in transactions.listing(db, someone).entries]
    for wish in (Wish(), Wish(D(100)), Wish(D(-100), only_cash=True)):
        propose(db, view(currency="EUR"), wish)
    assert not db.new
    assert not db.dirty
    assert [one.id for one in transactions.listing(db, someone).entries] == before


def test_fees_of_the_venue_lessen_the_gain(db, someone, household, view):
    fees = {household: Venue(household, D(0), D(5))}
    targets.save(db, someone, replace(HALVES, venues=fees))
    found = propose(db, view(currency="EUR"))
    sold = found.trades[0]
    assert sold.trade.fee == D(5)
    assert sold.gain == sold.trade.amount - 5 - sold.trade.quantity * 10
    assert found.plan.fees == D(10)
    assert D("-0.01") <= found.plan.left


def test_with_new_cash_only_nothing_is_sold(db, someone, view):
    targets.save(db, someone, HALVES)
    found = propose(db, view(currency="EUR"), Wish(D(100), only_cash=True))
    assert [(one.trade.side, one.trade.asset, one.trade.amount) for one in found.trades] == [
        ("buy", "crypto:ETH", D(100))
    ]


def test_a_cost_that_is_not_known_is_not_taken_for_nothing(db, someone, household, view):
    for entry in transactions.listing(db, someone).entries:
        if entry.transaction.kind.value == "trade":
            transactions.delete(db, someone, entry.id)
    draft = Draft(at=NOW - timedelta(days=5), kind="deposit", received=("8", "crypto:BTC"))
    transactions.add(db, someone, household, draft)
    targets.save(db, someone, HALVES)
    found = propose(db, view(currency="EUR"))
    sold = found.trades[0]
    assert (sold.gain, sold.tax, found.unknown) == (None, None, 1)


def test_money_and_what_has_no_target_stay_outside(db, someone, view):
    targets.save(db, someone, replace(HALVES, weights={"BTC": D(1)}))
    found = propose(db, view(currency="EUR"))
    assert {one.asset.id for one in found.outside} == {"crypto:ETH"}
    assert found.trades == ()


def test_another_currency_changes_no_share_and_needs_a_rate_for_the_fees(db, someone, household, view):
    user_settings.update(db, someone, base_currency="EUR")
    targets.save(db, someone, replace(HALVES, minimum=D(10)))
    with pytest.raises(InvalidInputError, match=r"rebalance\.no_rate"):
        propose(db, view(currency="JPY"))


def test_no_targets_make_no_plan(db, view):
    found = propose(db, view(currency="EUR"))
    assert (found.plan.before, found.trades) == ((), ())


def test_the_plan_as_a_file_runs_nothing(db, someone, household, view):
    targets.save(db, someone, HALVES)
    rows = list(csv.DictReader(io.StringIO(export.as_csv(propose(db, view(currency="EUR"))))))
    assert [row["side"] for row in rows] == ["sell", "buy"]
    assert rows[0]["venue"] == "'=Kraken"
    assert (rows[0]["quantity"], rows[0]["gain"], rows[1]["gain"]) == ("2", "180", "")
    priced = replace(
        HALVES,
        lot_choice="least_tax",
        tax_short=D("0.3"),
        tax_long=D("0.3"),
        venues={household: Venue(household, D(0), D(1))},
    )
    found = propose(db, view(currency="EUR"), targets=priced)
    sold, bought = csv.DictReader(io.StringIO(export.as_csv(found)))
    assert {name: D(sold[name]) for name in ("amount", "fee", "gain", "short_term", "long_term", "tax")} == {
        "amount": found.trades[0].trade.amount,
        "fee": D(1),
        "gain": found.trades[0].gain,
        "short_term": found.trades[0].short_term,
        "long_term": found.trades[0].long_term,
        "tax": found.trades[0].tax,
    }
    assert sold["lots"].startswith("3: "), "lots are numbered as people count"
    assert (sold["asset"], sold["symbol"], sold["currency"]) == ("crypto:BTC", "BTC", "EUR")
    assert (bought["fee"], bought["tax"], bought["lots"]) == ("1", "", "")
