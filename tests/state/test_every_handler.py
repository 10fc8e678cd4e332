"""No event handler of the app can be called by just anybody unless it says so."""

from __future__ import annotations

from collections.abc import Iterator

import reflex as rx

from smartfolio_app import smartfolio_app as root
from smartfolio_app.state.guard import guard_of

#: Made by Reflex itself, for every state.
REFLEXS_OWN = frozenset({"setvar"})


def states(parent: type[rx.State]) -> Iterator[type[rx.State]]:
    for state in parent.get_substates():
        yield state
        yield from states(state)


def test_every_handler_says_who_may_call_it():
    assert root.app is not None  # the composition root has registered every page and its state
    ours = [state for state in states(rx.State) if state.__module__.startswith("smartfolio_app.")]
    assert {"SettingsState", "SourcesState", "ImportsState", "MappingState"} <= {one.__name__ for one in ours}
    unguarded = [
        f"{state.__name__}.{name}"
        for state in ours
        for name, handler in state.event_handlers.items()
        if name not in REFLEXS_OWN and not guard_of(handler)
    ]
    assert unguarded == []
