"""The upload area: what a refused upload is told, and several files done at once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from smartfolio_app.pages.uploads import uploads as upload_area
from smartfolio_app.services import uploads
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.imports import ImportsState
from tests.services.cointracking_files import START, trades
from tests.state.figures_on_page import unexplained
from tests.state.tab import call, tab


@pytest.mark.parametrize(
    ("status", "seconds", "words"),
    [
        (413, 0, "larger than your server, or the proxy"),
        (429, 7, "Drop them again in 7 s"),
        (429, 0, "Drop them again in 1 s"),
        (429, 10**9, "Drop them again in 3,600 s"),
        (503, 0, "(503)"),
        (0, 0, "did not arrive"),
        (-99, 0, "did not arrive"),
    ],
)
async def test_refused_upload_is_a_sentence(alice, status, seconds, words):
    state = await tab(ImportsState, alice, "/sources")
    await call(state, "not_taken", status, seconds)
    assert [words in one for one in state.problems] == [True]


async def test_nonsense_from_a_client_changes_nothing(alice):
    state = await tab(ImportsState, alice, "/sources")
    await call(state, "not_taken", "x", None)
    assert state.problems == []


async def test_the_zone_of_a_files_times_can_be_said_and_is_the_one_it_is_imported_in(alice, db):
    state = await tab(ImportsState, alice, "/sources")
    uploads.receive(alice, "one.csv", trades())
    await _until(state, "ready", 1)
    (card,) = state.cards
    assert (card.zone, card.span) == ("UTC", "Jan 1, 2024 – Jan 5, 2024")
    for nonsense in ("Mars/Olympus", "../../etc", 7):
        await call(state, "choose_zone", card.id, nonsense)
        assert uploads.find(alice, card.id).choices.options is None
    # Ten hours behind UTC, so each row is ten hours later. What is chosen is shown at once.
    await call(state, "choose_zone", card.id, "Pacific/Honolulu")
    assert state.cards[0].zone == "Pacific/Honolulu"
    await _until(state, "ready", 1)
    await call(state, "confirm", card.id)
    await _until(state, "done", 1)
    first = load_ledger(db, alice).transactions[0]
    assert first.at == START + timedelta(hours=10)


async def test_what_a_file_would_change_opens_its_explanation(alice, bob):
    state = await tab(ImportsState, alice, "/sources")
    uploads.receive(alice, "one.csv", trades())
    await _until(state, "ready", 1)
    (card,) = state.cards
    assert card.effect
    counts = frozenset({"added", "rows", "duplicates", "rejected", "confirm", "span", "size", "limit_mb"})
    problems, explained = unexplained(upload_area, state, alice, counts)
    assert not problems, "\n".join(problems)
    assert explained == 3 * len(card.effect)
    panel = await state.get_state(ExplainState)
    for line in card.effect:
        await call(panel, "open", line.figure)
        told = [step.value.split("\u00a0")[0] for step in panel.steps[:2]]
        assert (panel.problem, told) == ("", [line.before, line.change.removeprefix("+")])
        assert panel.result.split("\u00a0")[0] == line.after
    others = await (await tab(ImportsState, bob, "/sources")).get_state(ExplainState)
    await call(others, "open", line.figure)
    assert others.problem
    assert not others.steps
    await call(state, "confirm", card.id)
    await _until(state, "done", 1)


async def _until(state, phase, count):
    end = time.monotonic() + 60
    while [(one.phase, one.again) for one in state.cards] != [(phase, False)] * count:
        assert time.monotonic() < end, state.cards
        await call(state, "show_all", "")


async def test_several_files_are_imported_and_put_aside_at_once(alice):
    state = await tab(ImportsState, alice, "/sources")

    # The second is the first in German: of the two, each row is taken once.
    for name, language in (("one.csv", "en"), ("two.csv", "de")):
        uploads.receive(alice, name, trades(language=language))
    await _until(state, "ready", 2)
    assert (state.import_all, state.dismiss_all) == ("Import all 2 files", "")
    await call(state, "confirm_all")
    await _until(state, "done", 2)
    assert sorted(len(one.result) for one in state.cards) == [1, 2]  # one of them says what was there already
    assert (state.import_all, state.dismiss_all) == ("", "Done with all 2")
    await call(state, "put_away")
    assert (state.cards, state.dismiss_all) == ([], "")
