"""Carrying messages out of the house: claimed by one process, tried again with growing pauses, given up in the end.

The words are made when a message is sent. An alert that has cleared or was acknowledged meanwhile is not told.
"""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, SmartFolioError
from smartfolio_app.providers.notices.base import Notice, NoticeError
from smartfolio_app.providers.notices.registry import channel_of
from smartfolio_app.services import brief, user_settings
from smartfolio_app.services.alerts import channels, inbox, outbox
from smartfolio_app.services.alerts.outbox import DeliveryView
from smartfolio_app.services.alerts.words import kind_name, sentence
from smartfolio_app.services.figures import Figures
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.tables import Alert, AlertChannel, AlertDelivery, User
from smartfolio_app.storage.tables.base import utc_now

#: The pauses before the second, third ... attempt; after the last one it is given up: half a day in all.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 480))
#: For so long nobody else tries a message that somebody has claimed.
CLAIM = timedelta(minutes=5)
AT_ONCE = 40
TESTS_AN_HOUR = 10
_MOST_TOLD = 20

log = logging.getLogger(__name__)


class GivenUpError(SmartFolioError):
    """There is nothing (any more) to deliver."""


def send_due(db: Session, now: datetime | None = None) -> int:
    """Send what is due, a few at a time; return how many were tried. Commits."""
    at = now or utc_now()
    due = (
        select(col(AlertDelivery.id))
        .where(col(AlertDelivery.state) == "waiting", col(AlertDelivery.next_at) <= at)
        .order_by(col(AlertDelivery.next_at), col(AlertDelivery.id))
        .limit(AT_ONCE)
    )
    waiting = list(db.execute(due).scalars())
    db.commit()
    if not waiting:
        return 0
    # One address that answers slowly must not keep the others waiting.
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="notices") as threads:
        return sum(threads.map(lambda one: _send(one, at), waiting))


def _send(delivery_id: str, now: datetime) -> bool:
    try:
        with session_scope() as db:
            return send(db, delivery_id, now)
    except SmartFolioError as error:
        log.warning("a delivery could not be tried: %s", error.code)
        return False


def send(db: Session, delivery_id: str, now: datetime) -> bool:
    """Claim one message and try it; tell whether it was ours to try. Commits."""
    claim = (
        update(AlertDelivery)
        .where(
            col(AlertDelivery.id) == delivery_id,
            col(AlertDelivery.state) == "waiting",
            col(AlertDelivery.next_at) <= now,
        )
        .values(next_at=now + CLAIM, attempts=col(AlertDelivery.attempts) + 1)
    )
    ours = bool(db.connection().execute(claim).rowcount)
    db.commit()
    if not ours:
        return False
    row = db.get(AlertDelivery, delivery_id, populate_existing=True)
    channel = None if row is None else db.get(AlertChannel, row.channel_id)
    if row is None or channel is None:
        return False
    try:
        given = channels.told(db, channel)
        notice = _notice(db, row, channel)
        db.commit()  # nobody waits for us while we wait for the other side
        channel_of(channel.kind).send(given, notice, current_settings())
    except GivenUpError as error:
        row.state, row.done_at, row.error = "dropped", utc_now(), error.code
    except SmartFolioError as error:
        _failed(row, channel, error, now)
    except Exception:  # whatever one message runs into, it is tried again and then given up like any other
        log.exception("a message could not be sent")
        db.rollback()
        _failed(row, channel, NoticeError("notice.unforeseen"), now)
    else:
        row.state, row.done_at, row.error, row.error_params = "done", utc_now(), "", "{}"
        channel.worked_at, channel.error = row.done_at, ""
    db.add(row)
    db.add(channel)
    db.commit()
    return True


def test(db: Session, user_id: str, channel_id: str) -> DeliveryView:
    """Send a test message now, and return how that went. Commits.

    Raises:
        NotFoundError: The user has no such channel.
        ConflictError: There were too many tests within an hour.
    """
    channel = channels.find(db, user_id, channel_id)
    now = utc_now()
    lately = select(func.count()).where(
        col(AlertDelivery.user_id) == user_id,
        col(AlertDelivery.about) == "test",
        col(AlertDelivery.created_at) > now - timedelta(hours=1),
    )
    if db.execute(lately).scalar_one() >= TESTS_AN_HOUR:
        raise ConflictError("notice.too_many_tests", most=TESTS_AN_HOUR)
    # Due in a while, so that the job that sends what is due does not take it from us.
    due = now + CLAIM
    row = AlertDelivery(user_id=user_id, channel_id=channel.id, about="test", created_at=now, next_at=due)
    db.add(row)
    db.commit()
    send(db, row.id, due)
    db.refresh(row)
    if row.state == "waiting":  # somebody waits for the answer: that was the one attempt
        row.state, row.done_at = "failed", utc_now()
        db.add(row)
        db.commit()
    return outbox.view_of(row, channel.label)


def _failed(row: AlertDelivery, channel: AlertChannel, error: SmartFolioError, now: datetime) -> None:
    """Note a failure: try again later, or never when that would not help."""
    row.error, channel.error = error.code, error.code
    row.error_params = json.dumps({name: str(value) for name, value in error.params.items()})
    lasting = isinstance(error, NoticeError) and error.lasting
    if lasting or row.attempts > len(PAUSES):
        row.state, row.done_at = "failed", utc_now()
        log.warning("a message to a channel (%s) was given up: %s", channel.kind, error.code)
    else:
        row.next_at = now + PAUSES[row.attempts - 1]


# --------------------------------------------------------------------------------------------------- what is said
def _notice(db: Session, row: AlertDelivery, channel: AlertChannel) -> Notice:
    """Return the words of a message, as they are true now; raise ``GivenUpError`` when there is nothing to say."""
    user = db.get(User, row.user_id)
    if user is None or user.disabled:
        raise GivenUpError("notice.nobody")
    writer = writer_of(db, row.user_id, private=channel.private)
    if row.about == "alert":
        return _alerts(db, row, writer)
    if row.about == "brief":
        return _brief(db, row, writer)
    title = writer.say("alerts.notice.test_title")
    text = writer.say("alerts.notice.test_text", channel=channel.label)
    return Notice(row.id, row.created_at, title, text, data={"type": "test"})


def writer_of(db: Session, user_id: str, *, private: bool) -> Figures:
    """Return how a user's figures are written outside of the pages."""
    kept = user_settings.get(db, user_id)
    return Figures(
        language=kept.language,
        style=kept.number_style,
        currency=kept.base_currency,
        time_zone=kept.time_zone,
        privacy=private,
    )


def _alerts(db: Session, row: AlertDelivery, writer: Figures) -> Notice:
    wanted = json.loads(row.content)["alerts"]
    still = select(col(Alert.id)).where(col(Alert.id).in_(wanted), *inbox.attention(row.user_id, utc_now()))
    ids = set(db.execute(still).scalars())
    if not ids:
        raise GivenUpError("notice.no_longer_true")
    mine = [one for one in inbox.listed(db, row.user_id, "open", inbox.MOST_AT_ONCE) if one.id in ids]
    mine.sort(key=lambda one: ("error", "warning", "info").index(one.severity))
    said = [sentence(one.kind, one.says, one.figures, writer) for one in mine]
    title = said[0] if len(mine) == 1 else writer.say("alerts.notice.title", count=len(mine))
    lines = said[:_MOST_TOLD]
    if len(said) > _MOST_TOLD:
        lines.append(writer.say("alerts.notice.more", count=len(said) - _MOST_TOLD))
    told = [
        {
            "id": one.id,
            "rule": one.rule_id,
            "kind": one.kind,
            "name": kind_name(one.kind, writer),
            "subject": one.subject,
            "severity": one.severity,
            "since": one.opened_at.isoformat(),
            "text": words,
            "link": one.link,
        }
        for one, words in zip(mine, said, strict=True)
    ]
    return Notice(
        row.id,
        row.created_at,
        title,
        "\n".join(lines),
        mine[0].severity,
        {"type": "alerts", "alerts": told},
    )


def _brief(db: Session, row: AlertDelivery, writer: Figures) -> Notice:
    found = brief.of_user(db, row.user_id)
    told = brief.written(found, writer)
    lines: list[str] = []
    for section in told:
        lines += ["", section.title, *(f"- {one.text}" for one in section.sentences)]
    title = writer.say("brief.notice_title", day=writer.day(found.day))
    data = {
        "type": "brief",
        "day": found.day.isoformat(),
        "sections": [
            {"key": one.key, "title": one.title, "sentences": [line.text for line in one.sentences]}
            for one in told
        ],
    }
    return Notice(row.id, row.created_at, title, "\n".join(lines).strip(), "info", data)
