"""What the Signals page shows, as text and as shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.signals.components import BREADTH, FEAR_GREED, FUNDING
from smartfolio_app.analytics.signals.funding import FundingRow
from smartfolio_app.analytics.signals.model import HORIZON, NEEDED_DAYS, Interval, Record, Weighed
from smartfolio_app.analytics.signals.regimes import After, Spell
from smartfolio_app.services.signals.board import Board, is_fresh
from smartfolio_app.services.signals.regimes import FRESH_DAYS, Market
from smartfolio_app.services.signals.sentiment import TOP, Sentiment
from smartfolio_app.services.signals.told import source_name
from smartfolio_app.state.decision_words import DecisionTile
from smartfolio_app.state.figures import UNKNOWN, Figures, direction

#: A strip of regimes is drawn this wide and high, its price line in so many points.
STRIP = (1000, 64)
_POINTS = 260
_CHANGES = 5
_TONES = {"advance": "good", "pullback": "notable", "recovery": "notable", "decline": "bad"}


@dataclass
class PartRow:
    """A component of the mood. ``push`` is drawn as a bar from the middle: ``x`` and ``width`` in percent."""

    key: str = ""
    figure: str = ""
    label: str = ""
    hint: str = ""
    value: str = ""
    rank: str = ""
    rank_figure: str = ""
    weight: str = ""
    weight_figure: str = ""
    share: str = ""
    share_figure: str = ""
    push: str = ""
    x: str = "50%"
    width: str = "0%"
    tone: str = ""
    source: str = ""
    age: str = ""
    note: str = ""


@dataclass
class BinRow:
    """Forecasts of about one chance."""

    key: str = ""
    figure: str = ""
    said: str = ""
    happened: str = ""
    count: str = ""
    said_at: str = "0%"
    happened_at: str = "0%"


@dataclass
class MoodView:
    """The score, and the record of the model behind it."""

    available: bool = False
    reason: str = ""
    reason_figure: str = ""
    chance: str = ""
    label: str = ""
    score: str = ""
    at: str = "50%"
    base_at: str = "50%"
    as_of: str = ""
    verdict: str = ""
    tone: str = ""
    verdict_text: str = ""
    record: str = ""
    hits: str = ""
    hits_between: str = ""
    base_hits: str = ""
    skill: str = ""
    skill_between: str = ""
    breadth_note: str = ""
    parts: list[PartRow] = field(default_factory=list)
    bins: list[BinRow] = field(default_factory=list)


@dataclass
class Band:
    """A stretch of a strip in one regime."""

    key: str = ""
    x: str = "0"
    width: str = "0"
    tone: str = ""
    title: str = ""


@dataclass
class Change:
    """A regime without a break."""

    key: str = ""
    figure: str = ""
    label: str = ""
    tone: str = ""
    since: str = ""
    change: str = ""
    direction: str = "none"


@dataclass
class Followed:
    """What followed earlier changes into the present regime; ``why`` where there was none."""

    key: str = ""
    figure: str = ""
    label: str = ""
    median: str = ""
    count: str = ""
    between: str = ""
    why: str = ""


@dataclass
class MarketRow:
    """One market's regime."""

    subject: str = ""
    figure: str = ""
    regime: str = ""
    tone: str = ""
    since: str = ""
    below: str = ""
    gap: str = ""
    gap_figure: str = ""
    volatility: str = ""
    volatility_figure: str = ""
    turbulence: str = ""
    summary: str = ""
    first: str = ""
    last: str = ""
    source: str = ""
    why: str = ""
    known: bool = False
    line: str = ""
    followed_title: str = ""
    bands: list[Band] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)


@dataclass
class FundingLine:
    """A contract's funding rates."""

    contract: str = ""
    figure: str = ""
    rate: str = ""
    rate_figure: str = ""
    settled: str = ""
    next: str = ""
    next_figure: str = ""
    a_year: str = ""
    direction: str = "none"
    week: str = ""
    week_figure: str = ""
    rank: str = ""
    rank_figure: str = ""
    width: str = "0%"


@dataclass
class Outside:
    """Fear & Greed and bitcoin's share, with their age."""

    mood: str = ""
    word: str = ""
    mood_age: str = ""
    mood_old: bool = False
    mood_at: str = "0%"
    mood_line: str = ""
    mood_summary: str = ""
    dominance: str = ""
    dominance_age: str = ""
    dominance_old: bool = False
    problems: list[str] = field(default_factory=list)


# ---------------------------------------------------------------------------------------------------- the score
def mood(found: Sentiment, figures: Figures) -> MoodView:
    """Return the score; where there is none, why, and the components all the same."""
    subject = figures.say("signals.subject_market") if found.subject == "market" else found.label
    coin = "BTC" if found.subject == "market" else found.label
    shown = MoodView(label=figures.say("signals.score", subject=coin, days=HORIZON), chance=UNKNOWN)
    if found.mood is not None:
        shown.parts = [_part(one, found, figures) for one in found.mood.parts]
        if found.breadth == TOP:
            shown.breadth_note = figures.say("signals.breadth_top", days=figures.count(NEEDED_DAYS))
    if not found.available or found.mood is None or found.mood.record is None:
        known = found.mood.known_days if found.mood is not None else 0
        shown.reason_figure = f"signals:known:{found.subject}" if found.mood is not None else ""
        shown.reason = figures.say(
            found.reason, known=figures.count(known), needed=figures.count(NEEDED_DAYS), symbol=subject
        )
        return shown
    told, record = found.mood, found.mood.record
    shown.available = True
    shown.chance = _percent(told.chance, figures, decimals=0)
    shown.score = figures.say("signals.score_scale", score=figures.ratio(exact(told.score)))
    shown.at, shown.base_at = _width(told.chance), _width(told.base)
    shown.as_of = figures.say("signals.as_of", day=figures.day(found.day))
    _fill_record(shown, record, found.subject, figures)
    return shown


def _fill_record(shown: MoodView, record: Record, subject: str, figures: Figures) -> None:
    shown.verdict = figures.say(f"signals.verdict_{record.verdict}")
    shown.tone = "good" if record.verdict == "edge" else ""
    shown.verdict_text = figures.say(
        f"signals.verdict_text_{record.verdict}", days=figures.count(len(record.days))
    )
    shown.record = figures.say(
        "signals.record_text",
        days=figures.count(len(record.days)),
        first=figures.day(day_of(int(record.days[0]))),
        last=figures.day(day_of(int(record.days[-1]))),
    )
    shown.hits = _percent(record.hits.value, figures)
    shown.hits_between = _between(record.hits, figures)
    shown.base_hits = figures.say("signals.base_hits", share=_percent(record.base_hits, figures))
    shown.skill = _percent(record.skill.value, figures, sign=True)
    shown.skill_between = _between(record.skill, figures, sign=True)
    shown.bins = [
        BinRow(
            str(at),
            f"signals:bin:{at}-{subject}",
            _percent(one.said, figures, decimals=0),
            _percent(one.happened, figures, decimals=0),
            figures.count(one.count),
            _width(one.said),
            _width(one.happened),
        )
        for at, one in enumerate(record.bins)
    ]


def _part(one: Weighed, found: Sentiment, figures: Figures) -> PartRow:
    about = f"{one.name}-{found.subject}"
    row = PartRow(
        key=one.name,
        figure=f"signals:part:{about}",
        label=figures.say(f"signals.part_{one.name}"),
        hint=_hint(one.name, found, figures),
        value=_part_value(one, figures),
        source=source(found.sources[one.name], figures),
        age=figures.day(day_of(one.day)) if one.day is not None else UNKNOWN,
        weight=figures.ratio(exact(one.weight)),
        weight_figure=f"signals:part_weight:{about}" if one.weight is not None else "",
        share=_percent(one.share, figures, decimals=0) if one.share is not None else "",
        share_figure=f"signals:part_share:{about}",
        note="" if one.push is not None else figures.say(f"signals.state_{one.state}"),
    )
    if one.rank is not None:
        row.rank = figures.say("signals.ranked", share=_percent(one.rank, figures, decimals=0))
        row.rank_figure = f"signals:part_rank:{about}"
    if one.push is not None:
        size = min(abs(one.push), 0.5)
        row.push = figures.say("signals.up" if one.push > 0 else "signals.down")
        row.x, row.width = f"{50 - 100 * size if one.push < 0 else 50:.1f}%", f"{100 * size:.1f}%"
        row.tone = "up" if one.push > 0 else "down"
    return row


def _hint(name: str, found: Sentiment, figures: Figures) -> str:
    if name == BREADTH:
        return figures.say(f"signals.hint_breadth_{found.breadth}", count=len(found.breadth_of))
    return figures.say(f"signals.hint_{name}")


def _part_value(one: Weighed, figures: Figures) -> str:
    if one.value is None:
        return UNKNOWN
    if one.name == FEAR_GREED:
        return figures.count(round(one.value))
    if one.name == FUNDING:
        return _percent(one.value, figures, sign=True, decimals=4)
    return _percent(one.value, figures, sign=one.name == "trend")


def _between(one: Interval, figures: Figures, *, sign: bool = False) -> str:
    return figures.say(
        "signals.interval",
        low=_percent(one.low, figures, sign=sign),
        high=_percent(one.high, figures, sign=sign),
    )


# ------------------------------------------------------------------------------------------------------ regimes
def market_row(one: Market, figures: Figures) -> MarketRow:
    """Return a market's regime; where it has none, why."""
    found = one.regime
    row = MarketRow(subject=one.subject, figure=f"signals:regime:{one.subject}")
    row.source = source(one.provider, figures)
    if not found.regime or not found.spells:
        key = "signals.few_closes" if found.closes else "signals.no_closes"
        row.figure = f"signals:closes:{one.subject}"
        row.why = figures.say(key, known=figures.count(found.closes), needed=figures.count(found.needed))
        row.regime = figures.say("signals.regime_unknown")
        return row
    now = found.spells[-1]
    row.known = True
    row.regime, row.tone = figures.say(f"signals.regime_{found.regime}"), _TONES[found.regime]
    row.since = figures.say("signals.since", day=figures.day(day_of(now.start)))
    row.below = _percent(found.below, figures)
    row.gap = _percent(found.mean_gap, figures, sign=True)
    row.gap_figure = f"signals:gap:{one.subject}"
    row.volatility = _percent(found.volatility, figures)
    row.volatility_figure = f"signals:volatility:{one.subject}"
    row.turbulence = figures.say(f"signals.{found.turbulence}") if found.turbulence else ""
    row.first = figures.day(day_of(int(one.days[0])))
    row.last = figures.day(day_of(int(one.days[-1])))
    row.summary = figures.say(
        "signals.timeline",
        subject=one.subject,
        first=row.first,
        last=row.last,
        regime=row.regime,
        since=figures.day(day_of(now.start)),
    )
    row.bands = _bands(one, figures)
    row.line = _line(one)
    newest = int(one.days[-1])
    row.changes = [
        _change(spell, newest, one.subject, figures) for spell in reversed(found.spells[-_CHANGES:])
    ]
    row.followed_title = figures.say("signals.followed", regime=row.regime)
    row.followed = [
        _followed(after, one.subject, figures) for after in found.after if after.regime == found.regime
    ]
    return row


def _bands(one: Market, figures: Figures) -> list[Band]:
    first, last = int(one.days[0]), int(one.days[-1])
    scale = STRIP[0] / max(last - first, 1)
    return [
        Band(
            str(spell.start),
            f"{(spell.start - first) * scale:.2f}",
            f"{((last if spell.end is None else spell.end) - spell.start) * scale:.2f}",
            spell.regime,
            f"{figures.say(f'signals.regime_{spell.regime}')}: {_stretch(spell, figures)}",
        )
        for spell in one.regime.spells
    ]


def _stretch(spell: Spell, figures: Figures) -> str:
    start = figures.day(day_of(spell.start))
    return f"{start} – {figures.day(day_of(spell.end))}" if spell.end is not None else f"{start} –"


def _line(one: Market) -> str:
    """Return the closes as a line on a logarithmic scale."""
    steps = np.unique(np.linspace(0, len(one.days) - 1, _POINTS).astype(np.int64))
    heights = np.log(one.closes[steps])
    low, span = float(heights.min()), float(np.ptp(heights)) or 1.0
    first, whole = int(one.days[0]), max(int(one.days[-1]) - int(one.days[0]), 1)
    across = (one.days[steps] - first) * STRIP[0] / whole
    up = STRIP[1] - 4 - (heights - low) / span * (STRIP[1] - 8)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across.tolist(), up.tolist(), strict=True))


def _change(spell: Spell, newest: int, subject: str, figures: Figures) -> Change:
    days = (newest if spell.end is None else spell.end) - spell.start
    return Change(
        str(spell.start),
        f"signals:spell:{day_of(spell.start).isoformat()}-{subject}",
        figures.say(f"signals.regime_{spell.regime}"),
        _TONES[spell.regime],
        figures.day(day_of(spell.start)),
        figures.say(
            "signals.spell_change",
            change=_percent(spell.change, figures, sign=True),
            days=figures.count(days),
        ),
        direction(exact(spell.change)),
    )


def _followed(one: After, subject: str, figures: Figures) -> Followed:
    row = Followed(
        str(one.days),
        f"signals:after:{one.regime}-{one.days}-{subject}",
        figures.say("signals.followed_days", days=one.days),
    )
    if not one.count:
        row.why = figures.say("signals.followed_none", days=one.days)
        return row
    row.median = _percent(one.median, figures, sign=True)
    row.count = figures.say("signals.followed_of", count=figures.count(one.count))
    row.between = figures.say(
        "signals.followed_between",
        low=_percent(one.lower_quarter, figures, sign=True),
        high=_percent(one.upper_quarter, figures, sign=True),
    )
    return row


# ------------------------------------------------------------------------------------------ what others told
def funding_line(row: FundingRow, figures: Figures) -> FundingLine:
    """Return a contract's funding rates."""
    hours = 0 if row.interval is None else round(row.interval.total_seconds() / 3600)
    settled = figures.ago(row.at)
    every = f" · {figures.say('signals.every', hours=hours)}" if hours else ""
    next_known, ranked = row.next_rate is not None, row.rank is not None
    return FundingLine(
        contract=row.contract,
        figure=f"signals:funding:{row.contract}" if row.a_year is not None else "",
        rate_figure=f"signals:funding_rate:{row.contract}",
        next_figure=f"signals:funding_next:{row.contract}" if next_known else "",
        week_figure=f"signals:funding_week:{row.contract}" if row.week is not None else "",
        rank_figure=f"signals:funding_rank:{row.contract}" if ranked else "",
        rate=figures.percent(row.rate, sign=True, decimals=4),
        settled=settled + every,
        next=UNKNOWN if row.next_rate is None else figures.percent(row.next_rate, sign=True, decimals=4),
        a_year=figures.percent(row.a_year, sign=True),
        direction=direction(row.a_year),
        week=figures.percent(row.week, sign=True),
        rank=_percent(row.rank, figures, decimals=0),
        width=_width(row.rank),
    )


def outside(found: Board, figures: Figures) -> Outside:
    """Return Fear & Greed and bitcoin's share as they were told, and who did not answer."""
    shown = Outside()
    now = figures.moment_now()
    if found.fear_greed is not None:
        told = found.fear_greed
        shown.mood, shown.word = figures.count(int(told.value)), told.word
        shown.mood_age = figures.say("signals.told", ago=figures.ago(told.at))
        shown.mood_old = not is_fresh(told, now)
        shown.mood_at = f"{told.value}%"
        values = [value for _, value in found.moods]
        if len(values) > 1:
            shown.mood_line = " ".join(
                f"{100 * at / (len(values) - 1):.2f},{28 - 0.28 * value:.2f}"
                for at, value in enumerate(values)
            )
            shown.mood_summary = figures.say(
                "signals.mood_summary", value=shown.mood, low=min(values), high=max(values)
            )
    if found.dominance is not None:
        shown.dominance = figures.percent(found.dominance.value)
        shown.dominance_age = figures.say("signals.told", ago=figures.ago(found.dominance.at))
        shown.dominance_old = not is_fresh(found.dominance, now)
    shown.problems = [
        figures.say(
            "signals.problem",
            source=source(provider, figures),
            reason=figures.say(f"error.{code}", provider=source(provider, figures)),
        )
        for provider, code in sorted(found.problems.items())
    ]
    return shown


def source(provider: str, figures: Figures) -> str:
    """Return a provider's name as people read it."""
    return figures.say_or_text(source_name(provider))


# ------------------------------------------------------------------------------------------------------- the tiles
def regime_tile(found: list[Market], figures: Figures) -> DecisionTile:
    """Return the tile of the regimes; hidden while none is known."""
    known = [one for one in found if one.regime.spells]
    if not known:
        return DecisionTile(hidden=True)
    first, *others = known
    now = first.regime
    since = figures.say("signals.since", day=figures.day(day_of(now.spells[-1].start)))
    words = [f"{one.subject} {figures.say(f'signals.regime_{one.regime.regime}').lower()}" for one in others]
    detail = " · ".join([since, *words])
    today = figures.moment_now().date()
    old = now.day is not None and (today - day_of(now.day)).days > FRESH_DAYS
    return DecisionTile(
        f"{first.subject}: {figures.say(f'signals.regime_{now.regime}')}",
        detail,
        figures.say("signals.old") if old else "",
        "",
    )


def mood_tile(found: Sentiment, told: Board, figures: Figures) -> DecisionTile:
    """Return the tile of the mood: the score with its verdict, else what Fear & Greed says, else nothing."""
    mood_told = found.mood
    index = ""
    if told.fear_greed is not None:
        index = figures.say("signals.tile_index", value=figures.count(int(told.fear_greed.value)))
    if found.available and mood_told is not None and mood_told.record is not None:
        detail = figures.say("signals.tile_chance", days=HORIZON)
        verdict = mood_told.record.verdict
        return DecisionTile(
            _percent(mood_told.chance, figures, decimals=0),
            " · ".join(part for part in (detail, index) if part),
            figures.say(f"signals.verdict_{verdict}"),
            "good" if verdict == "edge" else "",
            figure=f"signals:score:{found.subject}",
            detail_figure="signals:fear_greed" if index else "",
        )
    if index:
        return DecisionTile(index, figures.say("signals.unavailable"), figure="signals:fear_greed")
    return DecisionTile(hidden=True)


# ---------------------------------------------------------------------------------------------------------- helpers
def _percent(value: float | None, figures: Figures, *, sign: bool = False, decimals: int = 1) -> str:
    return figures.percent(exact(value), sign=sign, decimals=decimals)


def _width(share: float | None) -> str:
    if share is None or not math.isfinite(share):
        return "0%"
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"
