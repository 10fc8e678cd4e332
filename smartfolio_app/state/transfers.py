"""The page of own transfers: what was matched, what was not, and the user's word on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from smartfolio_app.ledger.assets import is_fiat, symbol_of
from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import own_transfers
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.transfers_rows import EndRow, PairRow, end_row, pair_row

#: How many of each kind are on the page; an asset's own page narrows it.
MOST = 100


@shows("/transfers")
class TransfersState(PageState, rx.State):
    """The movements on screen, and the withdrawal for which a deposit is being chosen."""

    loaded: bool = False
    is_empty: bool = False
    summary: str = ""
    asset: str = ""
    symbol: str = ""
    pairs: list[PairRow] = []
    left: list[EndRow] = []
    arrived: list[EndRow] = []
    more: str = ""

    matching: str = ""
    matching_text: str = ""
    offers: list[EndRow] = []

    @rx.event
    @signed_in
    async def separate(self, viewer: Viewer, withdrawal: str) -> AsyncIterator[None]:
        """Say that a withdrawal left for elsewhere."""
        async for _ in self._decide(viewer, "transfers.separated", own_transfers.separate, withdrawal):
            yield

    @rx.event
    @signed_in
    async def forget(self, viewer: Viewer, withdrawal: str) -> AsyncIterator[None]:
        """Leave a withdrawal to the matching again."""
        async for _ in self._decide(
            viewer, "transfers.forgotten", own_transfers.leave_to_matching, withdrawal
        ):
            yield

    @rx.event
    @signed_in
    async def confirm(self, viewer: Viewer, withdrawal: str, deposit: str) -> AsyncIterator[None]:
        """Say which deposit a withdrawal became."""
        self.matching = ""
        async for _ in self._decide(
            viewer, "transfers.confirmed", own_transfers.confirm, withdrawal, deposit
        ):
            yield

    @rx.event
    @signed_in
    async def confirm_pair(self, viewer: Viewer, withdrawal: str) -> AsyncIterator[None]:
        """Say that a match that was found is right."""
        found = await off_loop(own_transfers.listing, viewer.user_id, self.asset)
        pair = next((one for one in found.matched if one.withdrawal.id == withdrawal), None)
        if pair is not None:
            asked = (withdrawal, pair.deposit.id)
            async for _ in self._decide(viewer, "transfers.confirmed", own_transfers.confirm, *asked):
                yield

    @rx.event
    @signed_in
    async def choose_deposit(self, viewer: Viewer, withdrawal: str) -> None:
        """Offer the deposits that a withdrawal may have become."""
        seat = await self._seat(viewer)
        found = await off_loop(own_transfers.listing, viewer.user_id, self.asset)
        one = next((one for one in found.left if one.withdrawal.id == withdrawal), None)
        if one is None:
            return
        mine = end_row(one.withdrawal, found, seat.figures)
        self.matching_text = f"{mine.amount} · {mine.place} · {mine.when}"
        self.offers = [end_row(row, found, seat.figures) for row in one.offered]
        self.matching = withdrawal

    @rx.event
    @signed_in
    def close_matching(self) -> None:
        """Close the choice, deciding nothing."""
        self.matching = ""

    async def _show(self, seat: Seat) -> None:
        self.asset = dict(self.router.url.query_parameters).get("asset", "")
        self.symbol = symbol_of(self.asset)
        figures = seat.figures
        found = await off_loop(own_transfers.listing, seat.viewer.user_id, self.asset)
        self.pairs = [pair_row(one, found, figures) for one in found.matched[:MOST]]
        # Money that comes and goes is no riddle, and has no lots; it is shown where it is asked for.
        left = [one for one in found.left if self.asset or not _is_money(one.withdrawal)]
        arrived = [one for one in found.arrived if self.asset or not _is_money(one)]
        self.left = [end_row(one.withdrawal, found, figures, one) for one in left[:MOST]]
        self.arrived = [end_row(one, found, figures) for one in arrived[:MOST]]
        self.is_empty = not (found.matched or left or arrived)
        count = len(found.matched)
        self.summary = figures.say("transfers.count", count=count, number=figures.count(count))
        hidden = sum(max(0, len(rows) - MOST) for rows in (found.matched, left, arrived))
        self.more = figures.say("transfers.more", number=figures.count(hidden)) if hidden else ""
        self.loaded = True

    async def _decide(self, viewer: Viewer, words: str, action: Any, *ids: str) -> AsyncIterator[None]:
        if all(one.isdecimal() for one in ids):
            async for _ in self._do(viewer, words, action, *map(int, ids)):
                yield


def _is_money(row: Transaction) -> bool:
    side = row.sent or row.received
    return side is not None and is_fiat(side.asset)
