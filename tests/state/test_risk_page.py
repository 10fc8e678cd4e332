"""The Risk page's state, with the sample household."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from smartfolio_app.analytics.risk.drawdowns import Drawdown
from smartfolio_app.analytics.risk.panel import Exposure
from smartfolio_app.analytics.risk.scenarios import Effect, Outcome
from smartfolio_app.components.decision_tiles import decision_tiles
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.pages.risk import risk as risk_page
from smartfolio_app.services import demo, risk, wealth
from smartfolio_app.state import risk_view as show
from smartfolio_app.state.base import AppState
from smartfolio_app.state.dashboard import DashboardState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.risk import RiskState
from smartfolio_app.storage.engine import session_scope
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, tab


async def test_the_page_in_all_its_windows_and_with_hidden_amounts(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(RiskState, user, "/risk")
    assert page.available
    assert page.facts["volatility"].endswith("%")
    assert len(page.tails) == 3
    assert page.matrix.names[: len(page.matrix.rows)] == page.matrix.names
    assert all(cell.ratio.endswith("%") for row in page.tails for cell in row.cells if not cell.why)
    assert len(page.left) > 3
    assert all(one.share.endswith("%") or one.share == "—" for one in page.left)
    assert all(one.reason for one in page.left)
    for window in risk.WINDOWS:
        await call(page, "choose_window", window)
        assert page.prefix == f"risk:{window}:held:"
    await call(page, "choose_basis", "lived")
    assert page.available
    await call(page, "choose_benchmark", "crypto:BTC")
    assert page.benchmark == "crypto:BTC"
    plain = page.facts["sharpe"]
    await call(page, "choose_rate", "4 %")
    assert page.facts["sharpe"] != plain
    assert page.prefix == "risk:all@0.04:lived:"
    for wrong in ("four", "900"):
        await call(page, "choose_rate", wrong)
        assert page.rate_problem, wrong
    await call(page, "try_preset", "all_quarter")
    await call(page, "simulate", {"months": "1", "monthly": "-100", "goal": "1000"})
    assert (page.future_problem, len(page.ends)) == ("", 3)
    problems, explained = unexplained(risk_page, page, user, frozenset({"rate_problem", "no_episode"}))
    assert not problems, "\n".join(problems)
    assert explained > 150
    panel = await page.get_state(ExplainState)
    matrix = page.matrix
    cells = {
        f"{matrix.figure}{first}|{second}": matrix.rows[across][down]
        for across, first in enumerate(matrix.ids)
        for down, second in enumerate(matrix.ids)
        if across < down
    }
    for pair in (*page.together, *page.apart):  # a cell opens what its line in the list opens
        await call(panel, "open", pair.figure)
        assert float(panel.result.replace("−", "-")) == pytest.approx(cells[pair.figure], abs=0.0056)
    await call(panel, "open", f"{matrix.figure}{matrix.ids[0]}|crypto:NEVERHEARD")
    assert panel.problem
    for name in ("risk:all@x:held:sharpe", "risk:365:held:pair:crypto:BTC|no", "risk:365:held:episode:x"):
        await call(panel, "open", name)
        assert panel.problem, name
    assert page.shock_rows
    await call(page, "apply_shocks", {"shock:BTC": "-50 %", "asset": "", "asset_change": ""})
    assert page.shock_problem == ""
    await call(page, "apply_shocks", {"shock:BTC": "much"})
    assert "much" in page.shock_problem
    await call(await page.get_state(AppState), "toggle_privacy")
    assert page.bad_day.whole == "•••••"
    assert all("•" in cell.money for row in page.tails for cell in row.cells if not cell.why)
    board = await tab(DashboardState, user, "/")
    assert board.outlook["risk"].verdict
    problems, _ = unexplained(lambda: decision_tiles(DashboardState.outlook), board, user)
    assert not problems, "\n".join(problems)


def test_a_proxy_and_a_foreign_currency_are_said_beside_the_loss():
    def held(symbol):
        return Exposure(Asset(f"crypto:{symbol}", AssetClass.CRYPTO, symbol), 100.0, "L1", "crypto")

    effects = (
        Effect(held("SOL"), -0.6, -60.0, "proxy", "crypto:BTC", 1.2),
        Effect(held("BTC"), -0.5, -50.0, "prices", currency="USDT"),
        Effect(held("NEW"), None, None, "missing"),
    )
    outcome = Outcome("ftx_2022", None, None, -110.0, -0.55, 2 / 3, 1 / 3, effects)
    (row,) = show.episode_rows([outcome], Figures())
    assert "Covers 66.7% of everything in view." in row.note
    assert "By proxy, beta times BTC: SOL × 1.20." in row.note
    assert "Counted in USDT, for want of exchange rates from then: BTC." in row.note


def test_a_model_that_fails_its_test_says_so_beside_its_figures(db):
    user = demo.demo_user(db)
    report = risk.dashboard(db, wealth.view_of(db, user.id)).report
    failed = [replace(one, test=replace(one.test, verdict="failed")) for one in report.records]
    rows = show.tail_rows(replace(report, records=tuple(failed)), Figures())
    cells = [cell for row in rows for cell in row.records]
    assert len(cells) == len(report.records) == 6
    assert {cell.verdict for cell in cells} == {"Failed its test"}
    assert {cell.tone for cell in cells if cell.chance} == {"bad"}


def test_a_fall_lasts_from_its_peak_until_it_is_reached_again_and_shrinking_is_said(db):
    user = demo.demo_user(db)
    report = risk.dashboard(db, wealth.view_of(db, user.id)).report
    fall = Drawdown(-0.2, date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 12))
    told = show.fall_text(replace(report, deepest=fall), Figures())
    assert "70 days" in told
    assert "Jan 1, 2026" in told
    shrunk = replace(report, correlations=replace(report.correlations, shrinkage=0.37))
    assert "37% (Ledoit and Wolf 2004)" in show.matrix_note(shrunk, Figures())
    plain = replace(report, correlations=replace(report.correlations, shrinkage=0.0))
    assert "Ledoit" not in show.matrix_note(plain, Figures())


def test_the_windows_are_those_that_are_named():
    assert risk.WINDOWS == {"30": 30, "90": 90, "180": 180, "365": 365, "all": None}
