"""Pages of sentences and tiles: whatever number they name opens an explanation that tells it."""

from __future__ import annotations

from datetime import UTC, datetime

import reflex as rx

from smartfolio_app.components.decision_tiles import decision_tiles
from smartfolio_app.components.wealth_bar import wealth_bar
from smartfolio_app.pages import assets
from smartfolio_app.pages.alerts import alerts
from smartfolio_app.pages.brief import brief
from smartfolio_app.pages.dashboard import _worth, dashboard
from smartfolio_app.pages.gains import gains
from smartfolio_app.pages.holdings import holdings
from smartfolio_app.pages.items import items
from smartfolio_app.pages.performance import performance
from smartfolio_app.pages.transactions import transactions
from smartfolio_app.pages.what_if import _answer, _lots
from smartfolio_app.services import demo
from smartfolio_app.services.alerts import inbox, rules
from smartfolio_app.services.wealth import INTRADAY
from smartfolio_app.state.alerts import AlertsState
from smartfolio_app.state.assets import AssetState
from smartfolio_app.state.base import AppState
from smartfolio_app.state.brief import BriefState
from smartfolio_app.state.dashboard import SPLITS, DashboardState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.gains import GainsState
from smartfolio_app.state.holdings import HoldingsState
from smartfolio_app.state.items import ItemsState
from smartfolio_app.state.performance import PerformanceState
from smartfolio_app.state.timeline import RANGES, Timeline
from smartfolio_app.state.transactions import TransactionsState
from smartfolio_app.state.what_if import WhatIfState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import shown_on, unexplained
from tests.state.tab import call, tab
from tests.support.signals import store_signals

RULES = {
    "price": {"asset": "crypto:BTC", "side": "above", "level": "1"},
    "drawdown": {"limit": "0.005"},
    "large_flow": {"amount": "0.01", "days": "31"},
    "stale_price": {"hours": "1", "share": "0"},
    "coverage": {"limit": "1"},
}


#: What a source told of a transaction and in which row of which file, and how many there are: no figures of ours.
TOLD_OF_TRANSACTIONS = frozenset(
    [
        "summary",
        "page_text",
        "day",
        "clock",
        "out",
        "got",
        "fee",
        "value",
        "note",
        "raw",
        "line",
        "file",
        "external_id",
        "account",
    ]
)


def _tiles() -> rx.Component:
    return decision_tiles(DashboardState.outlook)


async def test_every_number_of_alerts_of_the_brief_and_of_the_tiles_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
        store_signals(db, datetime.now(UTC))
        for kind, params in RULES.items():
            rules.add(db, user, kind, params)
        db.commit()
        assert len(inbox.listed(db, user)) > 2
    page = await tab(AlertsState, user, "/alerts")
    for layout, shown, least in (
        (alerts, page, 5),
        (brief, await tab(BriefState, user, "/brief"), 10),
        (_tiles, await tab(DashboardState, user, "/"), 5),
    ):
        problems, explained = unexplained(layout, shown, user)
        assert not problems, "\n".join([layout.__name__, *problems])
        assert explained >= least, (layout.__name__, explained)
    await call(page, "acknowledge", page.opened[0].id)


async def test_every_number_of_the_dashboard_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(DashboardState, user, "/")
    for split in SPLITS:  # shares, the legend and what is summed up as the rest, movers, categories, the map
        await call(page, "choose_split", split)
        problems, explained = unexplained(dashboard, page, user, frozenset({"range"}))
        assert not problems, "\n".join([split, *problems])
        assert explained > 40, split
    for chosen in RANGES:  # the line of net worth, however long
        await call(page, "choose_range", chosen)
        shown = shown_on(dashboard, page)
        assert shown["change_pct"][0] == (page.line.change_pct, f"line:{chosen}")
        problems, _ = unexplained(_worth, page, user, frozenset({"range"}))
        assert not problems, "\n".join([chosen, *problems])
        assert bool(page.line.figure_of_day) is (page.range not in INTRADAY)
        await _days_are_told(page.line, await page.get_state(ExplainState))
    assert page.line.flows


#: How many there are, on which days, how much of what, and what is offered to choose from are no figures.
NO_GAINS = frozenset({"summary", "year", "page_text", "held", "quantity", "price_hint", "value"})


async def test_every_number_of_the_gains_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(GainsState, user, "/gains")
    year = page.years[-2].value
    for chosen in ({}, {"year": year, "method": "hifo", "pooling": "source", "rule": "none"}):
        for name, value in chosen.items():
            await call(page, "choose", name, value)
        problems, explained = unexplained(gains, page, user, NO_GAINS)
        assert not problems, "\n".join([str(chosen), *problems])
        assert explained > 150, (chosen, explained)
    await call(page, "back")
    offered = await page.get_state(WhatIfState)
    await call(offered, "pick_lots", True)
    problems, explained = unexplained(_lots, page, user, NO_GAINS - {"value"})
    assert not problems, "\n".join(problems)
    assert explained > 15
    typed = {"price": "90000", "fee": "2", **{lot.field: lot.quantity for lot in offered.lots[:14]}}
    for picking in (True, False):
        await call(offered, "pick_lots", picking)
        await call(offered, "ask", typed | {"quantity": "1"})
        assert (offered.problem, offered.answered) == ("", True)
        problems, explained = unexplained(_answer, page, user)
        assert not problems, "\n".join(problems)
        assert explained >= (6 if picking else 12)
    page = await tab(AssetState, user, "/assets/crypto:BTC")
    problems, explained = unexplained(assets._lots, page, user, NO_GAINS - {"value"})
    assert not problems, "\n".join(problems)
    assert explained >= 3 * len(page.lots) > 15


async def test_every_number_of_the_holdings_is_told_by_its_explanation_however_they_are_grouped(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(HoldingsState, user, "/holdings")
    counts = frozenset({"range", "summary", "threshold", "brief", "page_text"})
    for grouping in ("", "group", "source", "location"):
        await call(page, "choose_grouping", grouping)
        split = next((row.id for row in page.rows if row.symbol == "BTC"), "")
        await call(page, "open_places", split)  # it lies in two places
        assert page.places
        problems, explained = unexplained(holdings, page, user, counts)
        unnamed = {
            f"value: {row.value!r} opens nothing" for row in page.rows if row.is_group and not row.figure
        }
        left = [
            one for one in problems if not one.endswith(("asset' opens nothing", "assets' opens nothing"))
        ]
        assert len(unnamed) <= (grouping == "location"), grouping  # what lies in no account has no name
        assert set(left) == unnamed, "\n".join([grouping, *left])
        assert explained > 400, grouping
    await call(page, "look_for", "BTC")  # a heading sums up the lines under it
    assert [row.figure for row in page.rows if row.is_group] == ["", ""]


async def test_every_number_of_the_performance_and_of_an_assets_own_figures_is_told_by_its_explanation(
    settings,
):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(PerformanceState, user, "/performance")
    problems, explained = unexplained(
        performance, page, user, frozenset({"range", "year", "unknown_income", "count"})
    )
    assert not problems, "\n".join(problems)
    assert explained > 100
    for asset in (
        "crypto:BTC",
        "crypto:ETH",
        "stock:NL0010273215",
    ):  # in two places; earning; paying dividends
        page = await tab(AssetState, user, f"/assets/{asset}")
        problems, explained = unexplained(_own_figures, page, user, frozenset({"range", "isin"}))
        assert not problems, "\n".join([asset, *problems])
        assert explained > 10


def _own_figures() -> rx.Component:
    return rx.fragment(assets._head(), assets._tiles(), assets._places())


async def test_every_day_of_an_assets_line_and_of_the_return_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(AssetState, user, "/assets/crypto:BTC")
    panel = await page.get_state(ExplainState)
    line = page.line
    for at in (0, len(line.times) // 2, -1):
        await call(panel, "open", line.figure_of_day + _day(line.times[at]))
        assert (panel.problem, panel.result) == ("", line.labels[at])
    await call(panel, "open", page.price_figure)
    assert (panel.problem, panel.result) == ("", page.price)
    await call(panel, "open", page.move_figure)
    assert panel.result.replace("−", "") == line.change.replace("−", "")
    assert line.change_pct.lstrip("+−") in {one.value.lstrip("−") for one in panel.steps}
    page = await tab(PerformanceState, user, "/performance")
    for mode in ("return", "value"):
        await call(page, "choose_mode", mode)
        drawing, labels = page.drawing, page.drawing.lines[0].labels
        for at in (1, len(labels) // 2, -1):
            await call(panel, "open", drawing.figure_of_day + _day(drawing.times[at]))
            told = labels[at].removeprefix("+")
            assert (panel.problem, panel.result) == ("", told), mode


async def test_every_number_of_the_bar_the_items_and_a_transaction_is_told_by_its_explanation(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    await _bar_is_told(await tab(AppState, user, "/"), user)
    await _items_are_told(await tab(ItemsState, user, "/items"), user)
    await _transactions_are_told(await tab(TransactionsState, user, "/transactions"), user)


async def _bar_is_told(page: AppState, user: str) -> None:
    problems, explained = unexplained(wealth_bar, page, user)
    assert not problems, "\n".join(problems)
    assert explained == 5  # the coverage once more in the sheet of a phone
    shown = shown_on(wealth_bar, page)
    for name, figure in (("total", "net_worth"), ("change", "change_today"), ("change_pct", "change_today")):
        assert shown[name] == [(getattr(page, name), figure)]
    assert {figure for _, figure in shown["coverage"]} == {"coverage"}


async def _items_are_told(page: ItemsState, user: str) -> None:
    """Of what counts by its holding; of what was closed, and of each value of the past, by what its owner said."""
    rows = [*page.assets, *page.liabilities]
    foreign = next(one for one in rows if one.base)
    closed = next(one for one in rows if one.closed)
    for one in (foreign, closed, *page.liabilities[:1]):
        await call(page, "open_item", one.id)
        assert page.detail.valuations
        problems, explained = unexplained(items, page, user)
        assert not problems, "\n".join([one.name, *problems])
        assert explained >= len(rows) + len(page.detail.valuations) + 4
        await _days_are_told(page.detail.line, await page.get_state(ExplainState))
    assert (closed.figure, foreign.figure) == (f"item:{closed.id}", f"holding:item:{foreign.id}")
    await call(await page.get_state(AppState), "choose_currency", "JPY")
    problems, _ = unexplained(items, page, user)
    assert not problems, "\n".join(problems)


async def _transactions_are_told(page: TransactionsState, user: str) -> None:
    """What its source told stands as it was told; what it was worth opens its explanation."""
    kinds = {one.kind: one.id for one in page.rows}
    assert len(kinds) > 3
    worths = 0
    for currency in ("EUR", "USD"):
        await call(await page.get_state(AppState), "choose_currency", currency)
        for one in kinds.values():
            await call(page, "open_details", one)
            problems, explained = unexplained(transactions, page, user, TOLD_OF_TRANSACTIONS)
            assert not problems, "\n".join(problems)
            worths += explained
            shown = shown_on(transactions, page).get("worth", [])
            assert [figure for _, figure in shown] == [f"transaction:{one}"] * len(shown)
            assert page.details.worth not in {page.details.out, page.details.got, page.details.value} - {""}
    assert worths > len(kinds)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


async def _days_are_told(line: Timeline, panel: ExplainState) -> None:
    """A day of the line opens an explanation that comes to what the cursor says there; an instant opens none."""
    for at in (len(line.times) // 2, -2) if line.figure_of_day else ():
        day = datetime.fromtimestamp(line.times[at], UTC).date()
        await call(panel, "open", f"{line.figure_of_day}{day}")
        assert (panel.problem, panel.result) == ("", line.labels[at]), day
