"""The pages before signing in: what went wrong with a form, in the visitor's words."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.i18n import LANGUAGES, MissingTextError, known, negotiate, translate
from smartfolio_app.security.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from smartfolio_app.services import accounts
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.guard import current_viewer, for_everyone
from smartfolio_app.state.locale import Locale

#: The address carries an error's code only; these fill its sentence.
_LIMITS: dict[str, dict[str, int]] = {
    "auth.password_too_short": {"minimum": MINIMUM_LENGTH},
    "auth.password_too_long": {"maximum": MAXIMUM_LENGTH},
    "account.name_invalid": {"maximum": accounts.LONGEST_NAME},
}


class EntranceState(rx.State):
    """What the sign-in and set-up pages need to know. They hold nobody's data, so anyone may call them."""

    problem: str = ""
    next: str = "/"
    token: str = ""
    no_account: bool = False
    link_is_good: bool = True

    @rx.event
    @for_everyone
    async def enter(self) -> rx.event.EventSpec | None:
        """Read the address of the sign-in page; who is signed in already goes on."""
        query = dict(self.router.url.query_parameters)
        if not query.get("error") and await current_viewer(self) is not None:
            return rx.redirect("/")
        self.next = query.get("next", "/")
        self.no_account = await off_loop(accounts.needs_setup)
        await self._explain(query)
        return None

    @rx.event
    @for_everyone
    async def open_setup(self) -> None:
        """Read the address of the set-up page, and say at once when its link is no longer good."""
        query = dict(self.router.url.query_parameters)
        self.token = query.get("token", "")
        self.link_is_good = await off_loop(accounts.is_setup_token, self.token)
        await self._explain(query)

    @rx.event
    @for_everyone
    async def speak(self, language: str) -> None:
        """Switch the language of this visit."""
        if language in LANGUAGES:
            (await self.get_state(Locale)).language = language
            await self._explain(dict(self.router.url.query_parameters))

    async def _explain(self, query: dict[str, str]) -> None:
        locale = await self.get_state(Locale)
        language = locale.language or negotiate(self.router.headers.accept_language)
        self.problem = sentence(query.get("error", ""), query.get("wait", ""), language)


def sentence(code: str, wait: str, language: str) -> str:
    """Return what to say about an error code from the address; empty without one.

    Codes are the visitor's input: one that has no sentence is answered with the general one.
    """
    if not code:
        return ""
    seconds = wait if wait.isdecimal() else "60"
    try:
        if known(f"error.{code}"):
            return translate(language, f"error.{code}", seconds=seconds, **_LIMITS.get(code, {}))
    except MissingTextError:
        pass
    return translate(language, "auth.refused")
