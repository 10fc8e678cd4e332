"""Column mappings a user saved by name; the one that fits a file's headings is proposed when they come back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.services import audit
from smartfolio_app.storage.tables import ColumnMapping
from smartfolio_app.storage.tables.base import utc_now

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping and the name its user gave it."""

    id: str
    name: str
    mapping: Mapping
    created_at: datetime


def saved(db: Session, user_id: str) -> list[SavedMapping]:
    """Return the user's mappings by name."""
    wanted = select(ColumnMapping).where(col(ColumnMapping.user_id) == user_id)
    rows = db.execute(wanted.order_by(col(ColumnMapping.name))).scalars()
    return [_saved(row) for row in rows]


def save(db: Session, user_id: str, name: str, mapping: Mapping, headers: Sequence[str]) -> SavedMapping:
    """Save a mapping under a name, replacing one of that name, and remember the headings it is for. Commits.

    Raises:
        InvalidInputError: The name is empty or too long.
    """
    shown = " ".join(name.split())
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise InvalidInputError("mapping.name", maximum=_LONGEST_NAME)
    named = select(ColumnMapping).where(
        col(ColumnMapping.user_id) == user_id, col(ColumnMapping.name) == shown
    )
    row = db.execute(named).scalar_one_or_none() or ColumnMapping(user_id=user_id, name=shown, mapping="")
    row.mapping = mapping.to_json()
    row.headers_hash = hash_of(headers)
    row.created_at = utc_now()
    db.add(row)
    audit.record(db, user_id, "mapping.save", {"mapping": shown})
    db.commit()
    return _saved(row)


def named(db: Session, user_id: str, name: str) -> SavedMapping:
    """Return the user's mapping of a name (or id); raise ``NotFoundError`` when they have none such."""
    for one in saved(db, user_id):
        if name in (one.name, one.id):
            return one
    raise NotFoundError("mapping.no_such_mapping", name=name)


def delete(db: Session, user_id: str, name: str) -> None:
    """Forget a mapping (name or id). What was imported with it stays. Commits; raises as ``named``."""
    found = named(db, user_id, name)
    db.delete(db.get(ColumnMapping, found.id))
    audit.record(db, user_id, "mapping.delete", {"mapping": found.name})
    db.commit()


def for_headers(db: Session, user_id: str, headers: Sequence[str]) -> SavedMapping | None:
    """Return the newest mapping the user saved for a file with these headings, ``None`` when there is none."""
    wanted = (
        select(ColumnMapping)
        .where(col(ColumnMapping.user_id) == user_id, col(ColumnMapping.headers_hash) == hash_of(headers))
        .order_by(col(ColumnMapping.created_at).desc())
        .limit(1)
    )
    row = db.execute(wanted).scalar_one_or_none()
    return None if row is None else _saved(row)


def resolve(db: Session, user_id: str, given: str) -> Mapping:
    """Return the mapping that ``given`` means: JSON, or the name of a saved one.

    Raises:
        InvalidInputError: It is JSON, but no mapping.
        NotFoundError: The user has no mapping of that name.
    """
    if given.lstrip().startswith("{"):
        return Mapping.from_json(given)
    return named(db, user_id, given).mapping


def hash_of(headers: Sequence[str]) -> str:
    """Return a text that is equal for equal headings, whatever their capitals and spaces."""
    return hashlib.sha256(
        "\x1f".join(" ".join(one.split()).casefold() for one in headers).encode()
    ).hexdigest()


def _saved(row: ColumnMapping) -> SavedMapping:
    return SavedMapping(row.id, row.name, Mapping.from_json(row.mapping), row.created_at)
