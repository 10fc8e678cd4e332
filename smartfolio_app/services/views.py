"""Who looks, at what part, and how; and what every answer to them is made of.

An answer is kept while neither what the user owns nor any price has changed, and never longer than
``FRESH_SECONDS``: what is stale, and since when "today" counts, depends on the present time too.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar, cast

from sqlmodel import Session

from smartfolio_app.analytics.ledger_view import LedgerView
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import user_settings
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.ledger_view import load_with_revision
from smartfolio_app.services.price_books import Revision, price_book, revision

#: How long an answer about the present may be given again while nothing else changed.
FRESH_SECONDS = 30.0

T = TypeVar("T")

_kept = Answers()


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, at what part, and how: what every figure on screen depends on.

    ``method`` is how cost and gains are computed, a ``ledger.lots.Policy`` as text.
    """

    user_id: str
    scope: Scope = field(default_factory=Scope)
    currency: str = "USD"
    time_zone: str = "UTC"
    anchor: str = "midnight"
    method: str = "fifo"


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer is made of, and the revisions it is right for."""

    revision: Revision
    ledger: LedgerView
    prices: PriceBook


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
        method=kept.policy,
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


def answer(
    db: Session, view: View, question: Hashable, ask: Callable[[Basis], T], now: datetime | None = None
) -> T:
    """Return what ``ask`` makes of the user's ledger and prices, or what it made a moment ago."""
    at, key = now or datetime.now(UTC), (view, question)
    kept = _kept.get(key, revision(db, view.user_id), at, FRESH_SECONDS)
    if kept is not None:
        return cast("T", kept)  # the question names the kind of answer
    known = basis(db, view.user_id)
    made = ask(known)
    _kept.put(key, known.revision, at, made)
    return made


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _kept.clear()
