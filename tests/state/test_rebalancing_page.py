"""The Rebalancing page's state, with the sample household."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from smartfolio_app.analytics.rebalancing.optimise import METHODS
from smartfolio_app.pages.rebalancing import rebalancing
from smartfolio_app.services import demo
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.rebalancing import optimiser, targets
from smartfolio_app.state import rebalancing_rows
from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.optimiser import OptimiserState
from smartfolio_app.state.rebalancing import RebalancingState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import shown_on, unexplained
from tests.state.tab import call, notice, tab

#: What is typed, and what is said of it meanwhile.
FORM = frozenset({"remainder", "rate", "fixed", "minimum"})


@pytest.fixture
def household(settings, time_machine):
    time_machine.move_to(
        datetime(2026, 11, 20, 12, tzinfo=UTC)
    )  # how far it is from a target changes with the day
    with session_scope() as db:
        return demo.demo_user(db).id


def kept(user):
    with session_scope() as db:
        return targets.get(db, user)


def fields(page):
    return {f"weight:{row.key}": page._typed[row.key] for row in page.rows}


async def test_targets_are_typed_weighed_and_kept_only_when_they_are_a_whole(household):
    page = await tab(RebalancingState, household, "/rebalancing")
    assert (page.loaded, page.empty, page.has_targets, page.trades) == (True, False, False, [])
    await call(page, "edit")
    assert page.editing
    assert "100" in page.remainder
    await call(page, "type_target", "BTC", "60")
    await call(page, "type_target", "ETH", "30,5")
    assert (page.remainder, page.exact) == ("9.5% left to give.", False)
    await call(page, "type_target", "ETH", "forty")
    assert "forty" in page.remainder
    await call(page, "type_target", "ETH", "50")
    assert page.remainder_tone == "bad"
    await call(page, "type_target", "NOPE", "-10")
    assert "NOPE" not in page._typed
    await call(page, "set_targets", fields(page))
    assert "110" in page.targets_problem
    assert page.editing
    assert kept(household).weights == {}
    await call(page, "type_target", "ETH", "40")
    assert page.exact
    await call(page, "set_targets", fields(page))
    assert (page.editing, page.has_targets, page.targets_problem) == (False, True, "")
    assert await notice(page) == "Targets saved."
    assert {key: str(weight) for key, weight in kept(household).weights.items()} == {
        "BTC": "0.6",
        "ETH": "0.4",
    }
    await call(page, "remove_targets")
    assert (page.has_targets, kept(household).weights) == (False, {})


async def test_presets_fill_the_fields_and_keep_nothing(household):
    page = await tab(RebalancingState, household, "/rebalancing")
    for by in ("group", "category", "asset"):
        await call(page, "choose_by", by)
        for name in ("as_held", "equal", "two_giants", "half_and_half"):
            await call(page, "use_preset", name)
            assert page.exact, (by, name)
    assert page.by == "asset"
    await call(page, "add_coin", {"ticker": "../etc"})
    assert "../ETC" in page.targets_problem
    await call(page, "add_coin", {"ticker": "link"})
    assert "crypto:LINK" in {row.key for row in page.rows}
    await call(page, "stop_editing")
    assert (page.by, page.editing, kept(household).weights) == ("group", False, {})


async def test_the_plan_by_venue_with_its_rules_locks_and_reasons(household):
    page = await tab(RebalancingState, household, "/rebalancing")
    await call(page, "use_preset", "two_giants")
    await call(page, "set_targets", fields(page))
    trades = [trade for venue in page.trades for trade in venue.trades]
    assert trades
    venue = page.venues[0].key
    rules = {"band_absolute": "1", "band_relative": "", "minimum": "1", "lot_choice": "least_tax"}
    rules |= {"tax_short": "30 %", "tax_long": "much", f"rate:{venue}": "0.5", f"fixed:{venue}": "1"}
    await call(page, "set_rules", rules)
    assert "much" in page.rules_problem
    await call(page, "set_rules", rules | {"tax_long": "10", f"whole:{venue}": "on"})
    assert page.rules_problem == ""
    found = kept(household)
    assert (str(found.bands.absolute), found.bands.relative, str(found.tax_short)) == ("0.01", None, "0.3")
    assert (found.lot_choice, found.venues[venue].whole, found.venues[venue].locked) == (
        "least_tax",
        True,
        False,
    )

    many = [trade for venue in page.trades for trade in venue.trades if trade.lot_lines]
    assert many, "the sample household bought in many small parts"
    told = [one for named in shown_on(rebalancing, page).values() for one in named]
    for trade in many:  # folded away, and each of them told by its explanation
        assert trade.lots == f"{len(trade.lot_lines)} lots"
        assert len(trade.lot_lines) > rebalancing_rows.FEW_LOTS
        assert {(text, trade.quantity_figure) for text in trade.lot_lines} <= set(told)
    problems, explained = unexplained(rebalancing, page, household, FORM)
    assert not problems, "\n".join(problems)
    assert explained > 20
    panel = await page.get_state(ExplainState)
    for name in (
        "rebalance:x:0:gain",
        "rebalance:0:0:gain:999",
        "rebalance:0:0:gain:" + "9" * 5000,
        "rebalance:0:0:share:NOPE",
        "rebalance:0",
    ):
        await call(panel, "open", name)
        assert panel.problem, name

    await call(page, "set_cash", {"cash": "lots"})
    assert "lots" in page.cash_problem
    await call(page, "set_cash", {"cash": "1000"})
    await call(page, "set_only_cash", True)
    assert all(not trade.sells for venue in page.trades for trade in venue.trades)
    assert "cash=1000" in page.csv_address
    assert "only_cash=True" in page.json_address
    await call(page, "choose_flow", "withdraw")
    assert all(trade.sells for venue in page.trades for trade in venue.trades)
    await call(page, "set_only_cash", False)

    bitcoin = next(one.value for one in page.assets if one.label == "BTC")
    await call(page, "lock_asset", "crypto:NOT-OFFERED")
    await call(page, "lock_asset", bitcoin)
    assert [one.value for one in page.locked] == [bitcoin]
    assert all(trade.what != "BTC" for venue in page.trades for trade in venue.trades)
    await call(page, "unlock_asset", bitcoin)
    assert page.locked == []
    await call(await page.get_state(AppState), "toggle_privacy")
    assert all("•" in trade.amount for venue in page.trades for trade in venue.trades)


async def test_suggestions_stand_beside_what_is_held_and_only_fill_the_form(household):
    page = await tab(RebalancingState, household, "/rebalancing")
    ideas = await page.get_state(OptimiserState)
    await call(ideas, "take", "equal_risk")
    assert not page.editing
    await call(ideas, "compute")
    assert (ideas.problem, ideas.working, ideas.progress) == ("", False, 100)
    assert len(ideas.weights) > 2
    assert {len(line.cells) for line in (*ideas.weights, *ideas.tests)} == {1 + len(METHODS)}
    assert "skfolio" in ideas.note
    panel = await page.get_state(ExplainState)
    jobs.forget(household, ideas._job)  # a day later, or after a new start: the page is still open
    for line in (ideas.weights[0], *ideas.tests):
        for cell in line.cells:
            await call(panel, "open", cell.figure)
            assert (panel.problem, len(panel.steps) > len(METHODS)) == ("", True), cell.figure
            assert panel.result.lstrip("+") == cell.text.lstrip("+") or cell.text == "—", cell
    problems, explained = unexplained(rebalancing, page, household, FORM)
    assert not problems, "\n".join(problems)
    assert explained > 20
    await call(ideas, "take", "equal_risk")
    assert (page.by, page.editing, page.exact) == ("asset", True, True)
    assert kept(household).weights == {}
    await call(page, "set_targets", fields(page))
    assert sum(kept(household).weights.values()) == 1
    assert (kept(household).by, page.has_targets) == ("asset", True)


async def test_without_the_optimiser_the_page_says_what_to_do(household, monkeypatch):
    monkeypatch.setattr(optimiser, "is_there", lambda: False)
    page = await tab(RebalancingState, household, "/rebalancing")
    assert "smartfolio[optimiser]" in page.no_optimiser
    ideas = await page.get_state(OptimiserState)
    await call(ideas, "compute")
    assert "smartfolio[optimiser]" in ideas.problem
    assert not ideas.working
