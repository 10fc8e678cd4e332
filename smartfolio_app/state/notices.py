"""Short sentences the app says to the person at the page."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.i18n import translate
from smartfolio_app.state.guard import for_everyone
from smartfolio_app.state.locale import Locale
from smartfolio_app.storage.trouble import TROUBLES


class Notices(rx.State):
    """The one notice on screen. ``turn`` grows with each, so that its timer starts anew."""

    text: str = ""
    tone: str = "good"
    turn: int = 0

    def _say(self, text: str, tone: str = "good") -> None:
        self.text, self.tone = text, tone
        self.turn += 1

    @rx.event
    @for_everyone
    def close(self) -> None:
        """Take the notice away."""
        self.text = ""

    @rx.event
    @for_everyone
    async def unexpected(self, code: str) -> None:
        """Say that something failed that nobody foresaw, or which trouble the storage has (``code``)."""
        locale = await self.get_state(Locale)
        known = code if code in TROUBLES else "unexpected_event"
        self._say(translate(locale.language, f"error.{known}"), "bad")


async def say(state: rx.State, text: str, tone: str = "good") -> None:
    """Show ``text`` as a notice; callable from any handler. ``tone``: ``good`` or ``bad``."""
    notices = await state.get_state(Notices)
    notices._say(text, tone)
