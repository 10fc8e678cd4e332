"""What every page's state shares: who looks, at what part, in which currency and words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.notices import say

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

    async def _done(self, seat: Seat, action: Callable[..., Any], *arguments: object) -> bool:
        """Call a service off the event loop; where it refuses, say why and return ``False``."""
        try:
            await off_loop(action, *arguments)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return False
        return True

    async def _refused(self, seat: Seat, error: SmartFolioError) -> None:
        """Say why something was not done."""
        await say(self, error_text(seat.figures.language, error), "bad")

    async def _again(self, viewer: Viewer) -> AsyncIterator[None]:
        """Fill the bar and the page again: what was changed may count in any total."""
        from smartfolio_app.state.base import AppState

        app = await self.get_state(AppState)
        async for _ in app._show(viewer):
            yield

    async def _do(
        self, viewer: Viewer, words: str, action: Callable[..., Any], *arguments: object, **said: str
    ) -> AsyncIterator[None]:
        """Call a service for the viewer, show everything anew, and say what was done or why it was not.

        ``words``: the key of the sentence that says it was done, with ``said`` in it; empty: the page shows it.
        """
        seat = await self._seat(viewer)
        if not await self._done(seat, action, viewer.user_id, *arguments):
            return
        async for _ in self._again(viewer):
            yield
        if words:
            await say(self, seat.figures.say(words, **said))


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
