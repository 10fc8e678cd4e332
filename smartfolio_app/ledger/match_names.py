"""Names by which a lot match, or an open lot, is found again in a book that was made anew.

Both are named by the transactions behind them, and by their place among those of the same transaction: numbers of
disposals and lots change with every transaction that is added before them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.what_if import sellable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smartfolio_app.ledger.gains import GainRows
    from smartfolio_app.ledger.lot_book import LotBook
    from smartfolio_app.ledger.lots import Lot, Match


@dataclass(frozen=True, slots=True)
class MatchName:
    """A lot match: ids of the disposing and the acquiring transaction (empty where none is known), and its place among
    all matches of its asset in the transaction that realised it (``ledger.gains.GainRows.place``).

    As text (``str`` and ``parse``): ``<transaction>:<place>:<lot>:<asset>``.
    """

    transaction: str
    place: int
    lot: str
    asset: AssetId

    @classmethod
    def parse(cls, text: str) -> MatchName | None:
        """Return the name that a text is, ``None`` if it is none."""
        transaction, place, lot, asset = (text.split(":", 3) + [""] * 3)[:4]
        return cls(transaction, int(place), lot, asset) if asset and _is_place(place) else None

    def __str__(self) -> str:
        return f"{self.transaction}:{self.place}:{self.lot}:{self.asset}"

    def find(self, book: LotBook) -> Match | None:
        """Return the match in a book; ``None`` when there is none of this name any more, and never another one."""
        ids = {self.transaction, self.lot} - {""}
        behind = {number for number, row in enumerate(book.ordered) if row.id in ids}
        sold = book.engine.disposals
        mine: dict[int, list[int]] = {}
        for disposal, transaction in enumerate(sold.transaction):
            if transaction in behind and sold.asset[disposal] == self.asset:
                mine.setdefault(transaction, []).append(disposal)
        for disposals in mine.values():
            for place, match in enumerate(book.matches(sold[disposal] for disposal in disposals)):
                if place == self.place and self._is_between(match, book):
                    return match
        return None

    def _is_between(self, match: Match, book: LotBook) -> bool:
        bought = book.ordered[match.lot].id if match.lot >= 0 else ""
        return (book.ordered[match.disposal].id, bought) == (self.transaction, self.lot)


def name_of(rows: GainRows, number: int) -> MatchName:
    """Return the name of one of some lot matches."""
    row = rows[number]
    return MatchName(row.transaction, rows.place(number), row.lot, row.asset)


@dataclass(frozen=True, slots=True)
class LotName:
    """An open lot: the id of the acquiring transaction (empty where none is known), and its place among the open lots
    of its asset that have the same one. As text (``str`` and ``parse``): ``<transaction>:<place>:<asset>``.
    """

    transaction: str
    place: int
    asset: AssetId

    @classmethod
    def parse(cls, text: str) -> LotName | None:
        """Return the name that a text is, ``None`` if it is none."""
        transaction, place, asset = (text.split(":", 2) + [""] * 2)[:3]
        return cls(transaction, int(place), asset) if asset and _is_place(place) else None

    def __str__(self) -> str:
        return f"{self.transaction}:{self.place}:{self.asset}"

    def find(self, book: LotBook) -> Lot | None:
        """Return the lot in a book, ``None`` when there is none of this name any more."""
        return next((lot for name, lot in named_lots(book, self.asset) if name == self), None)


def named_lots(book: LotBook, asset: AssetId) -> Iterator[tuple[LotName, Lot]]:
    """Give the lots of an asset that can be sold, oldest first, each with its name."""
    seen: Counter[int] = Counter()
    for lot in sellable(book, asset):
        origin = book.ordered[lot.transaction].id if lot.transaction >= 0 else ""
        yield LotName(origin, seen[lot.transaction], asset), lot
        seen[lot.transaction] += 1


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 9
