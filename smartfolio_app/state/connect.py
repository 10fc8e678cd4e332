"""Adding a source in three steps: choose it, give its key, watch the first sync. What is typed is never kept here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sources, sync
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.state.base import AppState
from smartfolio_app.state.connect_rows import (
    CATEGORIES,
    KINDS,
    SHORT,
    FieldRow,
    Narrowed,
    OfferRow,
    RightRow,
    check_words,
    field_rows,
    offer_rows,
    right_rows,
)
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.seat import PageState, Seat
from smartfolio_app.state.syncs_rows import SyncRow, sync_row


class ConnectState(PageState, rx.State):
    """The dialog. ``step`` is ``choose``, ``keys`` or ``sync``, and empty while it is closed."""

    step: str = ""
    search: str = ""
    kind: str = "all"
    category: str = "all"
    live: list[OfferRow] = []
    files: list[OfferRow] = []
    any_file: list[OfferRow] = []
    by_hand: list[OfferRow] = []
    more_live: str = ""
    more_files: str = ""
    nothing: bool = False

    provider: str = ""
    label: str = ""
    advice: str = ""
    help_url: str = ""
    fields: list[FieldRow] = []
    config: list[FieldRow] = []
    same_account: str = ""
    replaces: bool = False
    busy: bool = False
    problem: str = ""
    danger: list[RightRow] = []

    source: str = ""
    account: str = ""
    rights: list[RightRow] = []
    remarks: list[str] = []
    delayed: str = ""
    run: SyncRow = SyncRow()

    @rx.event
    @signed_in
    async def open(self, viewer: Viewer) -> None:
        """Show what can be added."""
        self.reset()
        self.step = "choose"
        await self._fill(viewer)

    @rx.event
    @signed_in
    async def find(self, viewer: Viewer, text: str) -> None:
        """Narrow the catalogue by name."""
        self.search = text
        await self._fill(viewer)

    @rx.event
    @signed_in
    async def choose_kind(self, viewer: Viewer, kind: str) -> None:
        """Narrow it to what is live, from files, or by hand."""
        self.kind = kind if kind in KINDS else "all"
        await self._fill(viewer)

    @rx.event
    @signed_in
    async def choose_category(self, viewer: Viewer, category: str) -> None:
        """Narrow it to one kind of wealth."""
        self.category = category if category in CATEGORIES else "all"
        await self._fill(viewer)

    @rx.event
    @signed_in
    def close(self) -> None:
        """Close the dialog; a sync goes on."""
        self.reset()

    @rx.event
    @signed_in
    def arrive(self) -> None:
        """Begin anew with the page: what was left open is closed, and a sync is followed in its source's row."""
        if self.step:
            self.reset()

    @rx.event
    @signed_in
    async def begin(self, viewer: Viewer, provider_id: str) -> Any:
        """Ask for the key of a provider; one that is signed in to has a page of its own."""
        known = registry.providers().get(provider_id)
        if known is None or known.kind != "api":
            return None
        if known.sign_in:
            self.reset()
            return rx.redirect(f"/sources/sign-in?provider={provider_id}")
        await self._ask(await self._seat(viewer), provider_id)
        return None

    @rx.event
    @signed_in
    async def begin_again(self, viewer: Viewer, source_key: str) -> Any:
        """Ask for the key of a source that has none, or for another one."""
        seat = await self._seat(viewer)
        try:
            known = await off_loop(sources.status_of, viewer.user_id, source_key)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return None
        if registry.provider(known.provider).sign_in:
            return rx.redirect(f"/sources/sign-in?provider={known.provider}")
        await self._ask(seat, known.provider, source_key=source_key, label=known.label)
        return None

    @rx.event
    @signed_in
    async def back(self, viewer: Viewer) -> None:
        """Go back to choosing."""
        self.step, self.problem, self.danger = "choose", "", []
        await self._fill(viewer)

    @rx.event(background=True)
    @signed_in
    async def submit(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Try the key; keep it when it is good, and begin the first sync."""
        async with self:
            if self.busy or self.step != "keys":
                return
            seat = await self._seat(viewer)
            self.busy, self.problem = True, ""
            values = {one.name: str(form.get(one.name, "")) for one in self.fields}
            config = {one.name: str(form.get(one.name, "")).strip() for one in self.config}
            provider, source = self.provider, self.source
        yield
        how = {
            "config": {name: value for name, value in config.items() if value},
            "separate": bool(form.get("separate")),
            "accept_risks": bool(form.get("accept_risks")),
        }
        danger: list[RightRow] = []
        problem, done = "", None
        try:
            if source:
                accept = how["accept_risks"]
                done = await off_loop(sync.connect, viewer.user_id, source, values, accept_risks=accept)
            else:
                done = await off_loop(sync.connect_new, viewer.user_id, provider, values, **how)
        except sync.DangerousKeyError as error:
            danger = right_rows(error.check.may_trade, error.check.may_withdraw, seat.figures)
            problem = error_text(seat.figures.language, error)
        except SmartFolioError as error:
            problem = error_text(seat.figures.language, error)
        async with self:
            self.busy, self.problem, self.danger = False, problem, danger
            if done is not None:
                await self._connected(seat, done)
        if done is not None:
            from smartfolio_app.state.syncs import SyncsState

            yield AppState.load
            yield SyncsState.watch

    async def _connected(self, seat: Seat, done: sync.Connected) -> None:
        """Show what the key may do, and the sync that has begun."""
        self.source, self.step = done.connection.source_key, "sync"
        if done.check is not None:
            self.account = done.check.account
            self.rights = right_rows(done.check.may_trade, done.check.may_withdraw, seat.figures)
            self.remarks = check_words(done.check, seat.figures)
        if done.problem is not None:
            self.delayed = seat.figures.say_or_text(f"error.{done.problem.code}", **done.problem.params)
        await self._progress(seat)

    async def _progress(self, seat: Seat) -> None:
        """Show how far the sync is, while it is being watched."""
        if self.step != "sync" or not self.source:
            return
        try:
            newest = await off_loop(sync.history, seat.viewer.user_id, self.source, 1)
        except SmartFolioError:
            return  # deleted meanwhile, elsewhere
        row = sync_row(newest[0], seat.figures) if newest else SyncRow()
        if row != self.run:
            self.run = row

    async def _ask(self, seat: Seat, provider_id: str, *, source_key: str = "", label: str = "") -> None:
        provider, figures = registry.provider(provider_id), seat.figures
        self.reset()
        self.step, self.provider, self.source = "keys", provider_id, source_key
        self.replaces = bool(source_key)
        self.label = label or figures.say_or_text(provider.label)
        self.advice = figures.say_or_text(provider.advice) if provider.advice else ""
        self.help_url = provider.help_url
        self.fields = field_rows(provider.credential_fields, figures)
        self.config = [] if source_key else field_rows(provider.config_fields, figures)
        if not source_key:
            same = await off_loop(_same_account, seat.viewer.user_id, provider_id, figures.language)
            self.same_account = figures.say("connection.same_account", label=same) if same else ""

    async def _fill(self, viewer: Viewer) -> None:
        figures = (await self._seat(viewer)).figures
        view = await off_loop(sources.source_status, viewer.user_id)
        there = {one.provider for one in view.sources if one.configured}
        wanted = Narrowed(self.search, self.kind, self.category)
        every = offer_rows(registry.providers().values(), there, figures)
        found = [one for one in every if wanted.fits(one)]
        anything = (registry.FILE_CRYPTO, registry.FILE_STOCKS)
        live = [one for one in found if one.kind == "api"]
        files = [one for one in found if one.kind == "csv" and one.provider not in anything]
        self.any_file = [one for one in found if one.provider in anything]
        self.by_hand = [one for one in found if one.kind == "manual"]
        short = SHORT if wanted.is_all else len(every)
        self.live, self.files = live[:short], files[:short]
        self.more_live = _more(len(live) - short, "connection.more_live", figures)
        self.more_files = _more(len(files) - short, "connection.more_files", figures)
        self.nothing = not found


def _more(count: int, key: str, figures: Any) -> str:
    return figures.say(key, number=figures.count(count)) if count > 0 else ""


def _same_account(db: Session, user_id: str, provider_id: str, language: str) -> str:
    found = sources.same_account(db, user_id, provider_id)
    return "" if found is None else label_of(found, language)
