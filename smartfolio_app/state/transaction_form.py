"""The form in which a transaction is typed in or corrected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import reflex as rx

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetId, crypto, fiat, is_fiat, symbol_of
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.providers.csv.currencies import ISO, TRADED
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sources, transactions
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.transaction_drafts import BOTH_SIDES, SENT_ONLY, Draft, Typed
from smartfolio_app.state.base import AppState, Option
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.reading import WrongFormError, read_number, write_number
from smartfolio_app.state.seat import PageState, Seat

if TYPE_CHECKING:
    from smartfolio_app.services.transactions import Entry
    from smartfolio_app.state.figures import Figures

_TRADE, _BUY, _SELL = TransactionKind.TRADE.value, "buy", "sell"
#: What can be chosen; a trade against a currency is offered under the two names people use.
OFFERED_KINDS = (_BUY, _SELL, *(kind.value for kind in TransactionKind))

_TWO_SIDED = frozenset({_BUY, _SELL, *(kind.value for kind in BOTH_SIDES)})
_OUT = frozenset(kind.value for kind in SENT_ONLY)
#: A purchase or a sale states its worth by itself; a split and a swap have none.
_WITHOUT_VALUE = frozenset({_BUY, _SELL, TransactionKind.SPLIT.value, TransactionKind.SWAP.value})
_MINUTES = "%Y-%m-%dT%H:%M"


class TransactionFormState(PageState, rx.State):
    """What the form holds; ``editing`` is the id of the transaction in it, empty for a new one."""

    is_open: bool = False
    turn: int = 0
    editing: str = ""
    saving: bool = False
    problem: str = ""
    zone: str = ""
    sources: list[Option] = []

    source: str = ""
    kind: str = _BUY
    at: str = ""
    received: str = ""
    received_asset: str = ""
    sent: str = ""
    sent_asset: str = ""
    fee: str = ""
    fee_asset: str = ""
    value: str = ""
    value_asset: str = ""
    account: str = ""
    note: str = ""

    _kept: Transaction | None = None
    _categories: dict[str, str] = {}

    @rx.var
    def asks_received(self) -> bool:
        """Whether the form asks for what came in."""
        return self.kind not in _OUT or self._has("received")

    @rx.var
    def asks_sent(self) -> bool:
        """Whether the form asks for what went out."""
        return self.kind in _OUT or self.kind in _TWO_SIDED or self._has("sent")

    @rx.var
    def asks_value(self) -> bool:
        """Whether the form asks for the worth."""
        return self.kind not in _WITHOUT_VALUE or self._has("value")

    @rx.event
    @signed_in
    def choose_kind(self, kind: str) -> None:
        """Ask for the sides that this kind has."""
        if kind in OFFERED_KINDS:
            self.kind = kind

    @rx.event
    @signed_in
    def close(self) -> None:
        """Close the form, keeping nothing."""
        self.is_open = False

    @rx.event
    @signed_in
    async def save(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Store what was typed, or say what is wrong with it."""
        seat = await self._seat(viewer)
        self.problem = ""
        try:
            draft = self._read({name: str(value) for name, value in form.items()}, seat)
            if self.editing:
                await off_loop(transactions.edit, viewer.user_id, int(self.editing), draft)
            else:
                await off_loop(transactions.add, viewer.user_id, self._chosen_source(form, seat), draft)
        except WrongFormError as wrong:
            self.problem = wrong.sentence
            return
        except SmartFolioError as error:
            self.problem = error_text(seat.figures.language, error)
            return
        self.is_open = False
        app = await self.get_state(AppState)
        async for _ in app._show(viewer):
            yield
        await say(self, seat.figures.say("transactions.saved" if self.editing else "transactions.added"))

    async def _start(self, seat: Seat, kept: Entry | None = None) -> None:
        """Open the form, empty or with a stored transaction in it."""
        view = await off_loop(sources.source_status, seat.viewer.user_id)
        typed_in = [
            one for one in view.sources if one.kind == "manual" and one.category != "wealth" and one.active
        ]
        self._categories = {one.key: one.category for one in view.sources}
        self.sources = [Option(one.key, one.label) for one in typed_in]
        self.source = kept.source_key if kept is not None else typed_in[0].key if typed_in else ""
        self._kept = one = kept.transaction if kept is not None else None
        self.editing = one.id if one is not None else ""
        self.zone, self.problem = seat.view.time_zone, ""
        zone = ZoneInfo(seat.view.time_zone)
        self.at = (one.at if one is not None else datetime.now(UTC)).astimezone(zone).strftime(_MINUTES)
        self.kind = kind_shown(one) if one is not None else _BUY
        for side in ("received", "sent", "fee", "value"):
            amount: Amount | None = getattr(one, side, None)
            setattr(self, side, write_number(amount.quantity, seat.figures) if amount else "")
            setattr(self, f"{side}_asset", symbol_of(amount.asset) if amount else "")
        self.account, self.note = (one.account, one.note) if one is not None else ("", "")
        self.turn += 1
        self.is_open = True

    def _has(self, side: str) -> bool:
        """Tell whether the transaction in the form has this side, whatever its kind usually has."""
        kept = self._kept
        return kept is not None and self.kind == kind_shown(kept) and getattr(kept, side) is not None

    def _chosen_source(self, form: dict[str, Any], seat: Seat) -> str:
        key = str(form.get("source", ""))
        if key not in {one.value for one in self.sources}:
            raise WrongFormError(seat.figures.say("transactions.invalid.source"))
        return key

    def _read(self, form: dict[str, str], seat: Seat) -> Draft:
        kept = self._kept
        category = self._categories.get(form.get("source") or self.source, "crypto")
        sides = {
            side: _typed(form, side, getattr(kept, side, None), category, seat.figures)
            for side in ("received", "sent", "fee", "value")
        }
        return Draft(
            at=_instant(form.get("at", ""), self.at, kept, seat),
            kind=_TRADE if self.kind in (_BUY, _SELL) else self.kind,
            account=form.get("account", ""),
            note=form.get("note", ""),
            group=kept.group if kept is not None else "",
            about=kept.about if kept is not None else "",
            **sides,
        )


def kind_shown(transaction: Transaction) -> str:
    """Return the kind as people name it: a trade for or against a currency is a purchase or a sale."""
    received, sent = transaction.received, transaction.sent
    if transaction.kind is TransactionKind.TRADE and received is not None and sent is not None:
        if is_fiat(sent.asset) and not is_fiat(received.asset):
            return _BUY
        if is_fiat(received.asset) and not is_fiat(sent.asset):
            return _SELL
    return transaction.kind.value


def asset_named(text: str, category: str, kept: AssetId = "") -> AssetId:
    """Return the asset that a typed symbol means: the one already there, a currency, else a coin or a security."""
    symbol = text.strip().upper()
    if kept and symbol == symbol_of(kept).upper():
        return kept
    if symbol in (ISO if category == "stocks" else TRADED):
        return fiat(symbol)
    return f"stock:{symbol.replace(':', '.')}" if category == "stocks" else crypto(symbol)


def _typed(
    form: dict[str, str], side: str, kept: Amount | None, category: str, figures: Figures
) -> Typed | None:
    quantity, symbol = form.get(side, "").strip(), form.get(f"{side}_asset", "").strip()
    if not quantity and not symbol:
        return None
    if not quantity or not symbol:
        raise WrongFormError(figures.say("transactions.invalid.pair"))
    try:
        number = read_number(quantity, figures)
    except ValueError as error:
        raise WrongFormError(figures.say("transactions.invalid.quantity", value=quantity)) from error
    return number, asset_named(symbol, category, kept.asset if kept else "")


def _instant(text: str, shown: str, kept: Transaction | None, seat: Seat) -> datetime:
    """Return the typed instant; one that was not touched keeps its seconds."""
    if kept is not None and text == shown:
        return kept.at
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise WrongFormError(seat.figures.say("transactions.invalid.when")) from error
    return local.replace(tzinfo=ZoneInfo(seat.view.time_zone)).astimezone(UTC)
