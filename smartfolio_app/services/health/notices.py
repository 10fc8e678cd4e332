"""Do alerts reach their owners? From the log of deliveries: nobody is written to, to find out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import DEFAULT_LANGUAGE, error_text
from smartfolio_app.services.health.findings import Finding, Patient, Severity
from smartfolio_app.storage.tables import AlertChannel, AlertDelivery, User

_WEEK = timedelta(days=7)
_LATE = timedelta(hours=1)


def check(patient: Patient) -> Iterator[Finding]:
    """Name each channel in use whose last message was not delivered; count what was."""
    failing = (
        select(AlertChannel, col(User.name))
        .join(User, col(User.id) == col(AlertChannel.user_id))
        .where(col(AlertChannel.error) != "", col(AlertChannel.active))
    )
    named = patient.db.execute(failing.order_by(col(User.name), col(AlertChannel.label))).all()
    for channel, user in named:
        params = {"user": user, "channel": channel.label, "reason": _reason(patient, channel)}
        yield Finding("notices", "warning", "notices.failing", params)
    done, waiting = (
        int(patient.db.execute(select(func.count()).where(*conditions)).scalar_one())
        for conditions in (
            (col(AlertDelivery.state) == "done", col(AlertDelivery.done_at) > patient.now - _WEEK),
            (col(AlertDelivery.state) == "waiting",),
        )
    )
    late = select(func.count()).where(
        col(AlertDelivery.state) == "waiting", col(AlertDelivery.next_at) < patient.now - _LATE
    )
    stuck = int(patient.db.execute(late).scalar_one())
    if stuck:
        yield Finding("notices", "warning", "notices.stuck", {"count": stuck})
    severity: Severity = "ok" if done and not stuck and not named else "info"
    yield Finding("notices", severity, "notices.fine", {"count": done, "waiting": waiting})


def _reason(patient: Patient, channel: AlertChannel) -> str:
    """Return why the last message failed, in the words every administrator's page has for it."""
    last = (
        select(col(AlertDelivery.error), col(AlertDelivery.error_params))
        .where(col(AlertDelivery.channel_id) == channel.id, col(AlertDelivery.error) == channel.error)
        .order_by(col(AlertDelivery.created_at).desc())
        .limit(1)
    )
    found = patient.db.execute(last).first()
    if found is None:
        return channel.error
    return error_text(DEFAULT_LANGUAGE, SmartFolioError(found[0], **json.loads(found[1])))
