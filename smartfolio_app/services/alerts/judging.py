"""Judging rules: what fired opens an alert, what is clearly back closes it, what cannot be known changes nothing.

There is one open alert for a rule and a subject, however often it is judged and by however many processes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.base import Verdict
from smartfolio_app.analytics.alerts.heard import Heard
from smartfolio_app.analytics.alerts.registry import kind_of
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services.alerts import outbox
from smartfolio_app.services.alerts.facts import Gathered
from smartfolio_app.services.alerts.words import write_figures
from smartfolio_app.storage.repo_prices import price_revision
from smartfolio_app.storage.tables import Alert, AlertRule, SyncRun, User
from smartfolio_app.storage.tables.base import utc_now
from smartfolio_app.storage.upserts import insert_new

#: Time passes, too: prices grow old and credentials end without anything having changed.
LATEST = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """How many alerts opened and closed."""

    opened: int = 0
    closed: int = 0


class Watch:
    """Judges everybody's rules when prices, possessions or syncs have changed, and now and then in any case.

    Looking costs three short queries, so it may look often; that is how alerts follow a sync or a price refresh.
    """

    def __init__(self) -> None:
        self._seen: tuple[object, ...] = ()
        self._at: datetime | None = None

    def __call__(self, db: Session) -> None:
        now = datetime.now(UTC)
        changes = (
            price_revision(db),
            db.execute(select(func.sum(col(User.revision)))).scalar_one(),
            db.execute(select(func.max(col(SyncRun.finished_at)))).scalar_one(),
        )
        if changes == self._seen and self._at is not None and now - self._at < LATEST:
            return
        judge_all(db)
        self._seen, self._at = changes, now


def judge_all(db: Session) -> Judged:
    """Judge the active rules of every user who may sign in; one user's trouble is logged and stops nobody else."""
    people = (
        select(col(AlertRule.user_id))
        .join(User, col(User.id) == col(AlertRule.user_id))
        .where(col(AlertRule.active), ~col(User.disabled))
        .distinct()
    )
    opened = closed = 0
    for user_id in db.execute(people).scalars().all():
        try:
            done = judge(db, user_id)
            opened, closed = opened + done.opened, closed + done.closed
        except SmartFolioError as error:
            log.warning("the alerts of user %s cannot be judged: %s", user_id, error)
            db.rollback()
    return Judged(opened, closed)


def judge(db: Session, user_id: str, *, only: str = "", now: datetime | None = None) -> Judged:
    """Judge a user's active rules (or one) and hand what is new to their channels. Commits.

    Raises:
        NotFoundError: There is no such user.
    """
    at = now or utc_now()
    mine = select(AlertRule).where(col(AlertRule.user_id) == user_id, col(AlertRule.active))
    if only:
        mine = mine.where(col(AlertRule.id) == only)
    rules = db.execute(mine.order_by(col(AlertRule.created_at))).scalars().all()
    # First all the looking, then all the writing: nobody waits for us while figures are computed.
    facts: dict[str, Gathered] = {}
    found = [_Found(rule, open_alerts(db, rule.id)) for rule in rules]
    for one in found:
        currency = one.rule.currency
        if currency not in facts:
            facts[currency] = Gathered(db, user_id, currency, at)
        one.look(facts[currency])
    fresh: list[str] = []
    closed = 0
    for one in found:
        one.rule.error, one.rule.judged_at = one.error, at
        db.add(one.rule)
        fresh += _open(db, one, at)
        closed += _close(db, one, at)
    fresh += _woken(db, user_id, at)
    db.flush()
    outbox.tell(db, user_id, fresh, at)
    db.commit()
    return Judged(len(fresh), closed)


@dataclass(slots=True)
class _Found:
    """A rule, what is open of it, and what is to say now."""

    rule: AlertRule
    opened: dict[str, Alert]
    verdicts: Sequence[Verdict] = ()
    severity: str = "warning"
    error: str = ""
    heard: Heard | None = None

    def look(self, facts: Gathered) -> None:
        """Judge; a rule that cannot be judged says why, and what it had found stays as it is."""
        try:
            kind = kind_of(self.rule.kind)
            wanted = kind.read(json.loads(self.rule.params))
            self.heard = Heard(facts)
            self.verdicts = kind.evaluate(wanted, self.heard, frozenset(self.opened))
            self.severity = kind.severity
            asset = wanted.text("asset")
            if asset and facts.price(asset) is None:
                self.error = "alert.no_price"
        except SmartFolioError as error:
            self.error = error.code
            self.verdicts = [Verdict(subject, None) for subject in self.opened]

    def figures(self, verdict: Verdict) -> str:
        """Return a verdict's figures as they are stored, with what it was judged by."""
        judged = {
            "kind": self.rule.kind,
            "rule": json.loads(self.rule.params),
            "subject": verdict.subject,
            "was_open": verdict.subject in self.opened,
            "facts": {} if self.heard is None else self.heard.of(verdict.subject),
        }
        return write_figures(verdict.figures, judged)


def open_alerts(db: Session, rule_id: str) -> dict[str, Alert]:
    """Return a rule's open alerts by subject."""
    mine = select(Alert).where(col(Alert.rule_id) == rule_id, col(Alert.open_key).is_not(None))
    return {row.subject: row for row in db.execute(mine).scalars()}


def close_all(db: Session, rule_id: str) -> None:
    """Close everything a rule has found. Does not commit."""
    now = utc_now()
    for row in open_alerts(db, rule_id).values():
        row.cleared_at, row.open_key = now, None
        db.add(row)
    db.flush()


def _open(db: Session, found: _Found, at: datetime) -> list[str]:
    """Open what fired and is not open, bring what is open up to date; return the ids of the new ones."""
    fresh = []
    for one in found.verdicts:
        if not one.fired:
            continue
        row = found.opened.get(one.subject)
        if row is not None:
            row.says, row.figures, row.seen_at = one.says, found.figures(one), at
            db.add(row)
            continue
        new = Alert(
            user_id=found.rule.user_id,
            rule_id=found.rule.id,
            open_key=f"{found.rule.id}:{one.subject}"[:200],
            kind=found.rule.kind,
            severity=found.severity,
            subject=one.subject[:120],
            says=one.says,
            figures=found.figures(one),
            link=one.link[:300],
            opened_at=at,
            seen_at=at,
        )
        # Another process may have opened it a moment ago; then that one tells of it.
        if insert_new(db, Alert, new.model_dump()):
            fresh.append(new.id)
    return fresh


def _close(db: Session, found: _Found, at: datetime) -> int:
    """Close what is back, and what nothing is said of any more (sold, gone, history)."""
    said = {one.subject: one.fired for one in found.verdicts}
    closed = 0
    for subject, row in found.opened.items():
        if said.get(subject, False) is False:
            row.cleared_at, row.open_key = at, None
            db.add(row)
            closed += 1
    return closed


def _woken(db: Session, user_id: str, at: datetime) -> list[str]:
    """Return the open alerts whose snooze is over; they are told once more, by one process alone."""
    asleep = select(col(Alert.id)).where(
        col(Alert.user_id) == user_id,
        col(Alert.open_key).is_not(None),
        col(Alert.acknowledged_at).is_(None),
        col(Alert.snoozed_until) <= at,
    )
    woken = []
    for alert_id in db.execute(asleep).scalars().all():
        awake = update(Alert).where(col(Alert.id) == alert_id, col(Alert.snoozed_until).is_not(None))
        if db.connection().execute(awake.values(snoozed_until=None)).rowcount:
            woken.append(alert_id)
    return woken
