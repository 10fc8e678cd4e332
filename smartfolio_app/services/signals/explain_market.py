"""Why a regime, what followed it, or a funding rate is what it is: from stored closes and settled rates alone.

Figures, after ``signals:``: of a market ``regime`` (the distance from the high), ``gap``, ``volatility`` and ``closes``
(``gap:BTC``), ``spell:2026-01-31-BTC`` (by its first day) and ``after:advance-30-BTC``; of a contract ``funding`` (a
year of the newest rate), ``funding_rate``, ``funding_next``, ``funding_week`` and ``funding_rank``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.explain_steps import line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.analytics.signals.funding import FundingRow
from smartfolio_app.analytics.signals.regimes import Spell
from smartfolio_app.providers import binance_futures
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.regimes import Market, market_of
from smartfolio_app.services.signals.told import end_of, explained, source_name

_LAST_SPELLS = 12
_SOURCE = source_name(binance_futures.ID)

Tell = Callable[[Session, str, str], Explanation | None]


# ------------------------------------------------------------------------------------------------------- funding
def _rate(row: FundingRow) -> Step:
    return line("explain.signals.rate", row.rate, Measure.FINEST_SHARE, source=_SOURCE, at=row.at)


def _interval(row: FundingRow) -> Step:
    hours = None if row.interval is None else Decimal(round(row.interval.total_seconds() / 3600))
    return line("explain.signals.interval", hours, Measure.COUNT)


def _week(row: FundingRow) -> Step:
    return line("explain.signals.week", row.week, Measure.SHARE)


def _rank(row: FundingRow) -> tuple[Step, Step]:
    return (
        line("explain.signals.rank", exact(row.rank), Measure.SHARE),
        line("explain.signals.ranked", Decimal(row.ranked), Measure.COUNT),
    )


def _next(row: FundingRow) -> tuple[Step, ...]:
    if row.next_rate is None:
        return ()
    return (
        line(
            "explain.signals.next_rate", row.next_rate, Measure.FINEST_SHARE, source=_SOURCE, at=row.next_at
        ),
    )


def _of_contract(
    name: str,
    amount: Callable[[FundingRow], Decimal | None],
    measure: Measure,
    steps: Callable[[FundingRow], tuple[Step, ...]],
) -> Tell:
    def tell(db: Session, _user_id: str, contract: str) -> Explanation | None:
        row = next((one for one in board(db).funding if one.contract == contract), None)
        found = None if row is None else amount(row)
        if row is None or found is None:
            return None
        return explained(name, found, measure, steps(row), {"contract": contract})

    return tell


# ------------------------------------------------------------------------------------------------------ regimes
def _known(db: Session, subject: str) -> Market | None:
    market = market_of(db, subject)
    return market if market is not None and market.regime.regime else None


def _regime(db: Session, _user_id: str, subject: str) -> Explanation | None:
    market = _known(db, subject)
    if market is None:
        return None
    regime = market.regime
    spells = tuple(
        line(f"signals.regime_{one.regime}", exact(one.change), Measure.SHARE, at=end_of(one.start))
        for one in reversed(regime.spells[-_LAST_SPELLS:])
    )
    steps = (
        line("explain.signals.below", exact(regime.below), Measure.SHARE, **_origin(market)),
        line("explain.signals.close", exact(regime.close), Measure.RATIO, **_origin(market)),
        line("explain.signals.high_close", exact(regime.high), Measure.RATIO),
        line("explain.signals.far", exact(-regime.rules.far_below), Measure.SHARE),
        line("explain.signals.gap", exact(regime.mean_gap), Measure.SHARE),
        line("explain.signals.volatility", exact(regime.volatility), Measure.SHARE),
        line("explain.signals.closes", Decimal(regime.closes), Measure.COUNT),
        Step("explain.signals.changes", "", children=spells),
    )
    params = {"subject": subject, "far": f"{regime.rules.far_below * 100:.0f} %"}
    return explained(f"regime_{regime.regime}", exact(regime.below), Measure.SHARE, steps, params)


def _gap(db: Session, _user_id: str, subject: str) -> Explanation | None:
    market = _known(db, subject)
    if market is None:
        return None
    regime = market.regime
    steps = (
        line("explain.signals.close", exact(regime.close), Measure.RATIO, **_origin(market)),
        line("explain.signals.mean_close", exact(regime.mean), Measure.RATIO),
        line("explain.signals.closes", Decimal(regime.closes), Measure.COUNT),
        Step(f"signals.regime_{regime.regime}", ""),
    )
    return explained("gap", exact(regime.mean_gap), Measure.SHARE, steps, {"subject": subject})


def _volatility(db: Session, _user_id: str, subject: str) -> Explanation | None:
    market = _known(db, subject)
    if market is None:
        return None
    regime = market.regime
    steps = (
        line("explain.signals.a_year_of_closes", Decimal(regime.rules.closes_a_year), Measure.COUNT),
        line("explain.signals.volatility_rank", exact(regime.volatility_rank), Measure.SHARE),
        *([Step(f"signals.{regime.turbulence}", "")] if regime.turbulence else []),
        line("explain.signals.closes", Decimal(regime.closes), Measure.COUNT, **_origin(market)),
    )
    return explained("volatility", exact(regime.volatility), Measure.SHARE, steps, {"subject": subject})


def _closes(db: Session, _user_id: str, subject: str) -> Explanation | None:
    market = market_of(db, subject)
    if market is None:
        return None
    regime = market.regime
    steps = (
        line("explain.signals.closes", Decimal(regime.closes), Measure.COUNT, **_origin(market)),
        line("explain.signals.closes_needed", Decimal(regime.needed), Measure.COUNT),
    )
    return explained("closes", Decimal(regime.closes), Measure.COUNT, steps, {"subject": subject})


def spell_of(market: Market, day: str) -> Spell | None:
    """Return the regime that began on a day (ISO), ``None`` when none did."""
    return next((one for one in market.regime.spells if day_of(one.start).isoformat() == day), None)


def _spell(db: Session, _user_id: str, what: str) -> Explanation | None:
    day, _, subject = what.rpartition("-")
    market = market_of(db, subject)
    one = None if market is None else spell_of(market, day)
    if market is None or one is None:
        return None
    until = int(market.days[-1]) if one.end is None else one.end
    steps = (
        line("explain.signals.first_close", exact(one.first_close), Measure.RATIO, at=end_of(one.start)),
        line("explain.signals.last_close", exact(one.last_close), Measure.RATIO, at=end_of(until)),
        line("explain.signals.days", Decimal(until - one.start), Measure.COUNT),
        Step(f"signals.regime_{one.regime}", "", source=source_name(market.provider)),
    )
    return explained("spell", exact(one.change), Measure.SHARE, steps, {"subject": subject})


def _after(db: Session, _user_id: str, what: str) -> Explanation | None:
    name, _, rest = what.partition("-")
    span, _, subject = rest.partition("-")
    market = market_of(db, subject)
    if market is None:
        return None
    found = next(
        (one for one in market.regime.after if one.regime == name and str(one.days) == span and one.count),
        None,
    )
    if found is None:
        return None
    steps = (
        line("explain.signals.count", Decimal(found.count), Measure.COUNT, **_origin(market)),
        line("explain.signals.lowest", exact(found.lowest), Measure.SHARE),
        line("explain.signals.lower_quarter", exact(found.lower_quarter), Measure.SHARE),
        line("explain.signals.upper_quarter", exact(found.upper_quarter), Measure.SHARE),
        line("explain.signals.highest", exact(found.highest), Measure.SHARE),
        line("explain.signals.rose", exact(found.rose), Measure.SHARE),
    )
    params = {"subject": subject, "days": span}
    return explained("after", exact(found.median), Measure.SHARE, steps, params)


def _origin(market: Market) -> dict[str, Any]:
    return {"source": source_name(market.provider), "at": market.at}


MEASURES: dict[str, Tell] = {
    "funding": _of_contract(
        "funding",
        lambda row: row.a_year,
        Measure.SHARE,
        lambda row: (_rate(row), _interval(row), _week(row), *_rank(row), *_next(row)),
    ),
    "funding_rate": _of_contract(
        "funding_rate",
        lambda row: row.rate,
        Measure.FINEST_SHARE,
        lambda row: (_rate(row), _interval(row)),
    ),
    "funding_next": _of_contract(
        "funding_next",
        lambda row: row.next_rate,
        Measure.FINEST_SHARE,
        lambda row: (*_next(row), _rate(row)),
    ),
    "funding_week": _of_contract(
        "funding_week",
        lambda row: row.week,
        Measure.SHARE,
        lambda row: (
            line("explain.signals.week_mean", row.week_mean, Measure.FINEST_SHARE, source=_SOURCE, at=row.at),
            line("explain.signals.week_count", Decimal(row.week_count), Measure.COUNT),
            _interval(row),
        ),
    ),
    "funding_rank": _of_contract(
        "funding_rank", lambda row: exact(row.rank), Measure.SHARE, lambda row: (_rate(row), *_rank(row)[1:])
    ),
    "regime": _regime,
    "gap": _gap,
    "volatility": _volatility,
    "closes": _closes,
    "spell": _spell,
    "after": _after,
}
