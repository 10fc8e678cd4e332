"""Why this signal? The rule or the model behind it, its inputs, who told them, and when.

Figures, after ``signals:``: ``fear_greed``, ``dominance``, ``funding:BTCUSDT``, ``score:market`` (or a coin's symbol),
``hits:market``, ``skill:market``, ``part:trend-market``, ``regime:BTC``, ``after:advance-30-BTC``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.explain_steps import line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.analytics.signals.components import BREADTH, FEAR_GREED
from smartfolio_app.analytics.signals.model import HORIZON, REFIT_DAYS, Mood, Record, Weighed
from smartfolio_app.providers import fear_greed
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.regimes import Market, market_of
from smartfolio_app.services.signals.sentiment import Sentiment, sentiment
from smartfolio_app.storage.repo_signals import Told

_LAST_SPELLS = 12


def explain(db: Session, user_id: str, about: str) -> Explanation | None:
    """Return why a signal is what it is, ``None`` when there is no such figure. ``about`` is what follows
    ``signals:``.
    """
    measure, _, what = about.partition(":")
    known = _MEASURES.get(measure)
    return None if known is None else known(db, user_id, what)


# ----------------------------------------------------------------------------------------------- what was told
def _mood_of_the_day(db: Session, _user_id: str, _what: str) -> Explanation | None:
    told = board(db).fear_greed
    if told is None:
        return None
    return _told(told, "fear_greed", Measure.COUNT, (Step(fear_greed.ATTRIBUTION, ""),))


def _dominance(db: Session, _user_id: str, _what: str) -> Explanation | None:
    told = board(db).dominance
    return None if told is None else _told(told, "dominance", Measure.SHARE, ())


def _told(told: Told, name: str, measure: Measure, more: tuple[Step, ...]) -> Explanation:
    value = line("explain.signals.told", told.value, measure, source=told.provider, at=told.at)
    heard = Step("explain.signals.heard", "", at=told.heard_at)
    return _explained(name, told.value, measure, (value, heard, *more))


def _funding(db: Session, _user_id: str, contract: str) -> Explanation | None:
    row = next((one for one in board(db).funding if one.contract == contract), None)
    if row is None:
        return None
    hours = None if row.interval is None else Decimal(round(row.interval.total_seconds() / 3600))
    steps = [
        line("explain.signals.rate", _percents(row.rate), Measure.RATIO, source="binance_futures", at=row.at),
        line("explain.signals.interval", hours, Measure.COUNT),
        line("explain.signals.week", row.week, Measure.SHARE),
        line("explain.signals.rank", exact(row.rank), Measure.SHARE),
        line("explain.signals.ranked", Decimal(row.ranked), Measure.COUNT),
    ]
    if row.next_rate is not None:
        steps.append(
            line("explain.signals.next_rate", _percents(row.next_rate), Measure.RATIO, at=row.next_at)
        )
    return _explained("funding", row.a_year, Measure.SHARE, tuple(steps), {"contract": contract})


def _percents(rate: Decimal) -> Decimal:
    """Return a rate in percent: two decimals of a fraction would hide all of it."""
    return rate * 100


# ---------------------------------------------------------------------------------------------------- the model
def _score(db: Session, user_id: str, subject: str) -> Explanation | None:
    found = _mood(db, user_id, subject)
    if found is None or found[1].record is None:
        return None
    answer, mood, record = found[0], found[1], found[1].record
    used = [one for one in mood.parts if one.push is not None]
    parts = tuple(_part_line(one, answer) for one in used)
    left = tuple(_unused_line(one) for one in mood.parts if one.push is None)
    steps = (
        line("explain.signals.base", exact(mood.base), Measure.SHARE),
        *parts,
        *left,
        line("explain.signals.known_days", Decimal(mood.known_days), Measure.COUNT),
        Step("explain.signals.day", "", at=_end_of(mood.day)),
        *_verdict(record),
    )
    return _explained("score", exact(mood.chance), Measure.SHARE, steps, _params(answer))


def _part(db: Session, user_id: str, what: str) -> Explanation | None:
    name, _, subject = what.partition("-")
    found = _mood(db, user_id, subject)
    one = None if found is None else next((part for part in found[1].parts if part.name == name), None)
    if found is None or one is None:
        return None
    steps = [
        line(
            "explain.signals.value",
            exact(one.value),
            _kind(name),
            source=found[0].sources[name],
            at=_end_of(one.day),
        ),
        line("explain.signals.rank", exact(one.rank), Measure.SHARE),
        line("explain.signals.known_days", Decimal(one.days), Measure.COUNT),
        line("explain.signals.weight", exact(one.weight), Measure.RATIO),
        line("explain.signals.weight_share", exact(one.share), Measure.SHARE),
        line("explain.signals.push", exact(one.push), Measure.RATIO),
    ]
    if one.push is None:
        steps.append(_unused_line(one))
    if name == BREADTH:
        over = f"explain.signals.coins_{found[0].breadth}"
        steps.append(Step(over, "", children=tuple(Step(one, "") for one in found[0].breadth_of)))
    if name == FEAR_GREED:
        steps.append(Step(fear_greed.ATTRIBUTION, ""))
    return _explained(f"part_{name}", exact(one.value), _kind(name), tuple(steps), _params(found[0]))


def _hits(db: Session, user_id: str, subject: str) -> Explanation | None:
    found = _mood(db, user_id, subject)
    record = None if found is None else found[1].record
    if found is None or record is None:
        return None
    steps = (
        *_sample(record),
        line("explain.signals.base_hits", exact(record.base_hits), Measure.SHARE),
        line("explain.signals.low", exact(record.hits.low), Measure.SHARE),
        line("explain.signals.high", exact(record.hits.high), Measure.SHARE),
        *_verdict(record),
    )
    return _explained("hits", exact(record.hits.value), Measure.SHARE, steps, _params(found[0]))


def _skill(db: Session, user_id: str, subject: str) -> Explanation | None:
    found = _mood(db, user_id, subject)
    record = None if found is None else found[1].record
    if found is None or record is None:
        return None
    bins = tuple(
        line(
            "explain.signals.bin",
            exact(one.happened),
            Measure.SHARE,
            params={"said": f"{one.said * 100:.0f} %", "count": str(one.count)},
        )
        for one in record.bins
    )
    steps = (
        *_sample(record),
        line("explain.signals.brier", exact(record.brier), Measure.RATIO),
        line("explain.signals.base_brier", exact(record.base_brier), Measure.RATIO),
        line("explain.signals.low", exact(record.skill.low), Measure.SHARE),
        line("explain.signals.high", exact(record.skill.high), Measure.SHARE),
        *_verdict(record),
        Step("explain.signals.bins", "", children=bins),
    )
    return _explained("skill", exact(record.skill.value), Measure.SHARE, steps, _params(found[0]))


def _mood(db: Session, user_id: str, subject: str) -> tuple[Sentiment, Mood] | None:
    answer = sentiment(db, user_id, "" if subject == "market" else subject)
    return None if answer.mood is None else (answer, answer.mood)


def _part_line(one: Weighed, answer: Sentiment) -> Step:
    return line(
        f"signals.part_{one.name}",
        exact(one.push),
        Measure.RATIO,
        source=answer.sources[one.name],
        at=_end_of(one.day),
        children=(
            line("explain.signals.value", exact(one.value), _kind(one.name)),
            line("explain.signals.weight", exact(one.weight), Measure.RATIO),
        ),
    )


def _unused_line(one: Weighed) -> Step:
    return Step(f"signals.part_{one.name}", "", source=f"signals.state_{one.state}")


def _sample(record: Record) -> tuple[Step, ...]:
    first, last = day_of(int(record.days[0])), day_of(int(record.days[-1]))
    return (
        line("explain.signals.tested", Decimal(len(record.days)), Measure.COUNT),
        Step("explain.signals.between", f"{first.isoformat()} – {last.isoformat()}"),
        line("explain.signals.refit", Decimal(REFIT_DAYS), Measure.COUNT),
    )


def _verdict(record: Record) -> tuple[Step, ...]:
    return (Step(f"signals.verdict_{record.verdict}", ""),)


def _kind(name: str) -> Measure:
    if name == FEAR_GREED:
        return Measure.COUNT
    return Measure.FINE_SHARE if name == "funding" else Measure.SHARE


def _params(answer: Sentiment) -> dict[str, str]:
    name = "BTC" if answer.subject == "market" else answer.label
    return {"subject": name, "horizon": str(HORIZON)}


# ------------------------------------------------------------------------------------------------------ regimes
def _regime(db: Session, _user_id: str, subject: str) -> Explanation | None:
    market = market_of(db, subject)
    if market is None or not market.regime.regime:
        return None
    regime = market.regime
    spells = tuple(
        line(
            f"signals.regime_{one.regime}",
            exact(one.change),
            Measure.SHARE,
            at=_end_of(one.start),
        )
        for one in reversed(regime.spells[-_LAST_SPELLS:])
    )
    steps = (
        line("explain.signals.below", exact(regime.below), Measure.SHARE, **_origin(market)),
        line("explain.signals.far", exact(-regime.rules.far_below), Measure.SHARE),
        line("explain.signals.gap", exact(regime.mean_gap), Measure.SHARE, **_origin(market)),
        line("explain.signals.volatility", exact(regime.volatility), Measure.SHARE),
        line("explain.signals.volatility_rank", exact(regime.volatility_rank), Measure.SHARE),
        line("explain.signals.closes", Decimal(regime.closes), Measure.COUNT),
        Step("explain.signals.changes", "", children=spells),
    )
    params = {"subject": subject, "far": f"{regime.rules.far_below * 100:.0f} %"}
    return _explained(f"regime_{regime.regime}", exact(regime.below), Measure.SHARE, steps, params)


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
    return _explained("after", exact(found.median), Measure.SHARE, steps, params)


def _origin(market: Market) -> dict[str, Any]:
    return {"source": market.provider, "at": market.at}


# --------------------------------------------------------------------------------------------------------- shape
def _end_of(day: int | None) -> datetime | None:
    return None if day is None else datetime.combine(day_of(day), time(23, 59, 59), UTC)


def _explained(
    name: str,
    amount: Decimal | None,
    measure: Measure,
    steps: tuple[Step, ...],
    params: dict[str, str] | None = None,
) -> Explanation:
    return Explanation(
        figure="",
        title=f"explain.signals.title.{name}",
        formula=f"explain.signals.formula.{name}",
        result="" if amount is None else str(amount),
        steps=steps,
        params=params or {},
        amount=amount,
        measure=measure,
    )


_MEASURES: dict[str, Callable[[Session, str, str], Explanation | None]] = {
    "fear_greed": _mood_of_the_day,
    "dominance": _dominance,
    "funding": _funding,
    "score": _score,
    "part": _part,
    "hits": _hits,
    "skill": _skill,
    "regime": _regime,
    "after": _after,
}
