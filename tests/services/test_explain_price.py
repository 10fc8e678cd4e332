"""Why a price: every point of an asset's line, and its move, is explained by who quoted it and the rates on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import assets, wealth
from smartfolio_app.services.explain import explain
from smartfolio_app.services.figures import Figures
from smartfolio_app.state.assets import price_timeline

NOW = datetime.now(UTC)
ASSETS = ["crypto:BTC", "crypto:SOL", "stock:US0378331005"]


@pytest.fixture
def view(sample_user, db):
    return wealth.view_of(db, sample_user(NOW))


@pytest.mark.parametrize("asset", ASSETS)
def test_each_point_of_the_line_is_what_its_explanation_ends_at(db, view, asset):
    figures = Figures(currency=view.currency)
    line = price_timeline(assets.price_line(db, view, asset, NOW.date() - timedelta(days=90)), figures)
    assert len(line.times) > 60
    for number in (0, 1, 30, len(line.times) - 2, len(line.times) - 1):
        day = datetime.fromtimestamp(line.times[number], UTC).date()
        told = explain(db, view, f"price:{asset}:{day}")
        assert figures.price(told.amount) == line.labels[number], day
        assert told.unit == view.currency
        assert all(step.source and step.at is not None for step in told.steps)


@pytest.mark.parametrize("asset", ASSETS)
def test_the_move_is_the_last_price_less_the_first(db, view, asset):
    figures = Figures(currency=view.currency)
    line = price_timeline(assets.price_line(db, view, asset, NOW.date() - timedelta(days=90)), figures)
    first, last = (datetime.fromtimestamp(line.times[end], UTC).date() for end in (0, -1))
    told = explain(db, view, f"price:{asset}:{first}..{last}")
    before, after = (explain(db, view, f"price:{asset}:{day}").amount for day in (first, last))
    assert abs(told.amount - (after - before)) < Decimal("1e-20")
    assert figures.price(abs(told.amount)) == line.change.lstrip("−")
    share = told.steps[-1].amount
    assert abs(share - (after / before - 1)) < Decimal("1e-12")
    assert [step.amount for step in told.steps[:2]] == [before, after]


def test_the_price_of_now_is_the_one_the_portfolio_counts_with(db, view):
    for row in wealth.portfolio(db, view).holdings:
        if row.price is not None:
            assert explain(db, view, f"price:{row.asset.id}").amount == row.price.value, row.asset.id


@pytest.mark.parametrize(
    "figure",
    [
        "price:",
        "price:nonsense",
        "price:crypto:NEVERHEARD",
        "price:crypto:BTC:soon",
        "price:crypto:BTC:1990-01-01",
        "price:crypto:BTC:2026-03-01..2026-02-01",
        "price:crypto:BTC:2026-01-01..2026-01-02..2026-01-03",
    ],
)
def test_what_is_no_price_is_not_found(db, view, figure):
    with pytest.raises(NotFoundError):
        explain(db, view, figure)
