"""How risky it is: the dashboard, episodes and shocks, and ten thousand futures."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from smartfolio_app.analytics.risk.simulation import Plan
from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.risk_schemas import (
    FutureOut,
    OutcomeOut,
    PlanIn,
    RiskDashboardOut,
    ScenariosOut,
    SimulationOut,
)
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.work import standing
from smartfolio_app.services import risk

router = APIRouter(prefix="/api/risk", tags=["risk"])

Window = Annotated[
    Literal["30", "90", "180", "365", "all"], Query(description="calendar days, up to yesterday")
]
Basis = Annotated[
    Literal["held", "lived"],
    Query(description="held: today's holdings over the past; lived: what the household did return"),
]
Benchmark = Annotated[
    str, Query(max_length=80, description="an asset id of `benchmarks`; default: the nearest reference")
]
Rate = Annotated[Decimal, Query(ge=Decimal("-0.05"), le=Decimal("0.5"), description="a year: 0.02 is 2 %")]
Shocks = Annotated[
    list[str] | None,
    Query(
        max_length=200,
        description="`BTC=-0.3` (a group), `crypto:ETH=-0.5` (an asset, whose word wins), or `crypto`, `security` and "
        "`traded` for all there is of that",
    ),
]


@router.get("/dashboard", summary="How risky it is, and how good that answer is")
def get_dashboard(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    db: Database,
    window: Window = "365",
    basis: Basis = "held",
    benchmark: Benchmark = "",
    risk_free: Rate = Decimal(0),
) -> RiskDashboardOut:
    """Return every figure of one window, with the record of its own VaR out of sample."""
    asked = risk.Asked(window, basis, benchmark, float(risk_free))
    return RiskDashboardOut.of(risk.dashboard(db, view, asked), basis)


@router.get("/scenarios", summary="What would happen to it")
def get_scenarios(view: ChosenView, db: Database, shock: Shocks = None) -> ScenariosOut:
    """Replay the episodes that happened on today's holdings, and apply the shocks that are asked for."""
    wanted = dict(risk.read_shock(one) for one in shock or ())
    return ScenariosOut(
        currency=view.currency,
        episodes=[OutcomeOut.of(one, f"risk:365:held:episode:{one.key}") for one in risk.episodes(db, view)],
        shock=OutcomeOut.of(risk.shocks(db, view, wanted), f"risk:365:held:shock:{risk.shock_spec(wanted)}")
        if wanted
        else None,
    )


@router.post("/simulations", status_code=202, summary="Simulate the future")
def start_simulation(view: ChosenView, access: Caller, db: Database, plan: PlanIn) -> SimulationOut:
    """Start a simulation in the background and say where to look for it."""
    wanted = Plan(
        months=plan.months,
        method=plan.method,
        monthly=float(plan.monthly),
        growth=None if plan.growth is None else float(plan.growth),
        goal=None if plan.goal is None else float(plan.goal),
        seed=plan.seed,
    )
    job_id = risk.start_simulation(db, view, wanted)
    return _simulation(view.user_id, job_id, language_of(access, db, view.user_id))


@router.get("/simulations/{job_id}", summary="How far a simulation is")
def get_simulation(
    viewer: SignedIn, access: Caller, db: Database, job_id: Annotated[str, Path(max_length=64)]
) -> SimulationOut:
    """Return a simulation and, once it is done, what came out. The newest forty are kept."""
    return _simulation(viewer.user_id, job_id, language_of(access, db, viewer.user_id))


def _simulation(user_id: str, job_id: str, language: str) -> SimulationOut:
    job = risk.simulation(user_id, job_id)
    future = FutureOut.of(job.result, job.id) if job.state == "done" else None
    return SimulationOut(**standing(job, language), future=future)
