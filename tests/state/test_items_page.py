"""The Wealth items page's state."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from smartfolio_app.services import items, sources, user_settings
from smartfolio_app.services.items import Valuation
from smartfolio_app.state.items import ItemsState
from smartfolio_app.state.items_rows import SPARK_HEIGHT, spark
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, notice, tab


@pytest.fixture
def anna(alice):
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, base_currency="EUR", language="fr")
    return alice


def added(user_id: str, **what: object) -> str:
    with session_scope() as db:
        given = {"kind": "cash", "name": "Purse", "currency": "EUR", "value": "120", "day": date(2026, 1, 5)}
        return items.add(db, user_id, **{**given, **what}).id


async def test_an_item_is_added_as_its_owner_writes_numbers(anna):
    page = await tab(ItemsState, anna, "/items")
    assert page.is_empty
    await call(page, "start_adding")
    form = {
        "kind": "mortgage",
        "name": " La  maison ",
        "currency": "EUR",
        "value": "200 000,50",
        "day": "2026-02-01",
    }
    await call(page, "save", form)
    assert page.form_problem == ""
    with session_scope() as db:
        (one,) = items.list_items(db, anna)
    assert (one.name, one.is_liability) == ("La maison", True)
    assert one.current == Valuation(date(2026, 2, 1), Decimal("200000.50"))
    assert page.assets == []
    assert page.liabilities[0].value == "200\u202f000,50\u00a0€"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"value": "beaucoup"},
        {"value": "-5"},
        {"day": ""},
        {"day": "2999-01-01"},
        {"kind": "boat"},
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(anna, wrong):
    page = await tab(ItemsState, anna, "/items")
    await call(page, "start_adding")
    right = {"kind": "cash", "name": "Purse", "currency": "EUR", "value": "12", "day": "2026-02-01"}
    await call(page, "save", {**right, **wrong})
    assert page.form_problem
    assert page.form_open
    with session_scope() as db:
        assert items.list_items(db, anna) == []


async def test_sums_count_what_is_owned_and_what_is_owed_apart(anna):
    added(anna)
    added(anna, kind="savings", name="Book", value="1000")
    added(anna, kind="loan", name="Car", value="300")
    page = await tab(ItemsState, anna, "/items")
    assert page.assets_total == "1\u202f120,00\u00a0€"
    assert page.liabilities_total == "300,00\u00a0€"
    assert page.net_total == "820,00\u00a0€"


async def test_an_item_without_a_rate_is_shown_and_said_to_be_in_no_total(anna):
    added(anna, currency="CHF")
    page = await tab(ItemsState, anna, "/items")
    assert page.assets[0].value == "120,00\u00a0CHF"
    assert "EUR" in page.assets[0].problem
    assert page.assets_total == page.net_total == "—"


async def test_nobody_elses_item_is_opened_valued_or_deleted(anna, bob):
    with session_scope() as db:
        sources.create_built_in_sources(db, bob)
    theirs = added(bob)
    page = await tab(ItemsState, anna, "/items")
    await call(page, "open_item", theirs)
    assert page.detail.id == ""
    page.detail.id = theirs
    await call(page, "save_value", {"value": "1", "day": "2026-03-01", "note": ""})
    assert page.value_problem
    await call(page, "remove")
    assert await notice(page)
    with session_scope() as db:
        (one,) = items.list_items(db, bob)
    assert len(one.valuations) == 1


async def test_privacy_leaves_the_shape_and_hides_the_amounts(anna):
    one = added(anna, value="77123.45")
    with session_scope() as db:
        items.set_value(db, anna, one, value="88234.56", day=date(2026, 2, 5))
    page = await tab(ItemsState, anna, "/items")
    await call(page, "open_item", one)
    assert "234,56" in f"{page.assets} {page.detail}"
    with session_scope() as db:
        user_settings.update(db, anna, privacy=True)
    page = await tab(ItemsState, anna, "/items")
    await call(page, "open_item", one)
    shown = f"{page.assets} {page.detail} {page.assets_total} {page.net_total}"
    assert not any(trace in shown for trace in ("123,45", "234,56", "123.45", "234.56"))
    assert page.assets[0].spark


def test_a_sparkline_steps_at_each_value_and_stays_in_its_field():
    values = [Valuation(date(2026, month, 1), Decimal(value)) for month, value in ((1, 10), (2, 30), (4, 20))]
    points = [tuple(map(float, pair.split(","))) for pair in spark(values).split()]
    assert points[0] == (0.0, SPARK_HEIGHT)
    assert points[-1][0] == 100.0
    assert all(0 <= x <= 100 and 0 <= y <= SPARK_HEIGHT for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert spark(values[:1]) == ""
    assert len(set(spark([Valuation(one.day, Decimal(5)) for one in values]).split())) > 1
