"""The guard runs a handler only for who is signed in at that moment, and tells it who that is."""

from __future__ import annotations

import inspect

import pytest
import reflex as rx
from reflex.istate.data import RouterData

from smartfolio_app.security import sessions
from smartfolio_app.security.identity import Viewer
from smartfolio_app.state import guard
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User


class GuardedState(rx.State):
    seen: str = ""

    @rx.event
    @guard.signed_in
    async def rename(self, viewer: Viewer, source_id: str, label: str = "none"):
        self.seen = f"{viewer.name} {source_id} {label}"

    @rx.event
    @guard.signed_in
    def count(self, times: int):
        for number in range(times):
            self.seen = str(number)
            yield

    @rx.event
    @guard.signed_in
    async def count_slowly(self, viewer: Viewer, times: int):
        for number in range(times):
            self.seen = f"{viewer.name} {number}"
            yield

    @rx.event
    @guard.admin_only
    def restart(self):
        self.seen = "restarted"


def state_of(cookie_hash: str, path: str = "/holdings") -> GuardedState:
    state = GuardedState(_reflex_internal_init=True)
    state.router = RouterData.from_router_data(
        {
            "headers": {"cookie": f"{sessions.PLAIN_COOKIE}={cookie_hash}", "origin": "http://localhost"},
            "pathname": path,
            "asPath": path,
        }
    )
    return state


def signed_in_hash(user_id: str) -> str:
    with session_scope() as db:
        return sessions.hash_of(sessions.issue(db, user_id))


async def call(state: rx.State, name: str, **payload):
    """Call a handler the way Reflex does; return the events it gave."""
    result = type(state).event_handlers[name].fn(state, **payload)
    if inspect.isasyncgen(result):
        return [event async for event in result if event is not None]
    return [event for event in [await result] if event is not None]


async def test_signed_in_user_runs_the_handler_as_themselves(alice):
    state = state_of(signed_in_hash(alice))
    assert await call(state, "rename", source_id="s1", label="Kraken") == []
    assert state.seen == "alice s1 Kraken"


async def test_client_cannot_choose_the_viewer(alice, bob):
    state = state_of(signed_in_hash(bob))
    await call(state, "rename", source_id="s1", viewer=Viewer(user_id=alice, name="alice"))
    assert state.seen == "bob s1 none"


async def test_revoked_session_is_sent_to_sign_in_and_nothing_runs(alice):
    key = signed_in_hash(alice)
    state = state_of(key)
    await call(state, "rename", source_id="before")
    with session_scope() as db:
        sessions.revoke_hash(db, key)
    events = await call(state, "rename", source_id="after")
    assert state.seen == "alice before none"
    assert "/login?next=/holdings" in str(events)


async def test_disabled_user_is_stopped_at_the_next_event(alice):
    state = state_of(signed_in_hash(alice))
    with session_scope() as db:
        db.get(User, alice).disabled = True
    assert await call(state, "rename", source_id="s1")
    assert state.seen == ""


@pytest.mark.parametrize("name", ["count", "count_slowly"])
async def test_generators_run_guarded_too(alice, name):
    state = state_of(signed_in_hash(alice))
    assert await call(state, name, times=3) == []
    assert state.seen.endswith("2")
    stranger = state_of("0" * 64)
    assert len(await call(stranger, name, times=3)) == 1
    assert stranger.seen == ""


async def test_sign_in_page_does_not_send_to_itself(settings):
    assert await call(state_of("", "/login"), "rename", source_id="s1") == []


async def test_only_administrators_run_what_is_theirs(alice, bob):
    plain, admin = state_of(signed_in_hash(bob)), state_of(signed_in_hash(alice))
    assert await call(plain, "restart") == []
    assert plain.seen == ""
    await call(admin, "restart")
    assert admin.seen == "restarted"


@pytest.mark.parametrize(
    "payload", [{}, {"source_id": "s1", "x": 1}, {"self": 1, "source_id": "s1"}, {"label": "x"}]
)
async def test_arguments_that_do_not_fit_run_nothing_and_fill_no_log(alice, payload, caplog):
    state = state_of(signed_in_hash(alice))
    handler = GuardedState.event_handlers["rename"].fn
    assert await handler(state, **payload) is None
    assert state.seen == ""
    assert caplog.records == []


async def test_one_handler_may_call_another_with_its_viewer(alice):
    state = state_of(signed_in_hash(alice))
    await GuardedState.event_handlers["rename"].fn(state, Viewer(user_id="x", name="x"), "s1", "Kraken")
    assert state.seen == "alice s1 Kraken"


def test_viewer_is_no_argument_of_the_event():
    assert list(GuardedState.event_handlers["rename"].get_parameters()) == ["self", "source_id", "label"]
    assert GuardedState.rename("s1", "label")


def test_marks_can_be_read_from_the_handlers():
    assert guard.guard_of(GuardedState.event_handlers["rename"]) == "signed_in"
    assert guard.guard_of(GuardedState.event_handlers["restart"]) == "admin"
    assert guard.guard_of(GuardedState.event_handlers["setvar"]) == ""
