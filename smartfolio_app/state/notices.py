"""Short sentences the app says to the person at the page."""

from __future__ import annotations

import json
import re

import reflex as rx
from reflex_base.constants.state import FIELD_MARKER

from smartfolio_app.i18n import translate
from smartfolio_app.state.guard import for_everyone
from smartfolio_app.state.locale import Locale
from smartfolio_app.storage.trouble import TROUBLES

_REFERENCE = re.compile(r"[0-9a-f-]{8,64}")


class Notices(rx.State):
    """The one notice on screen. ``turn`` grows with each, so that its timer starts anew.

    ``held_up``: events wait for their turn (``security.pace``). Only the browser's copy of it ever changes.
    """

    text: str = ""
    tone: str = "good"
    turn: int = 0
    held_up: bool = False

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
    async def unexpected(self, code: str, reference: str = "") -> None:
        """Say that something failed that nobody foresaw, or which trouble the storage has (``code``).

        ``reference`` is the id of the event, by which the operator finds it in the log.
        """
        locale = await self.get_state(Locale)
        known = code if code in TROUBLES else "unexpected_event"
        text = translate(locale.language, f"error.{known}")
        if _REFERENCE.fullmatch(reference):
            text += " " + translate(locale.language, "error.reference", reference=reference[:12])
        self._say(text, "bad")


async def say(state: rx.State, text: str, tone: str = "good") -> None:
    """Show ``text`` as a notice; callable from any handler. ``tone``: ``good`` or ``bad``."""
    notices = await state.get_state(Notices)
    notices._say(text, tone)


async def say_gone(state: rx.State) -> None:
    """Say that what was clicked on has been taken out of its list meanwhile: no click is answered by nothing."""
    locale = await state.get_state(Locale)
    await say(state, translate(locale.language, "common.gone"), "bad")


def held_up_frame(waiting: bool) -> str:
    """Return the message that makes a page show that its events wait, or take that away.

    It is written as Reflex writes its own, and sent by the door: the app itself has not been given those events yet.
    """
    delta = {Notices.get_full_name(): {f"held_up{FIELD_MARKER}": waiting}}
    return "42/_event," + json.dumps(["event", {"delta": delta, "events": []}])
