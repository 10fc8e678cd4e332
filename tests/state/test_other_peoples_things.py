"""Every event handler that is told of a thing, told of another user's: nothing of it changes, and nothing of it shows.

Made from the State classes themselves: a new handler is among those that are tried.
"""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest
import reflex as rx

from smartfolio_app.services import backup_contents, sources
from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from tests.api.test_isolation import MARK, Things, things
from tests.security.test_every_handler_checks_who_calls import ALL
from tests.state.tab import tab

__all__ = ["things"]


@pytest.fixture
def alice(alice: str) -> str:
    """With the sources that everybody begins with."""
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
    return alice


#: What would only be waited for: it takes no name of a thing, or an upload instead of one.
NOT_TOLD_OF_THINGS = {"ImportsState.receive"}


#: Figures whose names hold a thing's id, each with the name of such a thing.
ABOUT_A_THING = {
    "item:{}": "item",
    "item:{}:2026-01-01": "item",
    "holding:item:{}": "item",
    "transaction:{}": "transaction",
    "transfer:{}": "withdrawal",
    "gap:{}:crypto:BTC": "live",
    "source:{}": "source",
    "alert:{}": "alert",
    "rule:{}": "rule",
    "simulation:{}:mean": "simulation",
    "idea:{}:present:turnover": "suggestions",
}


class Form(dict[str, str]):
    """A form each of whose fields names the same thing."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    def __missing__(self, name: str) -> str:
        return self._said

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name: str, default: Any = None) -> str:  # type: ignore[override]
        return self._said


def argument(kind: Any, said: str) -> Any:
    """What a parameter of this kind is told."""
    if kind is bool:
        return True
    if kind is int:
        return 0
    if "list" in str(kind):
        return [Form(said)]
    return Form(said) if "dict" in str(kind) else said


def said_of(things: Things, kind: type[rx.State]) -> list[str]:
    """Each of the other user's things by its id, and the figures that are about it."""
    figures = ABOUT_A_THING if kind is ExplainState else {}
    return [*things.values(), *(name.format(things[thing]) for name, thing in figures.items())]


def told_of_things(kind: type[rx.State], name: str) -> list[Any]:
    """The kinds of the arguments that a client may choose, empty when there are none."""
    handler = kind.event_handlers[name]
    hints = get_type_hints(handler.fn)
    return [hints.get(one, str) for one in list(handler.get_parameters())[1:]]


async def call(state: rx.State, name: str, arguments: list[Any]) -> str:
    """Send an event; return all that a page would be told."""
    result = type(state).event_handlers[name].fn(state, *arguments)
    if inspect.isasyncgen(result):
        return str([one async for one in result])
    return str(await result if inspect.isawaitable(result) else result)


def shown(state: rx.State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in type(state).base_vars}


def of_alice(settings: Any, alice: str) -> str:
    with engine.engine_for(settings).connect() as connection:
        return backup_contents.user_digests(connection)[alice]


async def test_another_users_things_can_neither_be_seen_nor_touched(
    settings: Any, alice: str, bob: str, things: Things
) -> None:
    before = of_alice(settings, alice)
    app = await tab(AppState, bob, "/")
    tried = 0
    for kind, name in ALL:
        kinds = told_of_things(kind, name)
        if not kinds or f"{kind.__name__}.{name}" in NOT_TOLD_OF_THINGS:
            continue
        for said in dict.fromkeys(said_of(things, kind)):
            state = await app.get_state(kind)
            empty = shown(state)
            events = await call(state, name, [argument(one, said) for one in kinds])
            tried += 1
            # What a choice leaves behind is what the next click is about: every handler that takes no more words.
            if shown(state) != empty:
                for other in state.event_handlers:
                    if other in ("setvar", name) or told_of_things(kind, other) or (kind, other) not in ALL:
                        continue
                    events += await call(state, other, [])
            assert MARK not in events + str(shown(state)), (kind.__name__, name, said)
    assert of_alice(settings, alice) == before
    assert tried > 500
