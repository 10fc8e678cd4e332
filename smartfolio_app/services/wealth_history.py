"""What everything was worth over time: day by day, and within the last days."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlmodel import Session

from smartfolio_app.analytics.history import BREAKDOWNS, first_day
from smartfolio_app.analytics.history import history as engine_history
from smartfolio_app.analytics.intraday import Intraday, intraday
from smartfolio_app.analytics.results import DailySeries, FloatArray, History
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import user_settings
from smartfolio_app.services.views import Basis, View, answer

#: Charts within days: how far back, and how far apart their points are.
INTRADAY = {
    "1d": (timedelta(days=1), timedelta(minutes=15)),
    "1w": (timedelta(days=7), timedelta(hours=1)),
}

#: Days on which nothing was owned yet are points, too; nobody is served thousands of years of them.
MOST_DAYS_BEFORE = 20_000


def history(
    db: Session, view: View, first: date | None = None, last: date | None = None, by: str | None = None
) -> History:
    """Return one point a day, at the end of the user's day (of today: now).

    ``first`` defaults to the first day anything is known of (or to ``last``, when that is earlier), ``last`` to today;
    ``by`` asks for the series per ``category``, ``group``, ``source`` or ``asset`` besides. The whole past is computed
    once and serves every stretch of it. ``invested`` counts from the very beginning, whatever ``first`` is.

    Raises:
        InvalidInputError: ``last`` is before ``first``, or there is no such breakdown, or ``first`` is both decades ago
            and before anything is known.
        NotFoundError: There is no such user.
    """
    if by is not None and by not in BREAKDOWNS:
        raise InvalidInputError("wealth.no_such_split", by=by, allowed=", ".join(BREAKDOWNS))
    now, zone = datetime.now(UTC), ZoneInfo(view.time_zone)
    today = now.astimezone(zone).date()
    end = min(last or today, today)
    if first is not None and end < first:
        raise InvalidInputError("wealth.days_reversed", first=first.isoformat(), last=end.isoformat())

    def everything(known: Basis) -> History:
        return engine_history(
            known.ledger,
            known.prices,
            view.scope,
            view.currency,
            first_day(known.ledger, zone) or today,
            today,
            by,
            time_zone=view.time_zone,
            method=view.method,
            groups=user_settings.group_overrides(db, view.user_id),
            until=now,
        )

    whole = answer(db, replace(view, anchor="midnight"), ("history", today, by), everything, now)
    earliest = min(whole.days[0], today - timedelta(days=MOST_DAYS_BEFORE))
    if first is not None and first < earliest:
        raise InvalidInputError("wealth.too_early", first=first.isoformat(), earliest=earliest.isoformat())
    return _stretch(whole, first or min(whole.days[0], end), end)


def line(db: Session, view: View, chosen: str) -> Intraday:
    """Return the points of the day's (``1d``) or the week's (``1w``) chart, the last one now.

    Raises:
        InvalidInputError: There is no such chart.
        NotFoundError: There is no such user.
    """
    if chosen not in INTRADAY:
        raise InvalidInputError("wealth.no_such_range", chosen=chosen, allowed=", ".join(INTRADAY))
    now, (span, step) = datetime.now(UTC), INTRADAY[chosen]
    # Whole steps, so that the line does not tremble from one look to the next; the last point is now.
    start = datetime.fromtimestamp(
        (now - span).timestamp() // step.total_seconds() * step.total_seconds(), UTC
    )
    return answer(
        db,
        replace(view, anchor="midnight"),
        ("line", chosen),
        lambda known: intraday(
            known.ledger,
            known.prices,
            view.scope,
            view.currency,
            (start, now),
            step=step,
            time_zone=view.time_zone,
        ),
        now,
    )


def _stretch(whole: History, first: date, last: date) -> History:
    """Return the days from ``first`` to ``last`` of a history; before its beginning nothing was owned."""
    begin = whole.days[0]
    count = (last - first).days + 1
    lead = min(max((begin - first).days, 0), count)
    start = max((first - begin).days, 0)

    def cut(series: FloatArray, before: float = 0.0) -> FloatArray:
        part = series[start : start + count - lead]
        return np.concatenate((np.full(lead, before), part)) if lead else part

    def cut_all(series: DailySeries) -> dict[str, FloatArray]:
        unknown = {"realised": np.nan, "unrealised": np.nan, "coverage": np.nan, "known": np.nan}
        return {
            one.name: cut(getattr(series, one.name), unknown.get(one.name, 0.0))
            for one in fields(DailySeries)
        }

    return History(
        days=tuple(first + timedelta(days=number) for number in range(count)),
        currency=whole.currency,
        parts={key: DailySeries(**cut_all(part)) for key, part in whole.parts.items()},
        **cut_all(whole),
    )
