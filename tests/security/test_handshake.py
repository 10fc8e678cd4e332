from __future__ import annotations

from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest

from smartfolio_app.security.handshake import bound_query, bound_token, seal_new_token

KEY = b"k" * 48
ALICE, BOB = "a" * 64, "b" * 64
TOKEN = "5f0c2f3e-1111-4222-8333-444455556666"


def test_same_tab_and_session_find_the_same_state_again():
    assert bound_token(ALICE, TOKEN, KEY) == bound_token(ALICE, TOKEN, KEY)
    assert UUID(bound_token(ALICE, TOKEN, KEY)).version == 5


def test_copied_token_leads_nowhere_under_another_session_or_none():
    seen = {bound_token(session, TOKEN, KEY) for session in (ALICE, BOB, "")}
    assert len(seen) == 3
    assert TOKEN not in seen


def test_bound_token_itself_is_no_key():
    bound = bound_token(ALICE, TOKEN, KEY)
    assert bound_token("", bound, KEY) != bound
    assert bound_token(BOB, bound, KEY) != bound


@pytest.mark.parametrize("token", ["", " ", "a/b", "a" * 129, "../x", "a\x00b", "é", "a:b"])
def test_token_no_browser_would_send_is_refused(token):
    assert bound_token(ALICE, token, KEY) is None


def test_token_dealt_out_by_the_server_leaves_sealed_and_returns_as_it_was():
    dealt = str(uuid4())
    frame = seal_new_token(ALICE, f'42/_event,["new_token","{dealt}"]', KEY)
    sealed = frame.split('"')[3]
    assert dealt in sealed
    assert sealed != dealt
    assert bound_token(ALICE, sealed, KEY) == dealt


def test_sealed_token_is_worth_nothing_to_another_session():
    dealt = str(uuid4())
    sealed = seal_new_token(ALICE, f'42/_event,["new_token","{dealt}"]', KEY).split('"')[3]
    assert bound_token(BOB, sealed, KEY) != dealt
    assert bound_token("", sealed, KEY) != dealt
    assert bound_token(ALICE, f"{dealt}.{'0' * 64}", KEY) != dealt
    assert bound_token(ALICE, dealt, KEY) != dealt


@pytest.mark.parametrize(
    "frame",
    ["2", '42/_event,["event",{"delta":{}}]', '42/_event,["event",{"x":"[\\"new_token\\",\\"y\\"]"}]', "0{}"],
)
def test_other_frames_pass_untouched(frame):
    assert seal_new_token(ALICE, frame, KEY) == frame


def test_query_keeps_everything_but_the_token():
    query = bound_query(ALICE, f"EIO=4&transport=websocket&token={TOKEN}".encode(), KEY)
    assert parse_qs(query.decode()) == {
        "EIO": ["4"],
        "transport": ["websocket"],
        "token": [bound_token(ALICE, TOKEN, KEY)],
    }


@pytest.mark.parametrize("query", [b"", b"EIO=4", f"token={TOKEN}&token=x".encode(), b"token=", b"token=%00"])
def test_handshake_without_exactly_one_good_token_is_refused(query):
    assert bound_query(ALICE, query, KEY) is None
