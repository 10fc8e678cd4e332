"""Realised gains: the report by lot match, the methods side by side, and what is still open, lot by lot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlmodel import Session

from smartfolio_app.analytics.gain_reports import kept_report
from smartfolio_app.analytics.results import UnitPrice
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.gains import GainsReport, GainTotal, TermRule
from smartfolio_app.ledger.instants import instant
from smartfolio_app.ledger.lot_book import LotBook
from smartfolio_app.ledger.lots import Finding, Lot, Method, Policy, Pooling
from smartfolio_app.ledger.match_names import LotName, named_lots
from smartfolio_app.ledger.money import market_value
from smartfolio_app.services import user_settings
from smartfolio_app.services.views import Basis, View, basis
from smartfolio_app.storage.collecting import without_collecting

#: Findings that leave a cost unknown, as opposed to those that only tell what became of something.
UNKNOWN_COST = frozenset(
    {
        "lots.unknown_acquisition",
        "lots.unknown_deposit",
        "lots.statement_without_cost",
        "lots.no_value",
        "lots.spin_off_unpriced",
    }
)


@dataclass(frozen=True, slots=True)
class Query:
    """What to report. What is empty is as the user's settings have it.

    ``method`` applies to every year; left out, the user's own methods by year do. ``pooling`` says within what lots are
    sought (``global``, ``source``, ``account``). ``rule`` is a ``ledger.gains.TermRule`` as text. ``source`` (a key)
    limits the report to what was disposed of there. Days are those of the user's zone, both included.
    """

    method: str = ""
    pooling: str = ""
    rule: str = ""
    first: date | None = None
    last: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something whose cost, value or whereabouts is not known, and the transaction it came with, if any."""

    code: str
    asset: AssetId
    quantity: Decimal
    at: datetime | None
    transaction: str
    source: str

    @property
    def costs(self) -> bool:
        """Tell whether it leaves a cost unknown."""
        return self.code in UNKNOWN_COST


@dataclass(frozen=True, slots=True)
class Gains:
    """A gains report with the policy and the rule it was made by, and what could not be known.

    ``sources`` gives the key and the label of each source id, ``assets`` what is known of each asset in it.
    """

    policy: Policy
    rule: TermRule
    report: GainsReport
    unknown: tuple[Unknown, ...]
    sources: dict[str, tuple[str, str]]
    assets: dict[AssetId, Asset]


@dataclass(frozen=True, slots=True)
class Side:
    """One method beside the others. ``difference`` is its gain less that of the policy in force, ``own``; ``policy`` is
    that with this method in every year.
    """

    method: Method
    total: GainTotal
    difference: Decimal
    policy: Policy
    own: Policy


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that can be sold, with its number among them, present worth, and how long it has been held."""

    number: int
    lot: Lot
    acquired: datetime
    value: Decimal | None
    gain: Decimal | None
    days: int
    long_term: bool | None
    name: LotName
    source: str

    @property
    def transaction(self) -> str:
        """The transaction that acquired it, empty where none is known."""
        return self.name.transaction


@dataclass(frozen=True, slots=True)
class Lots:
    """The open lots of an asset, oldest first, and the price that their worth is measured by."""

    asset: Asset
    currency: str
    price: UnitPrice | None
    lots: tuple[OpenLot, ...]


def report(db: Session, view: View, query: Query | None = None) -> Gains:
    """Return what was realised and earned.

    Raises:
        InvalidInputError: There is no such method, pooling or rule, or ``last`` is before ``first``.
        NotFoundError: The user has no such source.
    """
    wanted = query or Query()
    known = basis(db, view.user_id)
    policy, rule = policy_of(view, wanted), rule_of(db, view, wanted)
    if wanted.first is not None and wanted.last is not None and wanted.last < wanted.first:
        raise InvalidInputError(
            "wealth.days_reversed", first=wanted.first.isoformat(), last=wanted.last.isoformat()
        )
    sources = sources_of(known, view, wanted.source)
    with without_collecting():  # it would walk over all that is being made, and find nothing
        book = known.ledger.lots(known.prices, view.currency, policy)
        made = _report(book, view, wanted, rule, sources)
    unknown = tuple(_unknown(book, book.findings, sources, wanted.last, view))
    ids = {*made.by_asset, *(one.asset for one in unknown)}
    return Gains(
        policy=policy,
        rule=rule,
        report=made,
        unknown=unknown,
        sources={id_: (one.key, one.label) for id_, one in known.ledger.sources.items()},
        assets={id_: known.ledger.asset(id_) for id_ in ids},
    )


def side_by_side(db: Session, view: View, query: Query | None = None) -> list[Side]:
    """Return the same report's totals by every method; raises as ``report``."""
    wanted = query or Query()
    own = report(db, view, wanted)
    known = basis(db, view.user_id)
    sources = sources_of(known, view, wanted.source)
    sides = []
    for method in Method:
        policy = replace(own.policy, method=method, methods={})
        with without_collecting():
            book = known.ledger.lots(known.prices, view.currency, policy)
            total = _report(book, view, wanted, own.rule, sources).total
        sides.append(Side(method, total, total.gain - own.report.total.gain, policy, own.policy))
    return sides


def years(db: Session, view: View) -> list[int]:
    """Return the years (of the user's zone) in which anything was realised or earned, the latest first."""
    return sorted(report(db, view).report.by_year, reverse=True)


def open_lots(db: Session, view: View, asset: AssetId) -> Lots:
    """Return what is left of the acquisitions of an asset.

    Raises:
        NotFoundError: Nothing is known of such an asset.
    """
    known = basis(db, view.user_id)
    if asset not in known.ledger.columns.assets:
        raise NotFoundError("asset.unknown", asset=asset)
    book = known.ledger.lots_of_asset(known.prices, view.currency, asset, Policy.parse(view.method))
    rule = rule_of(db, view, Query())
    now = datetime.now(UTC)
    price = known.prices.unit_price(asset, view.currency, now)
    appraiser = _Appraiser(known, book, price, rule, now)
    found = tuple(appraiser.look(number, *named) for number, named in enumerate(named_lots(book, asset)))
    return Lots(known.ledger.asset(asset), view.currency, price, found)


# ------------------------------------------------------------------------------------------------------ reading
def policy_of(view: View, query: Query) -> Policy:
    """Return the policy that a query asks for; raise ``InvalidInputError`` when there is none of that name."""
    policy = Policy.parse(view.method)
    if query.method:
        if query.method not in user_settings.METHODS:
            raise InvalidInputError("gains.method", allowed=", ".join(user_settings.METHODS))
        policy = replace(policy, method=Method(query.method), methods={})
    if query.pooling:
        if query.pooling not in user_settings.POOLINGS:
            raise InvalidInputError("gains.pooling", allowed=", ".join(user_settings.POOLINGS))
        policy = replace(policy, pooling=Pooling(query.pooling))
    return policy


def rule_of(db: Session, view: View, query: Query) -> TermRule:
    """Return the rule for what is long term; raise ``InvalidInputError`` when there is none of that name."""
    try:
        return TermRule.parse(query.rule or user_settings.get(db, view.user_id).long_term_rule)
    except ValueError as error:
        raise InvalidInputError("gains.rule", value=query.rule) from error


def sources_of(known: Basis, view: View, key: str = "") -> frozenset[str] | None:
    """Return the ids of the sources in the view (of one, by its key), ``None`` when that is all of them.

    Raises:
        NotFoundError: The user has no such active source.
    """
    sources = known.ledger.sources
    if key and key not in {one.key for one in sources.values()}:
        raise NotFoundError("source.no_such_source", source=key)
    ids = frozenset(
        id_
        for id_, one in sources.items()
        if view.scope.includes(one.category, one.key) and key in ("", one.key)
    )
    return None if len(ids) == len(sources) else ids


def _report(
    book: LotBook, view: View, query: Query, rule: TermRule, sources: frozenset[str] | None
) -> GainsReport:
    return kept_report(book, ZoneInfo(view.time_zone), rule, (query.first, query.last), sources)


def _unknown(
    book: LotBook,
    findings: Iterable[Finding],
    sources: frozenset[str] | None,
    last: date | None,
    view: View,
) -> Iterable[Unknown]:
    zone = ZoneInfo(view.time_zone)
    for finding in findings:
        row = book.ordered[finding.transaction] if finding.transaction >= 0 else None
        if sources is not None and (row is None or row.source not in sources):
            continue
        if row is not None and last is not None and row.at.astimezone(zone).date() > last:
            continue
        yield Unknown(
            code=finding.code,
            asset=finding.asset,
            quantity=abs(finding.quantity),
            at=None if row is None else row.at,
            transaction="" if row is None else row.id,
            source="" if row is None else row.source,
        )


@dataclass(frozen=True, slots=True)
class _Appraiser:
    """What an open lot is looked at with."""

    known: Basis
    book: LotBook
    price: UnitPrice | None
    rule: TermRule
    now: datetime

    def look(self, number: int, name: LotName, lot: Lot) -> OpenLot:
        acquired = instant(lot.acquired)
        value = None if self.price is None else market_value(lot.quantity, self.price.value)
        row = self.book.ordered[lot.transaction] if lot.transaction >= 0 else None
        view = self.known.ledger.sources.get(row.source if row is not None else lot.source)
        return OpenLot(
            number=number,
            lot=lot,
            acquired=acquired,
            value=value,
            gain=None if value is None or lot.cost is None else value - lot.cost,
            days=(self.now - acquired).days,
            long_term=self.rule.is_long(acquired, self.now),
            name=name,
            source="" if view is None else view.label,
        )
