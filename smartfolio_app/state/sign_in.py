"""Signing in at Saxo: which of its two worlds, the key of the user's own app, and off to the bank."""

from __future__ import annotations

from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text, translate
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sign_in
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.sign_in import Way
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat, shows

#: What may have gone wrong on the way back, by the code in the page's address; anything else is "not completed".
_PROBLEMS = {
    "saxo.state": "error.saxo.state",
    "saxo.code_refused": "error.saxo.code_refused",
    "provider.offline": "error.provider.offline",
    "provider.no_connection": "error.provider.no_connection",
    "provider.timeout": "error.provider.timeout",
}


@shows("/sources/sign-in")
class SignInState(PageState, rx.State):
    """The page's one form."""

    provider: str = "saxo_api"
    back: str = ""
    problem: str = ""
    #: There is an account already, so that a sign-in may be to the same or to another one.
    there: bool = False

    async def _show(self, seat: Seat) -> None:
        self.back = sign_in.callback_address(self._origin())
        wanted = str(self.router.url.query_parameters.get("provider", ""))
        self.provider = wanted if wanted in sign_in.PROVIDERS else self.provider
        self.there = await off_loop(sign_in.is_signed_in, seat.viewer.user_id, self.provider)
        code = str(self.router.url.query_parameters.get("problem", ""))
        key = _PROBLEMS.get(code, "error.saxo.declined")
        self.problem = translate(seat.figures.language, key, provider="Saxo Bank") if code else ""

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, provider: str) -> None:
        """Choose the real bank or its simulation."""
        self.provider = provider if provider in sign_in.PROVIDERS else self.provider
        self.there = await off_loop(sign_in.is_signed_in, viewer.user_id, self.provider)

    @rx.event
    @signed_in
    async def begin(self, viewer: Viewer, form: dict[str, Any]) -> Any:
        """Go to the bank with the key of the app; the source is made when there is none yet."""
        seat = await self._seat(viewer)
        try:
            way = await off_loop(
                _begin,
                viewer,
                provider=self.provider,
                app_key=str(form.get("app_key", "")),
                origin=self._origin(),
                separate=bool(form.get("separate")),
            )
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return None
        self.problem = ""
        return rx.redirect(way.address)

    def _origin(self) -> str:
        return str(self.router.headers.origin or "")


def _begin(db: Session, viewer: Viewer, *, provider: str, app_key: str, origin: str, separate: bool) -> Way:
    sign_in.check_app_key(app_key)
    key = sign_in.source_for(db, viewer.user_id, provider, separate=separate)
    return sign_in.begin(db, viewer.user_id, key, device=viewer.credential, app_key=app_key, origin=origin)
