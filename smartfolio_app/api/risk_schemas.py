"""What the figures of risk look like on the wire. Ratios are decimal text (0.05 is 5 %); ``null`` is *not known*."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.risk.report import AssetRisk, Record, RiskReport
from smartfolio_app.analytics.risk.scenarios import Outcome
from smartfolio_app.analytics.risk.simulation import LEVELS, Future
from smartfolio_app.api.schemas import Amount, Answer, Body
from smartfolio_app.api.wealth_schemas import SliceOut
from smartfolio_app.api.work import WorkOut
from smartfolio_app.services.risk import Dashboard

Number = Amount | None


class DrawdownOut(Answer):
    """The deepest fall: from which peak to which trough, and when the peak was reached again (``null``: not yet)."""

    depth: Amount
    peak: date
    trough: date
    recovered: date | None
    days: int


class TailOut(Answer):
    """A bad day: with ``confidence`` the loss over ``days`` stays below ``var``; beyond it, it is ``cvar`` on average.

    ``var`` and ``cvar`` are returns (negative is a loss), ``var_money`` and ``cvar_money`` the loss in the view's
    currency. ``model`` is historical, parametric or cornish_fisher; ``reason`` says why there is no figure.
    """

    model: str
    confidence: Amount
    days: int
    var: Number
    cvar: Number
    var_money: Number
    cvar_money: Number
    reason: str


class RecordOut(Answer):
    """How a model's one-day VaR did on ``days`` it had not seen, each computed from the ``lookback`` days before it.

    p-values of Kupiec (1995, coverage) and Christoffersen (1998, independence; and both together); ``verdict`` is
    passed, failed (a p-value below 0.05) or too_short (fewer than five breaches were to be expected).
    """

    model: str
    confidence: Amount
    lookback: int
    first: date | None
    days: int
    breaches: int
    expected: Number
    kupiec_p: Number
    independence_p: Number
    conditional_p: Number
    verdict: str
    breach_days: list[date]

    @classmethod
    def of(cls, found: Record) -> RecordOut:
        """Read the result."""
        test = found.test
        return cls(
            model=found.model,
            confidence=Decimal(str(found.confidence)),
            lookback=found.lookback,
            first=found.first,
            days=test.days,
            breaches=test.breaches,
            expected=exact(test.expected),
            kupiec_p=exact(test.kupiec_p),
            independence_p=exact(test.independence_p),
            conditional_p=exact(test.conditional_p),
            verdict=test.verdict,
            breach_days=list(found.breaches),
        )


class AssetRiskOut(Answer):
    """One holding: its share of everything, and its part of the risk. ``reason`` says why it is not measured.

    ``volatility`` is annual by the asset's own calendar (``days_a_year``); ``contribution`` (annual) adds up to the
    volatility of the whole, ``risk_share`` to 1.
    """

    asset: str
    symbol: str
    name: str
    group: str
    category: str
    value: Amount
    share: Amount
    measured: bool
    reason: str
    days: int
    days_a_year: int
    volatility: Number
    beta: Number
    contribution: Number
    risk_share: Number

    @classmethod
    def of(cls, row: AssetRisk) -> AssetRiskOut:
        """Read the result."""
        one = row.exposure
        return cls(
            asset=one.asset.id,
            symbol=one.asset.symbol,
            name=one.asset.name,
            group=one.group,
            category=one.category,
            value=Decimal(f"{one.value:.10g}"),
            share=Decimal(f"{row.share:.10g}"),
            measured=row.measured,
            reason=row.reason,
            days=row.days,
            days_a_year=row.days_a_year,
            volatility=exact(row.volatility),
            beta=exact(row.beta),
            contribution=exact(row.contribution),
            risk_share=exact(row.risk_share),
        )


class GroupRiskOut(Answer):
    """One asset group: its share of the measured value, and of the risk."""

    key: str
    value: Number
    share: Number
    risk_share: Number


class CorrelationsOut(Answer):
    """Correlations of daily returns on aligned calendars, in the order of ``assets``.

    ``shrinkage`` above 0 says how far they were pulled towards zero because history is short (Ledoit and Wolf 2004);
    ``days`` are the days on which all of them had a return.
    """

    assets: list[str]
    matrix: list[list[Number]]
    days: int
    shrinkage: Number


class PartOut(Answer):
    """One part of the score: the household's own measure, the median of the random portfolios, its rank (0 to 1)."""

    name: str
    own: Number
    typical: Number
    rank: Number


class RobustnessOut(Answer):
    """0 to 100, higher is more robust: 100 times the mean of the parts' ranks among random mixes of the same assets."""

    score: Number
    version: str
    portfolios: int
    assets: int
    parts: list[PartOut]


class LiquidityOut(Answer):
    """How soon it could be money: shares of everything owned that has a value."""

    cash: Number
    stablecoins: Number
    traded: Number
    items: Number


class BenchmarkOut(Answer):
    """Something to compare with."""

    asset: str
    symbol: str
    name: str


class RiskOut(Answer):
    """The risk of one window. ``value`` is what is measured, ``coverage`` its share of everything.

    Definitions follow empyrical-reloaded 0.7.1 (volatility, downside deviation, Sharpe, Sortino, Calmar, drawdown,
    historical VaR and CVaR), scipy's population moments (skew, kurtosis) and quantstats (ulcer index).
    """

    value: Number
    coverage: Number
    first: date
    last: date
    returns: int
    days_a_year: int
    volatility: Number
    downside_deviation: Number
    annual_growth: Number
    sharpe: Number
    sortino: Number
    calmar: Number
    skew: Number
    kurtosis: Number
    ulcer_index: Number
    max_drawdown: DrawdownOut | None
    current_drawdown: Number
    last_peak: date | None
    benchmark: str
    beta: Number
    beta_days: int
    risk_free: Number
    tails: list[TailOut]
    backtests: list[RecordOut]
    assets: list[AssetRiskOut]
    groups: list[GroupRiskOut]
    correlations: CorrelationsOut | None
    hhi: Number
    effective_assets: Number
    diversification_ratio: Number
    robustness: RobustnessOut | None

    @classmethod
    def of(cls, found: RiskReport, names: list[str]) -> RiskOut:
        """Read the result; ``names`` are the asset ids of the panel's columns."""
        return cls(
            value=exact(found.value),
            coverage=exact(found.coverage),
            first=found.days[0],
            last=found.days[-1],
            returns=int(np.isfinite(found.returns).sum()),
            days_a_year=found.days_a_year,
            volatility=exact(found.volatility),
            downside_deviation=exact(found.downside),
            annual_growth=exact(found.growth),
            sharpe=exact(found.sharpe),
            sortino=exact(found.sortino),
            calmar=exact(found.calmar),
            skew=exact(found.skew),
            kurtosis=exact(found.kurtosis),
            ulcer_index=exact(found.ulcer),
            max_drawdown=_drawdown(found),
            current_drawdown=exact(found.drawdown),
            last_peak=found.last_peak,
            benchmark=found.benchmark,
            beta=exact(found.beta),
            beta_days=found.beta_days,
            risk_free=exact(found.risk_free),
            tails=_tails(found),
            backtests=[RecordOut.of(one) for one in found.records],
            assets=[AssetRiskOut.of(row) for row in found.assets],
            groups=[
                GroupRiskOut(
                    key=one.key,
                    value=exact(one.value),
                    share=exact(one.share),
                    risk_share=exact(one.risk_share),
                )
                for one in found.groups
            ],
            correlations=_correlations(found, names),
            hhi=exact(found.hhi),
            effective_assets=exact(found.effective),
            diversification_ratio=exact(found.diversification),
            robustness=_robustness(found),
        )


class RiskDashboardOut(Answer):
    """The risk dashboard. ``risk`` is ``null`` when nothing held has enough history, and ``reason`` says why."""

    currency: str
    window: str
    basis: str
    available: bool
    reason: str
    until: date | None
    risk: RiskOut | None
    liquidity: LiquidityOut | None
    currencies: list[SliceOut]
    unpriced: list[str]
    benchmarks: list[BenchmarkOut]

    @classmethod
    def of(cls, found: Dashboard, basis: str) -> RiskDashboardOut:
        """Read the result."""
        names = [one.asset.id for one in found.panel.exposures]
        liquid = found.liquidity
        return cls(
            currency=found.portfolio.currency,
            window=found.window,
            basis=basis,
            available=found.report is not None,
            reason=found.reason,
            until=found.until,
            risk=None if found.report is None else RiskOut.of(found.report, names),
            liquidity=None
            if liquid is None
            else LiquidityOut(
                cash=exact(liquid.cash),
                stablecoins=exact(liquid.stablecoins),
                traded=exact(liquid.traded),
                items=exact(liquid.items),
            ),
            currencies=[SliceOut.model_validate(one) for one in found.currencies],
            unpriced=[row.asset.id for row in found.unpriced],
            benchmarks=[
                BenchmarkOut(asset=one.id, symbol=one.symbol, name=one.name) for one in found.benchmarks
            ],
        )


def _drawdown(found: RiskReport) -> DrawdownOut | None:
    fall = found.deepest
    if fall is None:
        return None
    end = fall.recovered or found.days[-1]
    return DrawdownOut(
        depth=Decimal(f"{fall.depth:.10g}"),
        peak=fall.peak,
        trough=fall.trough,
        recovered=fall.recovered,
        days=(end - fall.peak).days,
    )


def _tails(found: RiskReport) -> list[TailOut]:
    return [
        TailOut(
            model=one.model,
            confidence=Decimal(str(one.confidence)),
            days=one.days,
            var=exact(one.var),
            cvar=exact(one.cvar),
            var_money=None if one.var is None else exact(-one.var * found.value),
            cvar_money=None if one.cvar is None else exact(-one.cvar * found.value),
            reason=one.reason,
        )
        for one in found.tails
    ]


def _correlations(found: RiskReport, names: list[str]) -> CorrelationsOut | None:
    one = found.correlations
    if one is None:
        return None
    return CorrelationsOut(
        assets=[names[column] for column in one.columns],
        matrix=[[exact(round(float(cell), 6)) for cell in row] for row in one.matrix],
        days=one.days,
        shrinkage=exact(one.shrinkage),
    )


def _robustness(found: RiskReport) -> RobustnessOut | None:
    one = found.robustness
    if one is None:
        return None
    return RobustnessOut(
        score=exact(one.score),
        version=one.version,
        portfolios=one.portfolios,
        assets=one.assets,
        parts=[
            PartOut(name=part.name, own=exact(part.own), typical=exact(part.typical), rank=exact(part.rank))
            for part in one.parts
        ],
    )


# ------------------------------------------------------------------------------------------------------ what if
class EffectOut(Answer):
    """What happens to one holding. ``by``: prices (its own), proxy (``beta`` times what ``proxy`` did), shock,
    unmoved, or missing (neither prices nor a proxy: left out). ``currency`` is that of the quotes where the change is
    counted in it, for want of exchange rates from then.
    """

    asset: str
    symbol: str
    group: str
    change: Number
    loss: Number
    by: str
    proxy: str
    beta: Number
    currency: str


class OutcomeOut(Answer):
    """What would happen to today's holdings: ``loss`` in money (negative is lost) over the ``covered`` share of it
    all. ``figure`` is what to ask ``/api/explain`` for.
    """

    key: str
    figure: str
    first: date | None
    last: date | None
    loss: Number
    change: Number
    covered: Number
    by_proxy: Number
    effects: list[EffectOut]

    @classmethod
    def of(cls, found: Outcome, figure: str) -> OutcomeOut:
        """Read the result."""
        return cls(
            key=found.key,
            figure=figure,
            first=found.first,
            last=found.last,
            loss=exact(found.loss),
            change=exact(found.change),
            covered=exact(found.covered),
            by_proxy=exact(found.by_proxy),
            effects=[
                EffectOut(
                    asset=one.exposure.asset.id,
                    symbol=one.exposure.asset.symbol,
                    group=one.exposure.group,
                    change=exact(one.change),
                    loss=exact(one.loss),
                    by=one.by,
                    proxy=one.proxy,
                    beta=exact(one.beta),
                    currency=one.currency,
                )
                for one in found.effects
            ],
        )


class ScenariosOut(Answer):
    """The episodes that happened, and the shocks that were asked for."""

    currency: str
    episodes: list[OutcomeOut]
    shock: OutcomeOut | None


class PlanIn(Body):
    """What to simulate. ``monthly`` is paid in (or, negative, taken out) each month in the view's currency.

    ``growth`` is the return a year to expect: 0 for risk alone, ``null`` for that of the past.
    """

    months: int = 12
    method: Literal["bootstrap", "student_t"] = "bootstrap"
    monthly: Amount = Decimal(0)
    growth: Amount | None = Decimal(0)
    goal: Amount | None = None
    seed: int = 1


class ChanceOut(Answer):
    """How likely a loss of at least so much is (both 0 to 1). ``figure`` is what to ask ``/api/explain`` for."""

    loss: Number
    chance: Number
    figure: str


class PointOut(Answer):
    """One point of the fan: ``levels`` are the quantiles of the worth, ``paid_in`` what had been put in by then."""

    years: Number
    levels: list[Number]
    paid_in: Number


class FutureOut(Answer):
    """Ten thousand futures of the ``covered`` share of what is held. The same plan and seed give the same answer."""

    currency: str
    start: Number
    covered: Number
    paths: int
    seed: int
    method: str
    degrees_of_freedom: Number
    history_days: int
    assets: int
    step_days: int
    levels: list[Number]
    points: list[PointOut]
    mean: Number
    loss_at_end: list[ChanceOut]
    loss_on_the_way: list[ChanceOut]
    goal: Number
    empty: Number

    @classmethod
    def of(cls, found: Future, job: str) -> FutureOut:
        """Read the result of a job."""
        return cls(
            currency=found.plan.currency,
            start=exact(found.start),
            covered=exact(found.plan.covered),
            paths=found.plan.paths,
            seed=found.plan.seed,
            method=found.plan.method,
            degrees_of_freedom=exact(found.freedom),
            history_days=found.history_days,
            assets=found.assets,
            step_days=found.step_days,
            levels=[exact(level) for level in LEVELS],
            points=[
                PointOut(
                    years=exact(float(found.at[at])),
                    levels=[exact(float(value)) for value in found.fan[:, at]],
                    paid_in=exact(float(found.paid[at])),
                )
                for at in range(len(found.at))
            ],
            mean=exact(found.mean),
            loss_at_end=[_chance(job, "end", *one) for one in found.losses],
            loss_on_the_way=[_chance(job, "way", *one) for one in found.dips],
            goal=exact(found.goal),
            empty=exact(found.ruin),
        )


def _chance(job: str, when: str, loss: float, chance: float) -> ChanceOut:
    return ChanceOut(loss=exact(loss), chance=exact(chance), figure=f"simulation:{job}:{when}-{loss}")


class SimulationOut(WorkOut):
    """A simulation as it stands: ``done`` of ``total`` paths."""

    future: FutureOut | None
