"""Every event handler of every State class asks who is calling; the few that need not are named here, with a reason.

A new handler that carries neither ``@signed_in`` nor ``@admin_only`` fails until it is guarded or argued for.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import reflex as rx
from reflex.istate.data import RouterData

import smartfolio_app
from smartfolio_app.security import sessions
from smartfolio_app.state.guard import GUARD_MARK, guard_of
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User

#: Handlers anyone may call, and why that harms nobody. They must not read or change anything of a user's.
OPEN_TO_EVERYONE = {
    "AppState.open_choices": "opens a sheet on the caller's own screen",
    "AppState.close_choices": "closes it",
    "EntranceState.enter": "the sign-in page, before anybody is signed in",
    "EntranceState.open_setup": "the set-up page; the link is checked again when it is used",
    "EntranceState.speak": "the language of the sign-in page",
    "Notices.close": "takes a notice off the caller's own screen",
    "PaletteState.close": "closes the command palette on the caller's own screen",
    "Notices.unexpected": "puts a fixed sentence on the caller's own screen",
}

#: Made by Reflex for every state: it calls a public ``set_...`` handler, which is guarded itself.
MADE_BY_REFLEX = {"setvar"}


def state_classes() -> list[type[rx.State]]:
    for room in ("state", "pages", "components"):
        package = importlib.import_module(f"{smartfolio_app.__name__}.{room}")
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)

    def below(parent: type) -> Iterator[type]:
        for child in parent.__subclasses__():
            yield child
            yield from below(child)

    found = {cls for cls in below(rx.State) if cls.__module__.startswith(smartfolio_app.__name__)}
    return sorted(found, key=lambda cls: cls.get_full_name())


def handlers() -> list[tuple[type[rx.State], str]]:
    return [
        (cls, name)
        for cls in state_classes()
        for name, handler in sorted(cls.event_handlers.items())
        if name not in MADE_BY_REFLEX and handler.fn.__module__.startswith(smartfolio_app.__name__)
    ]


ALL = handlers()
NAMES = [f"{cls.__name__}.{name}" for cls, name in ALL]


def test_there_are_handlers_to_check():
    assert len(ALL) > 20


@pytest.mark.parametrize(("cls", "name"), ALL, ids=NAMES)
def test_handler_is_guarded_or_argued_for(cls, name):
    mark = guard_of(cls.event_handlers[name])
    if mark == "everyone":
        assert f"{cls.__name__}.{name}" in OPEN_TO_EVERYONE, "say here why anyone may call it"
    else:
        assert mark in ("signed_in", "admin"), "decorate it with @signed_in, under @rx.event"


def test_no_reason_is_given_for_a_handler_that_is_gone():
    open_now = {
        label
        for label, (cls, name) in zip(NAMES, ALL, strict=True)
        if guard_of(cls.event_handlers[name]) == "everyone"
    }
    assert set(OPEN_TO_EVERYONE) == open_now


def test_states_bring_no_handler_by_another_road():
    """What a mixin or Reflex adds is either ours and listed above, or Reflex's own."""
    for cls in state_classes():
        for name, handler in cls.event_handlers.items():
            ours = handler.fn.__module__.startswith((smartfolio_app.__name__, "reflex"))
            assert ours, f"{cls.__name__}.{name} comes from {handler.fn.__module__}"


def state_with(cls: type[rx.State], cookie_hash: str) -> rx.State:
    root = rx.State(_reflex_internal_init=True)
    root.router = RouterData.from_router_data(
        {
            "headers": {"cookie": f"{sessions.PLAIN_COOKIE}={cookie_hash}"},
            "pathname": "/holdings",
            "asPath": "/holdings",
        }
    )
    state: rx.State = root
    for part in cls.get_full_name().split(".")[1:]:
        state = state.substates[part]
    return state


def callers() -> dict[str, str]:
    """Session hashes that must open nothing: none, made up, expired, revoked, a disabled user's."""
    with session_scope() as db:
        user, disabled = (
            User(name="carol", password_hash="!"),
            User(name="dave", password_hash="!", disabled=True),
        )
        db.add(user)
        db.add(disabled)
        db.flush()
        expired = sessions.hash_of(sessions.issue(db, user.id, days=1, now=datetime(2020, 1, 1, tzinfo=UTC)))
        revoked = sessions.hash_of(sessions.issue(db, user.id))
        sessions.revoke_hash(db, revoked)
        off = sessions.hash_of(sessions.issue(db, disabled.id))
    return {"nobody": "", "made up": "0" * 64, "expired": expired, "revoked": revoked, "disabled": off}


GUARDED = [(cls, name) for cls, name in ALL if guard_of(cls.event_handlers[name]) in ("signed_in", "admin")]


@pytest.mark.parametrize(("cls", "name"), GUARDED, ids=[f"{cls.__name__}.{name}" for cls, name in GUARDED])
async def test_nobody_gets_past_the_guard(cls, name, settings):
    """Called as the attackers above, with whatever arguments: the body does not run, the caller is sent away."""
    handler = cls.event_handlers[name].fn
    assert getattr(handler, GUARD_MARK)
    given = dict.fromkeys(list(cls.event_handlers[name].get_parameters())[1:], "x")
    for who, cookie_hash in callers().items():
        state = state_with(cls, cookie_hash)
        before = {var: getattr(state, var) for var in cls.base_vars}
        result = handler(state, **given)
        events = [event async for event in result] if inspect.isasyncgen(result) else [await result]
        assert "/login" in str(events), who
        assert {var: getattr(state, var) for var in cls.base_vars} == before, who
