"""The Wealth items page: what no export knows, each with a dated history of values."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetClass, asset_id
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import items, wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.items_rows import ItemDetail, ItemRow, ValuationRow, item_detail, item_row, subtotal
from smartfolio_app.state.notices import say
from smartfolio_app.state.reading import WrongFormError, read_number
from smartfolio_app.state.seat import PageState, Seat, shows


@shows("/items")
class ItemsState(PageState, rx.State):
    """The items by side, the one that is opened, and the forms."""

    loaded: bool = False
    is_empty: bool = False
    assets: list[ItemRow] = []
    liabilities: list[ItemRow] = []
    assets_total: str = ""
    liabilities_total: str = ""
    net_total: str = ""

    detail: ItemDetail = ItemDetail()
    today: str = ""
    value_form: int = 0
    value_problem: str = ""
    edited_value: ValuationRow = ValuationRow()

    form_open: bool = False
    form_id: str = ""
    form_kind: str = ""
    form_name: str = ""
    form_currency: str = ""
    form_note: str = ""
    form_problem: str = ""
    asking_removal: bool = False

    @rx.event
    @signed_in
    async def open_item(self, viewer: Viewer, item_id: str) -> None:
        """Open one item with its history."""
        await self._open(await self._seat(viewer), item_id)

    @rx.event
    @signed_in
    def close_item(self) -> None:
        """Close the opened item."""
        self.detail = ItemDetail()

    @rx.event
    @signed_in
    async def start_adding(self, viewer: Viewer) -> None:
        """Open the empty form."""
        seat = await self._seat(viewer)
        self.form_id = self.form_name = self.form_note = self.form_problem = ""
        self.form_kind, self.form_currency = "bank_account", seat.view.currency
        self.today = _today(seat).isoformat()
        self.form_open = True

    @rx.event
    @signed_in
    def start_editing(self) -> None:
        """Open the form with the opened item in it."""
        one = self.detail
        self.form_id, self.form_kind, self.form_name = one.id, one.kind, one.name
        self.form_currency, self.form_note, self.form_problem = one.currency, one.note, ""
        self.form_open = True

    @rx.event
    @signed_in
    def close_form(self) -> None:
        """Close the form, keeping nothing."""
        self.form_open = self.asking_removal = False

    @rx.event
    @signed_in
    async def save(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Add the item, or keep its changes."""
        seat = await self._seat(viewer)
        self.form_problem = ""
        given = {name: str(form.get(name, "")).strip() for name in ("kind", "name", "currency", "note")}
        if not given["name"]:
            self.form_problem = seat.figures.say("items.name_missing")
            return
        try:
            if self.form_id:
                kept = await off_loop(items.update, viewer.user_id, self.form_id, **given)
            else:
                typed = str(form.get("value", "")).strip()
                value = _amount(typed, seat.figures) if typed else None
                day = _day(form, seat)
                kept = await off_loop(items.add, viewer.user_id, **given, value=value, day=day)
        except WrongFormError as wrong:
            self.form_problem = wrong.sentence
            return
        except SmartFolioError as error:
            self.form_problem = error_text(seat.figures.language, error)
            return
        self.form_open = False
        words = "items.saved" if self.form_id else "items.added"
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say(words, name=kept.name))

    @rx.event
    @signed_in
    def edit_value(self, day: str) -> None:
        """Put one value of the history into the form."""
        self.edited_value = next((one for one in self.detail.valuations if one.day == day), ValuationRow())
        self.value_problem = ""
        self.value_form += 1

    @rx.event
    @signed_in
    async def save_value(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Keep what the opened item was worth on a day."""
        seat = await self._seat(viewer)
        self.value_problem = ""
        try:
            value = _amount(str(form.get("value", "")), seat.figures)
            day, note = _day(form, seat), str(form.get("note", ""))
        except WrongFormError as wrong:
            self.value_problem = wrong.sentence
            return
        try:
            await off_loop(items.set_value, viewer.user_id, self.detail.id, value=value, day=day, note=note)
        except SmartFolioError as error:
            self.value_problem = error_text(seat.figures.language, error)
            return
        self.edited_value = ValuationRow()
        self.value_form += 1
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("items.value_saved", name=self.detail.name))

    @rx.event
    @signed_in
    async def delete_value(self, viewer: Viewer, day: str) -> AsyncIterator[None]:
        """Remove one value of the opened item's history."""
        try:
            on = date.fromisoformat(day)
        except ValueError:
            return
        one = self.detail
        async for _ in self._do(viewer, "items.value_deleted", items.delete_value, one.id, on, name=one.name):
            yield

    @rx.event
    @signed_in
    async def close_or_reopen(self, viewer: Viewer) -> AsyncIterator[None]:
        """Let the opened item count until today, or again from now on."""
        one = self.detail
        on = None if one.closed else _today(await self._seat(viewer))
        async for _ in self._do(viewer, "items.saved", items.set_closed, one.id, on, name=one.name):
            yield

    @rx.event
    @signed_in
    def ask_removal(self) -> None:
        """Ask whether the opened item may go."""
        self.asking_removal = True

    @rx.event
    @signed_in
    async def remove(self, viewer: Viewer) -> AsyncIterator[None]:
        """Delete the opened item with its history."""
        one = self.detail
        self.asking_removal = False
        async for _ in self._do(viewer, "items.deleted", items.delete, one.id, name=one.name):
            yield

    async def _show(self, seat: Seat) -> None:
        figures = seat.figures
        mine = await off_loop(items.list_items, seat.viewer.user_id)
        worth = await off_loop(_worth, seat.view)
        self.assets = [item_row(one, worth, figures) for one in mine if not one.is_liability]
        self.liabilities = [item_row(one, worth, figures) for one in mine if one.is_liability]
        owned = subtotal(mine, worth, liabilities=False)
        owed = subtotal(mine, worth, liabilities=True)
        self.assets_total, self.liabilities_total = figures.money(owned), figures.money(owed)
        both = [value for value in worth.values() if value is not None]
        self.net_total = figures.money(sum(both, ZERO) if both or not worth else None)
        self.is_empty, self.loaded = not mine, True
        self.today = _today(seat).isoformat()
        if self.detail.id:
            opened = next((one for one in mine if one.id == self.detail.id), None)
            self.detail = item_detail(opened, figures) if opened is not None else ItemDetail()

    async def _open(self, seat: Seat, item_id: str) -> None:
        try:
            self.detail = item_detail(await off_loop(items.get, seat.viewer.user_id, item_id), seat.figures)
        except SmartFolioError as error:
            await self._refused(seat, error)
        self.edited_value, self.value_problem = ValuationRow(), ""
        self.value_form += 1


def _worth(db: Any, view: wealth.View) -> dict[str, Decimal | None]:
    """Return what the portfolio counts for each item in scope, by item id; ``None`` where a rate is missing."""
    portfolio = wealth.portfolio(db, view)
    prefix = asset_id(AssetClass.ITEM, "x")[:-1]
    return {
        holding.asset.id.removeprefix(prefix).lower(): holding.value
        for holding in portfolio.holdings
        if holding.asset.id.startswith(prefix)
    }


def _amount(text: str, figures: Figures) -> Decimal:
    try:
        value = read_number(text, figures)
    except ValueError as error:
        raise WrongFormError(figures.say("items.value_invalid", value=text)) from error
    if value < 0:
        raise WrongFormError(figures.say("items.value_invalid", value=text))
    return value


def _day(form: dict[str, Any], seat: Seat) -> date:
    typed = str(form.get("day", "")).strip()
    try:
        day = date.fromisoformat(typed)
    except ValueError as error:
        raise WrongFormError(seat.figures.say("items.day_invalid")) from error
    if day > _today(seat):
        raise WrongFormError(seat.figures.say("items.day_future"))
    return day


def _today(seat: Seat) -> date:
    return datetime.now(ZoneInfo(seat.view.time_zone)).date()
