"""The Risk page's state, with the sample household."""

from __future__ import annotations

from smartfolio_app.services import demo, risk
from smartfolio_app.state.base import AppState
from smartfolio_app.state.dashboard import DashboardState
from smartfolio_app.state.explain import ExplainState
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
    await call(page, "apply_shocks", {"shock:BTC": "-50 %", "asset": "", "asset_change": ""})
    assert page.shock_problem == ""
    await call(page, "apply_shocks", {"shock:BTC": "much"})
    assert "much" in page.shock_problem
    await call(await page.get_state(AppState), "toggle_privacy")
    assert page.bad_day.whole == "•••••"
    assert all("•" in cell.money for row in page.tails for cell in row.cells if not cell.why)
    board = await tab(DashboardState, user, "/")
    assert board.outlook["risk"].verdict
