"""The holdings as a table, searched, grouped, sorted and paged on the server; and as a CSV file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from smartfolio_app.api.dependencies import Database
from smartfolio_app.api.files import attachment
from smartfolio_app.api.schemas import Amount, Answer
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import HoldingFigures
from smartfolio_app.services import holdings, holdings_csv
from smartfolio_app.services.holdings import Grouping, Sort

router = APIRouter(prefix="/api/portfolio", tags=["portfolio"])


class HoldingRow(HoldingFigures):
    """A holding, or the part of one in its section."""

    section: str


class SectionOut(Answer):
    """A group of rows: its key, worth, and how many there are."""

    key: str
    value: Amount | None
    count: int


class HoldingsOut(Answer):
    """One page of holdings; ``hidden`` counts the small ones left out."""

    currency: str
    holdings: list[HoldingRow]
    sections: list[SectionOut]
    total: int
    hidden: int
    page: int
    pages: int
    size: int


@router.get("/holdings", summary="Holdings, a page at a time")
def list_holdings(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    db: Database,
    search: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[Sort, Query()] = "value",
    descending: bool = True,
    group_by: Annotated[Grouping, Query(description="empty: one row an asset")] = "",
    hide_small: Annotated[
        bool, Query(description="leave out what is worth less than your threshold")
    ] = False,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=holdings.LARGEST_PAGE)] = 100,
) -> HoldingsOut:
    """Return one page of what is held in the view."""
    query = holdings.Query(
        search=search,
        sort=sort,
        descending=descending,
        group_by=group_by,
        hide_small=hide_small,
        page=page,
        size=size,
    )
    found = holdings.table(db, view, query)
    return HoldingsOut(
        currency=found.currency,
        holdings=[HoldingRow.of(row) for row in found.rows],
        sections=[SectionOut.model_validate(one) for one in found.sections],
        total=found.total,
        hidden=found.hidden,
        page=found.page,
        pages=found.pages,
        size=found.size,
    )


@router.get("/holdings.csv", summary="Holdings as a CSV file", response_class=Response)
def export_holdings(view: ChosenView, db: Database) -> Response:
    """Return every holding in the view; text cells are neutralised, so that no spreadsheet runs them."""
    data = holdings_csv.export(db, view).encode("utf-8-sig")
    return attachment(data, "holdings.csv", "text/csv; charset=utf-8")
