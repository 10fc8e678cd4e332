"""Targets, drift, and the trades that would bring the portfolio back. Nothing here trades."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from smartfolio_app.analytics.explain_risk import exact
from smartfolio_app.analytics.rebalancing.drift import PRESETS, Bands
from smartfolio_app.analytics.rebalancing.optimise import OutOfSample, Suggestions
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.files import attachment
from smartfolio_app.api.schemas import Amount, Answer, Body
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.work import WorkOut, standing
from smartfolio_app.services.rebalancing import export, optimiser, targets
from smartfolio_app.services.rebalancing.plan import Planned, Proposal, Wish, propose
from smartfolio_app.services.rebalancing.targets import MOST_TARGETS, Targets

router = APIRouter(prefix="/api/portfolio/rebalancing", tags=["decisions"])

Share = Annotated[Amount, Field(ge=0, le=1, description="a part of one: 0.25 is 25 %")]
Money = Annotated[Amount, Field(ge=0, lt=Decimal(10) ** 12)]
Cash = Annotated[
    Decimal,
    Query(gt=-(Decimal(10) ** 12), lt=Decimal(10) ** 12, description="to invest; negative: to take out"),
]


class VenueRules(Body):
    """What a trade at a source costs: ``rate`` of the amount and ``fixed`` money. ``whole``: only whole units."""

    rate: Share = Decimal(0)
    fixed: Money = Decimal(0)
    locked: bool = False
    whole: bool = False


class TargetsIn(Body):
    """Where the portfolio should be. The shares of ``weights`` make exactly one; without any there is no plan.

    Amounts are in your base currency; rates, bands and taxes are parts of one.
    """

    by: Literal["group", "asset", "category"] = "group"
    weights: Annotated[dict[str, Share], Field(default_factory=dict, max_length=MOST_TARGETS)]
    band_absolute: Share | None = Decimal("0.05")
    band_relative: Share | None = Decimal("0.25")
    minimum: Money = Decimal(10)
    lot_choice: Literal["method", "least_tax"] = "method"
    tax_short: Share = Decimal(0)
    tax_long: Share = Decimal(0)
    venues: Annotated[dict[str, VenueRules], Field(default_factory=dict, max_length=200)]
    locked: Annotated[
        list[str], Field(default_factory=list, max_length=MOST_TARGETS, description="ids of assets")
    ]

    def read(self) -> Targets:
        """Return the targets as the service takes them."""
        return Targets(
            by=self.by,
            weights=self.weights,
            bands=Bands(self.band_absolute, self.band_relative),
            minimum=self.minimum,
            lot_choice=self.lot_choice,
            tax_short=self.tax_short,
            tax_long=self.tax_long,
            venues={key: Venue(key, **rules.model_dump()) for key, rules in self.venues.items()},
            locked=frozenset(self.locked),
        )


class VenueOut(Answer):
    """The rules of one venue."""

    rate: Amount
    fixed: Amount
    locked: bool
    whole: bool


class TargetsOut(Answer):
    """The targets in force, and the presets one can start from, by ``by`` and name."""

    by: str
    weights: dict[str, Amount]
    band_absolute: Amount | None
    band_relative: Amount | None
    minimum: Amount
    lot_choice: str
    tax_short: Amount
    tax_long: Amount
    venues: dict[str, VenueOut]
    locked: list[str]
    presets: dict[str, dict[str, dict[str, Amount]]]

    @classmethod
    def of(cls, found: Targets) -> TargetsOut:
        """Read the service's targets."""
        return cls(
            by=found.by,
            weights=dict(found.weights),
            band_absolute=found.bands.absolute,
            band_relative=found.bands.relative,
            minimum=found.minimum,
            lot_choice=found.lot_choice,
            tax_short=found.tax_short,
            tax_long=found.tax_long,
            venues={key: VenueOut.model_validate(one) for key, one in found.venues.items()},
            locked=sorted(found.locked),
            presets=PRESETS,
        )


class DriftOut(Answer):
    """How far one target is off; ``band`` names the band it is outside of, empty within both."""

    key: str
    value: Amount
    share: Amount
    target: Amount
    difference: Amount
    band: str


class TradeOut(Answer):
    """One trade to make. ``asset`` and ``venue`` are empty where nothing of the target is held yet.

    ``gain`` and ``tax`` are null for purchases, and for sales of lots whose cost is not known. A loss has a negative
    tax. ``lots`` gives number and quantity of the lots to sell, where the plan chose them.
    """

    side: str
    target: str
    asset: str
    symbol: str
    venue: str
    quantity: Amount | None
    amount: Amount
    fee: Amount
    gain: Amount | None
    long_term: Amount
    short_term: Amount
    tax: Amount | None
    lots: list[tuple[int, Amount]]

    @classmethod
    def of(cls, planned: Planned) -> TradeOut:
        """Read one trade of the plan."""
        trade = planned.trade
        return cls(
            side=trade.side,
            target=trade.key,
            asset=trade.asset,
            symbol=planned.asset.symbol if planned.asset else "",
            venue=trade.venue,
            quantity=trade.quantity,
            amount=trade.amount,
            fee=trade.fee,
            gain=planned.gain,
            long_term=planned.long_term,
            short_term=planned.short_term,
            tax=planned.tax,
            lots=list(trade.picked),
        )


class OutsideOut(Answer):
    """A holding that no target counts, or that has no price."""

    asset: str
    symbol: str
    value: Amount | None


class PlanOut(Answer):
    """The plan: drift before and after, trades, and their sums. ``left`` is money not placed (negative: missing).

    ``needed`` tells whether a band is broken; while none is, nothing is exchanged. ``unknown`` counts the sales whose
    cost is not known and that are in neither ``gain`` nor ``tax``.
    """

    currency: str
    as_of: datetime
    by: str
    needed: bool
    before: list[DriftOut]
    trades: list[TradeOut]
    after: list[DriftOut]
    outside: list[OutsideOut]
    left: Amount
    fees: Amount
    turnover: Amount
    gain: Amount
    tax: Amount
    unknown: int

    @classmethod
    def of(cls, found: Proposal) -> PlanOut:
        """Read the service's proposal."""
        plan = found.plan
        return cls(
            currency=found.currency,
            as_of=found.at,
            by=found.targets.by,
            needed=plan.needed,
            before=[DriftOut.model_validate(one) for one in plan.before],
            trades=[TradeOut.of(one) for one in found.trades],
            after=[DriftOut.model_validate(one) for one in plan.after],
            outside=[
                OutsideOut(asset=one.asset.id, symbol=one.asset.symbol, value=one.value)
                for one in found.outside
            ],
            left=plan.left,
            fees=plan.fees,
            turnover=plan.turnover,
            gain=found.gain,
            tax=found.tax,
            unknown=found.unknown,
        )


class TestedOut(Answer):
    """What weights did on days they had not seen; growth and volatility are a year's.

    ``bad_day`` is the mean of the worst 5 % of days, ``turnover`` the share exchanged at each refit; costs are not
    counted.
    """

    growth: Amount | None
    volatility: Amount | None
    sharpe: Amount | None
    drawdown: Amount | None
    bad_day: Amount | None
    turnover: Amount | None

    @classmethod
    def of(cls, found: OutOfSample) -> TestedOut:
        """Read the engine's figures."""
        return cls(**{name: exact(getattr(found, name)) for name in cls.model_fields})


class IdeaOut(Answer):
    """One method: its weights by asset (they make one), and its test."""

    method: str
    weights: dict[str, Amount]
    tested: TestedOut


class SuggestedOut(Answer):
    """What was computed of ``days`` daily returns.

    The last ``tested_days`` are the test; weights were fitted on the ``train_days`` before each part of it.
    """

    present: dict[str, Amount]
    present_tested: TestedOut
    ideas: list[IdeaOut]
    days: int
    train_days: int
    tested_days: int

    @classmethod
    def of(cls, found: Suggestions) -> SuggestedOut:
        """Read the result."""

        def by_asset(weights: tuple[float, ...]) -> dict[str, Decimal]:
            parts = zip(found.assets, weights, strict=True)
            return {asset: Decimal(f"{weight:.6f}") for asset, weight in parts}

        return cls(
            present=by_asset(found.present),
            present_tested=TestedOut.of(found.present_tested),
            ideas=[
                IdeaOut(method=one.method, weights=by_asset(one.weights), tested=TestedOut.of(one.tested))
                for one in found.ideas
            ],
            days=found.days,
            train_days=found.train_days,
            tested_days=found.tested_days,
        )


class SuggestionsOut(WorkOut):
    """The work as it stands: ``done`` of ``total`` fits."""

    suggested: SuggestedOut | None


@router.get("/targets", summary="Your targets")
def get_targets(viewer: SignedIn, db: Database) -> TargetsOut:
    """Return the targets and rules in force, the defaults where you have set none."""
    return TargetsOut.of(targets.get(db, viewer.user_id))


@router.put("/targets", summary="Set your targets")
def set_targets(viewer: SignedIn, db: Database, body: TargetsIn) -> TargetsOut:
    """Replace the targets and rules; all or nothing."""
    return TargetsOut.of(targets.save(db, viewer.user_id, body.read()))


@router.get("/plan", summary="The trades that would restore the targets")
def get_plan(view: ChosenView, db: Database, cash: Cash = Decimal(0), only_cash: bool = False) -> PlanOut:
    """Return the plan for what is in view; with ``only_cash`` nothing is sold to buy something else."""
    return PlanOut.of(propose(db, view, Wish(cash, only_cash)))


@router.post("/plan", summary="Try targets without keeping them")
def try_plan(
    view: ChosenView, db: Database, body: TargetsIn, cash: Cash = Decimal(0), only_cash: bool = False
) -> PlanOut:
    """Return the plan that other targets would lead to. Nothing is stored."""
    wanted = body.read()
    targets.check(wanted)
    return PlanOut.of(propose(db, view, Wish(cash, only_cash), wanted))


@router.get("/plan.csv", summary="The plan as a CSV file", response_class=Response)
def export_plan(view: ChosenView, db: Database, cash: Cash = Decimal(0), only_cash: bool = False) -> Response:
    """Return one line a trade; text cells are neutralised."""
    data = export.as_csv(propose(db, view, Wish(cash, only_cash))).encode("utf-8-sig")
    return attachment(data, "rebalancing.csv", "text/csv; charset=utf-8")


@router.get("/plan.json", summary="The plan as a JSON file", response_class=Response)
def save_plan(view: ChosenView, db: Database, cash: Cash = Decimal(0), only_cash: bool = False) -> Response:
    """Return what `plan` answers, as a file to keep."""
    found = PlanOut.of(propose(db, view, Wish(cash, only_cash)))
    return attachment(
        found.model_dump_json(indent=2).encode(), "rebalancing.json", "application/json; charset=utf-8"
    )


@router.post("/suggestions", status_code=202, summary="Let targets be suggested")
def start_suggestions(view: ChosenView, access: Caller, db: Database) -> SuggestionsOut:
    """Start spreading what is held by risk, three ways, and say where to look for it."""
    job_id = optimiser.start(db, view)
    return _suggestions(view.user_id, job_id, language_of(access, db, view.user_id))


@router.get("/suggestions/{job_id}", summary="How far the suggestions are")
def get_suggestions(
    viewer: SignedIn, access: Caller, db: Database, job_id: Annotated[str, Path(max_length=64)]
) -> SuggestionsOut:
    """Return the work and, once it is done, what came out, beside the present weights. The newest forty are kept."""
    return _suggestions(viewer.user_id, job_id, language_of(access, db, viewer.user_id))


def _suggestions(user_id: str, job_id: str, language: str) -> SuggestionsOut:
    job = optimiser.found(user_id, job_id)
    suggested = SuggestedOut.of(job.result) if job.state == "done" else None
    return SuggestionsOut(**standing(job, language), suggested=suggested)
