"""What the upload area says when an upload was refused before it reached the app."""

from __future__ import annotations

import pytest

from smartfolio_app.state.imports import ImportsState
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
