"""The morning brief of a view, from the very answers the dashboard shows; delivered at the time chosen for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.quiet import instant
from smartfolio_app.analytics.brief import BadDayAhead, Brief, Line, Share, Stretch, Told, compose
from smartfolio_app.analytics.explain_performance import exact
from smartfolio_app.analytics.periods import Period
from smartfolio_app.analytics.risk.rolling import MODELS
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.errors import InvalidInputError, SmartFolioError
from smartfolio_app.services import performance, risk, sources, user_settings, wealth
from smartfolio_app.services.alerts import inbox, outbox, words
from smartfolio_app.services.figures import Figures
from smartfolio_app.storage.tables import AlertSettings, User

#: A brief that could not be sent in its own morning is not sent in the evening.
STILL_MORNING = timedelta(hours=4)
_ALERTS = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as it is read, with the figures in it by name (``None``: not known)."""

    key: str
    text: str
    figures: dict[str, Decimal | None]
    explain: str
    link: str
    tone: str


@dataclass(frozen=True, slots=True)
class Written:
    """A section as it is read."""

    key: str
    title: str
    sentences: tuple[Sentence, ...]


def of_user(db: Session, user_id: str) -> Brief:
    """Return the brief of everything a user owns, as they like to see it; raise ``NotFoundError`` without the user."""
    return brief(db, wealth.view_of(db, user_id, scope=Scope()))


def brief(db: Session, view: wealth.View) -> Brief:
    """Return the brief of a view.

    Raises:
        NotFoundError: There is no such user.
    """
    now = datetime.now(UTC)
    whole = wealth.portfolio(db, view)
    gainers, losers = wealth.movers(db, view)
    stretches = [] if not whole.holdings else [*_yesterday(db, view, now), *_week(db, view)]
    return compose(
        Told(
            day=now.astimezone(ZoneInfo(view.time_zone)).date(),
            portfolio=whole,
            gainers=gainers,
            losers=losers,
            stretches=stretches,
            alerts=_alerts(db, view.user_id),
            broken=[
                (one.key, one.label or one.key)
                for one in sources.source_status(db, view.user_id).sources
                if one.status == "error"
            ],
            ahead=_ahead(db, view) if whole.holdings else None,
        )
    )


def written(found: Brief, writer: Figures) -> list[Written]:
    """Return the brief in words."""
    figures = replace(writer, currency=found.currency)
    return [
        Written(
            key=section.key,
            title=figures.say(f"brief.section.{section.key}"),
            sentences=tuple(_sentence(line, figures) for line in section.lines),
        )
        for section in found.sections
    ]


def hand_out(db: Session, now: datetime | None = None) -> int:
    """Hand today's brief to the channels of everyone whose time for it has come; return how many messages. Commits."""
    at = now or datetime.now(UTC)
    wanted = (
        select(AlertSettings)
        .join(User, col(User.id) == col(AlertSettings.user_id))
        .where(col(AlertSettings.brief_at).is_not(None), ~col(User.disabled))
    )
    handed = 0
    for row in db.execute(wanted).scalars().all():
        try:
            zone = ZoneInfo(user_settings.get(db, row.user_id).time_zone)
            today = at.astimezone(zone).date()
            due = instant(today, row.brief_at or 0, zone)
            if row.brief_day == today or not due <= at < due + STILL_MORNING:
                continue
            # Of several processes one is the first to write the day down, and hands it out.
            first = update(AlertSettings).where(
                col(AlertSettings.user_id) == row.user_id,
                or_(col(AlertSettings.brief_day).is_(None), col(AlertSettings.brief_day) != today),
            )
            if db.connection().execute(first.values(brief_day=today)).rowcount:
                handed += outbox.tell_brief(db, row.user_id, at)
            db.commit()
        except SmartFolioError as error:
            log.warning("the brief of user %s cannot be handed out: %s", row.user_id, error)
            db.rollback()
    return handed


# ------------------------------------------------------------------------------------------------- what it is made of
def _yesterday(db: Session, view: wealth.View, now: datetime) -> list[Stretch]:
    today = now.astimezone(ZoneInfo(view.time_zone)).date()
    first, last = today - timedelta(days=2), today - timedelta(days=1)
    try:
        found = performance.report(db, view, first=first, last=last)
    except InvalidInputError:  # not known, or nothing was owned yet
        return []
    if (found.span.first, found.span.last) != (first, last):
        return []
    return [Stretch("yesterday", f"{first}..{last}", found.figures)]


def _week(db: Session, view: wealth.View) -> list[Stretch]:
    try:
        found = performance.report(db, view, Period.WEEK.value)
    except InvalidInputError:
        return []
    if (found.span.last - found.span.first).days != 7:
        return []
    strongest = sorted(found.contributions, key=lambda one: -abs(one.gain))
    shares = [
        Share(one.asset, asset.name or asset.symbol, gain)
        for one in strongest
        if (asset := found.assets.get(one.asset)) is not None and (gain := exact(one.gain))
    ]
    return [Stretch("week", Period.WEEK.value, found.figures, tuple(shares))]


def _alerts(db: Session, user_id: str) -> list[Line]:
    mine = [one for one in inbox.listed(db, user_id) if one.status == "open"]
    return [
        Line(
            f"alerts.said.{one.kind}.{one.says}",
            one.figures,
            f"alert:{one.id}",
            one.link or "/alerts",
            "notable",
        )
        for one in mine[:_ALERTS]
    ]


def _ahead(db: Session, view: wealth.View) -> BadDayAhead | None:
    report = risk.dashboard(db, view).report
    if report is None:
        return None
    for model in MODELS:  # the first that has one, as on the Risk page
        ratio = report.tail(model, 0.95, 1).var
        if ratio is not None:
            loss, share = exact(-ratio * report.value), exact(-ratio)
            explain = f"risk:365:held:var:{model}-95-1"
            return BadDayAhead(loss, share, explain) if loss and share and loss > 0 else None
    return None


def _sentence(line: Line, figures: Figures) -> Sentence:
    return Sentence(
        key=line.key,
        text=words.fill(line.key, line.figures, figures),
        figures={one.name: one.amount for one in line.figures if not one.text},
        explain=line.explain,
        link=line.link,
        tone=line.tone,
    )
