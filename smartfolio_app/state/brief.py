"""The Brief page's state."""

from __future__ import annotations

from dataclasses import dataclass, field

import reflex as rx

from smartfolio_app.services import brief
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.seat import PageState, Seat, shows


@dataclass
class LineRow:
    """One sentence; ``explain`` is the figure behind it, ``link`` the page that tells more."""

    text: str = ""
    explain: str = ""
    link: str = ""
    tone: str = ""


@dataclass
class SectionRow:
    """Sentences under one heading."""

    key: str = ""
    title: str = ""
    lines: list[LineRow] = field(default_factory=list)


@shows("/brief")
class BriefState(PageState, rx.State):
    """What the brief says of the view."""

    loaded: bool = False
    day: str = ""
    sections: list[SectionRow] = []

    async def _show(self, seat: Seat) -> None:
        found = await off_loop(brief.brief, seat.view)
        told = brief.written(found, seat.figures)
        self.day = seat.figures.day(found.day)
        self.sections = [
            SectionRow(
                key=section.key,
                title=section.title,
                lines=[LineRow(one.text, one.explain, one.link, one.tone) for one in section.sentences],
            )
            for section in told
        ]
        self.loaded = True
