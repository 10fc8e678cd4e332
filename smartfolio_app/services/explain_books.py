"""What the books make of what sources told: ``transfer:<withdrawal>`` (what an own transfer lost on its way),
``gap:<source>:<asset>`` (what a source reports beyond what its transactions add up to), ``upload:<upload>:<asset>``
(what a source would hold once a file is imported) and ``sync:<run>`` (what one sync brought, and what that did to the
holdings of its source).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from sqlmodel import Session

from smartfolio_app.analytics.explain_steps import explained, line, transactions_of
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.ledger.assets import AssetId, symbol_of
from smartfolio_app.ledger.balances import EffectRow
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO, divide
from smartfolio_app.ledger.reconcile import Gap
from smartfolio_app.ledger.transactions import Transaction, TransactionKind
from smartfolio_app.services import own_transfers, sync, uploads
from smartfolio_app.services.import_results import ImportPreview
from smartfolio_app.services.sync import SyncView
from smartfolio_app.services.views import View
from smartfolio_app.storage.repo_ledger import read_assets

_TITLED = "explain.{name}.{what}"


# ------------------------------------------------------------------------------------------------------ transfers
def explain_transfer(db: Session, view: View, about: str) -> Explanation | None:
    """Return why an own transfer lost what it did; ``None`` where the viewer has no such transfer."""
    found = own_transfers.listing(db, view.user_id)
    pair = next((one for one in found.matched if one.withdrawal.id == about), None)
    if pair is None or pair.withdrawal.sent is None or pair.deposit.received is None:
        return None
    sent, came = pair.withdrawal.sent, pair.deposit.received
    symbol = found.assets[sent.asset].symbol

    def end(label: str, row: Transaction, quantity: Decimal) -> Step:
        _, place = found.sources.get(row.source, ("", row.source))
        link = transactions_of(sent.asset)
        params = {"place": place}
        return line(label, quantity, Measure.QUANTITY, symbol, at=row.at, link=link, params=params)

    return explained(
        _TITLED,
        "transfer",
        pair.lost,
        Measure.QUANTITY,
        (
            end("explain.transfer.sent", pair.withdrawal, sent.quantity),
            end("explain.transfer.came", pair.deposit, came.quantity),
            line(
                "explain.transfer.share",
                divide(pair.lost, sent.quantity) if sent.quantity else None,
                Measure.FINEST_SHARE,
            ),
        ),
        {"asset": symbol},
        unit=symbol,
        notes=("explain.transfer.decided" if pair.decided else "explain.transfer.matched",),
    )


# ----------------------------------------------------------------------------------- books and what is reported
@dataclass(frozen=True, slots=True)
class Compared:
    """A gap of a source, when that was reported, and what was booked until then by kind of transaction."""

    gap: Gap
    as_of: datetime
    source: str
    booked: dict[TransactionKind, Decimal]


def compared(db: Session, view: View, about: str) -> Compared | None:
    """Return the gap that ``gap:<about>`` is about, ``None`` where the source has none.

    Raises:
        NotFoundError: The viewer has no such source.
    """
    key, _, asset = about.partition(":")
    found = sync.books_of(db, view.user_id, key)
    if found is None:
        return None
    transactions, told = found
    gap = next((one for one in told.gaps if one.asset == asset), None)
    if gap is None:
        return None
    booked: defaultdict[TransactionKind, Decimal] = defaultdict(Decimal)
    with localcontext(MONEY_CONTEXT):
        for one in transactions:
            for moved, change in one.movements():
                if moved == asset and one.at <= told.as_of:
                    booked[one.kind] += change
    return Compared(gap, told.as_of, key, dict(booked))


def explain_gap(db: Session, view: View, about: str) -> Explanation | None:
    """Return what a source reports of an asset, what its transactions add up to, and what may be behind the rest.

    Raises:
        NotFoundError: The viewer has no such source.
    """
    found = compared(db, view, about)
    if found is None:
        return None
    gap, names = found.gap, _symbols(db, {found.gap.asset, found.gap.related})
    symbol = names[gap.asset]
    by_kind = tuple(
        line(f"transactions.kinds.{kind.value}", change, Measure.QUANTITY, symbol)
        for kind, change in sorted(found.booked.items(), key=lambda one: -abs(one[1]))
    )
    params = {
        "asset": symbol,
        "other": names.get(gap.related, ""),
        "day": gap.at.date().isoformat() if gap.at else "",
    }
    return explained(
        _TITLED,
        "gap",
        gap.difference,
        Measure.QUANTITY,
        (
            line(
                "explain.gap.reported",
                gap.reported,
                Measure.QUANTITY,
                symbol,
                source="explain.origin.statement",
                at=found.as_of,
            ),
            line(
                "explain.gap.booked",
                gap.booked,
                Measure.QUANTITY,
                symbol,
                source="explain.origin.ledger",
                link=f"{transactions_of(gap.asset)}&source={found.source}",
                children=by_kind,
            ),
        ),
        params,
        unit=symbol,
        notes=(f"reconcile.cause.{gap.cause}",),
    )


# -------------------------------------------------------------------------------------------------------- uploads
def upload_effect(view: View, about: str) -> tuple[ImportPreview, EffectRow] | None:
    """Return the preview that ``upload:<about>`` is about and what it changes of the asset, ``None`` for nothing.

    Raises:
        NotFoundError: The viewer has no such upload.
    """
    upload_id, _, asset = about.partition(":")
    preview = uploads.find(view.user_id, upload_id).preview
    row = next((one for one in preview.effect if one.asset == asset), None) if preview is not None else None
    return None if preview is None or row is None else (preview, row)


def explain_upload(_db: Session, view: View, about: str) -> Explanation | None:
    """Return what a source would hold of an asset once a file is imported; ``None`` where that changes nothing.

    Raises:
        NotFoundError: The viewer has no such upload.
    """
    found = upload_effect(view, about)
    if found is None:
        return None
    preview, row = found
    symbol = preview.symbols.get(row.asset, symbol_of(row.asset))
    with localcontext(MONEY_CONTEXT):
        change = row.after - row.before
    return explained(
        _TITLED,
        "upload_statement" if preview.is_statement else "upload",
        row.after,
        Measure.QUANTITY,
        (
            line(
                "explain.upload.before",
                row.before,
                Measure.QUANTITY,
                symbol,
                source=preview.source_label,
                link=transactions_of(row.asset) if row.before else "",
            ),
            line("explain.upload.change", change, Measure.QUANTITY, symbol, source="explain.provider.file"),
            line("explain.upload.added", ZERO + preview.added, Measure.COUNT),
            line("explain.upload.duplicates", ZERO + preview.duplicates, Measure.COUNT),
        ),
        {"asset": symbol},
        unit=symbol,
    )


# ---------------------------------------------------------------------------------------------------------- syncs
def explain_sync(db: Session, view: View, about: str) -> Explanation | None:
    """Return what a sync brought and what that did to the holdings of its source; ``None`` where the viewer has no
    such sync.
    """
    run = sync.one_of(db, view.user_id, about)
    if run is None:
        return None
    names = _symbols(db, {row.asset for row in run.effect})
    effect = sorted(run.effect, key=lambda row: abs(row.after - row.before), reverse=True)
    changed = tuple(_changed(row, names[row.asset]) for row in effect)
    return explained(
        _TITLED,
        "sync",
        ZERO + run.added,
        Measure.COUNT,
        (
            *_counted(run),
            line("explain.sync.assets", ZERO + len(changed), Measure.COUNT, children=changed),
        ),
        notes=("explain.sync.undone",) if run.undone_at is not None else (),
    )


def _counted(run: SyncView) -> list[Step]:
    counts = (("added", run.added), ("duplicates", run.duplicates), ("positions", run.positions))
    return [
        line(f"explain.sync.{name}", ZERO + count, Measure.COUNT, at=run.finished_at)
        for name, count in counts
    ]


def _changed(row: EffectRow, symbol: str) -> Step:
    with localcontext(MONEY_CONTEXT):
        change = row.after - row.before
    return line(
        symbol,
        change,
        Measure.QUANTITY,
        symbol,
        link=transactions_of(row.asset),
        children=(
            line("explain.sync.before", row.before, Measure.QUANTITY, symbol),
            line("explain.sync.after", row.after, Measure.QUANTITY, symbol),
        ),
    )


def _symbols(db: Session, ids: set[AssetId]) -> dict[AssetId, str]:
    known = read_assets(db, {one for one in ids if one})
    return {one: known[one].symbol if one in known else symbol_of(one) for one in ids}
