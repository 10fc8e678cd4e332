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
from smartfolio_app.services import manual_prices, sources, transactions, user_settings, wealth
from smartfolio_app.services.rebalancing import export, targets
from smartfolio_app.services.rebalancing.plan import Wish, propose
from smartfolio_app.services.rebalancing.targets import Targets
from smartfolio_app.services.transaction_drafts import Draft

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
