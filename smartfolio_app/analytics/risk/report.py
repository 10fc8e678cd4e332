"""The risk of what is held today, over one window: every figure of the dashboard in one result."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk import dispersion
from smartfolio_app.analytics.risk.backtest import Backtest, grade
from smartfolio_app.analytics.risk.dependence import (
    aligned_covariance,
    beta,
    correlation,
    effective_assets,
    herfindahl,
    risk_shares,
)
from smartfolio_app.analytics.risk.drawdowns import (
    Drawdown,
    current_drawdown,
    deepest,
    ulcer_index,
    underwater,
)
from smartfolio_app.analytics.risk.panel import Exposure, Mix, Panel, mix_of
from smartfolio_app.analytics.risk.returns import CRYPTO_DAYS, EXCHANGE_DAYS, known
from smartfolio_app.analytics.risk.robustness import Robustness, robustness
from smartfolio_app.analytics.risk.rolling import MODELS, rolling_var
from smartfolio_app.analytics.risk.tails import TailRisk, cornish_fisher, historical, parametric
from smartfolio_app.ledger.assets import AssetId

if TYPE_CHECKING:
    from smartfolio_app.analytics.risk.panel import BoolArray

CONFIDENCES = (0.95, 0.99)
HORIZONS = (1, 10)
#: An asset takes part in correlations when it is known on this share of the days.
MATRIX_KNOWN = 2 / 3
#: A matrix of fewer complete days is not shown.
MATRIX_DAYS = 20

_TAIL_MODELS = {"historical": historical, "parametric": parametric, "cornish_fisher": cornish_fisher}


@dataclass(frozen=True, slots=True)
class Record:
    """How one VaR did on days it had not seen: the test, from when to when, and the days of its breaches."""

    model: str
    confidence: float
    lookback: int
    test: Backtest
    first: date | None
    breaches: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """Day by day: the return and the VaR that had been given for it (``nan``: none), shape (n,) each."""

    model: str
    days: tuple[date, ...]
    returns: FloatArray
    var: FloatArray


@dataclass(frozen=True, slots=True)
class AssetRisk:
    """One holding: its share of everything (gross, 0..1), and its part of the risk where it could be measured.

    ``reason`` is a message key for what could not be measured. ``volatility`` is annual, on the asset's own calendar
    (``days_a_year``); ``contribution`` in the same unit adds up to the whole's volatility; ``risk_share`` adds up to 1.
    """

    exposure: Exposure
    share: float
    measured: bool
    reason: str
    days: int
    days_a_year: int
    volatility: float | None = None
    beta: float | None = None
    contribution: float | None = None
    risk_share: float | None = None


@dataclass(frozen=True, slots=True)
class GroupRisk:
    """One asset group: its share of the measured value, and of the risk."""

    key: str
    value: float
    share: float
    risk_share: float


@dataclass(frozen=True, slots=True)
class Correlations:
    """Assets (their columns in the panel) and their correlations, shape (n, n); ``shrinkage`` 0 is the plain sample."""

    columns: tuple[int, ...]
    matrix: FloatArray
    days: int
    shrinkage: float


@dataclass(frozen=True, slots=True)
class RiskReport:
    """Everything about one window. Ratios and returns; ``None`` where the data do not carry a figure.

    ``value`` is the worth of what is measured (money at risk is a share of it); ``coverage`` its part of everything,
    gross. ``basis`` is ``held`` (today's holdings over the past) or ``lived`` (what the household did return).
    """

    window: int | None
    basis: str
    currency: str
    value: float
    coverage: float
    days: tuple[date, ...]  # of the curve: one more than returns
    days_a_year: int
    returns: FloatArray = field(repr=False)
    known: FloatArray = field(repr=False)
    below: FloatArray = field(repr=False)
    volatility: float | None
    downside: float | None
    growth: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    skew: float | None
    kurtosis: float | None
    ulcer: float | None
    deepest: Drawdown | None
    drawdown: float | None
    benchmark: AssetId
    beta: float | None
    beta_days: int
    tails: tuple[TailRisk, ...]
    records: tuple[Record, ...]
    track: Track | None
    assets: tuple[AssetRisk, ...]
    groups: tuple[GroupRisk, ...]
    correlations: Correlations | None
    hhi: float | None
    effective: float | None
    diversification: float | None
    robustness: Robustness | None
    risk_free: float

    def tail(self, model: str, confidence: float, days: int) -> TailRisk:
        """Return one figure of the table of bad days."""
        return next(
            one for one in self.tails if (one.model, one.confidence, one.days) == (model, confidence, days)
        )

    @property
    def last_peak(self) -> date | None:
        """Return the day of the highest close of the window, from which the present drawdown is counted."""
        at = np.flatnonzero(self.below == 0)
        return self.days[int(at[-1])] if at.size else None

    def record(self, model: str, confidence: float) -> Record:
        """Return how a model did."""
        return next(one for one in self.records if (one.model, one.confidence) == (model, confidence))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the window in calendar days (``None``: all), the basis, what to compare with, an annual rate."""

    window: int | None = 365
    basis: str = "held"
    benchmark: AssetId = ""
    risk_free: float = 0.0


@dataclass(frozen=True, slots=True)
class Lived:
    """What the household did return: ``index`` (n,) is the worth of 1 put in at the start, on ``days`` (n,).

    ``value`` is what all of it is worth now: money at risk is a share of that.
    """

    days: tuple[date, ...]
    index: FloatArray
    value: float


def assess(
    panel: Panel, others: tuple[Exposure, ...], currency: str, question: Question, lived: Lived | None = None
) -> RiskReport | None:
    """Return the report; ``None`` when nothing held has enough history.

    ``others`` are holdings without daily prices (wealth items): they count in shares, and are listed.
    """
    start = panel.start_of(question.window)
    mix = mix_of(panel, start)
    if mix is None:
        return None
    days, returns, part = mix.days, mix.returns, mix.known
    whole = mix_of(panel)
    past_days, past = (mix.days, mix.returns) if whole is None else (whole.days, whole.returns)
    value = mix.value
    if question.basis == "lived" and lived is not None:
        value = lived.value
        past_days, past = lived_returns(panel, lived)
        keep = max(0, len(past_days) - len(panel.days[start:]))
        days, returns = past_days[keep:], past[keep:]
        part = np.ones(len(returns))
    year = panel.days_a_year
    rate = (1 + question.risk_free) ** (1 / year) - 1
    benchmark = panel.column(question.benchmark)
    against = (None, 0) if benchmark is None else _beta(panel, benchmark, days, returns)
    assets, correlations, spread = _assets(panel, others, mix, start, benchmark)
    lookback = year if question.window is None else len(panel.days) - 1 - start
    records, track = _records(past, past_days, lookback)
    shares = np.array([max(one.exposure.value, 0.0) for one in assets])
    return RiskReport(
        window=question.window,
        basis=question.basis,
        currency=currency,
        value=value,
        coverage=math.fsum(one.share for one in assets if one.measured),
        days=days,
        days_a_year=year,
        returns=returns,
        known=part,
        below=underwater(returns),
        volatility=dispersion.volatility(returns, year),
        downside=dispersion.downside_deviation(returns, year, rate),
        growth=dispersion.annual_growth(returns, year),
        sharpe=dispersion.sharpe(returns, year, rate),
        sortino=dispersion.sortino(returns, year, rate),
        calmar=dispersion.calmar(returns, year),
        skew=dispersion.skewness(returns),
        kurtosis=dispersion.excess_kurtosis(returns),
        ulcer=ulcer_index(returns),
        deepest=deepest(returns, days),
        drawdown=current_drawdown(returns),
        benchmark=question.benchmark if benchmark is not None else "",
        beta=against[0],
        beta_days=against[1],
        tails=tuple(
            _TAIL_MODELS[model](returns, confidence, horizon)
            for model in MODELS
            for confidence in CONFIDENCES
            for horizon in HORIZONS
        ),
        records=records,
        track=track,
        assets=assets,
        groups=_groups(assets),
        correlations=correlations,
        hhi=herfindahl(shares),
        effective=effective_assets(shares),
        diversification=spread,
        robustness=_robustness(panel, mix, start),
        risk_free=question.risk_free,
    )


def lived_returns(panel: Panel, lived: Lived) -> tuple[tuple[date, ...], FloatArray]:
    """Return what the household did return between the days of the panel, from the first day both know."""
    place = {day: at for at, day in enumerate(lived.days)}
    days = tuple(day for day in panel.days if day in place)
    index = lived.index[[place[day] for day in days]]
    returns = index[1:] / index[:-1] - 1.0 if len(index) > 1 else np.empty(0)
    return days, returns


def _beta(panel: Panel, column: int, days: tuple[date, ...], returns: FloatArray) -> tuple[float | None, int]:
    market = dict(zip(panel.days[1:], panel.returns[:, column], strict=True))
    other = np.array([market.get(day, np.nan) for day in days[1:]])
    both = np.isfinite(other) & np.isfinite(returns)
    return beta(returns, other), int(both.sum())


# --------------------------------------------------------------------------------------------------- the VaR's record
def _records(
    past: FloatArray, days: tuple[date, ...], lookback: int
) -> tuple[tuple[Record, ...], Track | None]:
    """Test each model on every day after its first ``lookback``; ``past`` are all returns there are."""
    kept = np.isfinite(past)
    values = past[kept]
    ends = tuple(day for day, there in zip(days[1:], kept, strict=True) if there)
    lookback = max(2, min(lookback, len(values)))
    records: list[Record] = []
    track: Track | None = None
    for model in MODELS:
        for confidence in CONFIDENCES:
            limits = rolling_var(values, model, confidence, lookback)
            given = np.isfinite(limits)
            hits = values[lookback:] < limits
            tested = tuple(day for day, there in zip(ends[lookback:], given, strict=True) if there)
            fell = tuple(day for day, hit in zip(ends[lookback:], hits, strict=True) if hit)
            records.append(
                Record(
                    model,
                    confidence,
                    lookback,
                    grade(hits[given], confidence),
                    tested[0] if tested else None,
                    fell,
                )
            )
            if track is None and tested:
                track = Track(model, ends[lookback:], values[lookback:], limits)
    return tuple(records), track


# ------------------------------------------------------------------------------------------------ asset by asset
def _assets(
    panel: Panel, others: tuple[Exposure, ...], mix: Mix, start: int, benchmark: int | None
) -> tuple[tuple[AssetRisk, ...], Correlations | None, float | None]:
    gross = math.fsum(abs(one.value) for one in (*panel.exposures, *others))
    chosen = _in_matrix(panel, mix, start)
    found = aligned_covariance(panel.returns[start:][:, chosen]) if chosen.any() else None
    if found is not None and found.days < MATRIX_DAYS:
        found = None
    weights = mix.weights[chosen]
    shares = None if found is None else risk_shares(found.matrix, weights, panel.days_a_year)
    parts = (
        {} if shares is None else dict(zip(np.flatnonzero(chosen).tolist(), shares.contribution, strict=True))
    )
    observed = panel.observed[start + 1 :].sum(axis=0)
    begin = panel.days[start]
    market = None if benchmark is None else panel.returns[start:, benchmark]
    rows = []
    for at, one in enumerate(panel.exposures):
        if not one.value:
            continue
        measured = bool(mix.measured[at])
        part = parts.get(at)
        year = CRYPTO_DAYS if one.kind == "crypto" else EXCHANGE_DAYS
        rows.append(
            AssetRisk(
                exposure=one,
                share=abs(one.value) / gross,
                measured=measured,
                reason="" if measured else "risk.too_short" if observed[at] else "risk.no_history",
                days=int(observed[at]),
                days_a_year=year,
                volatility=_own_volatility(panel, at, begin, year) if measured else None,
                beta=beta(panel.returns[start:, at], market) if measured and market is not None else None,
                contribution=None if part is None else float(part),
                risk_share=None if part is None or shares is None else float(part) / shares.volatility,
            )
        )
    rows += [AssetRisk(one, abs(one.value) / gross, False, "risk.not_traded", 0, 0) for one in others]
    rows.sort(key=lambda row: (-abs(row.exposure.value), row.exposure.asset.id))
    correlations = None
    if found is not None:
        moving = np.diag(found.matrix) > 0
        order = sorted(np.flatnonzero(moving).tolist(), key=lambda at: -abs(weights[at]))
        if len(order) > 1:
            columns = np.flatnonzero(chosen)[order]
            matrix = correlation(found.matrix)[np.ix_(order, order)]
            correlations = Correlations(tuple(columns.tolist()), matrix, found.days, found.shrinkage)
    return tuple(rows), correlations, None if shares is None else shares.diversification_ratio


def _in_matrix(panel: Panel, mix: Mix, start: int) -> BoolArray:
    """Tell which assets are known on enough of the days to be looked at together."""
    share = np.isfinite(panel.returns[start:]).mean(axis=0)
    return np.asarray(mix.measured & (share >= MATRIX_KNOWN))


def _own_volatility(panel: Panel, at: int, begin: date, year: int) -> float | None:
    first = begin.toordinal() - date(1970, 1, 1).toordinal()
    return dispersion.volatility(panel.own_returns[at][panel.own_days[at] > first], year)


def _groups(assets: tuple[AssetRisk, ...]) -> tuple[GroupRisk, ...]:
    measured = [row for row in assets if row.risk_share is not None]
    value = math.fsum(row.exposure.value for row in measured)
    if value <= 0:
        return ()
    keys = dict.fromkeys(row.exposure.group for row in measured)
    found = []
    for key in keys:
        mine = [row for row in measured if row.exposure.group == key]
        worth = math.fsum(row.exposure.value for row in mine)
        found.append(GroupRisk(key, worth, worth / value, math.fsum(row.risk_share or 0.0 for row in mine)))
    return tuple(sorted(found, key=lambda one: -one.risk_share))


def _robustness(panel: Panel, mix: Mix, start: int) -> Robustness | None:
    """Rank the mix among random ones of the same things and of the references."""
    share = np.isfinite(panel.returns[start:]).mean(axis=0)
    reference = (panel.values == 0) & (share >= MATRIX_KNOWN)
    chosen = _in_matrix(panel, mix, start) | reference
    returns = panel.returns[start:][:, chosen]
    rows = returns[np.isfinite(returns).all(axis=1)]
    weights = mix.weights[chosen]
    if known(rows.ravel()).size == 0 or not np.abs(weights).sum():
        return None
    return robustness(rows, weights, panel.days_a_year)
