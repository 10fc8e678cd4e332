"""The command palette: every page and everything owned, a few letters away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import reflex as rx

from smartfolio_app.analytics.results import Portfolio
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.gains_rows import asset_address
from smartfolio_app.state.guard import for_everyone, signed_in
from smartfolio_app.state.places import PLACES
from smartfolio_app.state.seat import PageState, Seat

MOST = 14


@dataclass
class Hit:
    """One thing found. ``kind`` is ``page`` or ``asset``."""

    label: str = ""
    detail: str = ""
    value: str = ""
    link: str = ""
    kind: str = "page"


class PaletteState(PageState, rx.State):
    """What the palette shows while it is open."""

    is_open: bool = False
    hits: list[Hit] = []

    @rx.event
    @signed_in
    async def open(self, viewer: Viewer) -> None:
        """Open with the pages to choose from."""
        self.is_open = True
        await self._find(viewer, "")

    @rx.event
    @for_everyone
    def close(self) -> None:
        """Close it."""
        self.is_open = False

    @rx.event
    @signed_in
    async def search(self, viewer: Viewer, words: str) -> None:
        """Find pages and holdings by a few letters."""
        await self._find(viewer, words)

    async def _show(self, seat: Seat) -> None:
        """Nothing: the palette is filled when it is opened."""

    async def _find(self, viewer: Viewer, words: str) -> None:
        seat = await self._seat(viewer)
        wanted = words.strip().casefold()[:80]
        portfolio = await off_loop(wealth.portfolio, seat.view) if wanted else None
        self.hits = [*_places(wanted, viewer, seat.figures), *_assets(wanted, portfolio, seat.figures)][:MOST]


def _places(wanted: str, viewer: Viewer, figures: Figures) -> Iterator[Hit]:
    for place in PLACES:
        label = figures.say(place.key)
        if wanted in label.casefold() and (viewer.is_admin or not place.admin):
            yield Hit(label=label, link=place.address)


def _assets(wanted: str, portfolio: Portfolio | None, figures: Figures) -> Iterator[Hit]:
    if portfolio is None:
        return
    found = [
        one
        for one in portfolio.holdings
        if wanted in one.asset.symbol.casefold() or wanted in one.asset.name.casefold()
    ]
    # What begins with the letters comes before what merely has them; the portfolio's own order is by worth.
    found.sort(key=lambda one: not one.asset.symbol.casefold().startswith(wanted))
    for one in found:
        yield Hit(
            label=one.asset.symbol,
            detail=one.asset.name if one.asset.name != one.asset.symbol else "",
            value=figures.money(one.value),
            link=asset_address(one.asset.id),
            kind="asset",
        )
