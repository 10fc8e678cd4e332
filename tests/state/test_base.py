"""The state behind every page: the view comes from settings and address, is checked, kept, and written back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import reflex as rx
from reflex.istate.data import RouterData
from sqlalchemy import select
from sqlmodel import col

import smartfolio_app.pages  # noqa: F401 - every page's state is registered
from smartfolio_app.analytics.results import Coverage
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.components.wealth_bar import wealth_bar
from smartfolio_app.providers.errors import ProviderUnreachableError
from smartfolio_app.providers.http import ProviderClient
from smartfolio_app.security import sessions
from smartfolio_app.services import items, market_data, sources, transactions, user_settings
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.settings import load_settings
from smartfolio_app.state.base import AppState, coverage_text
from smartfolio_app.state.dashboard import DashboardState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import session_hash_of
from smartfolio_app.state.locale import Locale
from smartfolio_app.state.places import PLACES
from smartfolio_app.state.seat import state_of_page
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SourceRow, SyncRun

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.fixture
def anna(alice):
    """A user with the built-in sources and one more."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        sources.add(db, alice, "file_crypto", "Kraken")
    return alice


def app_of(user_id: str, address: str = "/") -> AppState:
    """The state of a tab at ``address`` whose browser is signed in as the user."""
    with session_scope() as db:
        cookie = sessions.hash_of(sessions.issue(db, user_id))
    root = rx.State(_reflex_internal_init=True)
    router = RouterData.from_router_data(
        {
            "headers": {"cookie": f"{sessions.PLAIN_COOKIE}={cookie}", "origin": "http://localhost"},
            "pathname": address.partition("?")[0],
            "asPath": address,
        }
    )
    root.router = router
    return root.get_substate(AppState.get_full_name().split(".")[1:])


async def ran(events) -> None:
    async for _ in events:
        pass


async def load(app: AppState) -> AppState:
    await ran(AppState.load.fn(app))
    assert app.problem == ""
    return app


def kept(user_id: str) -> user_settings.Preferences:
    with session_scope() as db:
        return user_settings.get(db, user_id)


def key_of(user_id: str, label: str) -> str:
    with session_scope() as db:
        return next(one.key for one in sources.source_status(db, user_id).sources if one.label == label)


async def test_a_load_takes_the_view_from_the_settings(anna):
    with session_scope() as db:
        user_settings.update(db, anna, base_currency="CHF", language="fr", theme="light", privacy=True)
    app = await load(app_of(anna))
    assert (app.currency, app.theme, app.privacy, app.user_name) == ("CHF", "light", True, "alice")
    assert (await app.get_state(Locale)).language == "fr"
    assert app.query == "?currency=CHF"
    assert app.ready


async def test_the_address_comes_before_the_settings_but_does_not_change_them(anna):
    app = await load(app_of(anna, f"/?currency=usd&crypto={key_of(anna, 'Kraken')}"))
    assert app.currency == "USD"
    assert app.crypto == key_of(anna, "Kraken")
    assert kept(anna).scope == Scope()


@pytest.mark.parametrize("address", ["/?currency=XXX&crypto=nobodys", "/?currency=&crypto="])
async def test_nonsense_in_the_address_is_ignored(anna, address):
    app = await load(app_of(anna, address))
    assert app.currency == kept(anna).base_currency
    assert app.crypto == "all"


async def test_a_choice_is_kept_and_written_into_the_address(anna):
    app = await load(app_of(anna))
    key = key_of(anna, "Kraken")
    await ran(AppState.choose_scope.fn(app, category="crypto", source_key=key))
    await ran(AppState.choose_currency.fn(app, currency="BTC"))
    assert (kept(anna).scope_crypto, kept(anna).base_currency) == (key, "BTC")
    assert app.query == f"?crypto={key}&currency=BTC"


@pytest.mark.parametrize(
    ("category", "source"),
    [("crypto", "nobodys"), ("user_name", "x"), ("_time_zone", "x"), ("stocks", "kraken")],
)
async def test_a_scope_that_is_not_there_cannot_be_chosen(anna, category, source):
    app = await load(app_of(anna))
    await ran(AppState.choose_scope.fn(app, category=category, source_key=source))
    assert kept(anna).scope == Scope()
    assert app.user_name == "alice"


async def test_a_currency_nobody_quotes_cannot_be_chosen(anna):
    app = await load(app_of(anna))
    await ran(AppState.choose_currency.fn(app, currency="DOGE"))
    assert app.currency == kept(anna).base_currency


async def test_switching_the_language_rewrites_the_figures(anna):
    app = await load(app_of(anna))
    await ran(AppState.choose_currency.fn(app, currency="EUR"))
    assert app.total.startswith("€")
    await ran(AppState.choose_language.fn(app, language="fr"))
    assert app.total.endswith("€")
    assert kept(anna).language == "fr"


async def test_a_source_that_is_gone_falls_back_to_all(anna):
    key = key_of(anna, "Kraken")
    app = await load(app_of(anna))
    await ran(AppState.choose_scope.fn(app, category="crypto", source_key=key))
    with session_scope() as db:
        sources.delete_source(db, anna, key)
    await load(app)
    assert app.crypto == "all"


async def test_a_revoked_session_gets_nothing(anna):
    app = app_of(anna)
    with session_scope() as db:
        sessions.revoke_hash(db, session_hash_of(app))
    events = [event async for event in AppState.load.fn(app)]
    assert app.total == ""
    assert events, "it is sent to the sign-in page"


@pytest.mark.parametrize(("address", "filled"), [("/", True), ("/items", False)])
async def test_an_open_page_shows_what_has_changed_and_asks_for_nothing_otherwise(anna, address, filled):
    app = await load(app_of(anna, address))
    page = await app.get_state(state_of_page(address))
    times = []

    async def show(seat):
        times.append(seat)

    object.__setattr__(page, "_show", show)
    await ran(AppState.look.fn(app))
    assert (app.total, times) == ("$0.00", [])
    with session_scope() as db:
        items.add(db, anna, kind="cash", name="box", currency="USD", value="100", day=date(2026, 1, 1))
    await ran(AppState.look.fn(app))
    assert app.total == "$100.00"
    assert len(times) == filled  # a page on which something may be being typed is left alone
    await ran(AppState.look.fn(app))
    assert len(times) == filled


async def test_opening_a_page_asks_no_provider_anything(anna, settings, monkeypatch):
    asked = []

    def call(self, url, *_, **__):
        asked.append(str(url))
        raise ProviderUnreachableError("provider.timeout", provider=self.provider)

    monkeypatch.setattr(ProviderClient, "_follow", call)
    online = load_settings(data_dir=settings.data_dir, database_url=settings.database_url, offline=False)
    engine.configure(online)
    with session_scope() as db:
        draft = Draft(at=datetime(2026, 1, 5, tzinfo=UTC), kind="deposit", received=("5", "crypto:BTC"))
        transactions.add(db, anna, "manual_crypto", draft)
    try:
        for place in PLACES:
            app = await load(app_of(anna, place.address))
            assert (app.ready, app.problem) == (True, ""), place.address
            await ran(AppState.look.fn(app))
    finally:
        market_data.close()
        engine.configure(settings)
    assert asked == []


def test_every_page_has_its_state():
    assert state_of_page("/") is DashboardState
    assert state_of_page("/?currency=EUR") is DashboardState
    assert state_of_page("/no-such-page") is None


@pytest.mark.parametrize(
    ("coverage", "text"),
    [
        (Coverage(0, 0, 0), "Nothing to price"),
        (Coverage(2, 2, 0, NOW), "100.0% priced · as of 14:05"),
        (Coverage(61, 62, 2, NOW), "98.4% priced · 2 stale since 14:05"),
    ],
)
def test_the_bar_says_how_sure_its_total_is(coverage, text):
    assert coverage_text(coverage, Figures(now=NOW)) == text
    assert Decimal(coverage.priced) <= coverage.total


async def test_syncs_under_way_are_said_in_the_bar_until_they_are_over(anna, db):
    source = db.execute(select(SourceRow).where(col(SourceRow.user_id) == anna).limit(1)).scalar_one()
    run = SyncRun(user_id=anna, source_id=source.id, trigger="manual", begun_with="{}", state="running")
    db.add(run)
    db.commit()
    app = await load(app_of(anna))
    assert app.syncing == "1 sync under way"
    run.state = "done"
    db.add(run)
    db.commit()
    await ran(AppState.look.fn(app))
    assert app.syncing == ""


def test_the_sign_of_a_sync_is_on_a_wide_screen_and_on_a_phone():
    drawn = str(wealth_bar().render())
    assert drawn.count('className:"syncing icon-button only-phone"') == 1
    assert drawn.count('className:"syncing"') == 2  # the wide bar, and the sheet behind the phone's button
