"""Why this signal? The rule or the model behind it, its inputs, who told them, and when.

Figures, after ``signals:``: ``fear_greed``, ``dominance``, ``score:market`` (or a coin's symbol),
``hits:market``, ``skill:market``, ``part:trend-market``, and those of ``explain_market``. Of a score there are also
``scale:market`` (from -1 to 1) and ``known:market`` (the days it can learn from), of a component ``part_rank``,
``part_weight`` and ``part_share``, of the record ``bin:0-market``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.explain_steps import line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.analytics.signals.components import BREADTH, FEAR_GREED
from smartfolio_app.analytics.signals.model import HORIZON, REFIT_DAYS, Mood, Record, Weighed
from smartfolio_app.providers import fear_greed
from smartfolio_app.services.signals import explain_market
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.sentiment import Sentiment, sentiment
from smartfolio_app.services.signals.told import end_of, explained, source_name
from smartfolio_app.storage.repo_signals import Told


def explain(db: Session, user_id: str, about: str) -> Explanation | None:
    """Return why a signal is what it is, ``None`` when there is no such figure. ``about`` is what follows
    ``signals:``.
    """
    measure, _, what = about.partition(":")
    known = MEASURES.get(measure)
    return None if known is None else known(db, user_id, what)


# ----------------------------------------------------------------------------------------------- what was told
def _mood_of_the_day(db: Session, _user_id: str, _what: str) -> Explanation | None:
    found = board(db)
    if found.fear_greed is None:
        return None
    values = [Decimal(value) for _, value in found.moods]
    past = (
        line("explain.signals.lowest_of_a_year", min(values, default=None), Measure.COUNT),
        line("explain.signals.highest_of_a_year", max(values, default=None), Measure.COUNT),
    )
    steps = (*past, Step(fear_greed.ATTRIBUTION, ""))
    return _told(found.fear_greed, "fear_greed", Measure.COUNT, steps)


def _dominance(db: Session, _user_id: str, _what: str) -> Explanation | None:
    told = board(db).dominance
    return None if told is None else _told(told, "dominance", Measure.SHARE, ())


def _told(told: Told, name: str, measure: Measure, more: tuple[Step, ...]) -> Explanation:
    value = line("explain.signals.told", told.value, measure, source=source_name(told.provider), at=told.at)
    heard = Step("explain.signals.heard", "", at=told.heard_at)
    return explained(name, told.value, measure, (value, heard, *more))


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
        Step("explain.signals.day", "", at=end_of(mood.day)),
        *_verdict(record),
    )
    return explained("score", exact(mood.chance), Measure.SHARE, steps, _params(answer))


def _scale(db: Session, user_id: str, subject: str) -> Explanation | None:
    found = _mood(db, user_id, subject)
    if found is None or found[1].record is None:
        return None
    chance = line(
        "explain.signals.title.score", exact(found[1].chance), Measure.SHARE, params=_params(found[0])
    )
    return explained("scale", exact(found[1].score), Measure.RATIO, (chance,), _params(found[0]))


def _known(db: Session, user_id: str, subject: str) -> Explanation | None:
    found = _mood(db, user_id, subject)
    if found is None:
        return None
    answer, mood = found
    steps = (
        line("explain.signals.known_days", Decimal(mood.known_days), Measure.COUNT),
        line("explain.signals.needed_days", Decimal(mood.needed_days), Measure.COUNT),
        *(
            line(
                f"signals.part_{one.name}",
                Decimal(one.days),
                Measure.COUNT,
                source=f"signals.state_{one.state}",
            )
            for one in mood.parts
        ),
    )
    return explained("known", Decimal(mood.known_days), Measure.COUNT, steps, _params(answer))


def _component(db: Session, user_id: str, what: str) -> tuple[Sentiment, Weighed] | None:
    name, _, subject = what.partition("-")
    found = _mood(db, user_id, subject)
    one = None if found is None else next((part for part in found[1].parts if part.name == name), None)
    return None if found is None or one is None else (found[0], one)


def _part(db: Session, user_id: str, what: str) -> Explanation | None:
    found, name = _component(db, user_id, what), what.partition("-")[0]
    if found is None:
        return None
    one = found[1]
    steps = [
        line(
            "explain.signals.value",
            exact(one.value),
            _kind(name),
            source=source_name(found[0].sources[name]),
            at=end_of(one.day),
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
    return explained(f"part_{name}", exact(one.value), _kind(name), tuple(steps), _params(found[0]))


def _of_part(field: str, measure: Measure) -> Callable[[Session, str, str], Explanation | None]:
    """Tell why a component's rank, its weight, or its part of all weights is what it is."""

    def tell(db: Session, user_id: str, what: str) -> Explanation | None:
        found = _component(db, user_id, what)
        amount = None if found is None else exact(getattr(found[1], field))
        if found is None or amount is None:
            return None
        answer, one = found
        value = line(
            f"signals.part_{one.name}",
            exact(one.value),
            _kind(one.name),
            source=source_name(answer.sources[one.name]),
            at=end_of(one.day),
        )
        days = line("explain.signals.known_days", Decimal(one.days), Measure.COUNT)
        others = tuple(
            line(f"signals.part_{part.name}", exact(part.weight), Measure.RATIO)
            for part in (answer.mood.parts if answer.mood is not None else ())
            if part.weight is not None
        )
        steps = {"rank": (value, days), "weight": (value, days, *_refit()), "share": others}[field]
        return explained(f"part_{field}", amount, measure, steps, _params(answer))

    return tell


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
    return explained("hits", exact(record.hits.value), Measure.SHARE, steps, _params(found[0]))


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
    return explained("skill", exact(record.skill.value), Measure.SHARE, steps, _params(found[0]))


def _bin(db: Session, user_id: str, what: str) -> Explanation | None:
    number, _, subject = what.partition("-")
    found = _mood(db, user_id, subject)
    record = None if found is None else found[1].record
    bins = {} if record is None else {str(at): one for at, one in enumerate(record.bins)}
    one = bins.get(number)
    if found is None or record is None or one is None:
        return None
    steps = (
        line("explain.signals.said", exact(one.said), Measure.SHARE),
        line("explain.signals.said_days", Decimal(one.count), Measure.COUNT),
        *_sample(record),
    )
    return explained("bin", exact(one.happened), Measure.SHARE, steps, _params(found[0]))


def _mood(db: Session, user_id: str, subject: str) -> tuple[Sentiment, Mood] | None:
    answer = sentiment(db, user_id, "" if subject == "market" else subject)
    return None if answer.mood is None else (answer, answer.mood)


def _part_line(one: Weighed, answer: Sentiment) -> Step:
    return line(
        f"signals.part_{one.name}",
        exact(one.push),
        Measure.RATIO,
        source=source_name(answer.sources[one.name]),
        at=end_of(one.day),
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
        *_refit(),
    )


def _refit() -> tuple[Step, ...]:
    return (line("explain.signals.refit", Decimal(REFIT_DAYS), Measure.COUNT),)


def _verdict(record: Record) -> tuple[Step, ...]:
    return (Step(f"signals.verdict_{record.verdict}", ""),)


def _kind(name: str) -> Measure:
    if name == FEAR_GREED:
        return Measure.COUNT
    return Measure.FINEST_SHARE if name == "funding" else Measure.SHARE


def _params(answer: Sentiment) -> dict[str, str]:
    name = "BTC" if answer.subject == "market" else answer.label
    return {"subject": name, "horizon": str(HORIZON)}


MEASURES: dict[str, Callable[[Session, str, str], Explanation | None]] = {
    "fear_greed": _mood_of_the_day,
    "dominance": _dominance,
    "score": _score,
    "scale": _scale,
    "known": _known,
    "part": _part,
    "part_rank": _of_part("rank", Measure.SHARE),
    "part_weight": _of_part("weight", Measure.RATIO),
    "part_share": _of_part("share", Measure.SHARE),
    "hits": _hits,
    "skill": _skill,
    "bin": _bin,
    **explain_market.MEASURES,
}
