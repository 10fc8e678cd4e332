"""The Signals page's state."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx
from sqlmodel import Session

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.signals.board import Board, board
from smartfolio_app.services.signals.references import MARKET
from smartfolio_app.services.signals.regimes import Market, markets
from smartfolio_app.services.signals.sentiment import choices, sentiment
from smartfolio_app.state import signals_view as show
from smartfolio_app.state.base import Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat, shows


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the page shows besides the score, read in one go."""

    board: Board
    markets: list[Market]
    subjects: list[tuple[str, str]]


def gather(db: Session, user_id: str) -> Gathered:
    """Read what is stored."""
    return Gathered(board(db), markets(db), choices(db, user_id))


@shows("/signals")
class SignalsState(PageState, rx.State):
    """What the page shows, as text and as shapes."""

    filled: bool = False
    empty: bool = False
    offline: bool = False
    subject: str = MARKET
    subjects: list[Option] = []
    mood: show.MoodView = show.MoodView()
    told: bool = False
    markets: list[show.MarketRow] = []
    funding: list[show.FundingLine] = []
    outside: show.Outside = show.Outside()
    problem: str = ""

    @rx.event
    @signed_in
    async def choose_subject(self, viewer: Viewer, subject: str) -> None:
        """Look at the market, or at one coin."""
        if subject in {one.value for one in self.subjects}:
            self.subject = subject
            await self._tell(await self._seat(viewer))

    async def _show(self, seat: Seat) -> None:
        found = await off_loop(gather, seat.viewer.user_id)
        figures = seat.figures
        self.subjects = [
            Option(MARKET, figures.say("signals.subject_market")),
            *(Option(subject, name) for subject, name in found.subjects),
        ]
        if self.subject not in {one.value for one in self.subjects}:  # it is not held any more
            self.subject = MARKET
        self.empty = found.board.empty and not any(one.regime.closes for one in found.markets)
        self.offline = found.board.offline
        self.markets = [show.market_row(one, figures) for one in found.markets]
        self.funding = [show.funding_line(row, figures) for row in found.board.funding]
        self.outside = show.outside(found.board, figures)
        self.filled = True

    async def _later(self, seat: Seat) -> None:
        if not self.empty:
            await self._tell(seat)

    async def _tell(self, seat: Seat) -> None:
        """Fill the score: the first look of a day waits for its model."""
        self.problem = ""
        symbol = "" if self.subject == MARKET else self.subject
        try:
            found = await off_loop(sentiment, seat.viewer.user_id, symbol)
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        self.mood = show.mood(found, seat.figures)
        self.told = True
