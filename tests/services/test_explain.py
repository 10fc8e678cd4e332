"""Why this number: every figure of the dashboard is explained, and the explanation ends at the figure."""

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import wealth
from smartfolio_app.services.explain import explain

NOW = datetime.now(UTC)


@pytest.fixture
def view(sample_user, db):
    return wealth.view_of(db, sample_user(NOW))


def test_the_net_worth_is_explained_down_to_the_prices(db, view):
    whole = wealth.portfolio(db, view)
    found = explain(db, view, "net_worth")
    assert found.amount == whole.total
    assert found.steps
    assert found.title
    assert found.formula
    coin = explain(db, view, "holding:crypto:BTC")
    holding = next(row for row in whole.holdings if row.asset.id == "crypto:BTC")
    assert coin.amount == holding.value
    told = repr(coin.steps)
    assert "demo" in told  # who told the price
    assert any(step.at is not None for step in _all(coin.steps))
    assert any(step.link for step in _all(coin.steps))


def test_every_figure_on_screen_has_an_explanation(db, view):
    whole = wealth.portfolio(db, view)
    figures = [
        "net_worth",
        "category:crypto",
        "category:stocks",
        "category:wealth",
        "change_today",
        "coverage",
    ]
    figures += [f"holding:{row.asset.id}" for row in whole.holdings]
    figures += [f"cost_basis:{row.asset.id}" for row in whole.holdings if row.cost_basis is not None]
    figures += [
        f"allocation:{by}:{part.key}" for by in wealth.SPREADS for part in wealth.allocation(db, view, by)
    ]
    figures += [f"history:{(NOW - timedelta(days=days)).date()}" for days in (1, 30, 400)]
    for figure in figures:
        found = explain(db, view, figure)
        assert found.title, figure
        assert found.steps or figure == "cost_basis:fiat:EUR", figure  # euros cost what they are


def test_what_the_largest_parts_leave_is_the_sum_of_the_others(db, view):
    for by in wealth.SPREADS:
        parts = sorted((one.value for one in wealth.allocation(db, view, by) if one.value > 0), reverse=True)
        for after in range(len(parts)):
            assert explain(db, view, f"allocation:{by}:after-{after}").amount == sum(parts[after:])
        with pytest.raises(NotFoundError):
            explain(db, view, f"allocation:{by}:after-{len(parts)}")


@pytest.mark.parametrize(
    "figure", ["", "nonsense", "holding:crypto:NEVERHEARD", "history:soon", "category:x"]
)
def test_what_is_no_figure_is_not_found(db, view, figure):
    with pytest.raises(NotFoundError):
        explain(db, view, figure)


def _all(steps):
    for step in steps:
        yield step
        yield from _all(step.children)
