"""The one answer to "what is it worth": every page, the REST API and the snapshots read this and nothing else.

An answer is kept while neither what the user owns nor any price has changed, and never longer than
``FRESH_SECONDS``: what is stale, and since when "today" counts, depends on the present time too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import TypeVar, cast

from sqlmodel import Session

from smartfolio_app.analytics import allocation as spread
from smartfolio_app.analytics import portfolio as engine
from smartfolio_app.analytics.ledger_view import LedgerView
from smartfolio_app.analytics.movers import movers as strongest
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import Breakdown, ChangeToday, Coverage, Holding, Portfolio
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import user_settings
from smartfolio_app.services.ledger_view import load_with_revision
from smartfolio_app.services.price_books import Revision, price_book, revision
from smartfolio_app.storage.repo_snapshots import last_taken

#: How long an answer about the present may be given again while nothing else changed.
FRESH_SECONDS = 30.0
_KEPT = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, at what part, and how: what every figure on screen depends on."""

    user_id: str
    scope: Scope = field(default_factory=Scope)
    currency: str = "USD"
    time_zone: str = "UTC"
    anchor: str = "midnight"
    method: str = "fifo"


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


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer is made of, and the revisions it is right for."""

    revision: Revision
    ledger: LedgerView
    prices: PriceBook


class _Kept:
    """The newest answers; the least used ones go."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, tuple[Revision, datetime, object]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, wanted: Revision, now: datetime) -> object | None:
        with self._lock:
            found = self._answers.get(key)
            if found is None or found[0] != wanted or abs((now - found[1]).total_seconds()) > FRESH_SECONDS:
                return None
            self._answers.move_to_end(key)
            return found[2]

    def put(self, key: Hashable, wanted: Revision, now: datetime, answer: object) -> None:
        with self._lock:
            self._answers[key] = (wanted, now, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > _KEPT:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._answers.clear()


_kept = _Kept()


def view_of(db: Session, user_id: str, **wanted: object) -> View:
    """Return the view that the user's settings ask for, with what ``wanted`` changes (fields of ``View``).

    Raises:
        NotFoundError: There is no such user.
        InvalidInputError: The currency is not one that can be looked in.
    """
    kept = user_settings.get(db, user_id)
    view = View(
        user_id=user_id,
        scope=kept.scope,
        currency=kept.base_currency,
        time_zone=kept.time_zone,
        anchor=kept.pnl_anchor,
        method=kept.cost_basis_method,
    )
    view = replace(view, **{name: value for name, value in wanted.items() if value is not None})  # type: ignore[arg-type]
    if view.currency not in user_settings.CURRENCIES:
        raise InvalidInputError(
            "price.currency_unknown", currency=view.currency, allowed=", ".join(user_settings.CURRENCIES)
        )
    return view


def basis(db: Session, user_id: str) -> Basis:
    """Return the ledger and the prices of a user, from memory while nothing has changed.

    Raises:
        NotFoundError: There is no such user.
    """
    at = revision(db, user_id)
    own, ledger = load_with_revision(db, user_id)
    return Basis(Revision(at.public, own), ledger, price_book(db, user_id))


def portfolio(db: Session, view: View, at: datetime | None = None) -> Portfolio:
    """Return the portfolio as of ``at`` (default: now).

    Raises:
        NotFoundError: There is no such user.
    """
    now = at or datetime.now(UTC)
    return answer(db, view, ("portfolio", at), lambda known: _build(db, known, view, now), now)


def answer(
    db: Session, view: View, question: Hashable, ask: Callable[[Basis], T], now: datetime | None = None
) -> T:
    """Return what ``ask`` makes of the user's ledger and prices, or what it made a moment ago."""
    at, key = now or datetime.now(UTC), (view, question)
    kept = _kept.get(key, revision(db, view.user_id), at)
    if kept is not None:
        return cast("T", kept)  # the question names the kind of answer
    known = basis(db, view.user_id)
    made = ask(known)
    _kept.put(key, known.revision, at, made)
    return made


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _kept.clear()


def _build(db: Session, known: Basis, view: View, at: datetime) -> Portfolio:
    return engine.build(
        known.ledger,
        known.prices,
        view.scope,
        view.currency,
        at,
        anchor=view.anchor,
        time_zone=view.time_zone,
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
    """Return how the worth is spread ``by`` group, class, category, source or currency.

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
    "currency": spread.by_currency,
}


def movers(db: Session, view: View, count: int = 5) -> tuple[list[Holding], list[Holding]]:
    """Return the strongest gainers and losers of today, dust (by the user's own threshold) left out."""
    smallest = user_settings.get(db, view.user_id).small_balance_threshold
    return strongest(portfolio(db, view), count, smallest)


def stale(db: Session, view: View) -> list[Holding]:
    """Return the holdings whose price is too old or missing, the largest first."""
    return [row for row in portfolio(db, view).holdings if row.stale or row.price is None]
