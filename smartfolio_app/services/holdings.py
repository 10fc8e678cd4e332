"""The holdings as a table: searched, grouped, sorted and paged on the server. The figures are the portfolio's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlmodel import Session

from smartfolio_app.analytics.parts import PLACES, named, part_of
from smartfolio_app.analytics.results import Holding, Portfolio, Position, UnitPrice
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import Asset, crypto, fiat
from smartfolio_app.ledger.money import ZERO, multiply
from smartfolio_app.services import user_settings, wealth
from smartfolio_app.services.price_books import price_book
from smartfolio_app.services.views import View
from smartfolio_app.storage.tables.base import utc_now

Sort = Literal[
    "symbol",
    "quantity",
    "price",
    "value",
    "share",
    "cost_basis",
    "unrealised",
    "change_today",
    "change_today_pct",
]
Grouping = Literal["", "group", "source", "location"]
SORTS: tuple[str, ...] = get_args(Sort)
GROUPINGS: tuple[str, ...] = get_args(Grouping)
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Query:
    """What to show of the holdings. ``hide_small`` leaves out priced holdings under the user's threshold."""

    search: str = ""
    sort: Sort = "value"
    descending: bool = True
    group_by: Grouping = ""
    hide_small: bool = False
    page: int = 1
    size: int = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A holding, or the part of one that lies in the row's section.

    Amounts are in the portfolio's currency. Cost and change are known for a whole holding only: they are ``None`` in a
    part of one, as they are wherever they are not known. ``about`` is what figures call the row.
    """

    section: str
    about: str
    asset: Asset
    group: str
    quantity: Decimal
    positions: tuple[Position, ...]
    price: UnitPrice | None
    value: Decimal | None
    share: Decimal | None
    cost_basis: Decimal | None
    unrealised: Decimal | None
    change_today: Decimal | None
    change_today_pct: Decimal | None
    reason: str

    @property
    def symbol(self) -> str:
        """What the asset is called, for sorting."""
        return self.asset.symbol.casefold()


@dataclass(frozen=True, slots=True)
class Section:
    """A group of rows: its key (an asset group, a source key or an account), worth (``None``: nothing priced), size."""

    key: str
    value: Decimal | None
    count: int


@dataclass(frozen=True, slots=True)
class Table:
    """One page of rows. ``sections`` describes all rows, in their order; ``hidden`` counts the small ones left out."""

    currency: str
    rows: list[Row]
    sections: list[Section]
    total: int
    hidden: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """The number of pages, at least 1."""
        return max(1, -(-self.total // self.size))


def table(db: Session, view: View, query: Query | None = None) -> Table:
    """Return one page of the user's holdings in the view's scope and currency.

    Raises:
        InvalidInputError: There is no such order or grouping, or the size is not 1 to 500.
    """
    query = query or Query()
    limit = threshold(db, view) if query.hide_small else None
    return arrange(wealth.portfolio(db, view), query, limit)


def threshold(db: Session, view: View) -> Decimal | None:
    """Return the user's small-balance threshold in the view's currency, ``None`` when no rate leads there."""
    preferences = user_settings.get(db, view.user_id)
    own = preferences.base_currency
    if view.currency == own:
        return preferences.small_balance_threshold
    unit = crypto(own) if own == "BTC" else fiat(own)
    rate = price_book(db, view.user_id).unit_price(unit, view.currency, utc_now())
    return None if rate is None else multiply(preferences.small_balance_threshold, rate.value)


def arrange(portfolio: Portfolio, query: Query, limit: Decimal | None = None) -> Table:
    """Return one page of a portfolio's holdings; ``limit`` hides priced holdings worth less (either way).

    Raises:
        InvalidInputError: As ``table``.
    """
    if query.sort not in SORTS or query.group_by not in GROUPINGS or not 1 <= query.size <= LARGEST_PAGE:
        raise InvalidInputError(
            "holdings.query",
            sorts=", ".join(SORTS),
            groupings=", ".join(filter(None, GROUPINGS)),
            maximum=LARGEST_PAGE,
        )
    found = [holding for holding in portfolio.holdings if _matches(holding, query.search.strip().casefold())]
    shown = [holding for holding in found if not _is_small(holding, limit)]
    times = Counter(holding.asset.id for holding in portfolio.holdings)
    rows = [row for holding in shown for row in _rows(holding, named(holding, times), query.group_by)]
    sections = _sections(rows) if query.group_by else []
    rank = {section.key: number for number, section in enumerate(sections)}
    rows = _sorted(rows, query.sort, descending=query.descending)
    rows.sort(key=lambda row: rank.get(row.section, 0))  # stable: the order inside a section stays
    page = max(1, min(query.page, -(-len(rows) // query.size)))
    return Table(
        currency=portfolio.currency,
        rows=rows[(page - 1) * query.size : page * query.size],
        sections=sections,
        total=len(rows),
        hidden=len(found) - len(shown),
        page=page,
        size=query.size,
    )


def _matches(holding: Holding, text: str) -> bool:
    asset = holding.asset
    words = [asset.symbol, asset.name, asset.isin, asset.id, *(one.account for one in holding.positions)]
    return not text or any(text in word.casefold() for word in words)


def _is_small(holding: Holding, limit: Decimal | None) -> bool:
    """What is not priced is never small: it would be hidden exactly because nobody knows what it is worth."""
    return limit is not None and holding.value is not None and abs(holding.value) < limit


def _rows(holding: Holding, about: str, group_by: Grouping) -> Iterator[Row]:
    if group_by in ("", "group"):
        yield _row(holding, about, holding.group if group_by else "")
        return
    places: dict[str, list[Position]] = {}
    for position in holding.positions:
        places.setdefault(getattr(position, PLACES[group_by]), []).append(position)
    for key, positions in places.items():
        part = part_of(holding, positions)
        yield _row(part, about if part is holding else f"{holding.asset.id}@{group_by}-{key}", key)


def _row(holding: Holding, about: str, section: str) -> Row:
    return Row(
        section=section,
        about=about,
        asset=holding.asset,
        group=holding.group,
        quantity=holding.quantity,
        positions=holding.positions,
        price=holding.price,
        value=holding.value,
        share=holding.share,
        cost_basis=holding.cost_basis,
        unrealised=holding.unrealised,
        change_today=holding.change_today,
        change_today_pct=holding.change_today_pct,
        reason=holding.reason,
    )


def _sections(rows: list[Row]) -> list[Section]:
    values: dict[str, list[Decimal]] = {}
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.section] = counts.get(row.section, 0) + 1
        if row.value is not None:
            values.setdefault(row.section, []).append(row.value)
    sections = [
        Section(key, sum(values[key], ZERO) if key in values else None, count)
        for key, count in counts.items()
    ]
    return sorted(sections, key=lambda one: (one.value is None, -(one.value or ZERO), one.key))


def _sorted(rows: list[Row], sort: Sort, *, descending: bool) -> list[Row]:
    """Sort by a figure; what is not known comes last either way, and equals come by symbol."""
    figure: Callable[[Row], Any] = (
        (lambda row: row.price.value if row.price else None)
        if sort == "price"
        else lambda row: getattr(row, sort)
    )
    by_symbol = sorted(rows, key=lambda row: (row.symbol, row.asset.id, row.section))
    known = [row for row in by_symbol if figure(row) is not None]
    unknown = [row for row in by_symbol if figure(row) is None]
    return sorted(known, key=figure, reverse=descending) + unknown
