"""The panel "Why this number?": it belongs to the page whose figure it explains."""

from __future__ import annotations

import re

from reflex.istate.data import RouterData

from smartfolio_app.services import demo, user_settings
from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.storage.engine import session_scope
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


async def test_days_are_written_as_the_reader_writes_them(settings):
    with session_scope() as db:
        user = demo.demo_user(db).id
        user_settings.update(db, user, language="fr")
        db.commit()
    panel = await tab(ExplainState, user, "/performance")
    await call(panel, "open", "performance:twr:2026-02-01..2026-03-02")
    assert {"1 févr. 2026", "2 mars 2026"} <= set(re.findall(r"\d+ [a-zéû]+\.? \d{4}", _words(panel)))
    for figure in (
        "performance:twr:2026-02-01..2026-03-02",
        "risk:365:held:var:historical-95-1",
        "drawdown:1Y",
    ):
        await call(panel, "open", figure)
        assert len(panel.steps) > 2
        assert not re.search(r"\d{4}-\d\d-\d\d", _words(panel)), _words(panel)


def _words(panel: ExplainState) -> str:
    return " ".join(
        [panel.title, panel.formula, *panel.notes, *(f"{one.label} {one.value}" for one in panel.steps)]
    )
