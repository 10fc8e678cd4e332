"""Uploads on the Sources page: taking files in, showing what each would do, doing it, taking it back.

The bytes go straight to ``services.uploads`` and never into a state var; a card holds texts alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx
from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.providers.csv import ReadOptions
from smartfolio_app.providers.csv.dates import zone_named
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sources, uploads
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.staging import clean_name
from smartfolio_app.state.base import AppState, Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.imports_rows import UploadCard, format_options, upload_card
from smartfolio_app.state.seat import PageState, Seat
from smartfolio_app.storage.engine import current_settings

#: Seconds between two looks at how far the work is.
LOOK_EVERY = 0.4


class ImportsState(PageState, rx.State):
    """The uploads of this user, whichever tab they came from."""

    cards: list[UploadCard] = []
    formats: list[Option] = []
    receiving: bool = False
    problems: list[str] = []
    limit_mb: int = 20
    #: What the buttons say that act on several cards at once; empty where there are fewer than two of them.
    import_all: str = ""
    dismiss_all: str = ""

    _whole: set[str] = set()
    _seen_done: set[str] = set()
    _watch: int = 0

    @rx.event
    @signed_in
    async def receive(self, viewer: Viewer, files: list[rx.UploadFile]) -> AsyncIterator[Any]:
        """Take the dropped files in, which begins their previews.

        The cards are not filled here: what this says travels in the answer to the upload, and of two channels the
        older word may be heard last, which left cards at "Reading" for good. The page asks for them when that answer
        is there (``WatchUploads``).
        """
        seat = await self._seat(viewer)
        self.problems, self.receiving = [], True
        yield
        for file in files:
            try:
                await run_in_threadpool(uploads.receive, viewer.user_id, file.name or "", await file.read())
            except SmartFolioError as error:
                self.problems.append(error_text(seat.figures.language, error))
        self.receiving = False

    @rx.event
    @signed_in
    async def refuse(self, viewer: Viewer, rejected: list[dict[str, Any]]) -> None:
        """Say why the browser would not send some of the dropped files."""
        seat = await self._seat(viewer)
        self.problems = [_refusal(one, seat) for one in rejected[:10]]

    @rx.event
    @signed_in
    async def not_taken(self, viewer: Viewer, status: int, seconds: int) -> None:
        """Say why an upload was refused: ``status`` of the answer (0 without one), ``seconds`` to wait where told."""
        if not isinstance(status, int) or not isinstance(seconds, int):
            return
        seat = await self._seat(viewer)
        self.receiving = False
        self.problems = [_not_taken(status, seconds, seat)]

    @rx.event(background=True)
    @signed_in
    async def watch(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Keep the cards as far as the work is, until nothing is under way."""
        async with self:
            self._watch += 1  # whoever watched before stops: a page that was reloaded no longer listens
            mine = self._watch
        busy = True
        while busy:
            async with self:
                if self._watch != mine:
                    return
                busy = await self._fill(await self._seat(viewer))
                imported = self._newly_done()
            if imported:
                yield AppState.load
            await asyncio.sleep(LOOK_EVERY)
        async with self:
            # Of several server processes, the one that took the file in may have been heard after this one: the cards
            # are said once more, so that the last word is the right one.
            if self._watch == mine and self.cards:
                self.cards = [*self.cards]

    @rx.event
    @signed_in
    async def choose_source(self, viewer: Viewer, upload_id: str, source_key: str) -> AsyncIterator[Any]:
        """Say which source a file goes to."""
        async for event in self._change(viewer, uploads.choose, upload_id, source_key=source_key):
            yield event

    @rx.event
    @signed_in
    async def choose_format(self, viewer: Viewer, upload_id: str, format_id: str) -> AsyncIterator[Any]:
        """Read a file as another format than the one recognised."""
        changes = {"format_id": format_id, "mapping": None, "source_key": ""}
        async for event in self._change(viewer, uploads.choose, upload_id, **changes):
            yield event

    @rx.event
    @signed_in
    async def choose_day(self, viewer: Viewer, upload_id: str, day: str) -> AsyncIterator[Any]:
        """Say of which day the positions of a file are."""
        seat = await self._seat(viewer)
        try:
            upload = await run_in_threadpool(uploads.find, viewer.user_id, upload_id)
            as_of = _end_of_day(date.fromisoformat(day), seat)
        except (SmartFolioError, ValueError):
            return
        options = replace(upload.choices.options or ReadOptions(), as_of=as_of)
        async for event in self._change(viewer, uploads.choose, upload_id, options=options):
            yield event

    @rx.event
    @signed_in
    async def choose_zone(self, viewer: Viewer, upload_id: str, zone: str) -> AsyncIterator[Any]:
        """Say in which time zone the times of a file are."""
        if not isinstance(zone, str):
            return
        try:
            upload = await run_in_threadpool(uploads.find, viewer.user_id, upload_id)
            zone_named(zone)
        except SmartFolioError:
            return
        options = replace(upload.choices.options or ReadOptions(), time_zone=zone or "UTC")
        async for event in self._change(viewer, uploads.choose, upload_id, options=options):
            yield event

    @rx.event
    @signed_in
    async def skip_suspected(self, viewer: Viewer, upload_id: str, skip: bool) -> AsyncIterator[Any]:
        """Leave the repeated rows of a file out, or take them."""
        async for event in self._change(viewer, uploads.choose, upload_id, skip_suspected=skip):
            yield event

    @rx.event
    @signed_in
    async def show_all(self, viewer: Viewer, upload_id: str) -> None:
        """Show the long lists of a card whole, or short again."""
        self._whole ^= {upload_id}
        await self._fill(await self._seat(viewer))

    @rx.event
    @signed_in
    async def confirm(self, viewer: Viewer, upload_id: str) -> AsyncIterator[Any]:
        """Import a file as previewed."""
        seat = await self._seat(viewer)
        await self._done(seat, uploads.confirm, viewer.user_id, upload_id)
        await self._show(seat)
        yield ImportsState.watch

    @rx.event
    @signed_in
    async def confirm_all(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Import every file that is ready, each as previewed."""
        async for event in self._for_each(viewer, _ready, partial(off_loop, uploads.confirm)):
            yield event

    @rx.event
    @signed_in
    async def put_away(self, viewer: Viewer) -> AsyncIterator[Any]:
        """Put every file aside that was imported or taken back."""
        async for event in self._for_each(viewer, _settled, partial(run_in_threadpool, uploads.discard)):
            yield event

    @rx.event
    @signed_in
    async def discard(self, viewer: Viewer, upload_id: str) -> AsyncIterator[Any]:
        """Put a file aside."""
        async for event in self._change(viewer, uploads.discard, upload_id):
            yield event

    @rx.event
    @signed_in
    async def undo(self, viewer: Viewer, upload_id: str) -> AsyncIterator[Any]:
        """Take back what an import added."""
        seat = await self._seat(viewer)
        await self._done(seat, uploads.undo, viewer.user_id, upload_id)
        yield AppState.load

    async def _show(self, seat: Seat) -> None:
        await self._fill(seat)

    async def _fill(self, seat: Seat) -> bool:
        """Fill the cards; tell whether work is under way."""
        user, figures = seat.viewer.user_id, seat.figures
        self.limit_mb = current_settings().max_upload_mb
        found = await run_in_threadpool(uploads.listing, user)
        view = await off_loop(sources.source_status, user) if found else None
        cards = [
            upload_card(one, view.sources, figures, everything=one.file.id in self._whole)
            for one in found
            if view
        ]
        if cards != self.cards:  # a watch looks often, and mostly nothing has changed
            self.cards = cards
            ready, done = len(_ready(cards)), len(_settled(cards))
            self.import_all = figures.say("import_wizard.import_all", count=ready) if ready > 1 else ""
            self.dismiss_all = figures.say("import_wizard.dismiss_all", count=done) if done > 1 else ""
        if cards and not self.formats:
            self.formats = format_options()
        return any(not one.job.finished for one in found)

    def _newly_done(self) -> bool:
        """Tell whether an import came to its end since this was last asked."""
        done = {card.id for card in self.cards if card.phase == "done"}
        fresh = bool(done - self._seen_done)
        self._seen_done = done
        return fresh

    async def _for_each(
        self,
        viewer: Viewer,
        which: Callable[[list[UploadCard]], list[str]],
        action: Callable[..., Awaitable[object]],
    ) -> AsyncIterator[Any]:
        """Do something to several uploads; one that cannot be is said, and the others are done."""
        seat = await self._seat(viewer)
        for upload_id in which(self.cards):
            try:
                await action(viewer.user_id, upload_id)
            except SmartFolioError as error:
                await self._refused(seat, error)
        await self._show(seat)
        yield ImportsState.watch

    async def _change(
        self, viewer: Viewer, action: Callable[..., Any], *arguments: object, **changes: object
    ) -> AsyncIterator[Any]:
        """Change an upload, show it, and watch what that set going."""
        seat = await self._seat(viewer)
        try:
            await run_in_threadpool(action, viewer.user_id, *arguments, **changes)
        except SmartFolioError as error:
            await self._refused(seat, error)
        await self._show(seat)
        yield ImportsState.watch


def _ready(cards: list[UploadCard]) -> list[str]:
    """Return the uploads that can be imported as they are."""
    return [one.id for one in cards if one.phase == "ready" and one.can_confirm]


def _settled(cards: list[UploadCard]) -> list[str]:
    """Return the uploads with which all is done."""
    return [one.id for one in cards if one.phase in ("done", "undone")]


def _end_of_day(day: date, seat: Seat) -> datetime:
    """Return the last instant of a day in the user's zone, or now while that day lasts."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(seat.view.time_zone))
    return min(midnight.astimezone(UTC) - timedelta(seconds=1), datetime.now(UTC))


def _not_taken(status: int, seconds: int, seat: Seat) -> str:
    """Return what to say about an upload that was refused; both numbers are a client's word."""
    say = seat.figures.say
    if status == 413:
        return say("import_wizard.not_taken_large")
    if status == 429:
        return say("import_wizard.not_taken_busy", seconds=seat.figures.count(min(max(seconds, 1), 3600)))
    return say("import_wizard.not_taken", status=str(status) if 400 <= status <= 599 else "—")


def _refusal(rejected: dict[str, Any], seat: Seat) -> str:
    """Return why the browser would not send a file; what it says is a client's word, so nothing of it is trusted."""
    file, errors = rejected.get("file"), rejected.get("errors")
    name = clean_name(str(file.get("path", ""))) if isinstance(file, dict) else ""
    codes = (
        {one.get("code") for one in errors if isinstance(one, dict)} if isinstance(errors, list) else set()
    )
    if "file-too-large" in codes:
        limit = seat.figures.count(current_settings().max_upload_mb)
        return seat.figures.say("import_wizard.too_large", name=name, size=limit)
    return seat.figures.say("import_wizard.too_many", name=name)
