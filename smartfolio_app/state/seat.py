"""What every page's state shares: who looks, at what part, in which currency and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import reflex as rx

from smartfolio_app.state.figures import Figures

if TYPE_CHECKING:
    from smartfolio_app.security.identity import Viewer
    from smartfolio_app.services.wealth import View


@dataclass(frozen=True, slots=True)
class Seat:
    """The viewer's place in front of a page: everything a page's ``_show`` needs besides its own filters."""

    viewer: Viewer
    view: View
    figures: Figures


_pages: dict[str, type[PageState]] = {}
#: The pages that are filled again by themselves: nothing on them is being typed.
_live: set[type[PageState]] = set()


class PageState(rx.State, mixin=True):
    """Base of a page's state: ``class HoldingsState(PageState, rx.State)``, registered with ``@shows("/holdings")``.

    ``AppState.load`` (the one ``on_load`` of every page) and every change in the WealthBar call ``_show`` of the page
    on screen. A page's own handlers change their filters and end with ``await self._show(await self._seat(viewer))``.
    """

    async def _show(self, seat: Seat) -> None:
        """Fill the page's vars for ``seat``."""
        raise NotImplementedError

    async def _later(self, seat: Seat) -> None:
        """Fill what takes longer; what ``_show`` filled is on screen by then."""

    async def _seat(self, viewer: Viewer) -> Seat:
        """Return the seat of the viewer who sent this event."""
        from smartfolio_app.state.base import AppState

        app = await self.get_state(AppState)
        return await app._seat(viewer)


def shows(path: str, *, live: bool = False) -> Any:
    """Register the state that fills the page at ``path``; ``live``: again whenever what it shows has changed."""

    def register(state: type[PageState]) -> type[PageState]:
        _pages[path] = state
        if live:
            _live.add(state)
        return state

    return register


def is_live(state: type[PageState] | None) -> bool:
    """Tell whether a page is filled again while it is open."""
    return state in _live


def state_of_page(path: str) -> type[PageState] | None:
    """Return the state registered for a path, without its query and trailing slash.

    A page registered as ``/things/[code]`` serves every path of one part under ``/things/``.
    """
    plain = "/" + path.partition("?")[0].strip("/")
    if plain in _pages:
        return _pages[plain]
    parent, _, part = plain.rpartition("/")
    named = (state for known, state in _pages.items() if known.startswith(f"{parent}/[") and parent)
    return next(named, None) if part else None
