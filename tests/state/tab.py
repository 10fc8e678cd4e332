"""A browser tab's state without a browser: signed in, at an address, its handlers called as Reflex calls them."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.data import RouterData

from smartfolio_app.security import sessions
from smartfolio_app.state.base import AppState
from smartfolio_app.state.notices import Notices
from smartfolio_app.storage.engine import session_scope

AnyState = TypeVar("AnyState", bound=rx.State)


async def _enter(self: rx.State) -> rx.State:
    """Stand in for the lock that a background event takes: here nobody else holds the state."""
    return self


async def _leave(self: rx.State, *_: object) -> None:
    return None


rx.State.__aenter__ = _enter  # type: ignore[attr-defined]
rx.State.__aexit__ = _leave  # type: ignore[attr-defined]


async def tab(kind: type[AnyState], user_id: str, address: str) -> AnyState:
    """Open ``address`` as the user and return the state of ``kind``; everything is loaded."""
    with session_scope() as db:
        cookie = sessions.hash_of(sessions.issue(db, user_id))
    root = rx.State(_reflex_internal_init=True)
    root.router = RouterData.from_router_data(
        {
            "headers": {"cookie": f"{sessions.PLAIN_COOKIE}={cookie}", "origin": "http://localhost"},
            "pathname": address.partition("?")[0],
            "asPath": address,
        }
    )
    app = root.get_substate(AppState.get_full_name().split(".")[1:])
    await call(app, "load")
    assert app.problem == ""
    return await app.get_state(kind)


async def call(state: rx.State, name: str, *arguments: Any) -> list[Any]:
    """Send an event to the state; return the events that follow from it."""
    result = type(state).event_handlers[name].fn(state, *arguments)
    if inspect.isasyncgen(result):
        return [event async for event in result if event is not None]
    return [event for event in [await result] if event is not None]


async def notice(state: rx.State) -> str:
    """Return what the app last said."""
    return (await state.get_state(Notices)).text
