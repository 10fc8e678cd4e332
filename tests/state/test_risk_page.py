"""The Risk page's state, with the sample household."""

from __future__ import annotations

from dataclasses import replace

from smartfolio_app.analytics.risk.panel import Exposure
from smartfolio_app.analytics.risk.scenarios import Effect, Outcome
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.services import demo, risk, wealth
from smartfolio_app.state import risk_view as show
from smartfolio_app.state.base import AppState
from smartfolio_app.state.dashboard import DashboardState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.risk import RiskState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab


async def test_the_page_in_all_its_windows_and_with_hidden_amounts(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
    page = await tab(RiskState, user, "/risk")
    assert page.available
    assert page.facts["volatility"].endswith("%")
    assert len(page.tails) == 3
    assert page.matrix.names[: len(page.matrix.rows)] == page.matrix.names
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
    panel = await page.get_state(ExplainState)
    figures = [page.prefix + "sharpe", *(one.figure for one in (*page.liquidity, *page.currencies))]
    figures += [one.figure for one in (*page.together, *page.apart, *page.episodes)]
    figures += [name for row in page.assets for name in (row.volatility_figure, row.beta_figure)]
    for name in figures:
        await call(panel, "open", name)
        assert (panel.problem, bool(panel.steps)) == ("", True), name
    for name in ("risk:all@x:held:sharpe", "risk:365:held:pair:crypto:BTC|no", "risk:365:held:episode:x"):
        await call(panel, "open", name)
        assert panel.problem, name
    await call(page, "try_preset", "all_quarter")
    assert page.shock_rows
    for name in (page.shock_figure, page.shock_rows[0].figure):
        await call(panel, "open", name)
        assert (panel.problem, bool(panel.steps)) == ("", True), name
    await call(page, "apply_shocks", {"shock:BTC": "-50 %", "asset": "", "asset_change": ""})
    assert page.shock_problem == ""
    await call(page, "apply_shocks", {"shock:BTC": "much"})
    assert "much" in page.shock_problem
    await call(await page.get_state(AppState), "toggle_privacy")
    assert page.bad_day.whole == "•••••"
    assert all("•" in cell.money for row in page.tails for cell in row.cells if not cell.why)
    board = await tab(DashboardState, user, "/")
    assert board.outlook["risk"].verdict


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
