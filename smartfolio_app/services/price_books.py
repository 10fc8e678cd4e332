"""The price book of each user, made once and kept until a price changes.

The public part (what market providers told) is shared by all users and grows by what is new; a user's own prices
(files, trades, typed in) lie on top of it, for them alone. The sample user's book holds nothing but sample prices.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from threading import Lock

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import fiat, is_fiat, symbol_of
from smartfolio_app.ledger.money import divide
from smartfolio_app.services import trade_prices
from smartfolio_app.storage.collecting import set_aside, without_collecting
from smartfolio_app.storage.repo_changes import changed_between
from smartfolio_app.storage.repo_market import Observer
from smartfolio_app.storage.repo_prices import (
    are_many,
    price_revision,
    read_daily_prices_as,
    read_prices_as,
    read_rates,
)
from smartfolio_app.storage.tables import AssetOverride, PriceListing, User

EUR = fiat("EUR")
_USERS_KEPT = 32
#: Prices of more days are read with all others.
_MOST_DAYS = 400
_EPOCH = date(1970, 1, 1)
#: From so many prices on it is worth keeping the collector away from a book.
_LARGE = 20_000


@dataclass(frozen=True, slots=True)
class Revision:
    """What a book is right for: the public prices' revision and the user's own.

    ``by_hand`` is the user's own revision after which nothing but syncs changed anything.
    """

    public: int
    own: int
    by_hand: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Public:
    revision: int
    book: PriceBook
    rates: tuple[RatePoint, ...]


@dataclass(frozen=True, slots=True)
class _Own:
    revision: Revision
    book: PriceBook


class _Shelf:
    """The books in memory, of one database."""

    def __init__(self) -> None:
        self.loading = Lock()
        self.public: _Public | None = None
        self.own: OrderedDict[str, _Own] = OrderedDict()
        self._lock = Lock()
        self._turns: dict[str, Lock] = {}

    def turn_of(self, user_id: str) -> Lock:
        """Return the lock of one user's book."""
        with self._lock:
            return self._turns.setdefault(user_id, Lock())

    def keep(self, user_id: str, book: _Own) -> None:
        """Put a book in front; the one not asked for longest goes when there are too many."""
        with self._lock:
            self.own[user_id] = book
            self.own.move_to_end(user_id)
            while len(self.own) > _USERS_KEPT:
                self.own.popitem(last=False)


_shelves: dict[str, _Shelf] = {}


def revision(db: Session, user_id: str) -> Revision:
    """Return what the user's prices and possessions are at; raise ``NotFoundError`` when there is no such user."""
    wanted = select(col(User.revision), col(User.revised_by_hand)).where(col(User.id) == user_id)
    own = db.execute(wanted).one_or_none()
    if own is None:
        raise NotFoundError("account.no_such_user")
    return Revision(price_revision(db), own.revision, own.revised_by_hand)


def price_book(db: Session, user_id: str) -> PriceBook:
    """Return every price the user's wealth may be valued with; from memory while nothing has changed.

    Raises:
        NotFoundError: There is no such user.
    """
    shelf = _shelf(db)
    with shelf.turn_of(user_id):  # one thread reads, the others take what it read
        wanted = revision(db, user_id)
        kept = shelf.own.get(user_id)
        if kept is None or kept.revision != wanted:
            with without_collecting():
                book = None if kept is None else _edited(db, user_id, kept, wanted)
            if book is None:
                with set_aside() if are_many(db, _LARGE) else without_collecting():
                    book = _build(db, shelf, user_id, wanted)
            kept = _Own(wanted, book)
        shelf.keep(user_id, kept)
        return kept.book


def public_book(db: Session) -> PriceBook:
    """Return the book of what everybody shares: the prices and rates of the market providers."""
    return _public(db, _shelf(db), price_revision(db)).book


def add_public(db: Session, before: int, points: Iterable[PricePoint]) -> None:
    """Let the public book grow by what was just stored, when it is at ``before``: cheaper than reading it all."""
    shelf, after = _shelf(db), price_revision(db)
    with shelf.loading:
        if shelf.public is not None and shelf.public.revision == before:
            shelf.public = _Public(after, shelf.public.book.with_points(points), shelf.public.rates)


def forget() -> None:
    """Forget every book (tests, restore)."""
    _shelves.clear()


def _shelf(db: Session) -> _Shelf:
    return _shelves.setdefault(str(db.get_bind().engine.url), _Shelf())


def _build(db: Session, shelf: _Shelf, user_id: str, wanted: Revision) -> PriceBook:
    user = db.get(User, user_id)
    rows = read_prices_as(db, user_id, PricePoint)
    points = [row for row in rows if not is_fiat(row.asset)]
    own_rates = _own_rates(row for row in rows if is_fiat(row.asset))
    if user is not None and user.is_demo:
        return PriceBook(points, own_rates)
    public = _public(db, shelf, wanted.public)
    own_word = chosen_by(
        db, user_id
    )  # what everybody takes such a ticker for is another thing than this user's
    known = {(rate.currency, rate.day) for rate in public.rates} if own_rates else set()
    missing = [rate for rate in own_rates if (rate.currency, rate.day) not in known]
    if missing:  # a file told an exchange rate for a day for which nobody else did
        everyone = (row for row in read_prices_as(db, "", PricePoint) if row.asset not in own_word)
        return PriceBook([*everyone, *points], [*public.rates, *missing])
    return (public.book.without(own_word) if own_word else public.book).with_points(points)


def _edited(db: Session, user_id: str, kept: _Own, wanted: Revision) -> PriceBook | None:
    """Return the book that is kept with what the user's trades tell since; ``None`` when more may have changed."""
    changed = None
    if kept.revision.public == wanted.public:
        changed = changed_between(db, user_id, kept.revision.own, wanted.own)
    if changed is None or changed.price_days is None or len(changed.price_days) > _MOST_DAYS:
        return None
    if not changed.price_days:
        return kept.book
    points = read_daily_prices_as(
        db, Observer(trade_prices.PROVIDER, owner=user_id), changed.price_days, PricePoint
    )
    return kept.book.with_trades([(day - _EPOCH).days for day in changed.price_days], points)


def chosen_by(db: Session, user_id: str) -> set[str]:
    """Return the assets of which the user said themselves what they are."""
    coins = select(col(AssetOverride.asset)).where(
        col(AssetOverride.user_id) == user_id, col(AssetOverride.coingecko_id) != ""
    )
    papers = select(col(PriceListing.asset)).where(
        col(PriceListing.owner) == user_id, col(PriceListing.symbol) != ""
    )
    return {*db.execute(coins).scalars(), *db.execute(papers).scalars()}


def _public(db: Session, shelf: _Shelf, wanted: int) -> _Public:
    with shelf.loading:
        if shelf.public is None or shelf.public.revision != wanted:
            rates = tuple(RatePoint(row.currency, row.day, row.rate, row.provider) for row in read_rates(db))
            shelf.public = _Public(wanted, PriceBook(read_prices_as(db, "", PricePoint), rates), rates)
        return shelf.public


def _own_rates(rows: Iterable[PricePoint]) -> list[RatePoint]:
    """Return the exchange rates among a user's own prices: 1 EUR in another currency, or another currency in EUR."""
    rates = []
    for row in rows:
        if row.asset == EUR and row.currency != "EUR":
            rates.append(RatePoint(row.currency, row.at.date(), row.price, row.provider))
        elif row.currency == "EUR" and row.asset != EUR:
            rates.append(
                RatePoint(symbol_of(row.asset), row.at.date(), divide(Decimal(1), row.price), row.provider)
            )
    return rates
