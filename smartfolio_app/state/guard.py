"""Every event handler asks again who is calling.

Any public method of a State class can be called by any client, with arguments of its choice, and a socket opened
before a logout stays open. So each handler carries ``@signed_in`` *under* ``@rx.event``::

    @rx.event
    @signed_in
    async def rename(self, viewer: Viewer, source_id: str, label: str): ...

``viewer`` comes from the session row, read when the event arrives; a client cannot supply it. Callers that are not
signed in (any longer) are sent to the sign-in page and the handler does not run. Handlers that change something say
``@signed_in`` all the same: a browser session may always write.

A handler that anyone may call (choosing a language on the sign-in page) says so with ``@for_everyone``. A test walks
all State classes and fails for a handler that carries neither mark.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import quote

import reflex as rx
from starlette.concurrency import run_in_threadpool

from smartfolio_app.security.identity import Viewer
from smartfolio_app.security.recognise import viewer_of_session
from smartfolio_app.security.sessions import PLAIN_COOKIE, read_cookie

#: Set on every handler that one of the decorators covers: ``"signed_in"``, ``"admin"`` or ``"everyone"``.
GUARD_MARK = "_smartfolio_guard"

#: Set when the event under way was refused; whoever counts events reads it.
REFUSED: ContextVar[bool] = ContextVar("refused", default=False)

SIGN_IN_PAGE = "/login"

Handler = TypeVar("Handler", bound=Callable[..., Any])


async def current_viewer(state: rx.State) -> Viewer | None:
    """Return who is calling through this state's socket, read from the session row now, or ``None``."""
    return await run_in_threadpool(viewer_of_session, session_hash_of(state))


def session_hash_of(state: rx.State) -> str:
    """Return the session hash that the handshake put in place of the cookie, or an empty text."""
    return read_cookie(state.router.headers.cookie, PLAIN_COOKIE)


def signed_in(handler: Handler) -> Handler:
    """Let only signed-in users call an event handler; give it the ``viewer`` when it has a parameter of that name."""
    return _guarded(handler, "signed_in")


def admin_only(handler: Handler) -> Handler:
    """Let only administrators call an event handler; for others it does nothing (pages hide it from them)."""
    return _guarded(handler, "admin")


def for_everyone(handler: Handler) -> Handler:
    """Mark an event handler that anyone may call, signed in or not: it touches nobody's data."""
    setattr(handler, GUARD_MARK, "everyone")
    return handler


def guard_of(handler: Any) -> str:
    """Return the mark of an event handler or of the function under it, or an empty text."""
    return getattr(getattr(handler, "fn", handler), GUARD_MARK, "")


class _Refused(Exception):  # noqa: N818 - a turn of the road, not an error
    """The caller may not; ``event`` is what happens instead of the handler."""

    def __init__(self, event: Any) -> None:
        super().__init__()
        self.event = event


async def _allowed(
    state: rx.State, signature: inspect.Signature, mark: str, given: dict[str, Any]
) -> dict[str, Any]:
    """Return what to call a handler with; raise ``_Refused`` when the caller may not call it, or not so."""
    given.pop("viewer", None)  # a client may send any name; this one is ours
    viewer = await current_viewer(state)
    if viewer is None:
        raise _Refused(_to_sign_in(state))
    if mark == "admin" and not viewer.is_admin:
        raise _Refused(None)
    arguments = {**given, "viewer": viewer} if "viewer" in signature.parameters else given
    try:
        signature.bind(state, **arguments)
    except TypeError as error:  # no page of ours sends that
        raise _Refused(None) from error
    return arguments


def _guarded(handler: Handler, mark: str) -> Handler:
    signature = inspect.signature(handler)

    if inspect.isasyncgenfunction(handler) or inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        async def guarded(self: rx.State, /, *args: Any, **given: Any) -> AsyncIterator[Any]:
            try:
                allowed = await _allowed(self, signature, mark, _named(signature, args, given))
            except _Refused as refusal:
                REFUSED.set(True)
                yield refusal.event
                return
            events = handler(self, **allowed)
            if inspect.isasyncgen(events):
                async with aclosing(events):
                    async for event in events:
                        yield event
            else:
                for event in events:
                    yield event

    else:

        @functools.wraps(handler)
        async def guarded(self: rx.State, /, *args: Any, **given: Any) -> Any:
            try:
                allowed = await _allowed(self, signature, mark, _named(signature, args, given))
            except _Refused as refusal:
                REFUSED.set(True)
                return refusal.event
            result = handler(self, **allowed)
            return await result if inspect.isawaitable(result) else result

    _hide_viewer(guarded, handler)
    setattr(guarded, GUARD_MARK, mark)
    return guarded  # type: ignore[return-value]


def _named(signature: inspect.Signature, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Give positional arguments (one handler calling another) their names; the viewer is not one of them."""
    names = [name for name in signature.parameters if name != "viewer"][1:]
    values = [value for value in args if not isinstance(value, Viewer)]
    return {**dict(zip(names, values, strict=False)), **given}


def _hide_viewer(guarded: Any, handler: Callable[..., Any]) -> None:
    """Show Reflex the handler without its ``viewer``, so that it is no argument of the event."""
    signature = inspect.signature(handler)
    guarded.__signature__ = signature.replace(
        parameters=[one for name, one in signature.parameters.items() if name != "viewer"]
    )
    guarded.__annotations__ = {
        name: annotation for name, annotation in handler.__annotations__.items() if name != "viewer"
    }


def _to_sign_in(state: rx.State) -> Any:
    path = state.router.url.path or "/"
    if path in (SIGN_IN_PAGE, "/setup"):
        return None
    return rx.redirect(SIGN_IN_PAGE if path == "/" else f"{SIGN_IN_PAGE}?next={quote(path)}")
