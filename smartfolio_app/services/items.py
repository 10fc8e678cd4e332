"""Wealth items: what no export knows. Each has a history of dated valuations in its own currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.money import exact
from smartfolio_app.providers import registry
from smartfolio_app.services import audit, sources
from smartfolio_app.services.item_kinds import ITEM_KINDS, is_liability
from smartfolio_app.services.user_settings import CURRENCIES
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import UserSettings, WealthItem, WealthValuation

_LONGEST_NAME = 120
_LONGEST_NOTE = 2_000
_LONGEST_REMARK = 200
_LARGEST = Decimal(10) ** 15
_EARLIEST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Valuation:
    """What an item was worth on a day, in its currency; never negative: the kind says owned or owed."""

    day: date
    value: Decimal
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One wealth item with its whole history, oldest valuation first. ``closed_on``: from that day on it is gone."""

    id: str
    kind: str
    name: str
    currency: str
    note: str
    is_liability: bool
    created_at: datetime
    closed_on: date | None
    valuations: tuple[Valuation, ...]

    @property
    def current(self) -> Valuation | None:
        """The newest valuation, ``None`` when there is none."""
        return self.valuations[-1] if self.valuations else None


def list_items(db: Session, user_id: str) -> list[Item]:
    """Return the user's items: assets first, then debts, each by kind and name."""
    rows = db.execute(select(WealthItem).where(col(WealthItem.user_id) == user_id)).scalars().all()
    kinds = list(ITEM_KINDS)
    return sorted(_items(db, rows), key=lambda item: (kinds.index(item.kind), item.name.casefold(), item.id))


def get(db: Session, user_id: str, item_id: str) -> Item:
    """Return one item; raise ``NotFoundError`` when the user has none of that id."""
    return _items(db, [_row(db, user_id, item_id)])[0]


def add(
    db: Session,
    user_id: str,
    *,
    kind: str,
    name: str,
    currency: str,
    value: Decimal | str | None = None,
    day: date | None = None,
    note: str = "",
) -> Item:
    """Add an item, with its first valuation when ``value`` is given (``day``: today in the user's zone).

    Raises:
        InvalidInputError: A value cannot be used; the code says which (``item.kind``, ``item.name``...).
    """
    row = WealthItem(
        user_id=user_id, source_id="", kind=_kind(kind), name=_name(name), currency=_currency(currency)
    )
    row.note = _text(note, _LONGEST_NOTE)
    amount = None if value is None else _amount(value)
    on = _day(db, user_id, day)
    note_change(db, user_id, bump_revision(db, user_id), ())
    row.source_id = sources.find(db, user_id, registry.WEALTH_ITEMS).id
    db.add(row)
    db.flush()
    if amount is not None:
        db.add(WealthValuation(item_id=row.id, day=on, value=amount))
    audit.record(db, user_id, "item.add", {"item": row.id, "kind": kind, "name": row.name})
    db.commit()
    return get(db, user_id, row.id)


def update(
    db: Session,
    user_id: str,
    item_id: str,
    *,
    kind: str | None = None,
    name: str | None = None,
    currency: str | None = None,
    note: str | None = None,
) -> Item:
    """Change what is given. A new currency applies to the whole history: the numbers stay as they were typed.

    Raises:
        NotFoundError: The user has no such item.
        InvalidInputError: As ``add``.
    """
    row = _row(db, user_id, item_id)
    changes = {
        "kind": None if kind is None else _kind(kind),
        "name": None if name is None else _name(name),
        "currency": None if currency is None else _currency(currency),
        "note": None if note is None else _text(note, _LONGEST_NOTE),
    }
    note_change(db, user_id, bump_revision(db, user_id), ())
    for field, new in changes.items():
        if new is not None:
            setattr(row, field, new)
    db.add(row)
    audit.record(db, user_id, "item.update", {"item": item_id, "name": row.name})
    db.commit()
    return get(db, user_id, item_id)


def set_closed(db: Session, user_id: str, item_id: str, on: date | None) -> Item:
    """Close an item on a day (sold, repaid: it counts in the past alone), or open it again with ``None``.

    Raises:
        NotFoundError: The user has no such item.
        InvalidInputError: The day lies in the future or before 1900.
    """
    row = _row(db, user_id, item_id)
    closed = None if on is None else _day(db, user_id, on)
    note_change(db, user_id, bump_revision(db, user_id), ())
    row.closed_on = closed
    db.add(row)
    audit.record(db, user_id, "item.close" if on else "item.reopen", {"item": item_id, "name": row.name})
    db.commit()
    return get(db, user_id, item_id)


def set_value(
    db: Session, user_id: str, item_id: str, *, value: Decimal | str, day: date | None = None, note: str = ""
) -> Item:
    """Say what an item was worth on a day (today in the user's zone), replacing what was said of that day.

    Raises:
        NotFoundError: The user has no such item.
        InvalidInputError: The value is negative, not a number or absurd; the day lies in the future.
    """
    row = _row(db, user_id, item_id)
    amount, on, remark = _amount(value), _day(db, user_id, day), _text(note, _LONGEST_REMARK)
    note_change(db, user_id, bump_revision(db, user_id), ())
    valuation = db.get(WealthValuation, (row.id, on)) or WealthValuation(item_id=row.id, day=on, value=amount)
    valuation.value, valuation.note = amount, remark
    db.add(valuation)
    db.commit()
    return get(db, user_id, item_id)


def delete_value(db: Session, user_id: str, item_id: str, day: date) -> Item:
    """Remove the valuation of a day; raise ``NotFoundError`` when there is no such item or valuation."""
    row = _row(db, user_id, item_id)
    valuation = db.get(WealthValuation, (row.id, day))
    if valuation is None:
        raise NotFoundError("item.no_such_value", day=day.isoformat())
    note_change(db, user_id, bump_revision(db, user_id), ())
    db.delete(valuation)
    db.commit()
    return get(db, user_id, item_id)


def what_delete_removes(db: Session, user_id: str, item_id: str) -> dict[str, int]:
    """Return how many ``valuations`` would go with the item; raise ``NotFoundError`` when there is no such item."""
    return {"valuations": len(get(db, user_id, item_id).valuations)}


def delete(db: Session, user_id: str, item_id: str) -> None:
    """Remove an item with its whole history, for good; raise ``NotFoundError`` when there is no such item."""
    row = _row(db, user_id, item_id)
    note_change(db, user_id, bump_revision(db, user_id), ())
    audit.record(db, user_id, "item.delete", {"item": item_id, "name": row.name})
    db.delete(row)
    db.commit()


# ------------------------------------------------------------------------------------------------------ reading
def _row(db: Session, user_id: str, item_id: str) -> WealthItem:
    row = db.get(WealthItem, item_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("item.no_such_item")
    return row


def _items(db: Session, rows: Sequence[WealthItem]) -> list[Item]:
    values: dict[str, list[Valuation]] = {row.id: [] for row in rows}
    wanted = select(WealthValuation).where(col(WealthValuation.item_id).in_(values))
    for stored in db.execute(wanted.order_by(col(WealthValuation.day))).scalars():
        values[stored.item_id].append(Valuation(stored.day, stored.value, stored.note))
    return [
        Item(
            id=row.id,
            kind=row.kind,
            name=row.name,
            currency=row.currency,
            note=row.note,
            is_liability=is_liability(row.kind),
            created_at=row.created_at,
            closed_on=row.closed_on,
            valuations=tuple(values[row.id]),
        )
        for row in rows
    ]


# ----------------------------------------------------------------------------------------------------- checking
def _kind(kind: str) -> str:
    if kind not in ITEM_KINDS:
        raise InvalidInputError("item.kind", allowed=", ".join(ITEM_KINDS))
    return kind


def _name(name: str) -> str:
    shown = " ".join(name.split())
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise InvalidInputError("item.name", maximum=_LONGEST_NAME)
    return shown


def _currency(currency: str) -> str:
    code = currency.strip().upper()
    if code not in CURRENCIES:
        raise InvalidInputError("item.currency", allowed=", ".join(CURRENCIES))
    return code


def _amount(value: Decimal | str) -> Decimal:
    try:
        amount = exact(value)
    except (TypeError, ValueError) as error:
        raise InvalidInputError("item.value", value=str(value)[:40]) from error
    if not 0 <= amount < _LARGEST:
        raise InvalidInputError("item.value", value=str(value)[:40])
    return amount


def _day(db: Session, user_id: str, day: date | None) -> date:
    """Return ``day``, or today in the user's zone; refuse a day that cannot have been."""
    zone = db.execute(
        select(col(UserSettings.time_zone)).where(col(UserSettings.user_id) == user_id)
    ).scalar_one_or_none()
    today = datetime.now(ZoneInfo(zone) if zone else UTC).date()
    if day is None:
        return today
    if not _EARLIEST <= day <= today:
        raise InvalidInputError("item.day", first=_EARLIEST.isoformat(), last=today.isoformat())
    return day


def _text(text: str, maximum: int) -> str:
    cleaned = text.replace("\x00", "").strip()
    if len(cleaned) > maximum:
        raise InvalidInputError("item.note", maximum=maximum)
    return cleaned
