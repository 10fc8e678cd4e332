"""What a database holds, in figures that two databases can be compared by: counts, and a digest for each user."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Table, select

from smartfolio_app.ledger.money import plain
from smartfolio_app.storage.migrate import metadata


def counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {table.name: len(connection.execute(select(*table.primary_key)).all()) for table in _tables()}


def user_digests(connection: Connection) -> dict[str, str]:
    """Return user id -> SHA-256 over every row that belongs to them: what they own, to the last digit.

    A row belongs to a user by its own column, or by the row it refers to (a statement's lines, an item's valuations).
    """
    digests: dict[str, hashlib._Hash] = {}
    owners: dict[tuple[str, object], str] = {}
    for table in _tables():
        for row in connection.execute(select(table).order_by(*table.primary_key)).mappings():
            owner = _owner(table, dict(row), owners)
            if not owner:
                continue
            keys = list(table.primary_key)
            if len(keys) == 1:
                owners[table.name, row[keys[0].name]] = owner
            cells = "\x1f".join(f"{name}={_text(value)}" for name, value in row.items())
            digests.setdefault(owner, hashlib.sha256()).update(f"{table.name}\x1e{cells}\n".encode())
    return {owner: digest.hexdigest() for owner, digest in digests.items()}


def user_totals(connection: Connection) -> dict[str, dict[str, str]]:
    """Return user id -> what they have: the net quantity of every asset by their transactions, the lines their sources
    reported, the newest values of their wealth items; and how many of each.

    Unlike a digest, this stays the same when a newer version reads an older backup.
    """
    totals: dict[str, dict[str, Decimal]] = {
        user: {} for user in connection.execute(select(metadata().tables["user"].c.id)).scalars()
    }

    def add(user: str, what: str, amount: Decimal | int) -> None:
        had = totals.setdefault(user, {})
        had[what] = had.get(what, Decimal()) + amount

    table = metadata().tables["transaction"].c
    for row in connection.execute(
        select(
            table.user_id,
            table.received_asset,
            table.received_quantity,
            table.sent_asset,
            table.sent_quantity,
            table.fee_asset,
            table.fee_quantity,
        ).where(table.deleted_at.is_(None))
    ):
        add(row.user_id, "transactions", 1)
        for asset, quantity in (
            (row.received_asset, row.received_quantity),
            (row.sent_asset, -row.sent_quantity if row.sent_quantity is not None else None),
            (row.fee_asset, -row.fee_quantity if row.fee_quantity is not None else None),
        ):
            if asset is not None and quantity is not None:
                add(row.user_id, f"moved {asset}", quantity)
    statement, line = metadata().tables["statement"].c, metadata().tables["balance"].c
    reported = select(statement.user_id, line.asset, line.quantity).where(line.statement_id == statement.id)
    for user, asset, quantity in connection.execute(reported):
        add(user, "reported lines", 1)
        add(user, f"reported {asset}", quantity)
    item, valuation = metadata().tables["wealth_item"].c, metadata().tables["wealth_valuation"].c
    values = select(item.user_id, item.id, item.currency, valuation.value).where(valuation.item_id == item.id)
    newest = {one.id: one for one in connection.execute(values.order_by(valuation.day))}
    for one in newest.values():
        add(one.user_id, f"items {one.currency}", one.value)
    return {user: {what: plain(amount) for what, amount in had.items()} for user, had in totals.items()}


def _tables() -> list[Table]:
    """Every table, the ones that others refer to first."""
    return metadata().sorted_tables


def _owner(table: Table, row: dict[str, object], owners: dict[tuple[str, object], str]) -> str:
    if table.name == "user":
        return str(row["id"])
    for column in table.columns:
        for key in column.foreign_keys:
            owner = (
                row[column.name]
                if key.column.table.name == "user"
                else owners.get((key.column.table.name, row[column.name]))
            )
            if owner:
                return str(owner)
    return ""


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime | date) else repr(value)
