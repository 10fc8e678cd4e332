"""Who looks, at what part, and how; and what every answer to them is made of.

An answer is kept while neither what the user owns nor any price has changed, and never longer than
``FRESH_SECONDS``: what is stale, and since when "today" counts, depends on the present time too.

A page in the browser is *patient*: while a sync or a price provider changes things, it is shown what stands, all of it
of one moment, and what is new as soon as it has been worked out behind its back (``warming``). What the user changed
with their own hand is never waited for, nor is it ever kept from them.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TypeVar, cast

from sqlmodel import Session

from smartfolio_app.analytics.ledger_view import LedgerView
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.services import price_books, user_settings
from smartfolio_app.services.answers import Answers, Turns
from smartfolio_app.services.ledger_view import load_with_revision
from smartfolio_app.services.price_books import Revision, price_book
from smartfolio_app.storage.collecting import without_collecting

#: How long an answer about the present may be given again while nothing else changed.
FRESH_SECONDS = 30.0
#: How long at most a patient reader is shown what stood before.
PATIENCE_SECONDS = 30.0
#: Two ledgers in memory that together have more transactions than this are one too many.
LARGE = 400_000
#: Of so many users one moment is kept that they may be shown.
_USERS_STANDING = 16

T = TypeVar("T")

_kept = Answers()
_turns = Turns()


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


def revision(db: Session, user_id: str) -> Revision:
    """Return the revision of what the reader is shown; raise ``NotFoundError`` when there is no such user."""
    return _moment(db, user_id)[0]


def basis(db: Session, user_id: str) -> Basis:
    """Return the ledger and the prices of a user, from memory while nothing has changed.

    Raises:
        NotFoundError: There is no such user.
    """
    at, standing = _moment(db, user_id)
    if standing is not None:
        return standing
    own, ledger = load_with_revision(db, user_id)
    made = Basis(Revision(at.public, own, at.by_hand), ledger, price_book(db, user_id))
    _moments.first(user_id, made)
    return made


def answer(
    db: Session, view: View, question: Hashable, ask: Callable[[Basis], T], now: datetime | None = None
) -> T:
    """Return what ``ask`` makes of the user's ledger and prices, or what it made a moment ago.

    Of those who ask the same at the same time one works it out.
    """
    at, key = now or datetime.now(UTC), (view, question)
    asked_at = revision(db, view.user_id)
    kept = _kept.get(key, asked_at, at, FRESH_SECONDS)
    if kept is not None:
        return cast("T", kept)  # the question names the kind of answer
    with _turns.of((key, asked_at)):
        kept = _kept.get(key, asked_at, at, FRESH_SECONDS)
        if kept is not None:
            return cast("T", kept)
        known = basis(db, view.user_id)
        with without_collecting():  # it would walk over everything that is being made, and find nothing
            made = ask(known)
        _kept.put(key, known.revision, at, made, shown=shown(view.user_id))
        return made


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _kept.clear()
    _moments.clear()


# ------------------------------------------------------------------------------------------------- patient readers
@dataclass(slots=True)
class _Standing:
    basis: Basis
    outdated_since: float | None = None


class _Moments:
    """The moment that each user's patient readers are shown, and whose is to be moved on."""

    def __init__(self) -> None:
        self.followed = False  # somebody moves them on
        self._standing: OrderedDict[str, _Standing] = OrderedDict()
        self._wanted: set[str] = set()
        self._lock = Lock()

    def show(self, user_id: str, known: Basis) -> None:
        """Have patient readers see this from now on."""
        with self._lock:
            self._standing[user_id] = _Standing(known)
            self._standing.move_to_end(user_id)
            while len(self._standing) > _USERS_STANDING:
                self._standing.popitem(last=False)

    def first(self, user_id: str, known: Basis) -> None:
        """As ``show``, unless what they see will be moved on by whoever follows."""
        if not self.followed or len(known.ledger.transactions) * 2 > LARGE:
            return
        with self._lock:
            standing = self._standing.get(user_id)
        if standing is None or not self._may_stand(standing, known.revision):
            self.show(user_id, known)

    def shown(self, user_id: str) -> Revision | None:
        """Return the revision that patient readers are shown."""
        standing = self._standing.get(user_id)
        return None if standing is None else standing.basis.revision

    def stands(self, user_id: str, now: Revision) -> Basis | None:
        """Return what a patient reader is shown instead of what is there ``now``, and have it moved on."""
        with self._lock:
            standing = self._standing.get(user_id)
            if standing is None or not self.followed:
                return None
            if standing.basis.revision == now:
                standing.outdated_since = None
                return None
            if not self._may_stand(standing, now):
                return None
            standing.outdated_since = standing.outdated_since or time.monotonic()
            self._wanted.add(user_id)
            return standing.basis

    def wanted(self) -> set[str]:
        """Return, once, whose readers are shown what is no longer new."""
        with self._lock:
            wanted, self._wanted = self._wanted, set()
            return wanted

    def clear(self) -> None:
        """Show nobody anything from before."""
        with self._lock:
            self._standing.clear()
            self._wanted.clear()

    @staticmethod
    def _may_stand(standing: _Standing, now: Revision) -> bool:
        since = standing.outdated_since
        patient = since is None or time.monotonic() - since < PATIENCE_SECONDS
        return patient and now.by_hand <= standing.basis.revision.own <= now.own


_moments = _Moments()
_patient: ContextVar[bool] = ContextVar("patient", default=False)
_pinned: ContextVar[Basis | None] = ContextVar("pinned", default=None)


def be_patient(patient: bool = True) -> None:
    """Have the task under way shown what stands while it is being worked out anew; or no longer so."""
    _patient.set(patient)


def follow(followed: bool) -> None:
    """Say that somebody moves on what patient readers are shown; without, nobody is kept waiting for that."""
    _moments.followed = followed
    if not followed:
        _moments.clear()


def is_behind(db: Session, user_id: str) -> bool:
    """Tell whether the reader is shown what is no longer new; raise ``NotFoundError`` when there is no such user."""
    return revision(db, user_id) != price_books.revision(db, user_id)


def shown(user_id: str) -> Revision | None:
    """Return the revision that a user's patient readers are shown, ``None`` when that is simply the newest."""
    return _moments.shown(user_id)


def wanted() -> set[str]:
    """Return, once, the users whose readers are shown what is no longer new."""
    return _moments.wanted()


@contextmanager
def next_moment(db: Session, user_id: str) -> Iterator[None]:
    """Work out what is to be shown next: every answer within is of one moment, which is shown at the end.

    Raises:
        NotFoundError: There is no such user.
    """
    known = basis(db, user_id)
    token = _pinned.set(known)
    try:
        yield
    finally:
        _pinned.reset(token)
    if _moments.followed and len(known.ledger.transactions) * 2 <= LARGE:
        _moments.show(user_id, known)


def _moment(db: Session, user_id: str) -> tuple[Revision, Basis | None]:
    """Return the revision that the reader is shown, and what stands there unless it is simply the newest."""
    pinned = _pinned.get()
    if pinned is not None:
        return pinned.revision, pinned
    now = price_books.revision(db, user_id)
    standing = _moments.stands(user_id, now) if _patient.get() else None
    return (now, None) if standing is None else (standing.revision, standing)
