"""The second opinion on the Gains page: asked for, watched by whoever comes back, read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.services import sources, transactions, user_settings
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.second_opinion import engine, work
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.second_opinion import SecondOpinionState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab

BTC, EUR = "crypto:BTC", "fiat:EUR"


@pytest.fixture
def trader(alice, monkeypatch):
    """Somebody with one sale. The work is done in a thread here; the process has a test of its own."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, base_currency="EUR")
        for day, received, sent in ((0, ("1", BTC), ("10", EUR)), (9, ("50", EUR), ("1", BTC))):
            at = datetime(2024, 3, 1, 12, tzinfo=UTC) + timedelta(days=day)
            draft = Draft(at=at, kind="trade", received=received, sent=sent)
            transactions.add(db, alice, "manual_crypto", draft)
    begin = jobs.start

    def here(user_id, kind, label, function, *arguments, limit):
        return begin(user_id, kind, label, function, *arguments, heavy=False)

    monkeypatch.setattr(work.jobs.jobs, "start", here)
    return alice


async def test_it_is_asked_for_watched_and_read_also_by_the_page_that_comes_back(trader):
    page = await tab(SecondOpinionState, trader, "/gains")
    assert page.stage == ""
    await call(page, "choose", "average")
    assert page.method == ""  # nothing that rp2 does not know
    await call(page, "choose", "hifo")
    (watch,) = await call(page, "ask", "2024")
    assert "watch" in str(watch)
    jobs.wait(60)
    again = await tab(SecondOpinionState, trader, "/gains")
    assert (
        again._fill(await again._seat_of(trader) if hasattr(again, "_seat_of") else await seat(again))
        is False
    )
    assert (again.stage, again.equal) == ("done", True)
    assert again.verdict == "Equal to the cent. Both come to €40.00."
    assert "2024" in again.asked
    assert any("Highest" in line or "HIFO" in line for line in again.compared)
    assert again.left_out


async def seat(page):
    """The seat of the one who looks."""
    from smartfolio_app.state.base import AppState
    from smartfolio_app.state.guard import current_viewer

    viewer = await current_viewer(page)
    return await (await page.get_state(AppState))._seat(viewer)


async def test_without_the_extra_the_page_says_how_to_add_it(trader, monkeypatch):
    monkeypatch.setattr(engine.util, "find_spec", lambda name: None)
    page = await tab(SecondOpinionState, trader, "/gains")
    await call(page, "ask", "")
    assert page.stage == "failed"
    assert "requirements/verify.txt" in page.problem


async def test_average_cost_is_asked_about_by_a_method_that_is_covered(trader):
    with session_scope() as db:
        user_settings.update(db, trader, cost_basis_method="average")
    page = await tab(SecondOpinionState, trader, "/gains")
    await call(page, "ask", "")
    jobs.wait(60)
    assert work.latest(trader).result.policy == "fifo"
