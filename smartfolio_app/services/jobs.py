"""Getting off the event loop: short work goes to a thread, heavy work to a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from smartfolio_app.storage.engine import session_scope

P = ParamSpec("P")
R = TypeVar("R")


async def off_loop(function: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call ``function(session, *args, **kwargs)`` in a thread, with a session of its own that is committed at the end.
    """
    return await run_in_threadpool(_in_session, function, args, kwargs)


def _in_session(function: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    with session_scope() as db:
        return function(db, *args, **kwargs)
