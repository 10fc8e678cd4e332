"""The Performance page's state: the service's figures in the reader's words, and nothing that privacy hides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.services import manual_prices, performance, sources, transactions, user_settings, wealth
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.base import AppState
from smartfolio_app.state.figures import UNKNOWN
from smartfolio_app.state.performance import NOTHING, PerformanceState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab

NOW = datetime.now(UTC)


@pytest.fixture
def anna(alice):
    """Puts 1,000 EUR in two years ago, buys a coin that doubles, and is paid interest."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, base_currency="EUR")
        for days, kind, received, sent in (
            (730, "deposit", ("1000", "fiat:EUR"), None),
            (728, "trade", ("10", "crypto:BTC"), ("500", "fiat:EUR")),
            (100, "interest", ("20", "fiat:EUR"), None),
        ):
            draft = Draft(at=NOW - timedelta(days=days), kind=kind, received=received, sent=sent)
            transactions.add(db, alice, "manual_crypto", draft)
        manual_prices.set_manual_price(
            db,
            alice,
            asset="crypto:BTC",
            price=Decimal(100),
            currency="EUR",
            day=(NOW - timedelta(days=1)).date(),
        )
    return alice


async def test_the_page_tells_the_service_s_figures(anna):
    page = await tab(PerformanceState, anna, "/performance")
    await call(page, "choose_period", "MAX")
    facts = {one.key: one.value for one in page.facts}
    assert (facts["gain"], facts["income"], facts["flows"]) == ("+€520.00", "€20.00", "+€1,000.00")
    assert facts["same_money"] == "€2,000.00"
    with session_scope() as db:
        view = wealth.view_of(db, anna)
        twr = performance.report(db, view, "MAX").figures.twr
    assert page.twr.value == f"+{twr * 100:.2f}%"
    assert [one.period for one in page.periods] == list(performance.PERIODS)
    assert page.periods[0].xirr.value == "too short"
    assert {one.symbol for one in page.parts} == {"BTC", "EUR"}
    assert len(page.drawing.lines) == 2
    assert len(page.drawing.times) == len(page.drawing.lines[0].values) == len(page.drawing.dates)
    paid = NOW - timedelta(days=100)
    year = next(one for one in page.years if one.year == str(paid.year))
    assert year.cells[paid.month - 1].value == "€20"
    assert [(one.symbol, one.value) for one in page.earners] == [("EUR", "€20.00")]


async def test_two_dates_are_looked_at_and_reversed_ones_are_refused_in_words(anna):
    page = await tab(PerformanceState, anna, "/performance")
    first, last = (NOW - timedelta(days=50)).date(), (NOW - timedelta(days=20)).date()
    await call(page, "choose_first", first.isoformat())
    await call(page, "choose_last", last.isoformat())
    assert (page.period, page.problem) == ("", "")
    assert (date.fromisoformat(page.first), date.fromisoformat(page.last)) == (first, last)
    assert page.twr.figure == f"performance:twr:{first}..{last}"
    await call(page, "choose_last", (first - timedelta(days=9)).isoformat())
    assert page.problem
    await call(page, "choose_period", "1Y")
    assert page.problem == ""


async def test_without_a_benchmark_nothing_is_compared(anna):
    page = await tab(PerformanceState, anna, "/performance")
    assert page.against == "crypto:BTC"
    await call(page, "choose_benchmark", "crypto:NOBODY")
    assert page.against == "crypto:BTC"
    await call(page, "choose_benchmark", NOTHING)
    assert (page.other_name, len(page.drawing.lines)) == ("", 1)
    assert {one.other.value for one in page.periods} == {"—"}


async def test_privacy_sends_shapes_and_ratios_and_no_amount(anna):
    page = await tab(PerformanceState, anna, "/performance")
    await call(page, "choose_mode", "value")
    assert max(filter(None, page.drawing.lines[0].values)) > 1_000
    await call(await page.get_state(AppState), "toggle_privacy")
    sent = repr(
        [
            page.facts,
            page.periods,
            page.parts,
            page.years,
            page.earners,
            [line.labels for line in page.drawing.lines],
        ]
    )
    assert "€" not in sent
    assert "1,520" not in sent
    assert max(filter(None, page.drawing.lines[0].values)) < 1_000


async def test_with_nothing_owned_the_page_says_what_to_do(alice):
    page = await tab(PerformanceState, alice, "/performance")
    assert page.empty
    assert not page.problem


async def test_where_no_return_can_be_told_the_page_says_since_when_prices_are_known(alice):
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, base_currency="EUR")
        sent = ("100", "fiat:EUR")
        draft = Draft(at=NOW - timedelta(days=900), kind="trade", received=("1", "crypto:BTC"), sent=sent)
        transactions.add(db, alice, "manual_crypto", draft)
        draft = Draft(at=NOW - timedelta(days=400), kind="deposit", received=("1", "crypto:BTC"))
        transactions.add(db, alice, "manual_crypto", draft)
        manual_prices.set_manual_price(
            db, alice, asset="crypto:BTC", price=Decimal(9000), currency="EUR", day=datetime.now(UTC).date()
        )
    page = await tab(PerformanceState, alice, "/performance")
    await call(page, "choose_period", "MAX")
    assert (page.told, page.any_told) == (False, False)
    assert page.twr.value == UNKNOWN
    assert "No return can be told yet" in page.note
    assert page.drawing.times == []
    assert {one.gain.value for one in page.periods} == {UNKNOWN}
