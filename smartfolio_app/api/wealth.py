"""What it is all worth, and how it is spread."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from smartfolio_app.analytics.scope import Category
from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import (
    BreakdownByCategory,
    ChangeOut,
    CoverageOut,
    HoldingOut,
    MoversOut,
    SliceOut,
    SummaryOut,
)
from smartfolio_app.services import wealth

router = APIRouter(prefix="/api/wealth/global", tags=["wealth"])


@router.get("/summary", summary="The headline: total, parts, today")
def get_summary(view: ChosenView, db: Database) -> SummaryOut:
    """Return net worth, its parts, what changed since the anchor, and how much of it is really known."""
    found = wealth.summary(db, view)
    return SummaryOut(
        total_value=found.total_value,
        currency=found.currency,
        breakdown=BreakdownByCategory(**{one.value: found.breakdown.get(one) for one in Category}),
        assets=found.assets,
        liabilities=found.liabilities,
        pnl_today=found.change.gain,
        pnl_today_pct=found.change.pct,
        change=ChangeOut.model_validate(found.change),
        coverage=CoverageOut.model_validate(found.coverage),
        stale=list(found.stale),
        unpriced=list(found.unpriced),
        as_of=found.as_of,
    )


@router.get("/allocation", summary="How it is spread")
def get_allocation(
    view: ChosenView,
    db: Database,
    by: Annotated[Literal["group", "class", "category", "source", "location", "currency"], Query()] = "group",
) -> list[SliceOut]:
    """Return the slices, largest first."""
    return [SliceOut.model_validate(one) for one in wealth.allocation(db, view, by)]


@router.get("/movers", summary="What moved most today")
def get_movers(view: ChosenView, db: Database, count: Annotated[int, Query(ge=1, le=50)] = 5) -> MoversOut:
    """Return the strongest gainers and losers, small balances left out."""
    gainers, losers = wealth.movers(db, view, count)
    return MoversOut(
        gainers=[HoldingOut.of(one) for one in gainers], losers=[HoldingOut.of(one) for one in losers]
    )


@router.get("/stale", summary="What is stale or not priced")
def get_stale(view: ChosenView, db: Database) -> list[HoldingOut]:
    """Return the holdings whose price is too old or missing, the largest first."""
    return [HoldingOut.of(one) for one in wealth.stale(db, view)]
