"""The panel "Why this number?": it belongs to the page whose figure it explains."""

from __future__ import annotations

from reflex.istate.data import RouterData

from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState
from tests.state.tab import call, tab


async def test_the_panel_stays_where_it_was_opened_and_closes_when_another_page_is_opened(alice):
    panel = await tab(ExplainState, alice, "/")
    app = await panel.get_state(AppState)
    await call(panel, "open", "net_worth")
    assert (panel.is_open, panel.title) == (True, "Net worth")
    await call(app, "load")  # an import was done, or the page is loaded again
    assert panel.is_open
    root = app.parent_state
    headers = {"cookie": root.router.headers.cookie, "origin": "http://localhost"}
    root.router = RouterData.from_router_data({"headers": headers, "pathname": "/risk", "asPath": "/risk"})
    await call(app, "load")
    assert not panel.is_open
