"""What the asset page shows of the doubts about a price: which asset a ticker means, and what was set aside."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import assets, pricing
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.price_evidence import Doubted
from smartfolio_app.state.base import AppState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import PageState, Seat

#: So many are shown; the rest is over REST.
MOST = 12


@dataclass
class CandidateRow:
    """What a ticker may stand for."""

    id: str = ""
    name: str = ""


@dataclass
class DoubtRow:
    """A price that was set aside."""

    id: str = ""
    provider: str = ""
    day: str = ""
    price: str = ""
    expected: str = ""
    why: str = ""
    accepted: bool = False


class EvidenceState(PageState, rx.State):
    """The doubts about the asset on the page. It is filled by that page's state."""

    asset: str = ""
    symbol: str = ""
    open: bool = False
    candidates: list[CandidateRow] = []
    said: str = ""
    said_text: str = ""
    problem: str = ""
    doubts: list[DoubtRow] = []

    @rx.event
    @signed_in
    def choose_again(self) -> None:
        """Open the question once more."""
        self.open = True

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, coin: str) -> AsyncIterator[Any]:
        """Say what the asset is."""
        async for event in self._say_what_it_is(viewer, coin):
            yield event

    @rx.event
    @signed_in
    async def choose_none(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Say that it is none of them."""
        async for event in self._say_what_it_is(viewer, pricing.NO_COIN):
            yield event

    @rx.event
    @signed_in
    async def choose_other(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Say what it is by an id of one's own."""
        typed = str(form.get("coin", "")).strip()
        if typed:
            async for event in self._say_what_it_is(viewer, typed):
                yield event

    @rx.event
    @signed_in
    async def decide(self, viewer: Viewer, doubt: str, use: bool) -> AsyncIterator[None]:
        """Go by a price that was set aside, or leave it aside after all."""
        row = next((one for one in self.doubts if one.id == doubt), None)
        if row is not None:
            async for _ in go_by(self, viewer, self.asset, row, use=bool(use)):
                yield

    async def _about(self, seat: Seat, found: assets.AssetPicture, *, can_be_priced: bool) -> None:
        """Fill everything for an asset."""
        if self.asset != found.asset.id:
            self.reset()
        self.asset, self.symbol = found.asset.id, found.asset.symbol
        self.doubts = doubt_rows(found.doubted[:MOST], seat.figures)
        if not can_be_priced:
            return
        user = seat.viewer.user_id
        self.said = await off_loop(pricing.word_on, user, self.asset)
        self.said_text = _said(self.said, seat.figures)
        open_ = [one for one in await off_loop(pricing.unresolved, user) if one.asset == self.asset]
        self.candidates = [CandidateRow(coin, name) for one in open_ for coin, name in one.candidates]
        if any(one.asked for one in open_):
            self.open = True

    async def _say_what_it_is(self, viewer: Viewer, coin: str) -> AsyncIterator[Any]:
        seat, self.problem = await self._seat(viewer), ""
        try:
            await off_loop(pricing.choose_coin, viewer.user_id, self.asset, coin)
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        self.open = False
        async for _ in (await self.get_state(AppState))._show(viewer):
            yield
        await say(self, seat.figures.say("prices.chosen_done"))
        yield AppState.refresh


async def go_by(
    state: PageState, viewer: Viewer, asset: AssetId, row: DoubtRow, *, use: bool
) -> AsyncIterator[None]:
    """Go by a price that was set aside, or leave it aside after all; then fill the page on screen."""
    seat = await state._seat(viewer)
    provider, _, day = row.id.rpartition(" ")
    try:
        await off_loop(
            assets.decide, seat.view, asset, provider=provider, day=date.fromisoformat(day), use=use
        )
    except SmartFolioError as error:
        await say(state, error_text(seat.figures.language, error), "bad")
        return
    async for _ in (await state.get_state(AppState))._show(viewer):
        yield
    await say(state, seat.figures.say("prices.now_used" if use else "prices.now_left", day=row.day))


def doubt_rows(found: Iterable[Doubted], figures: Figures) -> list[DoubtRow]:
    """Return what was set aside, as a person reads it."""
    rows = []
    for one in found:
        expected = ""
        if one.expected is not None:
            price = figures.price(one.expected, one.currency)
            expected = figures.say("prices.expected" if one.against else "prices.expected_past", price=price)
        rows.append(
            DoubtRow(
                id=f"{one.provider} {one.day.isoformat()}",
                provider=figures.say_or_text(registry.label_of(one.provider)),
                day=figures.day(one.day),
                price=figures.price(one.price, one.currency),
                expected=expected,
                why=figures.say(f"prices.verdict.{one.verdict}"),
                accepted=one.accepted,
            )
        )
    return rows


def _said(word: str, figures: Figures) -> str:
    if not word:
        return ""
    if word == pricing.NO_COIN:
        return figures.say("prices.chosen_none")
    return figures.say("prices.chosen", coin=word)
