"""The Transactions page: found, opened, removed and brought back. The form has a state of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import ClassVar

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sources, transaction_worth, transactions, wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.transactions import SORTS, Filter
from smartfolio_app.state.base import Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.listing import ListState
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import Seat, shows
from smartfolio_app.state.transaction_form import TransactionFormState
from smartfolio_app.state.transactions_rows import (
    TransactionDetail,
    TransactionRow,
    transaction_detail,
    transaction_row,
)

#: What can be filtered by, besides the search; the names are also those in the address (``?asset=crypto:BTC``).
FILTERS = ("asset", "kind", "source", "first", "last")
PAGE_SIZE = 50
KINDS = frozenset(kind.value for kind in TransactionKind)


@shows("/transactions")
class TransactionsState(ListState, rx.State):
    """The page of the list on screen, what it is narrowed to, and the transaction that is opened."""

    loaded: bool = False
    is_empty: bool = False
    summary: str = ""
    rows: list[TransactionRow] = []
    sources: list[Option] = []

    sort: str = "at"
    asset: str = ""
    kind: str = ""
    source: str = ""
    first: str = ""
    last: str = ""
    filtered: bool = False
    filters_open: bool = False
    filter_turn: int = 0

    details: TransactionDetail = TransactionDetail()
    deleted_text: str = ""
    deleted_turn: int = 0

    _sortable: ClassVar = frozenset(SORTS)
    _largest_first: ClassVar = frozenset({"at"})
    _deleted: int = 0
    _address: str = ""

    @rx.event
    @signed_in
    async def filter_by(self, viewer: Viewer, name: str, value: str) -> None:
        """Narrow by asset, kind, source or day."""
        if name in FILTERS:
            setattr(self, name, value)
            self._page = 1
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def clear_filters(self, viewer: Viewer) -> None:
        """Show everything again."""
        self.search = self.asset = self.kind = self.source = self.first = self.last = ""
        self._page = 1
        self.filter_turn += 1
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    def fold_filters(self) -> None:
        """Show the filters, or fold them away (on a phone)."""
        self.filters_open = not self.filters_open

    @rx.event
    @signed_in
    async def open_details(self, viewer: Viewer, transaction_id: str) -> None:
        """Open one transaction with where it comes from."""
        seat = await self._seat(viewer)
        if transaction_id.isdigit():
            await self._open(seat, int(transaction_id))

    @rx.event
    @signed_in
    def close_details(self) -> None:
        """Close the opened transaction."""
        self.details = TransactionDetail()

    @rx.event
    @signed_in
    async def start_adding(self, viewer: Viewer) -> None:
        """Open the empty form."""
        form = await self.get_state(TransactionFormState)
        await form._start(await self._seat(viewer))

    @rx.event
    @signed_in
    async def start_editing(self, viewer: Viewer) -> None:
        """Open the form with the opened transaction in it."""
        seat = await self._seat(viewer)
        chosen, self.details = self.details.id, TransactionDetail()
        try:
            entry = await off_loop(transactions.get, viewer.user_id, int(chosen))
        except (SmartFolioError, ValueError):
            return
        form = await self.get_state(TransactionFormState)
        await form._start(seat, entry)

    @rx.event
    @signed_in
    async def delete(self, viewer: Viewer) -> AsyncIterator[None]:
        """Remove the opened transaction, and offer to bring it back."""
        chosen, self.details = self.details.id, TransactionDetail()
        seat = await self._seat(viewer)
        if not chosen.isdigit() or not await self._done(
            seat, transactions.delete, viewer.user_id, int(chosen)
        ):
            return
        self._deleted = int(chosen)
        async for _ in self._again(viewer):
            yield
        self.deleted_text = seat.figures.say("transactions.deleted")
        self.deleted_turn += 1

    @rx.event
    @signed_in
    async def restore(self, viewer: Viewer) -> AsyncIterator[None]:
        """Bring the transaction that was just removed back."""
        self.deleted_text = ""
        seat = await self._seat(viewer)
        if not await self._done(seat, transactions.restore, viewer.user_id, self._deleted):
            return
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("transactions.restored"))

    @rx.event
    @signed_in
    def forget_deleted(self) -> None:
        """Take the offer to bring it back away."""
        self.deleted_text = ""

    async def _show(self, seat: Seat) -> None:
        self._take_address()
        user, figures = seat.viewer.user_id, seat.figures
        view = await off_loop(sources.source_status, user)
        self.sources = [Option(one.key, one.label) for one in view.sources if one.configured]
        wanted = self._filter()
        self.filtered = wanted != Filter()
        page = await off_loop(
            transactions.listing,
            user,
            wanted,
            sort=self.sort,
            descending=self.descending,
            page=self._page,
            size=PAGE_SIZE,
        )
        warned = {
            warning.transaction_id for warning in (await off_loop(wealth.portfolio, seat.view)).warnings
        }
        self.rows = [
            transaction_row(entry, page.assets, figures, warned=str(entry.id) in warned)
            for entry in page.entries
        ]
        self.is_empty = not self.filtered and not page.total
        self.summary = figures.say("transactions.count", count=page.total, number=figures.count(page.total))
        self._turned(page, len(page.entries), figures)
        self.loaded = True

    async def _open(self, seat: Seat, transaction_id: int) -> None:
        try:
            entry = await off_loop(transactions.get, seat.viewer.user_id, transaction_id)
        except SmartFolioError as error:
            await self._refused(seat, error)
            return
        portfolio = await off_loop(wealth.portfolio, seat.view)
        about = [warning for warning in portfolio.warnings if warning.transaction_id == str(transaction_id)]
        found = await off_loop(transaction_worth.worth_of, seat.view, entry.transaction)
        worth = found.value if found is not None else None
        self.details = transaction_detail(entry, {}, seat.figures, about, worth)

    def _take_address(self) -> None:
        """Narrow to what the address asks for, once each time it asks for something else."""
        query = dict(self.router.url.query_parameters)
        asked = {name: query[name] for name in FILTERS if query.get(name)}
        if str(asked) != self._address:
            self._address = str(asked)
            for name in FILTERS if asked else ():
                setattr(self, name, asked.get(name, ""))
            self.filter_turn += 1

    def _filter(self) -> Filter:
        return Filter(
            text=self.search,
            asset=self.asset,
            kind=self.kind if self.kind in KINDS else "",
            source_key=self.source,
            first=_day(self.first),
            last=_day(self.last),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
