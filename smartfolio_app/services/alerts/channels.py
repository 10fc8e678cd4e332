"""A person's channels. What they are told (addresses, topics, secrets) is in the vault alone, and never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.providers.notices.base import NoticeError
from smartfolio_app.providers.notices.registry import channel_of
from smartfolio_app.services import audit
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.tables import AlertChannel, User
from smartfolio_app.storage.vault import open_vault

MOST_CHANNELS = 10
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel as its owner may see it. ``set`` names the fields that are kept; ``locked``: no key opens them.

    ``error`` is the code of the last failure, empty when the last delivery worked.
    """

    id: str
    kind: str
    label: str
    shown: str
    active: bool
    private: bool
    alerts: bool
    brief: bool
    set: tuple[str, ...]
    locked: bool
    worked_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What goes to a channel: ``alerts``, the morning ``brief``; ``private`` leaves amounts out."""

    label: str = ""
    active: bool = True
    private: bool = False
    alerts: bool = True
    brief: bool = False


def listed(db: Session, user_id: str) -> list[ChannelView]:
    """Return the user's channels, oldest first."""
    mine = select(AlertChannel).where(col(AlertChannel.user_id) == user_id)
    rows = db.execute(mine.order_by(col(AlertChannel.created_at), col(AlertChannel.id))).scalars()
    return [_view(db, row) for row in rows]


def add(db: Session, user_id: str, kind: str, fields: Mapping[str, str], choices: Choices) -> ChannelView:
    """Add a channel. Commits.

    Raises:
        InvalidInputError: There is no such kind, or a field cannot be used.
        ConflictError: There are too many channels, or this is the sample user.
        VaultLockedError: No key of the vault is in force.
    """
    user = db.get(User, user_id)
    if user is None:
        raise NotFoundError("account.no_such_user")
    if user.is_demo:
        raise ConflictError("notice.sample_user")
    count = select(func.count()).where(col(AlertChannel.user_id) == user_id)
    if db.execute(count).scalar_one() >= MOST_CHANNELS:
        raise ConflictError("notice.too_many_channels", most=MOST_CHANNELS)
    given = _checked(kind, fields)
    row = AlertChannel(user_id=user_id, kind=kind, label="")
    _choose(row, choices, shown=channel_of(kind).shown(given))
    db.add(row)
    db.flush()
    _keep(db, row, given)
    audit.record(db, user_id, "channel.add", {"channel": row.label, "kind": kind, "to": row.shown})
    db.commit()
    return _view(db, row)


def change(
    db: Session, user_id: str, channel_id: str, choices: Choices, fields: Mapping[str, str] | None = None
) -> ChannelView:
    """Change what goes to a channel, and of what it is told the ``fields`` that are given; the others stay. Commits.

    Raises:
        NotFoundError: The user has no such channel.
        InvalidInputError: A field cannot be used.
        VaultLockedError: What is there cannot be read, and so is not overwritten.
    """
    row = find(db, user_id, channel_id)
    shown = row.shown
    if fields:
        new = {name: value for name, value in fields.items() if value.strip()}
        given = _checked(row.kind, {**told(db, row), **new})
        shown = channel_of(row.kind).shown(given)
        _keep(db, row, given)
        row.error = ""
    _choose(row, choices, shown=shown)
    db.add(row)
    audit.record(db, user_id, "channel.change", {"channel": row.label, "to": row.shown})
    db.commit()
    return _view(db, row)


def delete(db: Session, user_id: str, channel_id: str) -> None:
    """Remove a channel with all that it was told. Commits.

    Raises:
        NotFoundError: The user has no such channel.
    """
    row = find(db, user_id, channel_id)
    open_vault(current_settings()).remove(db, row.id, drawer="channel")
    db.delete(row)
    audit.record(db, user_id, "channel.delete", {"channel": row.label})
    db.commit()


def find(db: Session, user_id: str, channel_id: str) -> AlertChannel:
    """Return a channel of the user's; raise ``NotFoundError`` when there is none such."""
    row = db.get(AlertChannel, channel_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("notice.no_such_channel")
    return row


def told(db: Session, channel: AlertChannel) -> dict[str, str]:
    """Return what a channel is told; for ``delivery`` alone.

    Raises:
        VaultLockedError: No key in force opens it.
        NoticeError: Something that it must be told is not there.
    """
    vault = open_vault(current_settings())
    found = {}
    for hint in vault.hints(db, channel.id, drawer="channel"):
        secret = vault.get(db, channel.id, hint.field, drawer="channel")
        if secret is not None:
            found[hint.field] = secret
    for one in channel_of(channel.kind).fields:
        if one.required and one.name not in found:
            raise NoticeError("notice.field_missing", lasting=True, field=one.name)
    return found


def _checked(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    channel = channel_of(kind)
    known = {one.name: one for one in channel.fields}
    for name in fields:
        if name not in known:
            raise InvalidInputError("notice.no_such_field", field=name, allowed=", ".join(known))
    given = {name: fields.get(name, "").strip() for name in known}
    for name, one in known.items():
        if one.required and not given[name]:
            raise InvalidInputError("notice.field_missing", field=name)
        if len(given[name]) > _LONGEST or not given[name].isprintable():
            raise InvalidInputError("notice.field_unusable", field=name)
    channel.check(given, current_settings())
    return {name: value for name, value in given.items() if value}


def _keep(db: Session, row: AlertChannel, given: Mapping[str, str]) -> None:
    vault = open_vault(current_settings())
    present = {hint.field for hint in vault.hints(db, row.id, drawer="channel")}
    for name, value in given.items():
        vault.set(db, row.id, name, value, drawer="channel")
    for gone in present - given.keys():
        vault.remove(db, row.id, gone, drawer="channel")


def _choose(row: AlertChannel, choices: Choices, *, shown: str) -> None:
    row.shown = shown[:255]
    row.label = (" ".join(choices.label.split()) or row.label or row.shown)[:80]
    row.active, row.private = choices.active, choices.private
    row.alerts, row.brief = choices.alerts, choices.brief


def _view(db: Session, row: AlertChannel) -> ChannelView:
    hints = open_vault(current_settings()).hints(db, row.id, drawer="channel")
    return ChannelView(
        id=row.id,
        kind=row.kind,
        label=row.label,
        shown=row.shown,
        active=row.active,
        private=row.private,
        alerts=row.alerts,
        brief=row.brief,
        set=tuple(one.field for one in hints),
        locked=any(one.locked for one in hints),
        worked_at=row.worked_at,
        error=row.error,
    )
