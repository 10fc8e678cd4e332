"""Daily series go on from the day of a change: they tell what computing everything tells, and no more is done."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics import kept_series
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.ledger_view import WealthItemView
from smartfolio_app.analytics.prices import PricePoint
from smartfolio_app.analytics.results import DailySeries
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.ledger.instants import instant
from tests.analytics.test_edits import (
    BOOK,
    START,
    edits,
    in_stored_order,
    ledgers,
    policies,
    statements,
    trade,
    view_of,
)

FIRST = START.date()
DAYS = 60
NAMES = [one.name for one in fields(DailySeries)]
OF_ALL = Scope()


def book(number):
    """The prices of the others, and a market price and a trade's price that differ from book to book."""
    day = START + timedelta(days=number * 7, hours=9)
    return BOOK.with_points(
        [
            PricePoint("crypto:BTC", "EUR", Decimal(200 + number), day, "market"),
            PricePoint("crypto:NEW", "EUR", Decimal(2 + number), day, "trade"),
        ]
    )


BOOKS = [BOOK, *(book(number) for number in range(1, 7))]


def ask(view, prices=BOOK, *, days=DAYS, by=None, until=None, policy="fifo", currency="EUR", scope=OF_ALL):
    last = FIRST + timedelta(days=days)
    return history(view, prices, scope, currency, FIRST, last, by, method=policy, until=until)


def assert_same(found, expected):
    assert found.days == expected.days
    assert found.parts.keys() == expected.parts.keys()
    for left, right in [(found, expected), *((found.parts[key], expected.parts[key]) for key in found.parts)]:
        for name in NAMES:
            np.testing.assert_allclose(
                getattr(left, name), getattr(right, name), rtol=1e-9, atol=1e-9, err_msg=name
            )


@pytest.fixture
def worked(monkeypatch):
    """The days that were worked out, of each time series were."""
    found = []
    make = kept_series.make_grid

    def making(ledger, prices, scope, currency, ends, **more):
        new = ends if more.get("eve") is None else ends[1:]
        found.append([instant(int(end)).date() for end in new])
        return make(ledger, prices, scope, currency, ends, **more)

    monkeypatch.setattr(kept_series, "make_grid", making)
    return found


def daily_trades(asset="crypto:BTC"):
    return [trade(number + 1, number, f"1 {asset}", "10 fiat:EUR") for number in range(50)]


def edited(view, number, **changes):
    """The view with one of its transactions corrected."""
    old = next(row for row in view.transactions if row.id == str(number))
    return view.edited({old.id}, [replace(old, **changes)])


@pytest.mark.parametrize("by", [None, "asset", "source"])
def test_an_edit_works_out_the_days_from_its_own_on(worked, by):
    view = view_of(daily_trades(), {})
    ask(view, by=by)
    assert worked.pop() == [FIRST + timedelta(days=number) for number in range(DAYS + 1)]
    later = edited(view, 31, received=trade(0, 0, "3 crypto:BTC", "1 fiat:EUR").received)
    found = ask(later, by=by)
    assert worked == [[FIRST + timedelta(days=number) for number in range(30, DAYS + 1)]]
    assert_same(found, ask(view_of(later.transactions, {}), by=by))


def test_what_was_told_of_the_days_before_is_not_even_looked_at():
    """Wrong figures in the days before the eve stay where they are, and lead nobody astray."""
    view = view_of(daily_trades(), {})
    ask(view)
    series = next(iter(view.kept_series.values())).series
    for array in (series.value, series.flows.income, series.gains.realised, series.fx):
        array[:29] = 777.0
    later = edited(view, 31, received=trade(0, 0, "3 crypto:BTC", "1 fiat:EUR").received)
    found, right = ask(later), ask(view_of(later.transactions, {}))
    columns = 2
    assert (found.value[:29] == 777.0 * columns).all()
    assert (found.income[:29] == 777.0 * columns).all()
    for name in NAMES:
        np.testing.assert_allclose(getattr(found, name)[29:], getattr(right, name)[29:], err_msg=name)


def test_several_edits_between_two_looks_count_from_the_earliest(worked):
    view = view_of(daily_trades(), {})
    ask(view)
    later = edited(edited(view, 21, note="x"), 41, note="y").edited({"12"}, [])
    found = ask(later)
    assert [days[0] for days in worked] == [FIRST, FIRST + timedelta(days=11)]
    assert_same(found, ask(view_of(later.transactions, {})))


def test_a_new_day_a_later_hour_and_a_new_price_leave_the_past_alone(worked):
    view = view_of(daily_trades(), {})
    noon = datetime(2024, 1, 17, 12, tzinfo=UTC)
    assert (noon.date() - FIRST).days == 50
    ask(view, days=50, until=noon)
    worked.clear()
    ask(view, days=50, until=noon + timedelta(hours=3))
    assert worked.pop() == [date(2024, 1, 17)]
    ask(view, days=52)
    assert worked.pop() == [date(2024, 1, 17), date(2024, 1, 18), date(2024, 1, 19)]
    told = BOOKS[6]
    assert_same(ask(view, told, days=52), ask(view_of(view.transactions, {}), told, days=52))
    assert worked[0][0] == FIRST + timedelta(days=42), "the day of the price that differs"


def test_the_same_question_again_works_nothing_out(worked):
    view = view_of(daily_trades(), {})
    one = ask(view)
    worked.clear()
    assert_same(ask(view), one)
    assert worked == [[]]


@pytest.mark.parametrize("method", ["total_average", "fifo;2023=total_average"])
def test_a_method_that_spreads_costs_over_the_year_is_worked_out_whole(worked, method):
    view = view_of(daily_trades(), {})
    ask(view, policy=method)
    later = view.edited(
        (), [trade(99, 30, "500 fiat:EUR", "10 crypto:BTC"), trade(98, 31, "9 crypto:BTC", "1 fiat:EUR")]
    )
    found = ask(later, policy=method)
    assert worked[-1][0] == FIRST
    assert_same(found, ask(view_of(in_stored_order(later.transactions), {}), policy=method))


def test_a_wealth_item_that_is_valued_anew_changes_the_past(worked):
    def house(worth):
        valuations = [(FIRST + timedelta(days=3), Decimal(worth))]
        return WealthItemView("h", "House", "real_estate", "USD", is_liability=False, valuations=valuations)

    view = view_of(daily_trades(), {}).edited((), (), items=[house(100)])
    ask(view)
    later = view.edited((), (), items=[house(300)])
    found = ask(later)
    assert worked[-1][0] == FIRST
    assert_same(found, ask(view_of(view.transactions, {}).edited((), (), items=[house(300)])))


def test_no_more_series_are_kept_than_fit(monkeypatch):
    view = view_of(daily_trades(), {})
    for currency in ("EUR", "USD", "BTC"):
        ask(view, currency=currency)
    assert [key[1] for key in view.kept_series] == ["EUR", "USD", "BTC"]
    cells = next(iter(view.kept_series.values())).series.cells
    monkeypatch.setattr(kept_series, "KEPT_CELLS", 2 * cells)
    ask(view, currency="EUR")
    assert [key[1] for key in view.kept_series] == ["BTC", "EUR"]
    monkeypatch.setattr(kept_series, "KEPT_CELLS", cells - 1)
    ask(view, currency="EUR")
    assert not view.kept_series


#: What may happen between two looks: an edit, other prices, another hour, other days, another scope.
steps = st.lists(
    st.one_of(
        edits.map(lambda changes: ("edit", changes)),
        st.integers(0, len(BOOKS) - 1).map(lambda number: ("prices", BOOKS[number])),
        st.integers(20, DAYS).map(lambda count: ("days", count)),
        st.integers(0, 2 * DAYS).map(lambda number: ("until", START + number * timedelta(hours=12))),
        st.sampled_from([Scope(), Scope(crypto="a_csv"), Scope(stocks="x_csv", crypto="-")]).map(
            lambda scope: ("scope", scope)
        ),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    ledgers,
    statements,
    steps,
    policies,
    st.sampled_from(["EUR", "USD", "BTC"]),
    st.sampled_from([None, "source"]),
)
def test_series_that_go_on_are_those_computed_from_the_beginning(
    rows, anchors, happened, policy, currency, by
):
    view, fresh = view_of(rows, anchors), len(rows)
    question = {"prices": BOOK, "days": DAYS, "until": None, "scope": OF_ALL}
    ask(view, **question, policy=policy, currency=currency, by=by)
    for what, change in happened:
        if what != "edit":
            question[what] = change
        for positions, added in change if what == "edit" else ():
            gone = {rows[position].id for position in positions if position < len(rows)}
            new = [replace(row, id=str(fresh + number + 1)) for number, row in enumerate(added)]
            fresh += len(added)
            rows = in_stored_order([*(row for row in rows if row.id not in gone), *new])
            view = view.edited(gone, new)
        found = ask(view, **question, policy=policy, currency=currency, by=by)
        expected = ask(view_of(rows, anchors), **question, policy=policy, currency=currency, by=by)
        assert_same(found, expected)
