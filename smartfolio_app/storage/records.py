"""Database rows <-> ledger records, as fast as Python does it.

A frozen dataclass assigns its fields through ``object.__setattr__``, and a large ledger has two million of them; here
the records are filled through their slots instead. They are the same objects: a test compares them with what the
constructors make. On the way in, SQLite's own texts are made here rather than value by value in SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.money import exact, plain
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

#: The columns of a row, in the order ``transactions_from`` expects them.
COLUMNS = (
    *("id", "source_id", "at", "kind"),
    *("received_asset", "received_quantity", "sent_asset", "sent_quantity"),
    *("fee_asset", "fee_quantity", "value_asset", "value_quantity"),
    *("about", "account", "group_name", "note", "external_id", "row"),
)

#: The columns that an import fills, in the order of ``sqlite_values``.
INSERTED = (
    *("user_id", "source_id", "batch_id", "fingerprint", "at", "kind"),
    *("received_asset", "received_quantity", "sent_asset", "sent_quantity"),
    *("fee_asset", "fee_quantity", "value_asset", "value_quantity"),
    *("about", "account", "group_name", "note", "external_id", "row", "raw"),
)

_NOTHING = (None, None)
_KINDS = {kind.value: kind for kind in TransactionKind}
_AMOUNT_SLOTS = tuple(getattr(Amount, field.name).__set__ for field in fields(Amount))
_TRANSACTION_SLOTS = tuple(getattr(Transaction, field.name).__set__ for field in fields(Transaction))


def transactions_from(rows: Iterable[Any], moment: Callable[[Any], datetime]) -> list[Transaction]:
    """Return a transaction for each row of ``COLUMNS``.

    ``moment`` turns what the driver gives for ``at`` into an aware instant; quantities may be text or ``Decimal``.
    ``raw`` is left empty.
    """
    new, kinds = object.__new__, _KINDS
    set_quantity, set_asset = _AMOUNT_SLOTS
    names: dict[str, str] = {}
    one = names.setdefault  # the same few names come back in every row: one copy of each is enough
    set_at, set_kind, set_received, set_sent, set_fee, set_account, set_about, set_value = _TRANSACTION_SLOTS[
        :8
    ]
    set_group, set_note, set_external_id, set_row, set_raw, set_id, set_source = _TRANSACTION_SLOTS[8:]

    def amount(quantity: Any, asset: str) -> Amount:
        made = new(Amount)
        set_quantity(made, Decimal(quantity))
        set_asset(made, one(asset, asset))
        return made

    small: dict[tuple[Any, str], Amount] = {}  # fees repeat themselves: one copy of each is enough
    transactions = []
    for (
        id_,
        source_id,
        at,
        kind,
        received_asset,
        received_quantity,
        sent_asset,
        sent_quantity,
        fee_asset,
        fee_quantity,
        value_asset,
        value_quantity,
        about,
        account,
        group,
        note,
        external_id,
        row,
    ) in rows:
        made = new(Transaction)
        set_at(made, moment(at))
        set_kind(made, kinds[kind])
        known = received_asset is not None and received_quantity is not None
        set_received(made, amount(received_quantity, received_asset) if known else None)
        known = sent_asset is not None and sent_quantity is not None
        set_sent(made, amount(sent_quantity, sent_asset) if known else None)
        fee = None
        if fee_asset is not None and fee_quantity is not None:
            fee = small.get((fee_quantity, fee_asset))
            if fee is None:
                fee = small[fee_quantity, fee_asset] = amount(fee_quantity, fee_asset)
        set_fee(made, fee)
        set_account(made, one(account, account))
        set_about(made, one(about, about))
        known = value_asset is not None and value_quantity is not None
        set_value(made, amount(value_quantity, value_asset) if known else None)
        set_group(made, one(group, group))
        set_note(made, note)
        set_external_id(made, external_id)
        set_row(made, row)
        set_raw(made, "")
        set_id(made, str(id_))
        set_source(made, one(source_id, source_id))
        transactions.append(made)
    return transactions


def sqlite_values(
    owner: tuple[str, str, str | None], transactions: Iterable[Transaction], fingerprints: Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    """Give the values of ``INSERTED`` for each transaction; ``owner`` is (user, source, import)."""

    def amount(side: Amount | None) -> tuple[str | None, str | None]:
        return _NOTHING if side is None else (side.asset, plain(exact(side.quantity)))

    for one, fingerprint in zip(transactions, fingerprints, strict=True):
        yield (
            *owner,
            fingerprint,
            sqlite_moment(one.at),
            one.kind.value,
            *amount(one.received),
            *amount(one.sent),
            *amount(one.fee),
            *amount(one.value),
            one.about,
            one.account,
            one.group,
            one.note,
            one.external_id,
            one.row,
            one.raw,
        )


def sqlite_moment(at: datetime) -> str:
    """Return an instant as SQLAlchemy writes it into SQLite; raise ``ValueError`` for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a naive datetime cannot be stored; say which zone it is in")
    return at.astimezone(UTC).isoformat(" ", "microseconds")[:26]
