"""Bundles of what the books make of what sources told: transactions, transfers, gaps, syncs."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal, localcontext

from smartfolio_app.analytics.bundles.records import rates_out, transaction_out
from smartfolio_app.ledger.money import MONEY_CONTEXT, plain
from smartfolio_app.services import explain_books, own_transfers, sync, transaction_worth
from smartfolio_app.services.bundles.asked import Asked, Made, Maker


def _transfer(asked: Asked, about: str) -> Made:
    found = own_transfers.listing(asked.db, asked.view.user_id)
    pair = next(one for one in found.matched if one.withdrawal.id == about)
    sent, came = pair.withdrawal.sent, pair.deposit.received
    assert sent is not None
    assert came is not None
    parts = (("sent", sent.quantity), ("came", came.quantity.copy_negate()))
    return "sum", {
        "parts": [{"label": label, "amount": plain(quantity)} for label, quantity in parts],
        "transactions": [transaction_out(pair.withdrawal), transaction_out(pair.deposit)],
    }


def _transaction(asked: Asked, about: str) -> Made:
    entry = transaction_worth.read(asked.db, asked.view, about)
    assert entry is not None  # it was explained
    found = transaction_worth.worth_of(asked.db, asked.view, entry.transaction)
    assert found is not None  # it was explained
    part = {
        "asset": found.amount.asset,
        "quantity": plain(found.amount.quantity),
        "price": plain(found.price.value),
        "rates": rates_out(found.price),
    }
    return "worth", {"holdings": [part], "transactions": [transaction_out(entry.transaction)]}


def _gap(asked: Asked, about: str) -> Made:
    found = explain_books.compared(asked.db, asked.view, about)
    assert found is not None  # it was explained
    booked = [{"label": kind.value, "amount": plain(-change)} for kind, change in found.booked.items()]
    reported = {"label": "reported", "amount": plain(found.gap.reported), "at": found.as_of.isoformat()}
    return "sum", {"source": found.source, "parts": [reported, *booked]}


def _upload(asked: Asked, about: str) -> Made:
    found = explain_books.upload_effect(asked.view, about)
    assert found is not None  # it was explained
    preview, row = found
    with localcontext(MONEY_CONTEXT):
        parts = (("before", row.before), ("change", row.after - row.before))
    return "sum", {
        "source": preview.source_key,
        "parts": [{"label": label, "amount": plain(quantity)} for label, quantity in parts],
    }


def _sync(asked: Asked, about: str) -> Made:
    run = sync.one_of(asked.db, asked.view.user_id, about)
    assert run is not None  # it was explained
    at = run.finished_at or run.started_at
    return "told", {
        "value": plain(Decimal(run.added)),
        "source": run.source_key,
        "at": at.astimezone(UTC).isoformat(),
    }


KINDS: dict[str, Maker] = {
    "transaction": _transaction,
    "transfer": _transfer,
    "gap": _gap,
    "upload": _upload,
    "sync": _sync,
}
