"""Bundles of lots: the transactions behind them, and every price they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from smartfolio_app.analytics import parts
from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    correction_out,
    price_out,
    rates_out,
    transaction_out,
)
from smartfolio_app.analytics.explain_match import match_asked
from smartfolio_app.analytics.explain_performance import within
from smartfolio_app.analytics.gain_reports import GainFigure
from smartfolio_app.analytics.income_calendar import receipts
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.corrections import corrections
from smartfolio_app.ledger.gains import US_TERM
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.lots import Policy, Pooling
from smartfolio_app.ledger.match_names import LotName
from smartfolio_app.ledger.money import plain
from smartfolio_app.ledger.transactions import Transaction, TransactionKind
from smartfolio_app.services import explain_sale, gains, what_if
from smartfolio_app.services.bundles.asked import Asked, Made, Maker
from smartfolio_app.services.bundles.worth import holding

#: A bundle is to stay small; a figure that rests on more than this is not put into one.
MOST_TRANSACTIONS = 200_000


def _realised(asked: Asked, about: str) -> Made:
    view = asked.view
    figure = GainFigure.parse(about, view.method, str(US_TERM))  # what counts as long term changes no gain
    assert figure is not None  # it was explained
    policy = figure.policy
    first, last = figure.days
    book = asked.known.ledger.lots(asked.known.prices, view.currency, policy)
    sources = gains.sources_of(asked.known, view, figure.source)
    wanted = [figure.asset] if figure.asset else sorted(set(book.engine.disposals.asset))
    return "realised", {
        **lots_out(asked, policy, frozenset(wanted)),
        "assets": wanted,
        "first": None if first is None else first.isoformat(),
        "last": None if last is None else last.isoformat(),
        "sources": None if sources is None else sorted(sources),
        "zone": view.time_zone,
    }


def _match(asked: Asked, about: str) -> Made:
    found = match_asked(about, asked.view.method)
    assert found is not None  # it was explained
    policy, name = found
    return "match", {**lots_out(asked, policy, frozenset({name.asset})), "match": str(name)}


def _lot(asked: Asked, about: str) -> Made:
    name, known, view = LotName.parse(about), asked.known, asked.view
    assert name is not None
    price = known.prices.unit_price(name.asset, view.currency, asked.whole.at)
    assert price is not None  # the lot's gain is known
    return "lot", {
        **lots_out(asked, Policy.parse(view.method), frozenset({name.asset})),
        "lot": str(name),
        "price": plain(price.value),
        "rates": rates_out(price),
    }


def _sale(asked: Asked, about: str) -> Made:
    question, view = explain_sale.question_of(about), asked.view
    assert question is not None  # it was explained
    found = what_if.ask(asked.db, view, question, compared=False)
    return "sale", {
        **lots_out(asked, Policy.parse(view.method), frozenset({question.asset})),
        "asset": question.asset,
        "sold_at": datetime.now(UTC).isoformat(),
        "quantity": plain(question.quantity),
        "price": plain(found.price),
        "rates": [] if found.found is None else rates_out(found.found),
        "fee": plain(question.fee),
        "by": found.method.value,
        "picked": [[str(number), plain(quantity)] for number, quantity in question.picked],
    }


def _income(asked: Asked, about: str) -> Made:
    known, view = asked.known, asked.view
    policy = Policy.parse(view.method)
    book = known.ledger.lots(known.prices, view.currency, policy)
    inside = {id_ for id_, one in known.ledger.sources.items() if view.scope.includes(one.category, one.key)}
    zone = ZoneInfo(view.time_zone)
    ids = {row.transaction for row in receipts(book, zone, inside) if within(row, about)}
    rows = {number for number, row in enumerate(known.ledger.columns.ordered) if row.id in ids}
    return "income", {
        **lots_out(asked, policy, frozenset(), rows=rows),
        "what": about,
        "sources": sorted(inside),
        "zone": view.time_zone,
    }


def cost(asked: Asked, about: str) -> Made:
    known, view = asked.known, asked.view
    held, asset = parts.chosen(asked.whole, about), about.partition("@")[0]
    moment = micros(asked.whole.at)
    columns = known.ledger.columns
    balance = sum(
        (
            balance
            for (_, _, of), balance in zip(columns.places, columns.balances(moment), strict=True)
            if of == asset
        ),
        Decimal(0),
    )
    policy = Policy.parse(view.method)
    wanted = frozenset() if is_fiat(asset) else frozenset({asset})
    return "cost", {
        **lots_out(asked, policy, wanted, until=moment),
        "asset": asset,
        "balance": plain(balance),
        "held": [plain(row.quantity) for row in held],
    }


def _unrealised(asked: Asked, about: str) -> Made:
    return "unrealised", {"value": holding(asked, about)[1], "cost": cost(asked, about)[1]}


def lots_out(
    asked: Asked,
    policy: Policy,
    assets: frozenset[AssetId],
    *,
    rows: set[int] | None = None,
    until: int | None = None,
) -> Json:
    """Return what the lots of ``assets`` (and the transactions ``rows``) rest on, with the prices they ask for."""
    known, view = asked.known, asked.view
    columns = known.ledger.columns
    count = len(columns.ordered) if until is None else columns.transactions_until(until)
    ordered = columns.ordered[:count]
    assets = _with_origins(ordered, assets)
    chosen = [number for number, row in enumerate(ordered) if _touches(row, assets) or number in (rows or ())]
    if len(chosen) > MOST_TRANSACTIONS:
        raise BundleError("bundle.too_large")
    places = {number: place for place, number in enumerate(chosen)}
    transfers = {
        places[left]: places[came]
        for left, came in columns.transfers.items()
        if left in places and came in places
    }
    corrected = [
        one
        for one in corrections(
            columns.stream, columns.statements, by_account=policy.pooling is Pooling.ACCOUNT
        )
        if one.asset in assets and (until is None or one.at <= until)
    ]
    values = MarketValues(known.prices, view.currency)
    asked_for: dict[tuple[AssetId, datetime], None] = {}

    def price_of(asset: AssetId, at: datetime) -> Decimal | None:
        asked_for[asset, at] = None
        return values.price(asset, at)

    own = [ordered[number] for number in chosen]
    lot_book(own, view.currency, price_of, policy=policy, corrections=corrected, transfers=transfers)
    return {
        "currency": view.currency,
        "method": str(policy),
        "transactions": [transaction_out(row) for row in own],
        "transfers": [[left, came] for left, came in transfers.items()],
        "corrections": [correction_out(one) for one in corrected],
        "prices": [price_out(asset, at, values.evidence(asset, at)) for asset, at in asked_for],
    }


def _with_origins(ordered: Sequence[Transaction], assets: frozenset[AssetId]) -> frozenset[AssetId]:
    """Return the assets and those whose lots went on in them: by a swap or a spin-off."""
    kinds = (TransactionKind.SWAP, TransactionKind.SPLIT, TransactionKind.SPIN_OFF)
    changes = [row for row in ordered if row.kind in kinds]
    while True:
        origins = {
            origin
            for row in changes
            if row.received is not None and row.received.asset in assets
            for origin in (row.about, "" if row.sent is None else row.sent.asset)
            if origin
        }
        if origins <= assets:
            return assets
        assets |= origins


def _touches(row: Transaction, assets: frozenset[AssetId]) -> bool:
    sides = (row.received, row.sent, row.fee)
    return row.about in assets or any(side is not None and side.asset in assets for side in sides)


KINDS: dict[str, Maker] = {
    "realised": _realised,
    "match": _match,
    "lot": _lot,
    "sale": _sale,
    "income": _income,
    "cost_basis": cost,
    "unrealised": _unrealised,
}
