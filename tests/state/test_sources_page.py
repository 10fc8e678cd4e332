"""The Sources page: what can be connected is found, a key goes in and never comes out, each sync is told."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.pages.sources import sources as sources_page
from smartfolio_app.providers.connectors import KeyCheck, connector
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import market_data, sources, sync
from smartfolio_app.settings import load_settings
from smartfolio_app.state.base import AppState
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.sources import SourcesState
from smartfolio_app.state.syncs import SyncsState
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SourceRow, SyncRun
from tests.loopback.cointracking import CoinTrackingServer
from tests.services.sync.conftest import ANN
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, notice, tab

#: How many of something there are, what is typed and chosen, and what an upload or a key may be: no figures.
COUNTS = frozenset({"holds", "limit_mb", "more", "added", "duplicates", "rejected", "compared", "budget"})


@pytest.fixture
def world(settings):
    with CoinTrackingServer() as running:
        account = running.world.add(ANN["api_key"], ANN["api_secret"])
        account.places = {"Kraken": {"ADA": ("101", "0.50"), "BTC": ("0.5", "60,000.00")}}
        account.trade(1, 1_700_000_000, "Deposit", buy="100 ADA")
        account.trade(2, 1_700_000_000, "Deposit", buy="0.5 BTC")
        engine.configure(
            load_settings(data_dir=settings.data_dir, offline=False, cointracking_url=running.url)
        )
        yield running
        sync.stop()
        market_data.close()
        engine.configure(settings)


@pytest.fixture
async def page(alice, world):
    return await tab(SourcesState, alice, "/sources")


async def other(page, kind):
    return await page.get_state(kind)


def cards(page) -> dict:
    return {one.provider: one for one in (*page.crypto, *page.stocks, *page.wealth)}


async def connected(page):
    dialog = await other(page, ConnectState)
    await call(dialog, "begin", "cointracking_api")
    await call(dialog, "submit", ANN)
    assert sync.wait(30)
    await call(await other(page, SyncsState), "watch")
    await load(page)
    await call(page, "open_source", dialog.source)
    return dialog


async def load(page) -> None:
    """What the browser does when a sync has ended."""
    await call(await other(page, AppState), "load")


async def test_the_catalogue_holds_everything_and_narrows_by_name_kind_and_category(page):
    dialog = await other(page, ConnectState)
    await call(dialog, "open")
    assert dialog.step == "choose"
    assert [one.provider for one in dialog.live][:2] == ["cointracking_api", "binance_api"]
    assert dialog.more_live
    assert {one.label for one in dialog.any_file} == {"Other crypto files", "Other stock files"}
    assert {"/items"} <= {one.address for one in dialog.by_hand}
    await call(dialog, "choose_kind", "api")
    assert len(dialog.live) > 90
    assert dialog.files == []
    await call(dialog, "choose_category", "stocks")
    assert {one.provider for one in dialog.live} == {"saxo_api", "saxo_sim_api"}
    assert all(one.address.startswith("/sources/sign-in?provider=") for one in dialog.live)
    await call(dialog, "choose_category", "all")
    await call(dialog, "choose_kind", "all")
    await call(dialog, "find", "krak")
    assert [one.provider for one in (*dialog.live, *dialog.files)][:2] == [
        "kraken_api",
        "krakenfutures_api",
    ] or ("kraken_api" in {one.provider for one in dialog.live})
    assert "kraken_csv" in {one.provider for one in dialog.files}
    await call(dialog, "find", "no such thing")
    assert dialog.nothing


async def test_an_account_is_connected_in_three_steps_and_its_key_is_in_no_state(page):
    assert cards(page)["cointracking_api"].status == "not_configured"
    dialog = await connected(page)
    assert (dialog.step, dialog.problem, dialog.run.state) == ("sync", "", "done")
    assert "ADA +101" in dialog.run.changes
    card = cards(page)["cointracking_api"]
    assert (card.connected, card.busy, card.status) == (True, False, "ok")
    assert card.next
    syncs = await other(page, SyncsState)
    assert {one.hint for one in syncs.credentials} == {"•••• -ann"}
    assert syncs.how.every == "60"
    shown = json.dumps([state.dict() for state in (page, dialog, syncs)], default=str)
    assert ANN["api_key"] not in shown
    assert ANN["api_secret"] not in shown


async def test_a_wrong_key_is_refused_in_a_sentence_and_makes_no_source(page, alice):
    dialog = await other(page, ConnectState)
    await call(dialog, "begin", "cointracking_api")
    await call(dialog, "submit", {**ANN, "api_secret": "wrong" * 4})
    assert dialog.step == "keys"
    assert "CoinTracking does not accept the key" in dialog.problem
    await call(dialog, "submit", {"api_key": "", "api_secret": ""})
    assert "needs the field" in dialog.problem
    with session_scope() as db:
        assert not [one for one in sources.source_status(db, alice).sources if one.kind == "api" and one.id]


async def test_a_key_that_can_move_things_is_asked_about_before_it_is_stored(page, alice, monkeypatch):
    found = KeyCheck(ok=True, may_trade=True, may_withdraw=None)
    monkeypatch.setattr(connector("cointracking_api"), "check", lambda _access: found)
    dialog = await other(page, ConnectState)
    await call(dialog, "begin", "cointracking_api")
    await call(dialog, "submit", ANN)
    assert (dialog.step, [one.tone for one in dialog.danger]) == ("keys", ["good", "bad", ""])
    with session_scope() as db:
        assert not [one for one in sources.source_status(db, alice).sources if one.kind == "api" and one.id]
    await call(dialog, "submit", {**ANN, "accept_risks": "on"})
    assert (dialog.step, dialog.danger) == ("sync", [])
    assert sync.wait(30)


async def test_a_sync_is_taken_back_a_gap_closed_a_schedule_chosen_and_a_key_removed(page, alice):
    await connected(page)
    syncs = await other(page, SyncsState)
    assert [(gap.symbol, gap.difference, bool(gap.fix)) for gap in syncs.gaps] == [("ADA", "+1", True)]
    problems, explained = unexplained(sources_page, page, alice, COUNTS)
    assert not problems, "\n".join(problems)
    assert explained > 4
    panel = await other(page, ExplainState)
    await call(panel, "open", syncs.gaps[0].figure)
    assert (panel.problem, panel.result) == ("", "1\u00a0ADA")
    assert [step.value for step in panel.steps[:3]] == ["101\u00a0ADA", "100\u00a0ADA", "100\u00a0ADA"]
    await call(panel, "open", f"sync:{syncs.runs[0].id}")
    assert (panel.problem, panel.result) == ("", "2")
    assert {"ADA", "BTC"} <= {step.label for step in panel.steps}
    await call(syncs, "close_gap", "crypto:ADA")
    assert syncs.gaps == []
    assert [one.format for one in page.batches] == ["Correction"]
    await call(syncs, "test")
    assert syncs.tested[0] == "It works."

    await call(syncs, "start", syncs.key)
    assert sync.wait(30)
    await load(page)
    assert [one.added for one in syncs.runs] == ["Nothing new", "2 transactions · 2 positions"]
    await call(syncs, "undo", syncs.runs[1].id)
    assert syncs.runs[1].undone
    assert (syncs.how.every, cards(page)["cointracking_api"].next) == ("0", "synced only by hand")
    await call(syncs, "schedule", "360")
    assert syncs.how.every == "360"
    await call(syncs, "schedule", "own")
    assert (syncs.own_interval, syncs.how.every) == (True, "360")
    for wrong in ("2", "20000", "soon", "7.5"):
        await call(syncs, "schedule_own", {"minutes": wrong})
        assert (syncs.own_interval, syncs.how.every) == (True, "360")
        assert "every 5 to 10080 minutes" in await notice(page)
    await call(syncs, "schedule_own", {"minutes": "45"})
    assert (syncs.own_interval, syncs.how.every) == (False, "45")
    assert "Every 45 minutes" in [one.label for one in syncs.schedules]

    await call(syncs, "forget")
    card = cards(page)["cointracking_api"]
    assert (card.connected, card.status) == (False, "not_configured")
    await call(syncs, "start", card.key)
    assert "no key in the vault" in await notice(page)


async def test_what_a_sync_does_is_seen_on_the_card_and_it_can_be_stopped(page):
    await connected(page)
    syncs = await other(page, SyncsState)
    with session_scope() as db:
        source = db.execute(select(SourceRow).where(col(SourceRow.key) == syncs.key)).scalar_one()
        # As another process would have begun it, which nobody here can finish meanwhile.
        db.add(
            SyncRun(
                user_id=source.user_id, source_id=source.id, label="sync.fetching.trades", done=1, total=4
            )
        )
        user = source.user_id
    with session_scope() as db:
        await syncs._tell(await page._seat(Viewer(user, "alice")), sync.under_way(db, user))
    card = cards(page)["cointracking_api"]
    assert (card.busy, card.doing, card.percent) == (True, "Trades", 25)
    assert (syncs.runs[0].state, syncs.runs[0].undoable) == ("queued", False)
    await call(syncs, "undo", syncs.runs[1].id)
    assert "is being synced" in await notice(page)
    await call(syncs, "cancel", syncs.key)
    assert not cards(page)["cointracking_api"].busy
    assert [one.state for one in syncs.runs] == ["cancelled", "done"]


async def test_an_account_has_one_row_whether_it_is_set_up_or_not(page, alice):
    assert "cointracking_csv" not in cards(page)  # the live one stands for both
    with session_scope() as db:
        sources.add(db, alice, "cointracking_csv")
    await load(page)
    assert "cointracking_api" not in cards(page)
    assert cards(page)["cointracking_csv"].could_be_live == "cointracking_api"
