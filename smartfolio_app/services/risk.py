"""How risky what is held is: the dashboard, the episodes and shocks, and the simulation. One answer for page and
REST.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from urllib.parse import quote, unquote

from sqlmodel import Session

from smartfolio_app.analytics.allocation import by_currency
from smartfolio_app.analytics.performance import performance_series
from smartfolio_app.analytics.prices import PriceBook
from smartfolio_app.analytics.results import Breakdown, Holding, Portfolio
from smartfolio_app.analytics.risk import report as engine
from smartfolio_app.analytics.risk.panel import Exposure, Panel, build_panel, complete_history
from smartfolio_app.analytics.risk.report import Lived, Question, RiskReport
from smartfolio_app.analytics.risk.scenarios import BASKETS, EPISODES, Episode, Factor, Outcome, Replay, Then
from smartfolio_app.analytics.risk.scenarios import shock as apply_shocks
from smartfolio_app.analytics.risk.simulation import METHODS, MONTHS, Plan, merged, simulate
from smartfolio_app.errors import InvalidInputError, SmartFolioError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId, crypto
from smartfolio_app.ledger.money import exact
from smartfolio_app.services import episode_prices, kept_work
from smartfolio_app.services.answers import Answers
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.services.kept_work import SIMULATION
from smartfolio_app.services.views import Basis, View, basis, revision, shown
from smartfolio_app.services.wealth import portfolio

#: Windows in calendar days, by the name they are asked for.
WINDOWS: dict[str, int | None] = {"30": 30, "90": 90, "180": 180, "365": 365, "all": None}
BASES = ("held", "lived")

BITCOIN = Asset(crypto("BTC"), AssetClass.CRYPTO, "BTC", "Bitcoin")
ETHER = Asset(crypto("ETH"), AssetClass.CRYPTO, "ETH", "Ethereum")
#: Trackers of a broad stock index (S&P 500, MSCI World, FTSE All-World); the one with the longest history is the index.
INDEXES = (
    Asset("stock:^GSPC", AssetClass.ETF, "S&P 500", "S&P 500", quote_currency="USD"),
    Asset("stock:US78462F1030", AssetClass.ETF, "SPY", "SPDR S&P 500", "US78462F1030", "USD"),
    Asset("stock:SPY", AssetClass.ETF, "SPY", "SPDR S&P 500", quote_currency="USD"),
    Asset("stock:US9229083632", AssetClass.ETF, "VOO", "Vanguard S&P 500", "US9229083632", "USD"),
    Asset("stock:IE00B5BMR087", AssetClass.ETF, "SXR8", "iShares Core S&P 500", "IE00B5BMR087", "EUR"),
    Asset("stock:IE00B4L5Y983", AssetClass.ETF, "IWDA", "iShares Core MSCI World", "IE00B4L5Y983", "EUR"),
    Asset("stock:IE00B3RBWM25", AssetClass.ETF, "VWRL", "Vanguard FTSE All-World", "IE00B3RBWM25", "EUR"),
    Asset("stock:IE00BK5BQT80", AssetClass.ETF, "VWCE", "Vanguard FTSE All-World", "IE00BK5BQT80", "EUR"),
)

#: A day: what is answered changes when prices or possessions do, or at midnight UTC.
_KEPT_SECONDS = 86_400.0
_MOST_BENCHMARKS = 24
_LARGEST_MONEY = 1e15

_panels = Answers(8)
_reports = Answers(48)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the dashboard is asked for: a name of ``WINDOWS``, one of ``BASES``, what to compare with (empty:
    bitcoin or the stock index, whichever is nearer), and a risk-free rate a year.
    """

    window: str = "365"
    basis: str = "held"
    benchmark: AssetId = ""
    risk_free: float = 0.0


class NothingMeasuredError(SmartFolioError):
    """Nothing that is held has enough price history for the question."""

    status = 422


@dataclass(frozen=True, slots=True)
class Ground:
    """What every answer stands on: the portfolio, the panel of its prices, what has no daily price, the references."""

    portfolio: Portfolio
    panel: Panel
    others: tuple[Exposure, ...]
    unpriced: tuple[Holding, ...]
    bitcoin: int | None
    index: int | None

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        """Everything held that has a value."""
        return (*(one for one in self.panel.exposures if one.value), *self.others)


@dataclass(frozen=True, slots=True)
class Liquidity:
    """How soon it could be money: shares (0..1) of everything owned that has a value, debts apart."""

    cash: float
    stablecoins: float
    traded: float
    items: float


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard: ``report`` is ``None`` when nothing could be measured, and ``reason`` says why (a message key)."""

    window: str
    report: RiskReport | None
    reason: str
    portfolio: Portfolio
    panel: Panel
    benchmarks: tuple[Asset, ...]
    liquidity: Liquidity | None
    currencies: tuple[Breakdown, ...]
    unpriced: tuple[Holding, ...]
    until: date | None


# --------------------------------------------------------------------------------------------------- the dashboard
def dashboard(db: Session, view: View, asked: Asked | None = None) -> Dashboard:
    """Return the risk of what is in view.

    Raises:
        InvalidInputError: There is no such window, basis or benchmark, or the rate is none.
        NotFoundError: There is no such user.
    """
    asked = asked or Asked()
    if asked.window not in WINDOWS:
        raise InvalidInputError("risk.no_such_window", window=asked.window, allowed=", ".join(WINDOWS))
    if asked.basis not in BASES:
        raise InvalidInputError("risk.no_such_basis", basis=asked.basis, allowed=", ".join(BASES))
    if not -0.05 <= asked.risk_free <= 0.5:
        raise InvalidInputError("risk.rate_wrong", rate=str(asked.risk_free))
    ground = ground_of(db, view)
    choices = _benchmarks(ground)
    chosen = asked.benchmark or _usual_benchmark(ground)
    if asked.benchmark and asked.benchmark not in {one.id for one in choices}:
        raise InvalidInputError("risk.no_such_benchmark", benchmark=asked.benchmark)
    question = Question(WINDOWS[asked.window], asked.basis, chosen, asked.risk_free)
    now, at = datetime.now(UTC), revision(db, view.user_id)
    key = (view, question, ground.panel.days[-1:])
    kept = _reports.get(key, at, now, _KEPT_SECONDS)
    if isinstance(kept, _Kept):
        report = kept.report
    else:
        lived = lived_of(db, view, ground) if asked.basis == "lived" else None
        report = engine.assess(ground.panel, ground.others, view.currency, question, lived)
        _reports.put(key, at, now, _Kept(report), shown=shown(view.user_id))
    return Dashboard(
        window=asked.window,
        report=report,
        reason="" if report is not None else _why_nothing(ground),
        portfolio=ground.portfolio,
        panel=ground.panel,
        benchmarks=choices,
        liquidity=_liquidity(ground.portfolio),
        currencies=tuple(by_currency(ground.portfolio)),
        unpriced=ground.unpriced,
        until=ground.panel.days[-1] if ground.panel.days else None,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    report: RiskReport | None


def ground_of(db: Session, view: View) -> Ground:
    """Return what every answer stands on, from memory while neither prices nor possessions have changed."""
    now = datetime.now(UTC)
    last = now.date() - timedelta(days=1)
    at = revision(db, view.user_id)
    kept = _panels.get((view, last), at, now, _KEPT_SECONDS)
    if isinstance(kept, Ground):
        return kept
    whole, known = portfolio(db, view), basis(db, view.user_id)
    ground = _ground(whole, known.prices, view.currency, last)
    _panels.put((view, last), known.revision, now, ground, shown=shown(view.user_id))
    return ground


def forget() -> None:
    """Forget every answer (tests, restore)."""
    _panels.clear()
    _reports.clear()


def _ground(whole: Portfolio, prices: PriceBook, currency: str, last: date) -> Ground:
    merged_rows: dict[AssetId, Exposure] = {}
    for row in whole.holdings:
        if row.value is None or not row.value:
            continue
        kept = merged_rows.get(row.asset.id)
        value = float(row.value) + (kept.value if kept else 0.0)
        merged_rows[row.asset.id] = Exposure(row.asset, value, row.group, row.category.value)
    held = [one for one in merged_rows.values() if one.kind != "item"]
    others = tuple(one for one in merged_rows.values() if one.kind == "item")
    names = {one.asset.id for one in held}
    index = _index(prices)
    references = [one for one in (BITCOIN, ETHER, index) if one is not None and one.id not in names]
    known = [one for one in references if prices.first_quoted(one.id) is not None]
    columns = [*held, *(Exposure(one, 0.0, "", "") for one in known)]
    panel = build_panel(prices, columns, currency, last)
    return Ground(
        portfolio=whole,
        panel=panel,
        others=others,
        unpriced=tuple(row for row in whole.holdings if row.value is None),
        bitcoin=panel.column(BITCOIN.id),
        index=None if index is None else panel.column(index.id),
    )


def _index(prices: PriceBook) -> Asset | None:
    known = [(moment, one) for one in INDEXES if (moment := prices.first_quoted(one.id)) is not None]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def _benchmarks(ground: Ground) -> tuple[Asset, ...]:
    """Return what can be compared with: the references, then the largest holdings that move and have a history."""
    panel = ground.panel
    if not panel.days:
        return ()
    found: dict[AssetId, Asset] = {}
    needed = panel.needed(0)
    long = panel.observed.sum(axis=0) >= needed
    for column in (ground.bitcoin, panel.column(ETHER.id), ground.index):
        if column is not None and long[column]:
            asset = panel.exposures[column].asset
            found[asset.id] = asset
    order = sorted(range(len(panel.exposures)), key=lambda at: -abs(panel.exposures[at].value))
    for at in order:
        one = panel.exposures[at]
        if long[at] and one.kind != "fiat" and one.group != "STABLECOINS" and len(found) < _MOST_BENCHMARKS:
            found.setdefault(one.asset.id, one.asset)
    return tuple(found.values())


def _usual_benchmark(ground: Ground) -> AssetId:
    coins = sum(abs(one.value) for one in ground.panel.exposures if one.kind == "crypto")
    securities = sum(abs(one.value) for one in ground.panel.exposures if one.kind == "security")
    order = (ground.bitcoin, ground.index) if coins >= securities else (ground.index, ground.bitcoin)
    return next((ground.panel.exposures[one].asset.id for one in order if one is not None), "")


def _why_nothing(ground: Ground) -> str:
    if not ground.portfolio.holdings:
        return "risk.nothing_held"
    return (
        "risk.nothing_traded"
        if not any(one.value for one in ground.panel.exposures)
        else "risk.all_too_short"
    )


def lived_of(db: Session, view: View, ground: Ground) -> Lived | None:
    """Return what the household did return, ``None`` when there is nothing to compare it with."""
    if not ground.panel.days:
        return None
    known: Basis = basis(db, view.user_id)
    series = performance_series(
        known.ledger,
        known.prices,
        view.scope,
        view.currency,
        ground.panel.days[-1],
        time_zone=view.time_zone,
    )
    begun = next((at for at, value in enumerate(series.value) if value > 0), len(series.days))
    total = ground.portfolio.total
    return Lived(series.days[begun:], series.index[begun:], float(total) if total is not None else 0.0)


def _liquidity(whole: Portfolio) -> Liquidity | None:
    parts = liquid_parts(whole)
    sums = {
        name: sum((row.value for row in rows if row.value is not None), Decimal(0))
        for name, rows in parts.items()
    }
    total = sum(sums.values(), Decimal(0))
    if not total:
        return None
    return Liquidity(**{name: float(part / total) for name, part in sums.items()})


def liquid_parts(whole: Portfolio) -> dict[str, list[Holding]]:
    """Return what is owned and has a value, by how soon it could be money: the fields of ``Liquidity``."""
    parts: dict[str, list[Holding]] = {"cash": [], "stablecoins": [], "traded": [], "items": []}
    for row in whole.holdings:
        if row.value is None or row.value <= 0:
            continue
        if row.asset.asset_class is AssetClass.FIAT:
            name = "cash"
        elif row.group == "STABLECOINS":
            name = "stablecoins"
        else:
            name = "items" if row.asset.asset_class is AssetClass.ITEM else "traded"
        parts[name].append(row)
    return parts


# ------------------------------------------------------------------------------------------------------ what if
def episodes(db: Session, view: View) -> list[Outcome]:
    """Return what each known episode would do to what is held today. Raises as ``dashboard``."""
    return [one.outcome() for one in replays(db, view)]


def replays(db: Session, view: View) -> list[Replay]:
    """Return each known episode with all that tells what it would do. Raises as ``dashboard``."""
    ground = ground_of(db, view)
    if not ground.panel.days:
        return []
    panel, past, prices = ground.panel, episode_prices.read(db), basis(db, view.user_id).prices
    bitcoin = Factor.of(panel, BITCOIN.id, ground.bitcoin, past.bitcoin)
    known = INDEXES[0] if ground.index is None else panel.exposures[ground.index].asset
    index = Factor.of(panel, known.id, ground.index, None if known.id != INDEXES[0].id else past.index)
    if index is None:  # a tracker too young to measure anything by
        index = Factor.of(panel, INDEXES[0].id, None, past.index)
    currencies = {one.currency for one in past.own.values()}
    return [
        Replay(
            panel,
            ground.others,
            one,
            bitcoin,
            index,
            Then(past.own, _rates_then(prices, currencies, view.currency, one)),
        )
        for one in EPISODES
    ]


def _rates_then(
    prices: PriceBook, currencies: Collection[str], wanted: str, episode: Episode
) -> dict[str, float]:
    """Return what each currency did over an episode in another one, where the rates of then are known."""
    found = {wanted: 1.0}
    for currency in currencies:
        ends = [
            prices.convert(currency, wanted, datetime.combine(day, time(23, 59), UTC))
            for day in (episode.first, episode.last)
        ]
        if all(one is not None and not one.stale and one.value for one in ends):
            first, last = (float(one.value) for one in ends if one is not None)
            found.setdefault(currency, last / first)
    return found


def shocks(db: Session, view: View, wanted: Mapping[str, float]) -> Outcome:
    """Return what shocks (asset id, group key or basket -> return, at least -1) would do to everything held.

    Raises:
        InvalidInputError: A shock names nothing that is held, or is out of bounds.
        NotFoundError: There is no such user.
    """
    held = ground_of(db, view).exposures
    names = {one.asset.id for one in held} | {one.group for one in held} | set(BASKETS)
    for name, change in wanted.items():
        if name not in names:
            raise InvalidInputError("risk.no_such_holding", name=name)
        if not -1 <= change <= 10:
            raise InvalidInputError("risk.shock_wrong", name=name)
    return apply_shocks(held, wanted)


def shock_spec(shocks: Mapping[str, float]) -> str:
    """Return shocks as figures name them: ``BTC=-0.3,crypto:ETH=-0.5``."""
    return ",".join(f"{quote(name, safe=':')}={change:.10g}" for name, change in sorted(shocks.items()))


def read_shock(text: str) -> tuple[str, float]:
    """Return the name and the change of one shock, such as ``BTC=-0.3``.

    Raises:
        InvalidInputError: It is none.
    """
    name, _, typed = text.rpartition("=")
    try:
        change = float(exact(typed))
    except (TypeError, ValueError) as error:
        raise InvalidInputError("risk.shock_wrong", name=text) from error
    if not name:
        raise InvalidInputError("risk.shock_wrong", name=text)
    return unquote(name), change


# --------------------------------------------------------------------------------------------------- the future
def start_simulation(db: Session, view: View, plan: Plan) -> str:
    """Start a simulation in the worker process and return the job's id; ``simulation`` tells how far it is.

    Raises:
        InvalidInputError: The plan is out of bounds.
        NothingMeasuredError: Nothing held has enough history.
        NotFoundError: There is no such user.
    """
    checked_plan(plan)
    ground = ground_of(db, view)
    found = complete_history(ground.panel) if ground.panel.days else None
    if found is None:
        raise NothingMeasuredError("risk.nothing_to_simulate")
    returns, values = merged(found.returns, found.values)
    gross = sum(abs(one.value) for one in ground.exposures)
    covered = sum(abs(float(value)) for value in found.values) / gross
    whole = replace(plan, currency=view.currency, covered=covered)
    return jobs.start(
        view.user_id,
        SIMULATION,
        "",
        simulate,
        returns,
        values,
        ground.panel.days_a_year,
        whole,
        then=partial(kept_work.keep, view.user_id, SIMULATION),
    )


def simulation(user_id: str, job_id: str) -> Job:
    """Return a simulation as it stands; raise ``NotFoundError`` for anything but the user's own."""
    return kept_work.found(user_id, SIMULATION, job_id)


def checked_plan(plan: Plan) -> None:
    """Refuse a plan that is out of bounds; raise ``InvalidInputError``."""
    if plan.months not in MONTHS:
        raise InvalidInputError("risk.months_wrong", allowed=", ".join(str(one) for one in MONTHS))
    if plan.method not in METHODS:
        raise InvalidInputError("risk.no_such_method", allowed=", ".join(METHODS))
    if plan.growth is not None and not -0.5 <= plan.growth <= 1:
        raise InvalidInputError("risk.growth_wrong")
    if abs(plan.monthly) > _LARGEST_MONEY or (plan.goal is not None and not 0 < plan.goal <= _LARGEST_MONEY):
        raise InvalidInputError("risk.amount_wrong")
