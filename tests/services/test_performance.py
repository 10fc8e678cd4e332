"""Performance from the service: the periods, the benchmark, the income calendar, and every figure explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import income, performance, wealth
from smartfolio_app.services.explain import explain

NOW = datetime.now(UTC)
BTC = "crypto:BTC"


@pytest.fixture
def view(sample_user, db):
    return wealth.view_of(db, sample_user(NOW), currency="EUR")


def test_a_period_s_figures_are_those_of_the_history(db, view):
    found = performance.report(db, view, "1Y", against=BTC)
    days = wealth.history(db, view, found.span.first, found.span.last)
    assert found.figures.end == pytest.approx(days.value[-1])
    assert found.figures.start == pytest.approx(days.value[0])
    assert found.figures.flows == pytest.approx(days.flows[1:].sum())
    assert found.index[-1] - 1 == pytest.approx(found.figures.twr)
    assert sum(one.gain for one in found.contributions) == pytest.approx(found.figures.gain)
    assert found.below.min() == pytest.approx(found.drawdowns[0].depth)
    assert found.benchmark.value[0] == pytest.approx(found.figures.start)
    assert len(found.days) == len(found.value) == len(found.benchmark.value)
    assert {one.asset for one in found.contributions} == set(found.assets)


def test_any_two_dates_and_every_period_are_told(db, view):
    rows = performance.table(db, view, BTC)
    assert [row.span.period for row in rows] == list(performance.PERIODS)
    last = rows[0].span.last
    own = performance.report(db, view, first=last - timedelta(days=40), last=last - timedelta(days=10))
    assert (own.span.first, own.span.last) == (last - timedelta(days=40), last - timedelta(days=10))
    assert own.benchmark is None


def test_today_is_one_figure_on_the_dashboard_and_the_performance_page(db, view):
    today = wealth.portfolio(db, view).change
    day = performance.report(db, view, "1D").figures
    assert today.gain is not None
    assert day.gain == pytest.approx(float(today.gain), abs=0.01)
    assert day.flows == pytest.approx(float(today.flows), abs=0.01)


def test_what_makes_no_sense_is_refused(db, view):
    today = NOW.date()
    with pytest.raises(InvalidInputError):
        performance.report(db, view, "2Y")
    with pytest.raises(InvalidInputError):
        performance.report(db, view, first=today, last=today - timedelta(days=3))
    with pytest.raises(NotFoundError):
        performance.report(db, view, "1Y", against="crypto:NOBODYKNOWS")


def test_bitcoin_is_offered_first_and_wealth_items_are_not(db, view):
    offered = performance.benchmarks(db, view)
    assert offered[0].id == BTC
    assert not [one for one in offered if one.id.startswith(("item:", "fiat:"))]


def test_the_calendar_s_months_years_assets_and_kinds_have_one_sum(db, view):
    found = income.calendar(db, view)
    known = sum(row.value for row in found.receipts if row.value is not None)
    assert known > 0
    for totals in (found.months, found.years, found.assets, found.kinds):
        assert sum(total.value for total in totals.values()) == known
        assert sum(total.count for total in totals.values()) == len(found.receipts)


def test_every_figure_of_the_page_is_explained_and_ends_at_the_figure(db, view):
    report = performance.report(db, view, "1Y", against=BTC)
    names = ("twr", "xirr", "simple", "annualised", "gain", "flows", "income", "fees", "start", "end")
    for name in names:
        told = explain(db, view, f"performance:{name}:1Y")
        value = getattr(report.figures, name)
        assert told.amount == (None if value is None else pytest.approx(Decimal(f"{value:.10f}")))
        assert told.title
        assert told.steps
    part = report.contributions[0]
    assert float(explain(db, view, f"contribution:1Y:{part.asset}").amount) == pytest.approx(part.gain)
    assert float(explain(db, view, "drawdown:1Y").amount) == pytest.approx(report.drawdowns[0].depth)
    for measure in ("twr", "xirr", "end"):
        assert explain(db, view, f"benchmark:{measure}:1Y:{BTC}").amount is not None
    calendar = income.calendar(db, view)
    (year, month), total = next(reversed(calendar.months.items()))
    assert explain(db, view, f"income:{year}-{month:02}").amount == total.value
    assert explain(db, view, f"income:{year}").amount == calendar.years[year].value
    asset = next(iter(calendar.assets))
    assert explain(db, view, f"income:{asset}").amount == calendar.assets[asset].value
    days = f"{report.span.first}..{report.span.last}"
    assert (
        explain(db, view, f"performance:twr:{days}").amount == explain(db, view, "performance:twr:1Y").amount
    )


@pytest.mark.parametrize(
    "figure",
    [
        *("performance:mood:1Y", "performance:twr:9Y", "performance:twr:1Y:crypto:BTC", "income:1899"),
        *(
            "benchmark:twr:1Y:crypto:NO",
            "benchmark:mood:1Y:crypto:BTC",
            "benchmark:twr:1Y",
            "contribution:1Y:no",
        ),
        "performance:twr:2024-01-01..soon",
    ],
)
def test_a_figure_that_does_not_exist_is_not_explained(db, view, figure):
    with pytest.raises(NotFoundError):
        explain(db, view, figure)
