"""The one answer to "what is it worth": every page, the REST API and the snapshots read this and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics import allocation as spread
from smartfolio_app.analytics import portfolio as engine
from smartfolio_app.analytics.movers import movers as strongest
from smartfolio_app.analytics.results import Breakdown, ChangeToday, Coverage, Holding, Portfolio
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import user_settings
from smartfolio_app.services.views import Basis, View, answer, basis, forget, view_of
from smartfolio_app.services.wealth_history import INTRADAY, history, line
from smartfolio_app.storage.repo_snapshots import last_taken

__all__ = [
    "INTRADAY",
    "SPREADS",
    "Summary",
    "View",
    "allocation",
    "basis",
    "forget",
    "history",
    "line",
    "movers",
    "portfolio",
    "stale",
    "summary",
    "view_of",
]


@dataclass(frozen=True, slots=True)
class Summary:
    """The headline: total, its parts, what changed today, and how much of it is really known.

    ``stale`` are the ids of assets whose price is older than it should be, ``unpriced`` of those without one.
    """

    total_value: Decimal | None
    currency: str
    breakdown: dict[Category, Decimal | None]
    assets: Decimal
    liabilities: Decimal
    change: ChangeToday
    coverage: Coverage
    stale: tuple[str, ...]
    unpriced: tuple[str, ...]
    as_of: datetime


def portfolio(db: Session, view: View, at: datetime | None = None) -> Portfolio:
    """Return the portfolio as of ``at`` (default: now).

    Raises:
        NotFoundError: There is no such user.
    """
    now = at or datetime.now(UTC)
    return answer(db, view, ("portfolio", at), lambda known: _build(db, known, view, now), now)


def _build(db: Session, known: Basis, view: View, at: datetime) -> Portfolio:
    return engine.build(
        known.ledger,
        known.prices,
        view.scope,
        view.currency,
        at,
        anchor=view.anchor,
        time_zone=view.time_zone,
        method=view.method,
        groups=user_settings.group_overrides(db, view.user_id),
        snapshot_at=last_taken(db, view.user_id, before=at),
    )


# ----------------------------------------------------------------------------------------- parts of the answer
def summary(db: Session, view: View) -> Summary:
    """Return the headline figures. Raises as ``portfolio``."""
    whole = portfolio(db, view)
    return Summary(
        total_value=whole.total,
        currency=whole.currency,
        breakdown=whole.by_category,
        assets=whole.assets,
        liabilities=whole.liabilities,
        change=whole.change,
        coverage=whole.coverage,
        stale=tuple(row.asset.id for row in whole.holdings if row.stale),
        unpriced=tuple(row.asset.id for row in whole.holdings if row.price is None),
        as_of=whole.at,
    )


def allocation(db: Session, view: View, by: str = "group") -> list[Breakdown]:
    """Return how the worth is spread ``by`` group, class, category, source, location (account) or currency.

    Raises:
        InvalidInputError: There is no such way of spreading it.
        NotFoundError: There is no such user.
    """
    if by not in SPREADS:
        raise InvalidInputError("wealth.no_such_split", by=by, allowed=", ".join(SPREADS))
    whole = portfolio(db, view)
    if by == "source":
        labels = {source.key: source.label for source in basis(db, view.user_id).ledger.sources.values()}
        return spread.by_source(whole, labels)
    return SPREADS[by](whole)


SPREADS: dict[str, Callable[[Portfolio], list[Breakdown]]] = {
    "group": spread.by_group,
    "class": spread.by_class,
    "category": spread.by_category,
    "source": spread.by_source,
    "location": spread.by_location,
    "currency": spread.by_currency,
}


def movers(db: Session, view: View, count: int = 5) -> tuple[list[Holding], list[Holding]]:
    """Return the strongest gainers and losers of today, dust (by the user's own threshold) left out."""
    smallest = user_settings.get(db, view.user_id).small_balance_threshold
    return strongest(portfolio(db, view), count, smallest)


def stale(db: Session, view: View) -> list[Holding]:
    """Return the holdings whose price is too old or missing, the largest first."""
    return [row for row in portfolio(db, view).holdings if row.stale or row.price is None]
