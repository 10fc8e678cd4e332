"""Live sources on the Sources page: syncing them, how far each is, and all there is to say of the one that is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.reconcile import Reconciliation
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sync
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.base import AppState, Option
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.connect_rows import RightRow, check_words, right_rows
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.reading import read_number
from smartfolio_app.state.seat import PageState, Seat
from smartfolio_app.state.syncs_rows import (
    ConnectionRow,
    CredentialRow,
    GapRow,
    SyncRow,
    connection_row,
    credential_rows,
    gap_rows,
    reconciled_text,
    schedule_text,
    sync_row,
)
from smartfolio_app.storage.repo_ledger import read_assets, revision_of

#: Seconds between two looks at how far a sync is.
LOOK_EVERY = 0.7
#: The choice to type an interval.
OWN_INTERVAL = "own"
#: So many syncs are listed.
LISTED = 12


class SyncsState(PageState, rx.State):
    """The live source that is open, and the watch over all that are being synced. Filled by the page's state."""

    key: str = ""
    how: ConnectionRow = ConnectionRow()
    credentials: list[CredentialRow] = []
    rights: list[RightRow] = []
    tested: list[str] = []
    testing: bool = False
    runs: list[SyncRow] = []
    schedules: list[Option] = []
    own_interval: bool = False
    compared: str = ""
    gaps: list[GapRow] = []
    forgetting: bool = False
    turn: int = 0

    _watch: int = 0
    _began: set[str] = set()
    _last: str = ""
    _compared_at: str = ""

    @rx.event
    @signed_in
    async def start(self, viewer: Viewer, source_key: str) -> AsyncIterator[Any]:
        """Sync a source now."""
        seat = await self._seat(viewer)
        try:
            begun = await off_loop(sync.start, viewer.user_id, source_key)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return
        self._began = {*self._began, begun.id}
        yield SyncsState.watch

    @rx.event
    @signed_in
    async def cancel(self, viewer: Viewer, source_key: str) -> AsyncIterator[Any]:
        """Stop the sync of a source; what arrived stays."""
        async for event in self._do(viewer, "syncs.cancelled", sync.cancel, source_key):
            yield event
        yield SyncsState.watch

    @rx.event
    @signed_in
    async def schedule(self, viewer: Viewer, every: str) -> AsyncIterator[Any]:
        """Choose how often the open source is synced by itself."""
        if every == OWN_INTERVAL:
            self.own_interval = True
        elif every.isascii() and every.isdecimal() and len(every) < 6:
            self.own_interval = False
            async for event in self._do(viewer, "syncs.scheduled", sync.set_schedule, self.key, int(every)):
                yield event

    @rx.event
    @signed_in
    async def schedule_own(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Have the open source synced every so many minutes."""
        seat = await self._seat(viewer)
        try:
            typed = read_number(str(form.get("minutes", "")), seat.figures)
        except ValueError:
            typed = Decimal(-1)
        minutes = int(typed) if typed == int(typed) and typed > 0 else -1
        async for event in self._do(viewer, "syncs.scheduled", sync.set_schedule, self.key, minutes):
            self.own_interval = False
            yield event

    @rx.event
    @signed_in
    async def undo(self, viewer: Viewer, run_id: str) -> AsyncIterator[Any]:
        """Take back what a sync of the open source brought."""
        async for event in self._do(viewer, "syncs.undone", sync.undo, run_id, self.key):
            yield event

    @rx.event
    @signed_in
    async def close_gap(self, viewer: Viewer, asset: str) -> AsyncIterator[Any]:
        """Enter the one transaction that closes a gap of the open source."""
        async for event in self._do(viewer, "syncs.gap_closed", sync.close_gap, self.key, asset):
            yield event

    @rx.event(background=True)
    @signed_in
    async def test(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Try the key of the open source."""
        async with self:
            if self.testing or not self.key:
                return
            self.testing, self.tested, key = True, [], self.key
            seat = await self._seat(viewer)
        yield
        rights: list[RightRow] | None = None
        try:
            found = await off_loop(sync.check, viewer.user_id, key)
            said = [seat.figures.say("connection.works"), *check_words(found, seat.figures)]
            rights = right_rows(found.may_trade, found.may_withdraw, seat.figures)
        except SmartFolioError as error:
            said = [error_text(seat.figures.language, error)]
        async with self:
            self.testing = False
            if self.key == key:
                self.tested = said
                self.rights = rights if rights is not None else self.rights

    @rx.event
    @signed_in
    def ask_forget(self) -> None:
        """Ask whether the key of the open source may go."""
        self.forgetting = True

    @rx.event
    @signed_in
    def keep(self) -> None:
        """Keep the key."""
        self.forgetting = False

    @rx.event
    @signed_in
    async def forget(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Remove the key of the open source from the vault."""
        self.forgetting = False
        async for event in self._do(viewer, "connection.forgotten", sync.disconnect, self.key):
            yield event

    @rx.event(background=True)
    @signed_in
    async def watch(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Show how far the syncs are until none is under way; when one ends, show what it brought."""
        async with self:
            self._watch += 1  # whoever watched before stops: a page that was reloaded no longer listens
            mine, before = self._watch, set(self._began)
            self._began = set()
        busy = True
        while busy:
            async with self:
                if self._watch != mine:
                    return
                seat = await self._seat(viewer)
                running = await off_loop(sync.under_way, viewer.user_id)
                await self._tell(seat, running)
                if self._began:  # another one was started meanwhile; its own watch takes over
                    before |= self._began
                    self._began = set()
            now = {one.id for one in running if one.state != "waiting"}
            busy = bool(now)
            if before - now:
                yield AppState.load
            before = now
            if busy:
                await asyncio.sleep(LOOK_EVERY)

    @rx.event
    @signed_in
    async def look(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Look, now and then, whether something was synced by itself."""
        self.turn += 1
        found = await off_loop(sync.glances, viewer.user_id)
        if any(one.current is not None and one.current.state != "waiting" for one in found.values()):
            yield SyncsState.watch
        elif _mark(found) != self._last:
            yield AppState.load

    async def _about(self, seat: Seat, key: str) -> None:
        """Fill everything about the live source that is open; ``key`` is empty when none is."""
        user, figures = seat.viewer.user_id, seat.figures
        self._last = _mark(await off_loop(sync.glances, user))
        self.turn += 1
        if key != self.key:
            self.tested, self.compared, self.gaps, self.forgetting = [], "", [], False
            self._compared_at, self.own_interval = "", False
        self.key = key
        if not key:
            self.how, self.credentials, self.rights, self.runs = ConnectionRow(), [], [], []
            return
        how = await off_loop(sync.connection, user, key)
        sign_in = registry.provider(how.provider).sign_in
        self.how = connection_row(
            how, figures, sign_in=f"/sources/sign-in?provider={how.provider}" if sign_in else ""
        )
        self.credentials = [] if sign_in else credential_rows(how.credentials, figures)
        told = how.connected and how.checked_at is not None
        self.rights = right_rows(how.may_trade, how.may_withdraw, figures) if told else []
        self.schedules = [
            *(
                Option(str(one), schedule_text(one, figures))
                for one in sorted({*sync.SCHEDULES, how.every_minutes})
            ),
            Option(OWN_INTERVAL, figures.say("syncs.every_own")),
        ]
        runs, known = await off_loop(_history, user, key)
        self.runs = [sync_row(one, figures, known) for one in runs]

    async def _compare(self, seat: Seat) -> None:
        """Compare the books of the open source with its report: with a long ledger that takes its time."""
        user, figures, key = seat.viewer.user_id, seat.figures, self.key
        if not key:
            return
        mark = (
            f"{key} {await off_loop(revision_of, user)} {figures.language} {figures.style} {figures.privacy}"
        )
        if mark == self._compared_at:
            return
        found, assets = await off_loop(_compared, user, key)
        self.compared = reconciled_text(found, figures)
        self.gaps = gap_rows(found, assets, figures, key) if found is not None else []
        self._compared_at = mark

    async def _tell(self, seat: Seat, running: list[sync.SyncView]) -> None:
        """Show how far the syncs are, on the cards, in the open one's list, and in the dialog."""
        from smartfolio_app.state.sources import SourcesState

        rows = {one.source_key: sync_row(one, seat.figures) for one in running}
        await (await self.get_state(SourcesState))._tell(rows)
        mine = rows.get(self.key)
        if mine is not None:
            others = [one for one in self.runs if one.id != mine.id]
            if [mine, *others] != self.runs:
                self.runs = [replace(mine), *others]
        await (await self.get_state(ConnectState))._progress(seat)


def _history(db: Session, user_id: str, key: str) -> tuple[list[sync.SyncView], dict[AssetId, Asset]]:
    runs = sync.history(db, user_id, key, LISTED)
    return runs, read_assets(db, {row.asset for one in runs for row in one.effect})


def _compared(db: Session, user_id: str, key: str) -> tuple[Reconciliation | None, dict[AssetId, Asset]]:
    found = sync.reconciliation(db, user_id, key)
    return found, sync.assets_of(db, found) if found is not None else {}


def _mark(found: dict[str, sync.Glance]) -> str:
    """Return a text that changes when a source was synced."""
    return " ".join(f"{key}:{one.succeeded_at}" for key, one in sorted(found.items()))
