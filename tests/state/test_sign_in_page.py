"""The page on which one signs in at Saxo: it makes the source, and sends nobody away with a key that can be none."""

from __future__ import annotations

import pytest

from smartfolio_app.providers import registry
from smartfolio_app.services import credentials, sources
from smartfolio_app.state.sign_in import SignInState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab


@pytest.fixture
def anna(alice, monkeypatch):
    monkeypatch.setattr(SignInState, "_origin", lambda _: "https://home.example")
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
    return alice


def saxo_sources(user):
    with session_scope() as db:
        return [
            one.provider for one in sources.source_status(db, user).sources if one.kind == "api" and one.id
        ]


async def test_the_key_of_an_app_leads_to_the_bank_and_makes_the_source_once(anna):
    page = await tab(SignInState, anna, "/sources/sign-in")
    await call(page, "choose", "saxo_sim_api")
    for _ in range(2):
        await call(page, "begin", {"app_key": " 1234-5678 "})
        assert page.problem == ""
    assert saxo_sources(anna) == ["saxo_sim_api"]


async def test_another_account_there_is_a_source_of_its_own(anna):
    page = await tab(SignInState, anna, "/sources/sign-in")
    await call(page, "begin", {"app_key": "1234-5678"})
    assert not page.there, "nobody has signed in yet"
    with session_scope() as db:
        kept = dict.fromkeys((one.name for one in registry.provider("saxo_api").credential_fields), "x" * 12)
        credentials.store(db, sources.find(db, anna, "saxo_api"), kept)
    page = await tab(SignInState, anna, "/sources/sign-in")
    assert page.there
    await call(page, "choose", "saxo_sim_api")
    assert not page.there
    await call(page, "choose", "saxo_api")
    await call(page, "begin", {"app_key": "1234-5678"})
    assert saxo_sources(anna) == ["saxo_api"], "the same account again"
    for _ in range(2):  # the bank said no, and so once more
        await call(page, "begin", {"app_key": "1234-5678", "separate": "on"})
        assert saxo_sources(anna) == ["saxo_api", "saxo_api"]


async def test_a_key_that_can_be_none_is_refused_in_words_and_makes_nothing(anna):
    page = await tab(SignInState, anna, "/sources/sign-in")
    await call(page, "begin", {"app_key": "  "})
    assert "key of your app" in page.problem
    assert saxo_sources(anna) == []


async def test_no_other_provider_can_be_chosen(anna):
    page = await tab(SignInState, anna, "/sources/sign-in")
    await call(page, "choose", "kraken_api")
    assert page.provider == "saxo_api"


async def test_the_catalogue_leads_to_the_bank_or_to_its_simulation(anna):
    assert (await tab(SignInState, anna, "/sources/sign-in?provider=saxo_sim_api")).provider == "saxo_sim_api"
    assert (await tab(SignInState, anna, "/sources/sign-in?provider=kraken_api")).provider == "saxo_api"
