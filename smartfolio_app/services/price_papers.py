"""Securities: Yahoo's charts, one call a symbol, as often as its exchange makes new prices.

Nothing is held in the database while a provider is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session

from smartfolio_app.ledger.transactions import PriceQuote
from smartfolio_app.providers import yahoo
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderError,
    ProviderRefusedError,
)
from smartfolio_app.providers.yahoo import Chart
from smartfolio_app.services import listings, price_bench, price_needs
from smartfolio_app.services.price_coins import Asking, is_due
from smartfolio_app.services.price_needs import Need, Needs
from smartfolio_app.services.price_reports import failed, told
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import histories, note_history
from smartfolio_app.storage.repo_witness import doubted, put_events
from smartfolio_app.storage.repo_witness import listings as known_listings
from smartfolio_app.storage.tables import PriceListing

#: While an exchange is open, a symbol is asked for again after so long; else when it opens again.
OPEN_EVERY = timedelta(minutes=15)
CLOSED_EVERY = timedelta(hours=6)
#: Somebody who presses the button may have it sooner.
PRESSED_EVERY = timedelta(minutes=1)
#: After the end of a session, prices settle.
SETTLING = timedelta(minutes=20)
#: A present price comes with the closes of the last days, which fills what was missed over a holiday.
LOOK_BACK = timedelta(days=12)
#: A symbol that is refused (delisted, renamed) is asked for again after so long.
REFUSED_EVERY = timedelta(days=1)


def refresh(db: Session, asking: Asking, wanted: Needs, user_id: str | None) -> Needs:
    """Find out the symbols of new securities and ask for the present prices that are due. Commits."""
    try:
        if wanted.unlisted:
            listings.resolve(db, asking.providers.yahoo, wanted.unlisted, asking.at, asking.patience)
            wanted = price_needs.needs(db, user_id)
        for need in _due(db, wanted.papers, asking.at, pressed=user_id is not None):
            if asking.providers.gateway.closing.is_set():
                break
            _ask(db, asking, need, asking.at.date() - LOOK_BACK)
    except ProviderError as error:
        failed(db, yahoo.ID, error, asking.at, asking.report)
    return wanted


def backfill(db: Session, asking: Asking, wanted: Needs) -> None:
    """Fetch the past of securities since each was first held, and bars that may have healed. Commits."""
    try:
        for need in wanted.papers:
            if asking.providers.gateway.closing.is_set():
                return
            first = _missing(db, need, asking.at)
            if first is not None:
                _ask(db, asking, need, first)
    except ProviderError as error:
        failed(db, yahoo.ID, error, asking.at, asking.report)


def _due(db: Session, needs: Iterable[Need], at: datetime, *, pressed: bool) -> list[Need]:
    """Return the series whose exchange can have made a new price, those that wait longest first."""
    known = known_listings(db, yahoo.ID)

    def waits_since(need: Need) -> datetime | None:
        row = known.get((need.owner, need.asset))
        if row is None or row.next_at is None:
            return datetime.min.replace(tzinfo=at.tzinfo)
        if pressed and row.next_at - at <= CLOSED_EVERY and at - row.checked_at >= PRESSED_EVERY:
            return row.next_at
        return row.next_at if row.next_at <= at else None

    waiting = [(since, need) for need in needs if (since := waits_since(need)) is not None]
    return [need for _, need in sorted(waiting, key=lambda one: (one[0], one[1].asset, one[1].owner))]


def _ask(db: Session, asking: Asking, need: Need, first: date) -> None:
    """Ask for one chart since ``first``, and take in all of it."""
    at, owner = asking.at, need.owner
    db.commit()
    try:
        chart = asking.providers.yahoo.chart(need.coin, first, at, asking.patience).value
    except (ProviderRefusedError, ProviderAnswerError) as error:
        if isinstance(error, ProviderRefusedError) and error.http_status not in (400, 404):
            raise
        failed(db, yahoo.ID, error, at, asking.report)  # this symbol's trouble is not that of the others
        # What cannot be read is somebody's bad hour; a symbol that is refused does not come back the same day.
        wait = REFUSED_EVERY if isinstance(error, ProviderRefusedError) else OPEN_EVERY
        _write_down(db, need, next_at=at + wait)
        return
    closes = [PriceQuote(need.asset, chart.currency, one.price, one.at) for one in chart.closes.values()]
    _remember(db, need, chart)
    _schedule(db, need, chart, at)
    if first < at.date() - LOOK_BACK:
        observer = Observer(yahoo.ID, owner=owner)
        note_history(db, observer, need.asset, coin=need.coin, first=first, at=at)
    ruling = price_bench.hear_past(db, Observer(yahoo.ID, owner=owner), need.asset, closes, at)
    told(db, Observer(yahoo.ID, owner=owner), at, ruling, asking.report)
    if chart.now is not None:
        quote = PriceQuote(need.asset, chart.currency, chart.now.price, chart.now.at)
        ruling = price_bench.hear_now(db, owner, {need.asset: {yahoo.ID: quote}}, at)
        told(db, Observer(yahoo.ID, owner=owner), at, ruling, asking.report)


def _schedule(db: Session, need: Need, chart: Chart, at: datetime) -> None:
    """Write down when asking for a symbol again makes sense, and what was learnt of it."""
    learnt = {"currency": chart.currency, "exchange": chart.exchange, "checked_at": at}
    _write_down(db, need, next_at=_next(chart, at), **learnt)


def _write_down(db: Session, need: Need, **changes: object) -> None:
    row = PriceListing.__table__.c  # type: ignore[attr-defined]
    db.execute(
        update(PriceListing)
        .where(row.owner == need.owner, row.asset == need.asset, row.provider == yahoo.ID)
        .values(**changes)
    )


def _next(chart: Chart, at: datetime) -> datetime:
    if chart.session is None:
        return at + CLOSED_EVERY
    opens, closes = chart.session
    if opens <= at < closes + SETTLING:
        return at + OPEN_EVERY
    if at < opens:
        return min(opens + timedelta(minutes=5), at + CLOSED_EVERY)
    return at + CLOSED_EVERY


def _remember(db: Session, need: Need, chart: Chart) -> None:
    events = [("split", one.day, one.ratio, "") for one in chart.splits]
    events += [("dividend", one.day, one.amount, chart.currency) for one in chart.dividends]
    put_events(db, yahoo.ID, need.coin, events)


def _missing(db: Session, need: Need, at: datetime) -> date | None:
    """Return the first day for which a series has to be asked again; the last days come with every price."""
    asked = histories(db, yahoo.ID).get((need.owner, need.asset))
    sick = [row.day for row in doubted(db, need.owner, need.asset, yahoo.ID) if is_due(row, at)]
    if asked is None or asked.coin != need.coin or asked.first > need.first:
        return min(need.first, at.date() - LOOK_BACK - timedelta(days=1))
    away = asked.asked_at.date()
    listing = known_listings(db, yahoo.ID).get((need.owner, need.asset))
    if listing is not None:
        away = max(away, listing.checked_at.date())
    gap = [away - timedelta(days=5)] if at.date() - away > LOOK_BACK - timedelta(days=5) else []
    return min((*gap, *sick), default=None)
