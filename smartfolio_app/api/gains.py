"""Realised gains lot by lot, open lots, and sales that have not been made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from smartfolio_app.analytics.explain_match import lot_figure, match_figure
from smartfolio_app.analytics.scope import ALL
from smartfolio_app.api.dependencies import Caller, Database, language_of
from smartfolio_app.api.files import attachment
from smartfolio_app.api.schemas import Amount, Answer, Body
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.wealth_schemas import PriceOut
from smartfolio_app.i18n import translate
from smartfolio_app.ledger.gains import GainRows, GainTotal
from smartfolio_app.ledger.lots import Lot
from smartfolio_app.ledger.match_names import name_of
from smartfolio_app.services import gains, gains_export, what_if
from smartfolio_app.services.user_settings import POOLINGS

router = APIRouter(prefix="/api/portfolio", tags=["portfolio"])

LARGEST_PAGE = 5_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Method = Annotated[
    str,
    Query(
        max_length=16,
        description="fifo, lifo, hifo, lofo, average or total_average, for every year; "
        "default: your own setting, by year where you have set that",
    ),
]


class MatchOut(Answer):
    """One disposal (or part of it) against one lot (or part of it).

    ``cost`` and ``gain`` are null where the acquisition is not known, ``proceeds`` where the market value is not.
    ``long_term`` is null where the rule makes no difference. ``transaction`` and ``lot`` are ids of transactions.
    """

    asset: str
    kind: str
    quantity: Amount
    acquired: datetime | None
    disposed: datetime
    realised: datetime
    proceeds: Amount | None
    cost: Amount | None
    fees: Amount
    gain: Amount | None
    holding_days: int | None
    long_term: bool | None
    source: str
    account: str
    transaction: str
    lot: str
    figure: str = Field("", description="the name by which /api/explain tells why it gained that")

    @classmethod
    def of(cls, rows: GainRows, number: int, found: gains.Gains) -> MatchOut:
        """Read one row of the report."""
        row = rows[number]
        known = cls.model_validate(row)
        source, _ = found.sources.get(row.source, (row.source, ""))
        figure = match_figure(found.policy, name_of(rows, number))
        return known.model_copy(update={"source": source, "figure": figure})


class GainTotalOut(Answer):
    """Sums over the matches whose gain is known; those that are not are counted apart, never as zero."""

    proceeds: Amount
    cost: Amount
    fees: Amount
    gain: Amount
    long_term: Amount
    short_term: Amount
    income: Amount
    count: int
    unknown: int
    unknown_proceeds: Amount
    unknown_income: int


class MethodOut(Answer):
    """The same report by another method; ``difference`` is its gain less that of the method in force."""

    method: str
    total: GainTotalOut
    difference: Amount


class UnknownOut(Answer):
    """Something whose cost, value or whereabouts is not known, and the transaction it came with."""

    code: str
    message: str
    asset: str
    quantity: Amount
    at: datetime | None
    transaction: str
    source: str
    leaves_cost_unknown: bool


class GainsOut(Answer):
    """Realised gains: a page of lot matches, totals over all of them, and the methods side by side.

    ``method``, ``pooling``, ``methods_by_year`` and ``rule`` tell how it was computed.
    """

    currency: str
    method: str
    pooling: str
    methods_by_year: dict[str, str]
    rule: str
    matches: list[MatchOut]
    total: GainTotalOut
    by_year: dict[str, GainTotalOut]
    by_asset: dict[str, GainTotalOut]
    by_source: dict[str, GainTotalOut]
    methods: list[MethodOut]
    unknown: list[UnknownOut]
    unknown_count: int
    page: int
    pages: int
    size: int
    count: int


class OpenLotOut(Answer):
    """What is left of one acquisition; ``number`` names it for ``what-if``."""

    number: int
    quantity: Amount
    cost: Amount | None
    acquired: datetime
    value: Amount | None
    gain: Amount | None
    days: int
    long_term: bool | None
    transaction: str
    source: str
    figure: str = Field(description="the name by which /api/explain tells why it gained that")

    @classmethod
    def of(cls, one: gains.OpenLot) -> OpenLotOut:
        """Read one lot."""
        return cls(
            number=one.number,
            quantity=one.lot.quantity,
            cost=one.lot.cost,
            acquired=one.acquired,
            value=one.value,
            gain=one.gain,
            days=one.days,
            long_term=one.long_term,
            transaction=one.transaction,
            source=one.source,
            figure=lot_figure(one.name),
        )


class LotsOut(Answer):
    """The open lots of an asset, oldest first."""

    asset: str
    currency: str
    price: PriceOut | None
    lots: list[OpenLotOut]


class PickIn(Body):
    """What to take of one open lot."""

    number: Annotated[int, Field(ge=0, le=10_000_000)]
    quantity: Amount


class WhatIfIn(Body):
    """A sale to try. ``price`` of one unit and ``fee`` are in the view's currency; without a price, the present one.

    Either ``quantity``, or ``lots`` picked by their numbers.
    """

    asset: Annotated[str, Field(max_length=80)]
    quantity: Amount | None = None
    price: Amount | None = None
    fee: Amount | None = None
    method: Annotated[str, Field(max_length=16)] = ""
    lots: Annotated[list[PickIn], Field(max_length=10_000, default_factory=list)]
    source: Annotated[str, Field(max_length=80)] = ""


class SaleMatchOut(Answer):
    """One lot that the sale would take, or part of it."""

    quantity: Amount
    acquired: datetime | None
    proceeds: Amount | None
    cost: Amount | None
    gain: Amount | None


class RemainingOut(Answer):
    """A lot that would be left, or part of it."""

    quantity: Amount
    cost: Amount | None
    acquired: datetime


class WhatIfOut(Answer):
    """What the sale would realise; nothing is stored. Null is not known. ``by_method``: the gain by every method."""

    asset: str
    currency: str
    method: str
    price: Amount
    price_at: datetime | None
    proceeds: Amount
    cost: Amount | None
    gain: Amount | None
    long_term: Amount
    short_term: Amount
    matches: list[SaleMatchOut]
    remaining: list[RemainingOut]
    by_method: dict[str, Amount | None]


@router.get(
    "/gains",
    summary="Realised gains, lot by lot",
    responses={200: {"content": {"text/csv": {}, _XLSX: {}}, "description": "as JSON, CSV or a workbook"}},
    response_model=GainsOut,
)
def realised_gains(  # noqa: PLR0917 - FastAPI passes them by name
    view: ChosenView,
    access: Caller,
    db: Database,
    method: Method = "",
    first: Annotated[date | None, Query(alias="from", description="the first day, in your zone")] = None,
    last: Annotated[date | None, Query(alias="to", description="the last day, in your zone")] = None,
    scope: Annotated[
        str,
        Query(
            max_length=80,
            description="within what lots are sought: global, source or account; or a source's key, "
            "to report what was disposed of there alone",
        ),
    ] = "",
    rule: Annotated[
        str,
        Query(max_length=8, description="long term after: 365d, 1y, ... or none; default: your own setting"),
    ] = "",
    export: Annotated[
        Literal["json", "csv", "xlsx"], Query(alias="format", description="csv and xlsx hold every match")
    ] = "json",
    compare: Annotated[bool, Query(description="with every method side by side")] = True,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 500,
) -> GainsOut | Response:
    """Return what was realised: every lot match with its holding period, and totals by year, asset and source."""
    asked = gains.Query(
        method=method.strip().lower(),
        pooling=scope if scope in POOLINGS else "",
        rule=rule,
        first=first,
        last=last,
        source="" if scope in (*POOLINGS, ALL) else scope,
    )
    found = gains.report(db, view, asked)
    if export == "csv":
        data = gains_export.as_csv(found, view.time_zone).encode("utf-8-sig")
        return attachment(data, "gains.csv", "text/csv; charset=utf-8")
    if export == "xlsx":
        return attachment(gains_export.as_xlsx(found, view.time_zone), "gains.xlsx", _XLSX)
    sides = gains.side_by_side(db, view, asked) if compare else []
    return _answer(found, sides, language_of(access, db, view.user_id), page, size)


def _answer(found: gains.Gains, sides: list[gains.Side], language: str, page: int, size: int) -> GainsOut:
    made = found.report
    pages = max(1, -(-len(made.rows) // size))
    page = min(page, pages)
    rows = made.rows[(page - 1) * size : page * size]
    return GainsOut(
        currency=made.currency,
        method=found.policy.method.value,
        pooling=found.policy.pooling.value,
        methods_by_year={str(year): one.value for year, one in sorted(found.policy.methods.items())},
        rule=str(found.rule),
        matches=[MatchOut.of(rows, number, found) for number in range(len(rows))],
        total=_total(made.total),
        by_year={str(year): _total(one) for year, one in made.by_year.items()},
        by_asset={asset: _total(one) for asset, one in made.by_asset.items()},
        by_source={found.sources.get(id_, (id_, ""))[0]: _total(one) for id_, one in made.by_source.items()},
        methods=[
            MethodOut(method=one.method.value, total=_total(one.total), difference=one.difference)
            for one in sides
        ],
        unknown=[_unknown(one, found, language) for one in found.unknown[:LARGEST_PAGE]],
        unknown_count=len(found.unknown),
        page=page,
        pages=pages,
        size=size,
        count=len(made.rows),
    )


@router.get("/lots", summary="The open lots of an asset")
def list_lots(
    view: ChosenView,
    db: Database,
    asset: Annotated[str, Query(max_length=80, description="an asset id, such as crypto:BTC")],
) -> LotsOut:
    """Return what is left of each acquisition of an asset, by the method of your settings, over all sources."""
    found = gains.open_lots(db, view, asset)
    return LotsOut(
        asset=found.asset.id,
        currency=found.currency,
        price=None if found.price is None else PriceOut.model_validate(found.price),
        lots=[OpenLotOut.of(one) for one in found.lots],
    )


@router.post("/what-if", summary="What if this were sold")
def try_sale(view: ChosenView, db: Database, body: WhatIfIn) -> WhatIfOut:
    """Return what a sale made now would realise and leave, by a method or from picked lots. Nothing is stored."""
    question = what_if.Question(
        asset=body.asset,
        quantity=body.quantity or what_if.ZERO,
        price=body.price,
        fee=body.fee or what_if.ZERO,
        method=body.method.strip().lower(),
        picked=tuple((one.number, one.quantity) for one in body.lots),
        source=body.source,
    )
    found = what_if.ask(db, view, question)
    return WhatIfOut(
        asset=found.asset.id,
        currency=found.currency,
        method=found.method.value,
        price=found.price,
        price_at=None if found.found is None else found.found.quoted_at,
        proceeds=found.outcome.proceeds,
        cost=found.outcome.cost,
        gain=found.outcome.gain,
        long_term=found.long_term,
        short_term=found.short_term,
        matches=[
            SaleMatchOut(
                quantity=one.quantity,
                acquired=None if one.acquired is None else what_if.instant(one.acquired),
                proceeds=one.proceeds,
                cost=one.cost,
                gain=one.gain,
            )
            for one in found.outcome.matches
        ],
        remaining=[_remaining(one) for one in found.outcome.remaining],
        by_method={method.value: gain for method, gain in found.by_method.items()},
    )


def _remaining(lot: Lot) -> RemainingOut:
    return RemainingOut(quantity=lot.quantity, cost=lot.cost, acquired=what_if.instant(lot.acquired))


def _total(total: GainTotal) -> GainTotalOut:
    return GainTotalOut.model_validate(total)


def _unknown(one: gains.Unknown, found: gains.Gains, language: str) -> UnknownOut:
    return UnknownOut(
        code=one.code,
        message=translate(language, one.code),
        asset=one.asset,
        quantity=one.quantity,
        at=one.at,
        transaction=one.transaction,
        source=found.sources.get(one.source, ("", ""))[0],
        leaves_cost_unknown=one.costs,
    )
