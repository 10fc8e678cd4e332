"""Explanations to take along: a figure with its formula and all inputs, from which it can be computed elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlmodel import Session

from smartfolio_app import __version__
from smartfolio_app.analytics import explain as figures
from smartfolio_app.analytics.allocation import exposure
from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.analytics.bundles import document, statistics
from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    correction_out,
    price_out,
    rates_out,
    transaction_out,
    written,
)
from smartfolio_app.analytics.explain_performance import within
from smartfolio_app.analytics.explain_today import chosen, parts_of
from smartfolio_app.analytics.income_calendar import receipts
from smartfolio_app.analytics.performance import PerformanceSeries
from smartfolio_app.analytics.results import Explanation, Holding, Portfolio, Step
from smartfolio_app.analytics.scope import Category
from smartfolio_app.i18n import translate_or_text
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.corrections import corrections
from smartfolio_app.ledger.instants import micros
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.lots import Policy, Pooling
from smartfolio_app.ledger.money import plain
from smartfolio_app.ledger.transactions import Transaction, TransactionKind
from smartfolio_app.providers import binance_futures
from smartfolio_app.services import explain, explain_performance, gains, performance, risk
from smartfolio_app.services.signals.board import board
from smartfolio_app.services.signals.references import FUNDING
from smartfolio_app.services.signals.regimes import market_of
from smartfolio_app.services.views import Basis, View, basis
from smartfolio_app.services.wealth import portfolio
from smartfolio_app.storage.repo_signals import series as signals_of

#: A bundle is to stay small; a figure that rests on more than this is not put into one.
MOST_TRANSACTIONS = 200_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle is made from: who looks, what is known, and the portfolio on screen."""

    db: Session
    view: View
    known: Basis

    @property
    def whole(self) -> Portfolio:
        """The portfolio on screen."""
        return portfolio(self.db, self.view)


Made = tuple[str, Json]


def covers(figure: str) -> bool:
    """Tell whether there are bundles for figures of that kind."""
    return not _why_none(figure)


def make(db: Session, view: View, figure: str, language: str = "en") -> Json:
    """Return the bundle of a figure, sealed. It has been computed anew from itself before it is handed out.

    Raises:
        UnknownFigureError: There is no such figure.
        BundleError: There is no bundle for it: its value is not known, it rests on too much, or on more than inputs.
    """
    found = explain.explain(db, view, figure)
    kind, _, about = figure.partition(":")
    if why := _why_none(figure):
        raise BundleError(why, figure=figure)
    if found.amount is None:
        raise BundleError("bundle.not_known", figure=figure)
    recipe, inputs = _KINDS[kind](Asked(db, view, basis(db, view.user_id)), about)
    computed = document.compute(recipe, inputs)
    if not document.same(recipe, found.amount, computed):
        raise BundleError("bundle.differs", told=plain(found.amount), computed=document.result(computed))
    return document.seal(_document(found, view, language, recipe, inputs))


def _why_none(figure: str) -> str:
    """Return why there is no bundle for a kind of figure (the code of an error), empty where there is one."""
    kind, _, about = figure.partition(":")
    measure = "".join(about.split(":")[2:3]) if kind == "risk" else about.partition(":")[0]
    if kind in _NONE:
        return _NONE[kind]
    if (kind, measure) in _NONE_OF:
        return _NONE_OF[kind, measure]
    return "" if kind in _KINDS else "bundle.not_covered"


def _document(found: Explanation, view: View, language: str, recipe: str, inputs: Json) -> Json:
    def say(text: str) -> str:
        return translate_or_text(language, text, **found.params)

    return {
        "format": document.FORMAT,
        "made_by": f"SmartFolio {__version__}",
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "figure": found.figure,
        "view": {
            "currency": view.currency,
            "scope": {one.value: getattr(view.scope, one.value) for one in Category},
            "time_zone": view.time_zone,
            "method": view.method,
        },
        "title": say(found.title),
        "formula": say(found.formula),
        "notes": [say(note) for note in found.notes],
        "trail": [_step(one, language) for one in found.steps],
        "recipe": recipe,
        "inputs": inputs,
        "unit": found.unit,
        "result": document.result(found.amount),
    }


def _step(step: Step, language: str) -> Json:
    found: Json = {"label": translate_or_text(language, step.label, **step.params), "value": step.value}
    more = {
        "unit": step.unit,
        "source": translate_or_text(language, step.source) if step.source else "",
        "at": step.at.isoformat() if step.at else "",
        "link": step.link,
        "steps": [_step(one, language) for one in step.children],
    }
    return found | {name: one for name, one in more.items() if one}


# -------------------------------------------------------------------------------------------------- what is held
def _net_worth(asked: Asked, _about: str) -> Made:
    return "worth", _holdings(asked.whole.holdings)


def _history(asked: Asked, about: str) -> Made:
    known, view = asked.known, asked.view
    subject = figures.Subject(asked.whole, known.ledger, known.prices, view.time_zone, view.method)
    then = figures.portfolio_then(subject, about)
    assert then is not None  # it was explained
    return "worth", _holdings(then.holdings)


def _category(asked: Asked, about: str) -> Made:
    return "worth", _holdings(row for row in asked.whole.holdings if row.category.value == about)


def _holding(asked: Asked, about: str) -> Made:
    return "worth", _holdings(_of(asked, about))


def _allocation(asked: Asked, about: str) -> Made:
    kind, _, key = about.partition(":")
    rows = asked.whole.holdings
    if key and kind == "source":
        return "worth", {
            "holdings": [
                _held(row, place.quantity)
                for row in rows
                for place in row.positions
                if place.source_key == key
            ]
        }
    if key:
        return "worth", _holdings(row for row in rows if figures.belongs(row, kind, key))
    found = explain.explain(asked.db, asked.view, f"allocation:{kind}")
    return "sum", {
        "parts": [_part(step) for step in found.steps if step.amount is not None and step.amount > 0]
    }


def _coverage(asked: Asked, _about: str) -> Made:
    found = asked.whole.coverage
    return "share", {
        "count": str(found.priced),
        "of": str(found.total),
        **_holdings(asked.whole.holdings),
    }


def _change(asked: Asked, about: str) -> Made:
    found = asked.whole.change
    if about:
        kind, _, name = about.partition(":")
        rows = chosen(asked.whole, about)
        if kind == "category":
            rows = [row for row in asked.whole.holdings if row.category.value == name]
        named = parts_of([row.move for row in rows if row.move is not None])
        return "sum", {
            "anchor": found.anchor,
            "since": found.since.isoformat() if found.since else "",
            "parts": [{"label": label, "amount": plain(amount)} for label, amount in named.items()],
            **_holdings(rows),
        }
    parts = (("market", found.market), ("income", found.income), ("fees", -(found.fees or Decimal(0))))
    return "sum", {
        "anchor": found.anchor,
        "since": found.since.isoformat() if found.since else "",
        "parts": [{"label": label, "amount": plain(amount or Decimal(0))} for label, amount in parts],
    }


def _holdings(rows: Iterable[Holding]) -> Json:
    return {"holdings": [_held(row, row.quantity) for row in rows]}


def _held(row: Holding, quantity: Decimal) -> Json:
    """Write a holding: where it lies, and by which rates of whom its price was found."""
    return {
        "asset": row.asset.id,
        "name": row.asset.name,
        "quantity": plain(quantity),
        "places": [
            {
                "source": place.source_key,
                "account": place.account,
                "quantity": plain(place.quantity),
                "known_from": place.origin,
                "as_of": place.as_of.isoformat() if place.as_of else "",
            }
            for place in row.positions
        ],
        "price": None if row.price is None else plain(row.price.value),
        "rates": [] if row.price is None else rates_out(row.price),
    }


def _part(step: Step) -> Json:
    return {"label": step.label, "amount": "" if step.amount is None else plain(step.amount)}


def _of(asked: Asked, asset: AssetId) -> list[Holding]:
    return [row for row in asked.whole.holdings if row.asset.id == asset]


# ------------------------------------------------------------------------------------------------------ the lots
def _realised(asked: Asked, about: str) -> Made:
    period, _, method = about.partition(":")
    policy = Policy.parse(method or asked.view.method)
    view = asked.view
    first, last = ("", "") if period == "all" else (f"{period}-01-01", f"{period}-12-31")
    book = asked.known.ledger.lots(asked.known.prices, view.currency, policy)
    sources = gains.sources_of(asked.known, view)
    wanted = sorted(set(book.engine.disposals.asset))
    return "realised", {
        **_lots(asked, policy, frozenset(wanted)),
        "assets": wanted,
        "first": first or None,
        "last": last or None,
        "sources": None if sources is None else sorted(sources),
        "zone": view.time_zone,
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
        **_lots(asked, policy, frozenset(), rows=rows),
        "what": about,
        "sources": sorted(inside),
        "zone": view.time_zone,
    }


def _cost(asked: Asked, about: str) -> Made:
    known, view = asked.known, asked.view
    moment = micros(asked.whole.at)
    columns = known.ledger.columns
    balance = sum(
        (
            held
            for (_, _, asset), held in zip(columns.places, columns.balances(moment), strict=True)
            if asset == about
        ),
        Decimal(0),
    )
    policy = Policy.parse(view.method)
    wanted = frozenset() if is_fiat(about) else frozenset({about})
    return "cost", {
        **_lots(asked, policy, wanted, until=moment),
        "asset": about,
        "balance": plain(balance),
        "held": [plain(row.quantity) for row in _of(asked, about)],
    }


def _unrealised(asked: Asked, about: str) -> Made:
    return "unrealised", {"value": _holding(asked, about)[1], "cost": _cost(asked, about)[1]}


def _lots(
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


# ------------------------------------------------------------------------------------------- how well it went
def _performance(asked: Asked, about: str) -> Made:
    measure, _, period = about.partition(":")
    return "return", {**_days(asked, period), "measure": measure}


def _drawdown(asked: Asked, about: str) -> Made:
    return "drawdown", _days(asked, about)


def _contribution(asked: Asked, about: str) -> Made:
    period, _, asset = about.partition(":")
    series, begin, end = _span(asked, period)
    return "contribution", {
        "asset": asset,
        "days": [one.isoformat() for one in series.days[begin + 1 : end + 1]],
        "gains": written(series.gains[begin + 1 : end + 1, series.assets.index(asset)]),
    }


def _against(asked: Asked, about: str) -> Made:
    measure, _, rest = about.partition(":")
    period, _, asset = rest.partition(":")
    series, begin, end = _span(asked, period)
    span = explain_performance.span_named(series, period)
    assert span is not None  # it was explained
    found = performance.compared(asked.db, asked.view, series, span, asset)
    assert found is not None
    money = series.flows[begin : end + 1].copy()
    money[0] = series.value[begin]
    return "against", {
        "measure": measure,
        "asset": asset,
        "days": [one.isoformat() for one in found.days],
        "money": written(money),
        "price": written(found.price),
    }


def _days(asked: Asked, period: str) -> Json:
    """Write the days of a period: each value is itself explained by ``history:<day>``."""
    series, begin, end = _span(asked, period)
    inside = slice(begin, end + 1)
    foreign = series.exposures
    return {
        "currency": series.currency,
        "days": [one.isoformat() for one in series.days[inside]],
        **{name: written(getattr(series, name)[inside]) for name in ("value", "flows", "income", "fees")},
        "priced": written(np.round(series.known[inside], 6)),
        "foreign": {
            name: {
                "value": written(foreign.value[inside, number]),
                "rate": written(foreign.rate[inside, number]),
            }
            for number, name in enumerate(foreign.currencies)
        },
        "each_value_is": "the figure history:<day> of the same view",
    }


def _span(asked: Asked, period: str) -> tuple[PerformanceSeries, int, int]:
    series = performance.series(asked.db, asked.view)
    span = explain_performance.span_named(series, period)
    assert span is not None  # it was explained
    return series, series.number(span.first), series.number(span.last)


# --------------------------------------------------------------------------------------------- risk and the market
def _risk(asked: Asked, about: str) -> Made:
    window, based_on, measure, what = [*about.split(":", 3), ""][:4]
    rows = [row for row in asked.whole.holdings if row.value is not None and row.value > 0]
    if measure == "liquidity":
        return "portion", {"part": _holdings(risk.liquid_parts(asked.whole)[what]), "of": _holdings(rows)}
    if measure == "currency":
        chosen = [row for row in rows if exposure(row) == what]
        return "portion", {"part": _holdings(chosen), "of": _holdings(rows)}
    name, _, rate = window.partition("@")
    benchmark = what.partition("|")[0] if measure in ("beta", "asset_beta") else ""
    wanted = risk.Asked(name, based_on, benchmark, float(rate or 0))
    report = risk.dashboard(asked.db, asked.view, wanted).report
    assert report is not None  # it was explained
    ground = risk.ground_of(asked.db, asked.view)
    lived = risk.lived_of(asked.db, asked.view, ground) if based_on == "lived" else None
    question = risk.Question(risk.WINDOWS[name], based_on, report.benchmark, wanted.risk_free)
    return "risk", statistics.risk_inputs(
        ground.panel, ground.others, asked.view.currency, question, lived, measure, what
    )


def _signal(asked: Asked, about: str) -> Made:
    measure, _, what = about.partition(":")
    told = {"fear_greed": board(asked.db).fear_greed, "dominance": board(asked.db).dominance}.get(measure)
    if told is not None:
        heard = told.heard_at.isoformat() if told.heard_at else ""
        return "told", {
            "value": plain(told.value),
            "source": told.provider,
            "at": told.at.isoformat(),
            "heard_at": heard,
        }
    if measure == "funding_next":
        row = next(one for one in board(asked.db).funding if one.contract == what)
        assert row.next_rate is not None  # it was explained
        at = row.next_at.isoformat() if row.next_at else ""
        return "told", {"value": plain(row.next_rate), "source": binance_futures.ID, "at": at, "heard_at": ""}
    if measure.startswith("funding"):
        settled = signals_of(asked.db, FUNDING, what)
        return "funding", statistics.funding_inputs(what, binance_futures.ID, settled, measure)
    subject = what.rpartition("-")[2]
    market = market_of(asked.db, subject)
    assert market is not None  # it was explained
    about = what.removesuffix(subject).rstrip("-")
    wanted = "below" if measure == "regime" else f"{measure}-{about}" if about else measure
    return "regime", statistics.regime_inputs(
        subject, market.provider, market.days, market.closes, market.regime.rules, wanted
    )


#: Why there is no bundle: for what a model says, years of several series would have to go along; a plan and a replay
#: of the past follow from everything held.
_NONE = {"rebalance": "bundle.of_a_plan", "simulation": "bundle.of_a_model"}
_OF_A_PLAN = ("episode", "episode_change", "shock", "shock_change", "shocked", "weight")
_OF_A_MODEL = (
    *("score", "scale", "known", "part", "part_rank", "part_weight", "part_share"),
    *("hits", "skill", "bin"),
)
_NONE_OF = {
    **{("signals", measure): "bundle.of_a_model" for measure in _OF_A_MODEL},
    **{("risk", measure): "bundle.of_a_plan" for measure in _OF_A_PLAN},
}

_KINDS: dict[str, Callable[[Asked, str], Made]] = {
    "net_worth": _net_worth,
    "history": _history,
    "category": _category,
    "holding": _holding,
    "allocation": _allocation,
    "coverage": _coverage,
    "change_today": _change,
    "realised": _realised,
    "income": _income,
    "cost_basis": _cost,
    "unrealised": _unrealised,
    "performance": _performance,
    "drawdown": _drawdown,
    "contribution": _contribution,
    "benchmark": _against,
    "risk": _risk,
    "signals": _signal,
}


def file_name(figure: str) -> str:
    """Return the name of a figure's bundle as a file."""
    safe = "".join(one if one.isascii() and one.isalnum() else "-" for one in figure)
    return f"smartfolio-{safe.strip('-')[:80]}.zip"


def as_file(found: dict[str, Any]) -> bytes:
    """Return a bundle as a zip file."""
    return document.pack(found)
