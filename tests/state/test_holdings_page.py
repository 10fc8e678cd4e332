"""The Holdings page's state: the portfolio's own figures, in the viewer's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.services import sources, transactions, user_settings
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.base import AppState
from smartfolio_app.state.holdings import HoldingsState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab

LONG_AGO = datetime.now(UTC) - timedelta(days=300)


@pytest.fixture
def anna(alice):
    """Holds 0.5 BTC (priced by its purchase), 3 NOPRICE (not priced) and money."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, base_currency="EUR")
        for kind, received, sent in (
            ("deposit", ("30000", "fiat:EUR"), None),
            ("trade", ("0.5", "crypto:BTC"), ("20000", "fiat:EUR")),
            ("airdrop", ("3", "crypto:NOPRICE"), None),
        ):
            draft = Draft(at=LONG_AGO, kind=kind, received=received, sent=sent, account="Kraken")
            transactions.add(db, alice, "manual_crypto", draft)
    return alice


async def test_each_holding_has_its_figures_and_what_is_not_known_is_not_made_up(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    rows = {row.symbol: row for row in page.rows}
    assert rows["EUR"].value == "€10,000.00"
    assert rows["EUR"].price == ""
    assert rows["NOPRICE"].value == "—"
    assert rows["NOPRICE"].quantity == "3"
    assert [(one.symbol, bool(one.reason)) for one in page.unpriced] == [("NOPRICE", True)]
    assert not page.unpriced[0].reason.startswith("holding.")
    assert page.summary == "3 assets"
    assert page.page_text == "1–3 of 3"


async def test_the_table_and_the_bar_say_the_same(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    await call(page, "ask_price", "crypto:NOPRICE")
    await call(page, "set_price", {"price": "100", "currency": "EUR", "day": page.today})
    assert page.price_problem == ""
    app = await page.get_state(AppState)
    before = app.total
    assert {row.symbol: row.value for row in page.rows}["NOPRICE"] == "€300.00"
    await call(app, "toggle_privacy")
    assert app.total != before
    assert all("300" not in f"{row.value}{row.brief}{row.quantity}" for row in page.rows)


@pytest.mark.parametrize(
    "form",
    [
        {"price": "dear", "currency": "EUR", "day": "2026-01-01"},
        {"price": "0", "currency": "EUR", "day": "2026-01-01"},
        {"price": "1", "currency": "ZZZ", "day": "2026-01-01"},
        {"price": "1", "currency": "EUR", "day": "2999-01-01"},
        {"price": "1", "currency": "EUR"},
    ],
)
async def test_a_price_that_cannot_be_is_refused(anna, form):
    page = await tab(HoldingsState, anna, "/holdings")
    await call(page, "ask_price", "crypto:NOPRICE")
    await call(page, "set_price", form)
    assert page.price_problem
    assert [one.symbol for one in page.unpriced] == ["NOPRICE"]


async def test_an_asset_that_is_not_offered_for_pricing_cannot_be_priced(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    await call(page, "ask_price", "crypto:SOMETHING")
    assert page.priced_asset == ""


async def test_grouping_puts_a_heading_over_each_group_and_searching_narrows(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    await call(page, "choose_grouping", "location")
    assert [row.name for row in page.rows if row.is_group] == ["Kraken"]
    await call(page, "choose_grouping", "nonsense")
    assert page.group_by == "location"
    await call(page, "look_for", "nopr")
    assert [row.symbol for row in page.rows if not row.is_group] == ["NOPRICE"]
    await call(page, "look_for", "nothing")
    assert page.rows == []
    await call(page, "clear_filters")
    assert len(page.rows) == 4


async def test_an_opened_row_says_where_its_parts_are(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    row = next(one for one in page.rows if one.symbol == "BTC")
    await call(page, "open_places", row.id)
    assert [(one.account, one.quantity) for one in page.places] == [("Kraken", "0.5")]
    await call(page, "open_places", row.id)
    assert page.places == []


async def test_sorting_twice_turns_it_round_and_nonsense_does_nothing(anna):
    page = await tab(HoldingsState, anna, "/holdings")
    await call(page, "sort_by", "symbol")
    up = [one.symbol for one in page.rows]
    await call(page, "sort_by", "symbol")
    assert [one.symbol for one in page.rows] == up[::-1]
    await call(page, "sort_by", "password_hash")
    assert page.sort == "symbol"
