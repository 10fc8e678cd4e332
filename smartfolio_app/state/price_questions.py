"""What only a person can say about prices, of all assets in one list: which coin a ticker means, what was set aside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import price_evidence, pricing
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.asset_evidence import CandidateRow, DoubtRow, doubt_rows, go_by
from smartfolio_app.state.base import AppState
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import PageState, Seat

#: So many of each are listed; the rest is on the assets' own pages and over REST.
MOST = 40
#: So many candidates are offered here; the asset's own page has all of them.
MOST_CANDIDATES = 4


@dataclass
class QuestionRow:
    """An asset of which it is not known which one it is."""

    asset: str = ""
    symbol: str = ""
    text: str = ""
    candidates: list[CandidateRow] = field(default_factory=list)


@dataclass
class AsideRow(DoubtRow):
    """A price that was set aside, and of which asset."""

    asset: str = ""
    symbol: str = ""


class PriceQuestionsState(PageState, rx.State):
    """The open questions about prices. Filled by the Sources page's state."""

    questions: list[QuestionRow] = []
    aside: list[AsideRow] = []
    more: str = ""

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, asset: str, coin: str) -> AsyncIterator[Any]:
        """Say which one an asset is; an empty ``coin``: none that anybody prices."""
        if asset not in {one.asset for one in self.questions}:
            return
        seat, chosen = await self._seat(viewer), coin or pricing.NO_COIN
        if not await self._done(seat, pricing.choose_coin, viewer.user_id, asset, chosen):
            return
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("prices.chosen_done"))
        yield AppState.refresh

    @rx.event
    @signed_in
    async def decide(self, viewer: Viewer, asset: str, doubt: str, use: bool) -> AsyncIterator[None]:
        """Go by a price that was set aside, or leave it aside after all."""
        row = next((one for one in self.aside if (one.asset, one.id) == (asset, doubt)), None)
        if row is not None:
            async for _ in go_by(self, viewer, asset, row, use=bool(use)):
                yield

    async def _show(self, seat: Seat) -> None:
        user, figures = seat.viewer.user_id, seat.figures
        open_ = [one for one in await off_loop(pricing.unresolved, user) if one.asked]
        self.questions = [
            QuestionRow(
                asset=one.asset,
                symbol=one.symbol,
                text=figures.say(
                    "prices.several" if one.candidates else "prices.nobody", count=len(one.candidates)
                ),
                candidates=[CandidateRow(coin, name) for coin, name in one.candidates[:MOST_CANDIDATES]],
            )
            for one in open_[:MOST]
        ]
        doubted = await off_loop(price_evidence.every_doubted, user)
        rows = [
            AsideRow(asset=one.asset, symbol=one.symbol, **vars(row))
            for one in doubted
            for row in doubt_rows(one.set_aside, figures)
        ]
        self.aside = rows[:MOST]
        left = max(0, len(open_) - MOST) + max(0, len(rows) - MOST)
        self.more = figures.say("prices.more", count=left) if left else ""
