"""The Sources page: what is connected, what it brought, and how to add to it. Uploads have a state of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import files, imports, sources, sync
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.imports import ImportsState
from smartfolio_app.state.notices import say
from smartfolio_app.state.price_questions import PriceQuestionsState
from smartfolio_app.state.seat import PageState, Seat, shows
from smartfolio_app.state.sources_rows import (
    BatchRow,
    FileRow,
    SourceCard,
    batch_row,
    file_row,
    one_row_an_account,
    removal_lines,
    source_card,
    with_sync,
)
from smartfolio_app.state.syncs import SyncsState
from smartfolio_app.state.syncs_rows import SyncRow


@dataclass
class Chosen:
    """The source that a dialog is about."""

    key: str = ""
    label: str = ""


@shows("/sources")
class SourcesState(PageState, rx.State):
    """The sources by category, the one that is opened, and the dialogs."""

    loaded: bool = False
    crypto: list[SourceCard] = []
    stocks: list[SourceCard] = []
    wealth: list[SourceCard] = []

    opened: str = ""
    files: list[FileRow] = []
    batches: list[BatchRow] = []

    renamed: Chosen = Chosen()
    rename_problem: str = ""
    removed: Chosen = Chosen()
    removal: list[str] = []
    removed_file: Chosen = Chosen()

    @rx.event
    @signed_in
    async def open_source(self, viewer: Viewer, key: str) -> AsyncIterator[None]:
        """Show a source's files and imports, or fold them away again."""
        self.opened, seat = "" if self.opened == key else key, await self._seat(viewer)
        await self._show_opened(seat)
        yield
        await self._later(seat)

    @rx.event
    @signed_in
    async def switch(self, viewer: Viewer, key: str, active: bool) -> AsyncIterator[None]:
        """Count a source in the totals, or leave it out."""
        label = self._label_of(key)
        words = "sources.switched_on" if active else "sources.switched_off"
        async for _ in self._do(viewer, words, sources.set_active, key, active, label=label):
            yield

    @rx.event
    @signed_in
    def ask_name(self, key: str) -> None:
        """Open the dialog that renames a source."""
        self.renamed, self.rename_problem = Chosen(key, self._label_of(key)), ""

    @rx.event
    @signed_in
    async def rename(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Give a source another name."""
        seat, label = await self._seat(viewer), str(form.get("label", "")).strip()
        if not label:
            self.rename_problem = seat.figures.say("sources.rename_empty")
            return
        key, self.renamed = self.renamed.key, Chosen()
        async for _ in self._do(viewer, "sources.renamed", sources.rename, key, label, label=label):
            yield

    @rx.event
    @signed_in
    async def ask_removal(self, viewer: Viewer, key: str) -> None:
        """Say what deleting a source would remove, before it can be done."""
        seat = await self._seat(viewer)
        try:
            going = await off_loop(sources.what_delete_removes, viewer.user_id, key)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return
        self.removal = removal_lines(going, seat.figures)
        self.removed = Chosen(key, self._label_of(key))

    @rx.event
    @signed_in
    async def remove(self, viewer: Viewer) -> AsyncIterator[None]:
        """Delete a source with everything in it."""
        chosen, self.removed = self.removed, Chosen()
        if self.opened == chosen.key:
            self.opened = ""
        done = "sources.deleted"
        async for _ in self._do(viewer, done, sources.delete_source, chosen.key, label=chosen.label):
            yield

    @rx.event
    @signed_in
    def ask_file_removal(self, file_id: str) -> None:
        """Ask whether a kept file may go."""
        name = next((one.name for one in self.files if one.id == file_id), "")
        self.removed_file = Chosen(file_id, name)

    @rx.event
    @signed_in
    async def remove_file(self, viewer: Viewer) -> AsyncIterator[None]:
        """Forget a kept file; what was imported from it stays."""
        chosen, self.removed_file = self.removed_file, Chosen()
        done = "sources.file_deleted"
        async for _ in self._do(viewer, done, files.delete_file, chosen.key, name=chosen.label):
            yield

    @rx.event
    @signed_in
    async def undo_batch(self, viewer: Viewer, batch_id: str) -> AsyncIterator[None]:
        """Take back what an import added."""
        async for _ in self._do(viewer, "sources.undone", imports.undo, batch_id):
            yield

    @rx.event
    @signed_in
    def close_dialogs(self) -> None:
        """Close whatever dialog is open, changing nothing."""
        self.renamed, self.removed, self.removed_file = Chosen(), Chosen(), Chosen()

    @rx.event
    @signed_in
    async def add(self, viewer: Viewer, provider_id: str) -> AsyncIterator[None]:
        """Create a source of a provider and open it."""
        seat = await self._seat(viewer)
        (await self.get_state(ConnectState)).reset()
        try:
            made = await off_loop(sources.add, viewer.user_id, provider_id)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return
        self.opened = made.key
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("sources.created", label=made.label))

    async def _show(self, seat: Seat) -> None:
        view = await off_loop(sources.source_status, seat.viewer.user_id)
        glances = await off_loop(sync.glances, seat.viewer.user_id)
        shown = one_row_an_account(view.sources)
        for category in ("crypto", "stocks", "wealth"):
            current = view.current_source.get(category, "")
            cards = [
                source_card(one, seat.figures, current, glances.get(one.key))
                for one in shown
                if one.category == category
            ]
            setattr(self, category, cards)
        if self.opened not in {one.key for one in view.sources}:
            self.opened = ""
        await self._show_opened(seat)
        uploads = await self.get_state(ImportsState)
        await uploads._show(seat)
        self.loaded = True

    async def _later(self, seat: Seat) -> None:
        await (await self.get_state(SyncsState))._compare(seat)
        await (await self.get_state(PriceQuestionsState))._show(seat)

    async def _show_opened(self, seat: Seat) -> None:
        cards = {one.key: one for one in (*self.crypto, *self.stocks, *self.wealth)}
        opened = cards.get(self.opened)
        live = opened is not None and opened.kind == "api" and opened.configured
        await (await self.get_state(SyncsState))._about(seat, self.opened if live else "")
        if opened is None:
            self.files, self.batches = [], []
            return
        user, figures = seat.viewer.user_id, seat.figures
        kept = await off_loop(files.list_files, user, self.opened)
        self.files = [file_row(one, figures) for one in kept]
        done = await off_loop(imports.batches, user)
        self.batches = [
            batch_row(one, figures)
            for one in done
            if one.source_key == self.opened and not registry.is_live(one.format)  # those are listed as syncs
        ]

    async def _tell(self, running: dict[str, SyncRow]) -> None:
        """Show how far the syncs are."""
        for category in ("crypto", "stocks", "wealth"):
            cards = getattr(self, category)
            told = [with_sync(one, running.get(one.key)) for one in cards]
            if told != cards:
                setattr(self, category, told)

    def _label_of(self, key: str) -> str:
        cards = (*self.crypto, *self.stocks, *self.wealth)
        return next((one.label for one in cards if one.key == key), key)
