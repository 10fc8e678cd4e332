"""The pages of gains, of one asset and of own transfers: the services' figures, in the viewer's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.pages.transfers import transfers
from smartfolio_app.services import sources, transactions, user_settings
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.assets import AssetState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.gains import GainsState
from smartfolio_app.state.seat import state_of_page
from smartfolio_app.state.transfers import TransfersState
from smartfolio_app.state.what_if import WhatIfState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, tab

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
BTC, EUR = "crypto:BTC", "fiat:EUR"


@pytest.fixture
def anna(alice):
    """Bought at 10, 30 and 20, sold one for 50; moved one to her wallet; sold something nobody saw coming."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        wallet = sources.add(db, alice, "file_crypto", "Wallet").key
        user_settings.update(db, alice, base_currency="EUR")
        for day, kind, received, sent, place in (
            (0, "trade", ("1", BTC), ("10", EUR), "manual_crypto"),
            (1, "trade", ("1", BTC), ("30", EUR), "manual_crypto"),
            (2, "trade", ("1", BTC), ("20", EUR), "manual_crypto"),
            (30, "trade", ("50", EUR), ("1", BTC), "manual_crypto"),
            (40, "withdrawal", None, ("1", BTC), "manual_crypto"),
            (40.1, "deposit", ("1", BTC), None, wallet),
            (50, "trade", ("7", EUR), ("1", "crypto:XYZ"), "manual_crypto"),
        ):
            draft = Draft(at=START + day * timedelta(days=1), kind=kind, received=received, sent=sent)
            transactions.add(db, alice, place, draft)
    return alice


async def test_gains_are_those_of_the_service_and_the_unknown_is_named(anna):
    page = await tab(GainsState, anna, "/gains")
    assert (page.gain, page.unknown_count, page.gain_figure) == ("+€40.00", "1", "realised:all:fifo:365d")
    assert [(row.symbol, row.gain) for row in page.rows] == [("XYZ", "—"), ("BTC", "+€40.00")]
    assert [one.symbol for one in page.unknown] == ["XYZ"]
    assert {side.method: side.gain for side in page.sides}["hifo"] == "+€20.00"
    assert [one.value for one in page.years] == ["2024"]


async def test_another_method_is_looked_at_and_kept_only_when_said_so(anna):
    page = await tab(GainsState, anna, "/gains")
    await call(page, "choose", "method", "hifo")
    assert (page.gain, page.differs) == ("+€20.00", True)
    await call(page, "back")
    assert (page.gain, page.differs) == ("+€40.00", False)
    await call(page, "choose", "year", "2024")
    await call(page, "choose", "method", "hifo")
    await call(page, "keep", True)
    assert (page.gain, page.differs) == ("+€20.00", False)
    with session_scope() as db:
        assert user_settings.get(db, anna).policy == "fifo;2024=hifo"
    await call(page, "choose_year_method", "2024", "")
    assert page.gain == "+€40.00"
    for name, value in (("method", "best"), ("year", "1999"), ("rule", "soon"), ("rows", "x")):
        await call(page, "choose", name, value)
    assert (page.method, page.year) == ("", "2024")


async def test_a_sale_is_tried_by_method_and_from_picked_lots(anna):
    page = await tab(GainsState, anna, "/gains")
    sale = await page.get_state(WhatIfState)
    assert (sale.asset, [lot.cost for lot in sale.lots]) == (BTC, ["€30.00", "€20.00"])
    await call(sale, "ask", {"quantity": "1", "price": "100", "method": "lifo"})
    assert (sale.problem, sale.answer.gain) == ("", "+€80.00")
    await call(sale, "pick_lots", True)
    await call(sale, "ask", {"price": "100", "lot_0": "0.5"})
    assert sale.answer.gain == "+€35.00"
    for wrong in ({"price": "100", "lot_0": "9"}, {"price": "dear", "lot_0": "1"}, {}):
        await call(sale, "ask", wrong)
        assert sale.problem
        assert not sale.answered


async def test_an_asset_has_its_places_lots_transactions_and_transfers(anna):
    page = await tab(AssetState, anna, "/assets/crypto:BTC")
    assert (page.symbol, page.quantity, page.cost, page.realised) == ("BTC", "2", "€50.00", "+€40.00")
    assert sorted(place.quantity for place in page.places) == ["1", "1"]
    assert [lot.cost for lot in page.lots] == ["€30.00", "€20.00"]
    assert len(page.rows) == 6
    assert len(page.pairs) == 1
    await call(page, "set_price", {"price": "60", "currency": "EUR", "day": page.today_day})
    assert (page.price, page.value) == ("€60.00", "€120.00")
    [own] = page.own_prices
    await call(page, "remove_price", own.day)
    assert page.own_prices == []


async def test_privacy_hides_how_much_and_not_what_a_unit_costs(anna):
    from smartfolio_app.state.base import AppState

    page = await tab(AssetState, anna, "/assets/crypto:BTC")
    await call(await page.get_state(AppState), "toggle_privacy")
    shown = f"{page.quantity}{page.value}{page.cost}{page.gain}{[lot.cost for lot in page.lots]}"
    assert not any(character.isdigit() for character in shown)
    assert page.price


async def test_an_asset_nobody_knows_is_not_there(anna):
    page = await tab(AssetState, anna, "/assets/crypto:NOTHING")
    assert page.missing
    assert page.rows == []


async def test_a_transfer_is_broken_and_chosen_again_by_hand(anna):
    page = await tab(TransfersState, anna, "/transfers")
    [pair] = page.pairs
    await call(page, "separate", pair.id)
    assert (page.pairs, [(one.decided, one.offers) for one in page.left]) == ([], [(True, True)])
    await call(page, "choose_deposit", pair.id)
    [offer] = page.offers
    await call(page, "confirm", pair.id, offer.id)
    assert [one.decided for one in page.pairs] == [True]
    await call(page, "forget", pair.id)
    assert [one.decided for one in page.pairs] == [False]
    await call(page, "separate", "x")
    assert len(page.pairs) == 1


async def test_what_a_transfer_lost_opens_its_explanation(anna):
    with session_scope() as db:
        left = Draft(at=START + timedelta(days=60), kind="withdrawal", sent=("0.5", BTC))
        came = Draft(at=START + timedelta(days=60, hours=1), kind="deposit", received=("0.4995", BTC))
        wallet = next(one.key for one in sources.source_status(db, anna).sources if one.label == "Wallet")
        transactions.add(db, anna, "manual_crypto", left)
        transactions.add(db, anna, wallet, came)
    page = await tab(TransfersState, anna, "/transfers")
    assert [bool(one.lost) for one in page.pairs] == [True, False]
    problems, explained = unexplained(transfers, page, anna, frozenset({"summary"}))
    assert (problems, explained) == ([], 3)  # what left, of both, and what one of them lost
    panel = await page.get_state(ExplainState)
    await call(panel, "open", page.pairs[0].figure)
    assert (panel.problem, panel.result) == ("", "0.0005\u00a0BTC")
    assert [step.value for step in panel.steps] == ["0.5\u00a0BTC", "0.4995\u00a0BTC", "0.1000%"]


def test_a_page_with_a_name_in_its_address_is_found():
    assert state_of_page("/assets/crypto:BTC") is AssetState
    assert state_of_page("/assets") is None
    assert state_of_page("/assets/a/b") is None
