"""Insert-or-update in bulk, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_missing(db: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving alone those that collide with what is stored."""
    if rows:
        statement = _insert(db)(table.__table__).on_conflict_do_nothing()  # type: ignore[attr-defined]
        db.execute(statement, list(rows))


def insert_new(db: Session, table: type[SQLModel], row: Mapping[str, Any]) -> bool:
    """Insert one row unless it collides with what is stored; tell whether it was inserted."""
    made: Any = table.__table__  # type: ignore[attr-defined]
    statement = _insert(db)(made).values(**row).on_conflict_do_nothing().returning(*made.primary_key)
    return db.connection().execute(statement).first() is not None


def upsert(
    db: Session,
    table: type[SQLModel],
    rows: Iterable[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str],
    key_where: ColumnElement[bool] | None = None,
    newer: str = "",
) -> None:
    """Insert rows; where one with the same ``key`` is stored, replace its ``update`` columns.

    ``key`` names the columns of a unique index, ``key_where`` its condition where it is partial. With ``newer``, only a
    row whose column of that name is not older than the stored one replaces it. Of several rows with one key the last
    (with ``newer``: the newest, of equals the last) is taken.
    """
    chosen: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        identity = tuple(row[name] for name in key)
        before = chosen.get(identity)
        if before is None or not newer or row[newer] >= before[newer]:
            chosen[identity] = row
    if not chosen:
        return
    # The table and not the class: past the ORM's bookkeeping, which costs a third of the time here.
    statement = _insert(db)(table.__table__)  # type: ignore[attr-defined]
    stored = table.__table__.c  # type: ignore[attr-defined]
    statement = statement.on_conflict_do_update(
        index_elements=list(key),
        index_where=key_where,
        set_={name: statement.excluded[name] for name in update},
        where=statement.excluded[newer] >= stored[newer] if newer else None,
    )
    db.execute(statement, list(chosen.values()))


def _insert(db: Session) -> Any:
    return sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
