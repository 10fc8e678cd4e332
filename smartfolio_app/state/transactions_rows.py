"""Transactions as a person reads them: a line each, and one with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smartfolio_app.i18n import format as fmt
from smartfolio_app.ledger.assets import AssetId, fiat, is_fiat, symbol_of
from smartfolio_app.ledger.transactions import Amount
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.gains_rows import asset_address
from smartfolio_app.state.transaction_form import kind_shown

if TYPE_CHECKING:
    from smartfolio_app.analytics.results import LedgerWarning
    from smartfolio_app.ledger.assets import Asset
    from smartfolio_app.services.transactions import Entry

Assets = Mapping[AssetId, "Asset"]


@dataclass
class TransactionRow:
    """One line of the list."""

    id: str = ""
    day: str = ""
    clock: str = ""
    moment: str = ""
    kind: str = ""
    out: str = ""
    got: str = ""
    fee: str = ""
    source: str = ""
    account: str = ""
    note: str = ""
    edited: bool = False
    warning: bool = False


@dataclass
class AssetLink:
    """The way to an asset's page."""

    symbol: str = ""
    address: str = ""


@dataclass
class TransactionDetail:
    """One transaction, opened. ``worth`` is what it was worth then, where its own words do not say that."""

    id: str = ""
    moment: str = ""
    kind: str = ""
    out: str = ""
    got: str = ""
    fee: str = ""
    value: str = ""
    worth: str = ""
    figure: str = ""
    source: str = ""
    account: str = ""
    note: str = ""
    file: str = ""
    line: str = ""
    external_id: str = ""
    imported: str = ""
    edited: str = ""
    raw: str = ""
    assets: list[AssetLink] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def transaction_row(entry: Entry, assets: Assets, figures: Figures, *, warned: bool) -> TransactionRow:
    """Return a transaction's line."""
    one = entry.transaction
    return TransactionRow(
        id=str(entry.id),
        day=figures.day(one.at.astimezone(ZoneInfo(figures.time_zone)).date()),
        clock=fmt.clock(one.at, figures.language, figures.time_zone),
        moment=figures.moment(one.at),
        kind=figures.say(f"transactions.kinds.{kind_shown(one)}"),
        out=amount_text(one.sent, assets, figures),
        got=amount_text(one.received, assets, figures),
        fee=amount_text(one.fee, assets, figures),
        source=entry.source_label,
        account=one.account if one.account != entry.source_label else "",
        note=one.note or one.group,
        edited=entry.edited_at is not None,
        warning=warned,
    )


def transaction_detail(
    entry: Entry,
    assets: Assets,
    figures: Figures,
    warnings: Iterable[LedgerWarning],
    worth: Decimal | None = None,
) -> TransactionDetail:
    """Return everything that is known of one transaction; ``worth`` is in the view's currency."""
    one = entry.transaction
    said = {
        part.quantity
        for part in (one.sent, one.received, one.value)
        if part and part.asset == fiat(figures.currency)
    }
    return TransactionDetail(
        worth="" if worth is None or worth in said else figures.money(worth),
        figure=f"transaction:{entry.id}",
        id=str(entry.id),
        moment=figures.moment(one.at),
        kind=figures.say(f"transactions.kinds.{kind_shown(one)}"),
        out=amount_text(one.sent, assets, figures),
        got=amount_text(one.received, assets, figures),
        fee=amount_text(one.fee, assets, figures),
        value=amount_text(one.value, assets, figures),
        source=entry.source_label,
        account=one.account,
        note=" · ".join(part for part in (one.group, one.note) if part),
        file=entry.file_name,
        line=figures.count(one.row) if one.row else "",
        external_id=one.external_id,
        imported=figures.moment(entry.imported_at) if entry.imported_at else "",
        edited=figures.moment(entry.edited_at) if entry.edited_at else "",
        raw="" if figures.privacy else one.raw,
        assets=[
            AssetLink(_symbol(asset, assets), asset_address(asset)) for asset in _coins_and_papers(entry)
        ],
        warnings=[figures.say_or_text(warning.code, **warning.params) for warning in warnings],
    )


def _coins_and_papers(entry: Entry) -> list[AssetId]:
    one = entry.transaction
    named = [amount.asset for amount in (one.sent, one.received, one.fee) if amount is not None]
    return [asset for asset in dict.fromkeys(named) if not is_fiat(asset)]


def _symbol(asset: AssetId, assets: Assets) -> str:
    known = assets.get(asset)
    return known.symbol if known is not None else symbol_of(asset)


def amount_text(amount: Amount | None, assets: Assets, figures: Figures) -> str:
    """Return ``0.5 BTC`` or ``€120.00``, an empty text for none."""
    if amount is None:
        return ""
    if is_fiat(amount.asset):
        return figures.money(amount.quantity, symbol_of(amount.asset))
    return f"{figures.quantity(amount.quantity)} {_symbol(amount.asset, assets)}"
