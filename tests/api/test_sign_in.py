"""Signing in at Saxo through the REST door: there, back without the cookie, back with it; and who may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from smartfolio_app.providers.saxo_tokens import Holder
from smartfolio_app.services import credentials, market_data, sign_in, sources, sync
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import SourceRow
from tests.api.conftest import cookie_of
from tests.loopback.saxo import APP_KEY, SaxoVenue
from tests.loopback.venues import VenueServer

CALLBACK = sign_in.CALLBACK


@pytest.fixture
def venue():
    return SaxoVenue()


@pytest.fixture
def saxo(settings, venue):
    """Saxo's simulation on loopback, and this server allowed to call it."""
    Holder._newest.clear()
    with VenueServer(venue) as server:
        engine.configure(
            load_settings(
                data_dir=settings.data_dir,
                database_url=settings.database_url,
                offline=False,
                saxo_sim_url=f"{server.url}/sim/openapi",
                saxo_sim_login_url=server.url,
            )
        )
        yield server
        sync.stop()
        market_data.close()
        engine.configure(settings)


@pytest.fixture
def source(saxo, alice):
    with session_scope() as db:
        return sources.add(db, alice, "saxo_sim_api").key


def code_for(saxo, venue, address):
    assert address.startswith(f"{saxo.url}/authorize?")
    return {
        "state": parse_qs(urlsplit(address).query)["state"][0],
        "code": venue.authorize(address.removeprefix(saxo.url)),
    }


async def begin(client, source):
    return (await client.post(f"/api/sources/{source}/sign-in", json={"app_key": APP_KEY})).json()


def kept(key):
    with session_scope() as db:
        row = db.execute(select(SourceRow).where(SourceRow.key == key)).scalar_one()
        return credentials.secrets_of(db, row.id)


async def test_there_and_back(connect, saxo, venue, alice, source):
    cookie = cookie_of(alice)
    browser, stranger = connect(cookie=cookie), connect()
    way = await begin(browser, source)
    assert way["redirect_uri"].endswith(CALLBACK)
    back = code_for(saxo, venue, way["address"])
    # Another site sent the browser here: no cookie came along, so our own page asks again.
    bounce = await stranger.get(CALLBACK, params=back)
    assert bounce.status_code == 200
    assert 'http-equiv="refresh"' in bounce.text
    assert "again=true" in bounce.text
    assert kept(source) == {}
    done = await browser.get(CALLBACK, params={**back, "again": "true"})
    assert (done.status_code, done.headers["location"]) == (303, "/sources")
    assert kept(source)["refresh_token"] in venue.refresh
    assert kept(source)["app_key"] == APP_KEY


async def test_the_way_back_is_the_same_users_and_the_same_browsers(connect, saxo, venue, alice, bob, source):
    way = await begin(connect(cookie=cookie_of(alice)), source)
    back = code_for(saxo, venue, way["address"])
    for other in (cookie_of(bob), cookie_of(alice)):
        refused = await connect(cookie=other).get(CALLBACK, params=back)
        assert refused.headers["location"] == "/sources/sign-in?problem=saxo.state"
    assert kept(source) == {}
    assert back["code"] in venue.codes  # was never shown to Saxo


@pytest.mark.parametrize("state", ["", "nonsense", "gAAAAA" + "x" * 80])
async def test_a_made_up_state_is_refused(connect, saxo, alice, source, state):
    browser = connect(cookie=cookie_of(alice))
    refused = await browser.get(CALLBACK, params={"state": state, "code": "c"})
    assert refused.headers["location"] == "/sources/sign-in?problem=saxo.state"


async def test_a_declined_sign_in_and_a_stranger_keep_nothing(connect, saxo, venue, alice, source):
    browser = connect(cookie=cookie_of(alice))
    back = code_for(saxo, venue, (await begin(browser, source))["address"])
    declined = await browser.get(CALLBACK, params={"state": back["state"], "error": "access_denied"})
    assert declined.headers["location"] == "/sources/sign-in?problem=saxo.declined"
    nobody = await connect().get(CALLBACK, params={**back, "again": "true"})
    assert nobody.headers["location"] == "/login"
    assert kept(source) == {}


async def test_a_source_with_keys_is_not_signed_in_to(connect, saxo, alice):
    with session_scope() as db:
        key = sources.add(db, alice, "kraken_api").key
    answer = await connect(cookie=cookie_of(alice)).post(f"/api/sources/{key}/sign-in", json={"app_key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "saxo.no_sign_in")


async def test_tokens_are_renewed_between_two_syncs(connect, saxo, venue, alice, source):
    browser = connect(cookie=cookie_of(alice))
    back = code_for(saxo, venue, (await begin(browser, source))["address"])
    await browser.get(CALLBACK, params=back)
    assert sync.wait(30)
    before = kept(source)
    with session_scope() as db:
        assert sign_in.keep_alive(db) == 1
        assert kept(source) == before  # good for a while
        row = db.execute(select(SourceRow).where(SourceRow.key == source)).scalar_one()
        ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        credentials.save_refreshed(db, row.id, {"expires_at": ended})
        db.commit()
        sign_in.keep_alive(db)
    assert kept(source)["refresh_token"] != before["refresh_token"]
    assert kept(source)["refresh_token"] in venue.refresh
