"""The market's signals, regimes and mood. Nothing is asked of a provider here: what is stored is told, with its age."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.signals.funding import FundingRow
from smartfolio_app.analytics.signals.model import HORIZON, NEEDED_DAYS, Interval, Record, Weighed
from smartfolio_app.analytics.signals.regimes import After, Spell
from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.i18n import translate
from smartfolio_app.providers import fear_greed
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.regimes import Market, markets
from smartfolio_app.services.signals.sentiment import Sentiment, sentiment
from smartfolio_app.storage.repo_signals import Told

router = APIRouter(prefix="/api", tags=["signals"])

Ratio = Annotated[Amount | None, Field(description="0.05 is five percent; null: not known")]
Reason = Annotated[str, Field(description="why there is no answer, in the caller's language; empty with one")]


class SignalOut(Answer):
    """One value as it was told: as of ``at``, by ``source``; ``age_seconds`` is how old it is now."""

    value: Amount
    word: str = Field(description="what the source calls it; empty where it has no word")
    at: datetime
    source: str
    heard_at: datetime | None
    age_seconds: int

    @classmethod
    def of(cls, told: Told | None, now: datetime) -> SignalOut | None:
        """Read the result."""
        if told is None:
            return None
        return cls(
            value=told.value,
            word=told.word,
            at=told.at,
            source=told.provider,
            heard_at=told.heard_at,
            age_seconds=max(0, int((now - told.at).total_seconds())),
        )


class FearGreedOut(Answer):
    """The Fear & Greed index, from 0 (extreme fear) to 100. Whoever shows it has to name its source."""

    now: SignalOut | None
    attribution: str = fear_greed.ATTRIBUTION
    link: str = Field(default_factory=lambda: fear_greed.LINK)  # not printed by the docs


class FundingOut(Answer):
    """What holders of a perpetual contract pay each other: above 0, those who bet on rising prices pay."""

    contract: str
    rate: Amount = Field(description="settled last; a fraction of the position for one interval")
    at: datetime
    source: str
    age_seconds: int
    interval_hours: int | None
    a_year: Ratio
    week_a_year: Ratio = Field(description="the mean of seven days, a year")
    percentile: Ratio = Field(description="share of the rates of a year that are not above this one")
    ranked: int = Field(description="how many rates that is of")
    next_rate: Amount | None = Field(description="to be settled next; it may still change")
    next_at: datetime | None


class SignalsOut(Answer):
    """Every signal that is stored; what nobody has told is ``null`` or missing.

    ``problems`` names, by source, what went wrong the last time it was asked; ``offline``: nobody is ever asked.
    """

    fear_greed: FearGreedOut
    btc_dominance: SignalOut | None
    funding: list[FundingOut]
    problems: dict[str, str]
    offline: bool


class SpellOut(Answer):
    """One regime without a break; ``last`` is ``null`` while it lasts."""

    regime: str
    first: date
    last: date | None
    change: Ratio

    @classmethod
    def of(cls, one: Spell) -> SpellOut:
        """Read the result."""
        last = None if one.end is None else day_of(one.end)
        return cls(regime=one.regime, first=day_of(one.start), last=last, change=exact(one.change))


class AfterOut(Answer):
    """What the price did in the ``days`` after earlier changes into a regime: of ``count`` changes, the quartiles."""

    regime: str
    days: int
    count: int
    lowest: Ratio
    lower_quarter: Ratio
    median: Ratio
    upper_quarter: Ratio
    highest: Ratio
    rose: Ratio

    @classmethod
    def of(cls, one: After) -> AfterOut:
        """Read the result."""
        return cls(
            regime=one.regime,
            days=one.days,
            count=one.count,
            lowest=exact(one.lowest),
            lower_quarter=exact(one.lower_quarter),
            median=exact(one.median),
            upper_quarter=exact(one.upper_quarter),
            highest=exact(one.highest),
            rose=exact(one.rose),
        )


class RegimeOut(Answer):
    """Where a market stands, by the rules of docs/signals.md: advance, pullback, recovery, decline, or empty while
    there are too few closes (``closes`` of ``needed``).
    """

    subject: str
    source: str
    regime: str
    day: date | None
    closes: int
    needed: int
    below_high: Ratio = Field(description="distance from the highest close of a year")
    from_mean: Ratio = Field(description="distance from the mean of 200 closes")
    volatility: Ratio
    volatility_percentile: Ratio
    turbulence: str = Field(description="calm, usual, turbulent, or empty")
    spells: list[SpellOut] = Field(description="oldest first")
    after: list[AfterOut]

    @classmethod
    def of(cls, market: Market) -> RegimeOut:
        """Read the result."""
        one = market.regime
        return cls(
            subject=market.subject,
            source=market.provider,
            regime=one.regime,
            day=None if one.day is None else day_of(one.day),
            closes=one.closes,
            needed=one.needed,
            below_high=exact(one.below),
            from_mean=exact(one.mean_gap),
            volatility=exact(one.volatility),
            volatility_percentile=exact(one.volatility_rank),
            turbulence=one.turbulence,
            spells=[SpellOut.of(spell) for spell in one.spells],
            after=[AfterOut.of(after) for after in one.after],
        )


class ComponentOut(Answer):
    """A component of the mood on the newest day, and what the model makes of it.

    ``state`` is used, absent, stale or short (too short a history). ``weight`` is the coefficient of the standardised
    component, ``share`` its part of the sum of all sizes, ``push`` what it adds to the log-odds today.
    """

    name: str
    state: str
    value: Ratio
    percentile: Ratio
    day: date | None
    age_days: int | None
    source: str
    days: int = Field(description="of how many days it is known")
    weight: Amount | None
    share: Ratio
    push: Amount | None


class IntervalOut(Answer):
    """A figure, and between which bounds it lies with 95 % confidence (block bootstrap)."""

    value: Ratio
    low: Ratio
    high: Ratio

    @classmethod
    def of(cls, one: Interval) -> IntervalOut:
        """Read the result."""
        return cls(value=exact(one.value), low=exact(one.low), high=exact(one.high))


class BinOut(Answer):
    """Forecasts of about one chance: said on average, happened, on how many days."""

    said: Ratio
    happened: Ratio
    count: int


class TrackRecordOut(Answer):
    """What the model said on days it had not seen. ``verdict`` is edge, or none: no demonstrated edge."""

    first: date
    last: date
    days: int
    hit_rate: IntervalOut
    base_hit_rate: Ratio
    brier: Amount | None
    base_brier: Amount | None
    brier_skill: IntervalOut
    verdict: str
    bins: list[BinOut]

    @classmethod
    def of(cls, one: Record) -> TrackRecordOut:
        """Read the result."""
        return cls(
            first=day_of(int(one.days[0])),
            last=day_of(int(one.days[-1])),
            days=len(one.days),
            hit_rate=IntervalOut.of(one.hits),
            base_hit_rate=exact(one.base_hits),
            brier=exact(one.brier),
            base_brier=exact(one.base_brier),
            brier_skill=IntervalOut.of(one.skill),
            verdict=one.verdict,
            bins=[
                BinOut(said=exact(part.said), happened=exact(part.happened), count=part.count)
                for part in one.bins
            ],
        )


class SentimentOut(Answer):
    """The mood: ``chance`` is that of a higher price ``horizon_days`` after ``day``, ``score`` the same from -1 to 1
    and ``index`` from 0 to 100. Where ``available`` is false there is no score, and ``reason`` says why.

    ``verdict`` is the record's: "none" means that no edge over the base rate is demonstrated.
    """

    subject: str
    label: str = Field(description="what it is called")
    available: bool
    reason: Reason
    score: Amount | None
    index: Amount | None
    chance: Ratio
    base_rate: Ratio = Field(description="share of rises in all the past")
    horizon_days: int
    day: date | None
    age_days: int | None
    known_days: int = Field(description="days on which every component in use is known")
    needed_days: int
    verdict: str
    breadth: str = Field(
        description="held: breadth is of what you hold; top: of the large coins, for want of history"
    )
    breadth_of: list[str] = Field(description="the symbols breadth is of")
    components: list[ComponentOut]
    record: TrackRecordOut | None
    attribution: str = fear_greed.ATTRIBUTION


@router.get("/market/signals", summary="What is stored of the market's signals")
def get_signals(_viewer: SignedIn, db: Database) -> SignalsOut:
    """Return Fear & Greed, bitcoin's dominance and funding rates, each with its source and age."""
    now = datetime.now(UTC)
    found = board(db, now)
    return SignalsOut(
        fear_greed=FearGreedOut(now=SignalOut.of(found.fear_greed, now)),
        btc_dominance=SignalOut.of(found.dominance, now),
        funding=[_funding(row, now) for row in found.funding],
        problems=found.problems,
        offline=found.offline,
    )


@router.get("/market/regimes", summary="The regimes of bitcoin, ether and a stock index")
def get_regimes(_viewer: SignedIn, db: Database) -> list[RegimeOut]:
    """Return each market's regime, its changes, and what followed earlier ones."""
    return [RegimeOut.of(one) for one in markets(db)]


@router.get("/ml/sentiment", summary="The market's mood, and how good that answer has been")
def get_sentiment(viewer: SignedIn, access: Caller, db: Database) -> SentimentOut:
    """Return the mood of the market, which is looked at by bitcoin's price."""
    return _sentiment(sentiment(db, viewer.user_id), language_of(access, db, viewer.user_id))


@router.get("/ml/sentiment/{symbol}", summary="The mood about one asset")
def get_sentiment_of(
    viewer: SignedIn,
    access: Caller,
    db: Database,
    symbol: Annotated[
        str, Path(max_length=80, description="a symbol or an asset id: BTC, crypto:BTC, stock:IE00B4L5Y983")
    ],
) -> SentimentOut:
    """Return the mood about a large coin, or about anything you hold that has 559 days of closes."""
    return _sentiment(sentiment(db, viewer.user_id, symbol), language_of(access, db, viewer.user_id))


def _funding(row: FundingRow, now: datetime) -> FundingOut:
    hours = None if row.interval is None else round(row.interval.total_seconds() / 3600)
    return FundingOut(
        contract=row.contract,
        rate=row.rate,
        at=row.at,
        source="binance_futures",
        age_seconds=max(0, int((now - row.at).total_seconds())),
        interval_hours=hours,
        a_year=row.a_year,
        week_a_year=row.week,
        percentile=exact(row.rank),
        ranked=row.ranked,
        next_rate=row.next_rate,
        next_at=row.next_at,
    )


def _sentiment(found: Sentiment, language: str) -> SentimentOut:
    mood = found.mood
    today = datetime.now(UTC).date()
    chance = None if mood is None else exact(mood.chance)
    record = None if mood is None or mood.record is None else TrackRecordOut.of(mood.record)
    return SentimentOut(
        subject=found.subject,
        label=found.label or found.subject,
        available=found.available,
        reason=why(found, language),
        score=None if mood is None else exact(mood.score),
        index=None if chance is None else Decimal(100) * chance,
        chance=chance,
        base_rate=None if mood is None else exact(mood.base),
        horizon_days=HORIZON,
        day=found.day,
        age_days=None if found.day is None else (today - found.day).days,
        known_days=0 if mood is None else mood.known_days,
        needed_days=NEEDED_DAYS,
        verdict="" if record is None else record.verdict,
        breadth=found.breadth,
        breadth_of=list(found.breadth_of),
        components=[] if mood is None else [_component(one, found, today) for one in mood.parts],
        record=record,
    )


def why(found: Sentiment, language: str) -> str:
    """Return the sentence that says why there is no answer, empty when there is one."""
    if not found.reason:
        return ""
    known = 0 if found.mood is None else found.mood.known_days
    name = found.label or found.subject
    return translate(language, found.reason, known=known, needed=NEEDED_DAYS, symbol=name)


def _component(one: Weighed, found: Sentiment, today: date) -> ComponentOut:
    day = None if one.day is None else day_of(one.day)
    return ComponentOut(
        name=one.name,
        state=one.state,
        value=exact(one.value),
        percentile=exact(one.rank),
        day=day,
        age_days=None if day is None else (today - day).days,
        source=found.sources[one.name],
        days=one.days,
        weight=exact(one.weight),
        share=exact(one.share),
        push=exact(one.push),
    )
