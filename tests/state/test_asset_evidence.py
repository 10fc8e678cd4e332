"""The doubts on an asset's page: which coin is meant is asked once, and a price that was set aside can be gone by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.services import pricing, sources, transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.asset_evidence import EvidenceState
from smartfolio_app.state.assets import AssetState
from smartfolio_app.state.price_questions import PriceQuestionsState
from smartfolio_app.state.sources import SourcesState
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_prices import note_success
from smartfolio_app.storage.repo_witness import put_witnesses
from smartfolio_app.storage.tables import CoinCandidateRow, PriceWitness
from tests.state.tab import call, notice, tab

NOW = datetime.now(UTC)
GEM, ADDRESS = "crypto:GEM", "/assets/crypto:GEM"


@pytest.fixture
def holder(alice):
    """Somebody with a coin whose ticker stands for two."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        draft = Draft(at=NOW - timedelta(days=1), kind="deposit", received=("5", GEM))
        transactions.add(db, alice, "manual_crypto", draft)
    return alice


async def opened(user) -> EvidenceState:
    page = await tab(AssetState, user, ADDRESS)
    assert (page.loaded, page.missing) == (True, "")
    return await page.get_state(EvidenceState)


def candidates():
    with session_scope() as db:
        for position, (coin, name) in enumerate(
            (("gemstone-one", "Gemstone One"), ("gemini-meme", "Gem Meme"))
        ):
            db.add(CoinCandidateRow(asset=GEM, coin=coin, name=name, position=position))


async def test_which_coin_is_meant_is_asked_once_and_can_be_asked_again(holder):
    candidates()
    page = await opened(holder)
    assert page.open
    assert [one.name for one in page.candidates] == ["Gemstone One", "Gem Meme"]
    await call(page, "choose", "gemstone-one")
    assert (page.open, page.said) == (False, "gemstone-one")
    assert "gemstone-one" in page.said_text
    await call(page, "choose_again")
    assert page.open
    await call(page, "choose_other", {"coin": "not an id!"})
    assert "no CoinGecko coin" in page.problem
    await call(page, "choose_none")
    assert page.said_text == "You said that it is none that anybody prices."
    again = await opened(holder)
    assert not again.open


async def test_nobody_is_asked_about_a_coin_that_was_not_looked_up_yet(holder):
    assert not (await opened(holder)).open
    with session_scope() as db:
        note_success(db, "coingecko", NOW, changed=False)
    page = await opened(holder)
    assert (page.open, page.candidates) == (True, [])


async def test_a_price_that_was_set_aside_is_shown_and_can_be_gone_by(holder):
    row = {"owner": "", "asset": GEM, "provider": "coingecko", "day": NOW.date(), "currency": "USD"}
    with session_scope() as db:
        put_witnesses(
            db,
            [
                PriceWitness(
                    **row, price="110", at=NOW, verdict="unit", expected="1.1", since=NOW, heard_at=NOW
                )
            ],
        )
    page = await opened(holder)
    (one,) = page.doubts
    assert (one.provider, one.accepted) == ("CoinGecko", False)
    assert "its own past" in one.expected
    await call(page, "decide", one.id, True)
    assert page.doubts[0].accepted
    assert "for yourself alone" in await notice(page)
    await call(page, "decide", one.id, False)
    assert not page.doubts[0].accepted
    await call(page, "decide", "binance 2026-01-01", True)  # nothing of that kind: no word about it
    assert not page.doubts[0].accepted


async def test_the_open_questions_of_all_assets_stand_on_one_page_and_are_answered_there(holder):
    candidates()
    row = {"owner": "", "asset": GEM, "provider": "coingecko", "day": NOW.date(), "currency": "USD"}
    with session_scope() as db:
        put_witnesses(
            db,
            [PriceWitness(**row, price="110", at=NOW, verdict="unit", since=NOW, heard_at=NOW)],
        )
    sources_page = await tab(SourcesState, holder, "/sources")
    page = await sources_page.get_state(PriceQuestionsState)
    (question,) = page.questions
    assert (question.symbol, question.text) == ("GEM", "2 go by this ticker.")
    assert [one.name for one in question.candidates] == ["Gemstone One", "Gem Meme"]
    (aside,) = page.aside
    assert (aside.symbol, aside.provider, aside.accepted) == ("GEM", "CoinGecko", False)
    assert "slip of units" in aside.why
    await call(page, "decide", GEM, "coingecko 1999-01-01", True)
    await call(page, "choose", "crypto:BTC", "bitcoin")
    assert (len(page.questions), page.aside[0].accepted) == (1, False), "what nobody asked is not answered"
    await call(page, "decide", GEM, aside.id, True)
    assert page.aside[0].accepted
    await call(page, "decide", GEM, aside.id, False)
    assert not page.aside[0].accepted
    await call(page, "choose", GEM, "not an id!")
    assert "no CoinGecko coin" in await notice(page)
    await call(page, "choose", GEM, "gemstone-one")
    assert page.questions == []
    with session_scope() as db:
        assert pricing.word_on(db, holder, GEM) == "gemstone-one"
