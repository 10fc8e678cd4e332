"""Gains reports that are kept, and the names of the figures in them.

``realised:<period>[:<policy>[:<rule>[:<part>:<key>]]]``: a period is ``all`` or a year, a policy that of
``ledger.lots`` (empty: the user's own), a rule that of ``ledger.gains`` (empty: the user's own). Parts: ``asset`` (an
id), ``source`` (a key), or ``against`` (another policy, with which it is compared).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.gains import GainsReport, TermRule, gains_report
from smartfolio_app.ledger.lots import Policy

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import tzinfo

    from smartfolio_app.ledger.lot_book import LotBook

PARTS = ("asset", "source", "against")

#: Reports by the book they were made of: a book is replaced when anything it rests on changes, and must then be free to
#: go. So no report that is kept holds its book: the rows are given to it anew.
_reports: WeakKeyDictionary[LotBook, dict[Hashable, GainsReport]] = WeakKeyDictionary()
_KEPT_PER_BOOK = 8


def kept_report(
    book: LotBook,
    zone: tzinfo,
    rule: TermRule,
    days: tuple[date | None, date | None] = (None, None),
    sources: frozenset[str] | None = None,
) -> GainsReport:
    """Return ``ledger.gains.gains_report`` of a book, or what was made of it before."""
    kept = _reports.setdefault(book, {})
    key = (days, sources, zone, rule)
    made = kept.get(key)
    if made is None:
        first, last = days
        made = gains_report(book, first=first, last=last, sources=sources, zone=zone, rule=rule)
        for oldest in list(kept)[: max(0, len(kept) + 1 - _KEPT_PER_BOOK)]:  # others may be doing the same
            kept.pop(oldest, None)
        kept[key] = replace(made, rows=made.rows.of(None))
        return made
    return replace(made, rows=made.rows.of(book))


@dataclass(frozen=True, slots=True)
class GainFigure:
    """What a figure of realised gains is about: see above. ``year`` is ``None`` for all."""

    year: int | None
    policy: Policy
    rule: TermRule
    asset: AssetId = ""
    source: str = ""
    against: Policy | None = None

    @classmethod
    def parse(cls, about: str, method: str, rule: str) -> GainFigure | None:
        """Read what follows ``realised:``, ``None`` if it is none; ``method`` and ``rule`` are the user's own."""
        period, policy, term, part, key = (about.split(":", 4) + [""] * 4)[:5]
        is_year = period.isascii() and period.isdecimal() and len(period) == 4 and int(period) > 0
        if not (is_year or period == "all") or bool(part) != bool(key) or part not in ("", *PARTS):
            return None
        try:
            return cls(
                int(period) if is_year else None,
                Policy.parse(policy or method),
                TermRule.parse(term or rule),
                asset=key if part == "asset" else "",
                source=key if part == "source" else "",
                against=Policy.parse(key) if part == "against" else None,
            )
        except ValueError:
            return None

    @property
    def days(self) -> tuple[date | None, date | None]:
        """First and last day, ``None`` where there is no end."""
        if self.year is None:
            return None, None
        return date(self.year, 1, 1), date(self.year, 12, 31)


def realised_figure(year: str, policy: Policy, rule: str, part: str = "", key: str = "") -> str:
    """Return the name of a figure of realised gains; an empty ``year`` is all of them."""
    more = [part, key] if part else []
    return ":".join(["realised", year or "all", str(policy), rule, *more])
