"""A sale that is tried: how much of what, at what price, by which method or from which lots."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetClass, is_fiat
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import gains, wealth, what_if
from smartfolio_app.services.explain_sale import sale_figure
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.user_settings import METHODS
from smartfolio_app.state.base import Option
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.gains_rows import LotRow, label_of, lot_row
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.reading import read_number
from smartfolio_app.state.seat import PageState, Seat

MOST_LOTS = 200


@dataclass
class Answered:
    """The outcome, ready to be read."""

    gain: str = ""
    gain_direction: str = "none"
    proceeds: str = ""
    cost: str = ""
    terms: str = ""
    price: str = ""
    taken: str = ""
    left: str = ""
    figure: str = ""


@dataclass
class OtherMethod:
    """What another method would give for the same sale."""

    label: str = ""
    gain: str = ""
    gain_direction: str = "none"
    figure: str = ""


class WhatIfState(PageState, rx.State):
    """What is tried on the page that is open; nothing of it is stored."""

    assets: list[Option] = []
    asset: str = ""
    symbol: str = ""
    price_hint: str = ""
    held: str = ""
    picking: bool = False
    lots: list[LotRow] = []
    more_lots: str = ""
    problem: str = ""
    answered: bool = False
    answer: Answered = Answered()
    others: list[OtherMethod] = []
    turn: int = 0

    @rx.event
    @signed_in
    async def choose_asset(self, viewer: Viewer, asset: str) -> None:
        """Try the sale of another asset."""
        if asset in {one.value for one in self.assets}:
            await self._about(await self._seat(viewer), asset)

    @rx.event
    @signed_in
    def pick_lots(self, picking: bool) -> None:
        """Pick the lots by hand, or leave them to a method."""
        self.picking, self.answered, self.problem = picking, False, ""

    @rx.event
    @signed_in
    async def ask(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Try it."""
        seat = await self._seat(viewer)
        self.problem = ""
        try:
            question = self._question(form, seat.figures)
        except ValueError as error:
            self.problem, self.answered = seat.figures.say("gains.what_if_wrong", value=str(error)), False
            return
        try:
            found = await off_loop(what_if.ask, seat.view, question)
        except SmartFolioError as error:
            self.problem, self.answered = error_text(seat.figures.language, error), False
            return
        self._fill(question, found, seat.figures)
        yield

    async def _show(self, seat: Seat) -> None:
        """Nothing: the page that holds it fills it."""

    async def _offer(self, seat: Seat, only: str = "") -> None:
        """Offer what is held and can be sold, or one asset alone."""
        portfolio = await off_loop(wealth.portfolio, seat.view)
        sellable = [
            one.asset
            for one in portfolio.holdings
            if one.quantity > 0 and not is_fiat(one.asset.id) and one.asset.asset_class is not AssetClass.ITEM
        ]
        if only:
            sellable = [one for one in sellable if one.id == only]
        self.assets = [Option(one.id, label_of(one)) for one in sellable]
        wanted = self.asset if self.asset in {one.id for one in sellable} else ""
        await self._about(seat, wanted or (sellable[0].id if sellable else ""))

    async def _about(self, seat: Seat, asset: str) -> None:
        if asset != self.asset:
            self.turn += 1
        self.asset, self.answered, self.problem = asset, False, ""
        self.lots, self.more_lots, self.held = [], "", ""
        if not asset:
            return
        found = await off_loop(gains.open_lots, seat.view, asset)
        figures = seat.figures
        self.symbol = found.asset.symbol
        self.price_hint = figures.price(found.price.value) if found.price is not None else ""
        self.held = figures.quantity(sum((one.lot.quantity for one in found.lots), ZERO))
        self.lots = [lot_row(one, figures) for one in found.lots[:MOST_LOTS]]
        rest = len(found.lots) - MOST_LOTS
        self.more_lots = figures.say("gains.more_lots", number=figures.count(rest)) if rest > 0 else ""

    def _question(self, form: dict[str, Any], figures: Figures) -> what_if.Question:
        """Read the form; raise ``ValueError`` with what was typed when it is no number."""
        picked = []
        if self.picking:
            for lot in self.lots:
                quantity = _number(form.get(lot.field), figures)
                if quantity is not None:
                    picked.append((lot.number, quantity))
        method = str(form.get("method", ""))
        return what_if.Question(
            asset=self.asset,
            quantity=_number(form.get("quantity"), figures) or ZERO,
            price=_number(form.get("price"), figures),
            fee=_number(form.get("fee"), figures) or ZERO,
            method=method if method in METHODS else "",
            picked=tuple(picked),
        )

    def _fill(self, question: what_if.Question, found: what_if.Reply, figures: Figures) -> None:
        outcome = found.outcome
        sold = sum((one.quantity for one in outcome.matches), ZERO)
        left = sum((one.quantity for one in outcome.remaining), ZERO)
        worth = [one.cost for one in outcome.remaining]
        cost_left = None if None in worth else sum((one for one in worth if one is not None), ZERO)
        symbol = found.asset.symbol
        self.answer = Answered(
            gain=figures.money(outcome.gain, sign=True),
            gain_direction=figures.direction(outcome.gain),
            proceeds=figures.money(outcome.proceeds),
            cost=figures.money(outcome.cost),
            terms=figures.say(
                "gains.what_if_terms",
                long=figures.money(found.long_term, sign=True),
                short=figures.money(found.short_term, sign=True),
            ),
            price=figures.price(found.price),
            taken=figures.say(
                "gains.what_if_taken",
                count=len(outcome.matches),
                number=figures.count(len(outcome.matches)),
                quantity=f"{figures.quantity(sold)} {symbol}",
            ),
            left=figures.say(
                "gains.what_if_left",
                count=len(outcome.remaining),
                number=figures.count(len(outcome.remaining)),
                quantity=f"{figures.quantity(left)} {symbol}",
                cost=figures.money(cost_left),
            ),
            figure=sale_figure(question, found.method.value),
        )
        self.others = [
            OtherMethod(
                label=figures.say(f"settings.method_{method.value}"),
                gain=figures.money(gain, sign=True),
                gain_direction=figures.direction(gain),
                figure=sale_figure(question, method.value),
            )
            for method, gain in found.by_method.items()
        ]
        self.answered = True


def _number(typed: object, figures: Figures) -> Decimal | None:
    text = str(typed or "").strip()
    if not text:
        return None
    try:
        return read_number(text, figures)
    except ValueError as error:
        raise ValueError(text) from error
