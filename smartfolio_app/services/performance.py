"""How well it went: returns by period, contributions, falls, and what the same money would have become elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from smartfolio_app.analytics.benchmark import Benchmark, benchmark
from smartfolio_app.analytics.performance import (
    Contribution,
    Performance,
    PerformanceSeries,
    performance_series,
)
from smartfolio_app.analytics.periods import Period, period_start
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.drawdowns import Drawdown, underwater
from smartfolio_app.analytics.risk.drawdowns import wealth as growth
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, asset_id, crypto
from smartfolio_app.services import price_needs
from smartfolio_app.services.views import Basis, View, answer, basis
from smartfolio_app.storage.repo_ledger import read_assets

PERIODS = tuple(period.value for period in Period)
#: Offered first where nothing is chosen.
USUAL_BENCHMARK = crypto("BTC")


@dataclass(frozen=True, slots=True)
class Span:
    """From the end of ``first`` to the end of ``last``; ``period`` is empty for two days of the caller's.

    ``cut``: it would begin earlier, but what most of the holdings were worth before is not known. It is then empty
    (``first`` is ``last``) when nothing is known before today.
    """

    first: date
    last: date
    period: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """One period: its figures, who contributed, how deep it fell, and the benchmark with the same flows.

    Of each of ``days``: the ``value``, the worth of 1 put in when the period began (``index``), and how far that is
    from its peak (``below``, 0 or negative).
    """

    span: Span
    currency: str
    days: tuple[date, ...]
    value: FloatArray
    flows: FloatArray
    index: FloatArray
    below: FloatArray
    figures: Performance
    contributions: list[Contribution]
    drawdowns: list[Drawdown]
    benchmark: Benchmark | None
    assets: dict[AssetId, Asset]  # what is known of the contributors


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One line of the table of periods; ``benchmark`` is ``None`` where none is chosen."""

    span: Span
    figures: Performance
    benchmark: Benchmark | None


def series(db: Session, view: View) -> PerformanceSeries:
    """Return everything performance is computed from, from the eve of the first day to now; kept while nothing changes.

    Raises:
        NotFoundError: There is no such user.
    """
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(view.time_zone)).date()
    return answer(
        db,
        replace(view, anchor="midnight"),
        ("performance", today),
        lambda known: performance_series(
            known.ledger,
            known.prices,
            view.scope,
            view.currency,
            today,
            time_zone=view.time_zone,
            until=now,
        ),
        now,
    )


def span_of(
    found: PerformanceSeries, period: str = "", first: date | None = None, last: date | None = None
) -> Span:
    """Return the days a question is about: a ``period`` that ends today, or from ``first`` to ``last``.

    Raises:
        InvalidInputError: There is no such period, ``last`` is not after ``first``, or both are before anything is
            known.
    """
    eve, today = found.days[0], found.days[-1]
    if first is None and last is None:
        if period not in PERIODS:
            raise InvalidInputError("performance.no_such_period", period=period, allowed=", ".join(PERIODS))
        begin = max(period_start(Period(period), today, found.days[min(1, len(found.days) - 1)]), eve)
        start = found.known_from(begin)
        return Span(start, today, period, begin < start)
    begin, end = max(first or eve, eve), min(last or today, today)
    if end <= begin:
        raise InvalidInputError("wealth.days_reversed", first=begin.isoformat(), last=end.isoformat())
    start = found.known_from(begin)
    if end <= start:
        raise InvalidInputError("performance.not_known", day=start.isoformat())
    return Span(start, end, "", begin < start)


def report(
    db: Session,
    view: View,
    period: str = Period.YEAR.value,
    *,
    first: date | None = None,
    last: date | None = None,
    against: AssetId = "",
) -> Report:
    """Return how a period went, beside ``against`` (an asset's id; empty: beside nothing).

    Raises:
        InvalidInputError: As ``span_of``.
        NotFoundError: Nobody quotes the asset to compare with.
    """
    found = series(db, view)
    span = span_of(found, period, first, last)
    begin, end = found.number(span.first), found.number(span.last)
    returns = found.returns[begin:end]
    contributions = found.contributions(span.first, span.last)
    return Report(
        span,
        found.currency,
        found.days[begin : end + 1],
        found.value[begin : end + 1],
        found.flows[begin : end + 1],
        growth(returns),
        underwater(returns),
        found.between(span.first, span.last),
        contributions,
        found.drawdowns(span.first, span.last),
        compared(db, view, found, span, against),
        {one.asset: asset_named(db, view, one.asset) for one in contributions},
    )


def asset_named(db: Session, view: View, asset: AssetId) -> Asset:
    """Return what is known of an asset or a wealth item of the user's."""
    ledger = basis(db, view.user_id).ledger
    return next((item.asset for item in ledger.items if item.asset.id == asset), None) or ledger.asset(asset)


def table(db: Session, view: View, against: AssetId = "") -> list[PeriodRow]:
    """Return the figures of every period that ends today. Raises as ``report``."""
    found = series(db, view)
    spans = [span_of(found, period) for period in PERIODS]
    return [
        PeriodRow(span, found.between(span.first, span.last), compared(db, view, found, span, against))
        for span in spans
    ]


def compared(
    db: Session, view: View, found: PerformanceSeries, span: Span, against: AssetId
) -> Benchmark | None:
    """Return what the same flows would have become in ``against``, ``None`` for an empty one.

    Raises:
        NotFoundError: Nobody quotes the asset.
    """
    if not against:
        return None
    if against not in basis(db, view.user_id).prices.market_assets():
        raise NotFoundError("performance.no_such_benchmark", asset=against)

    def ask(known: Basis) -> Benchmark:
        return benchmark(
            found,
            known.prices,
            against,
            span.first,
            span.last,
            time_zone=view.time_zone,
            until=datetime.now(UTC),
        )

    return answer(db, replace(view, anchor="midnight"), ("benchmark", span, against), ask)


def want_benchmark(db: Session, user_id: str, symbol: str) -> AssetId:
    """Have the prices of a security kept for the user that they need not own, by its symbol at the provider (CSPX.L).

    It can be compared with (``benchmarks``) once its prices have come. Commits.

    Raises:
        InvalidInputError: That cannot be a symbol.
    """
    wanted = symbol.strip()
    if not wanted or wanted == price_needs.NO_COIN:
        raise InvalidInputError("performance.no_symbol")
    asset = asset_id(AssetClass.STOCK, wanted)
    price_needs.choose_coin(db, user_id, asset, wanted)
    return asset


def benchmarks(db: Session, view: View) -> list[Asset]:
    """Return what can be compared with, everything that a market quotes: bitcoin first, then by symbol."""
    known = basis(db, view.user_id)
    ids = known.prices.market_assets()
    described = {**read_assets(db, ids), **known.ledger.assets}
    found = [described.get(one) or known.ledger.asset(one) for one in ids]
    return sorted(found, key=lambda asset: (asset.id != USUAL_BENCHMARK, asset.symbol, asset.id))
