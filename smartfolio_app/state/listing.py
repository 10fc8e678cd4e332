"""What the pages of a long list share: a text to look for, an order, and one page of rows at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Protocol

import reflex as rx

from smartfolio_app.security.identity import Viewer
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState


class Turned(Protocol):
    """One page of a longer list, as the services return it: its number, how many there are, rows a page and in all."""

    @property
    def page(self) -> int: ...
    @property
    def pages(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def total(self) -> int: ...


class ListState(PageState, mixin=True):
    """Base of the state of a list that the server searches, sorts and pages.

    A subclass says what it can be sorted by and which of these start with the largest, sets ``sort`` and
    ``descending``, reads ``_page`` in its ``_show`` and ends that with ``_turned``.
    """

    _sortable: ClassVar[Collection[str]] = ()
    _largest_first: ClassVar[Collection[str]] = ()

    search: str = ""
    sort: str = ""
    descending: bool = True
    page_text: str = ""
    has_previous: bool = False
    has_next: bool = False

    _page: int = 1

    @rx.event
    @signed_in
    async def look_for(self, viewer: Viewer, text: str) -> None:
        """Narrow to what mentions a text."""
        self.search, self._page = text, 1
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def sort_by(self, viewer: Viewer, key: str) -> None:
        """Order by a column; again, the other way round."""
        if key in self._sortable:
            self.descending = not self.descending if key == self.sort else key in self._largest_first
            self.sort, self._page = key, 1
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def previous_page(self, viewer: Viewer) -> None:
        """Turn one page back."""
        self._page -= 1
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def next_page(self, viewer: Viewer) -> None:
        """Turn one page on."""
        self._page += 1
        await self._show(await self._seat(viewer))

    def _turned(self, listed: Turned, shown: int, figures: Figures) -> None:
        """Say which rows are on screen. The service may have gone to another page than was asked for."""
        self._page = listed.page
        start = (listed.page - 1) * listed.size
        self.page_text = figures.say(
            "common.page_of",
            first=figures.count(start + 1 if listed.total else 0),
            last=figures.count(start + shown),
            total=figures.count(listed.total),
        )
        self.has_previous, self.has_next = listed.page > 1, listed.page < listed.pages
