"""The rows of the Rebalancing page, as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from smartfolio_app.analytics.rebalancing.drift import whole
from smartfolio_app.analytics.rebalancing.trades import ANYWHERE, Venue
from smartfolio_app.analytics.scope import Category
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.services.rebalancing.explain import figure_name
from smartfolio_app.services.rebalancing.explain_rows import held_by, left_alone
from smartfolio_app.services.rebalancing.plan import Planned, Proposal
from smartfolio_app.services.rebalancing.targets import TARGET_GROUPS, TRADED, Targets
from smartfolio_app.state.figures import UNKNOWN, Figures
from smartfolio_app.state.reading import write_number
from smartfolio_app.state.risk_view import group_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from smartfolio_app.analytics.results import Holding, Portfolio

#: How many held assets are offered as targets, the largest first.
OFFERED = 20
#: A sale that takes more lots than this shows them only when asked.
FEW_LOTS = 4
HUNDRED = Decimal(100)
_CENT = Decimal("0.01")


@dataclass
class TargetRow:
    """A group, asset or category with what is held of it and what should be. The marks are SVG lengths."""

    key: str = ""
    label: str = ""
    name: str = ""
    value: str = ""
    value_figure: str = ""
    share: str = ""
    share_figure: str = ""
    share_mark: str = "0%"
    target: str = ""
    target_figure: str = ""
    target_mark: str = ""
    typed: str = ""
    difference: str = ""
    difference_figure: str = ""
    direction: str = "none"
    broken: bool = False
    after: str = ""
    after_figure: str = ""


@dataclass
class TradeRow:
    """One trade to make."""

    number: str = ""
    side: str = ""
    sells: bool = False
    what: str = ""
    name: str = ""
    quantity: str = ""
    quantity_figure: str = ""
    amount: str = ""
    amount_figure: str = ""
    fee: str = ""
    fee_figure: str = ""
    gain: str = ""
    gain_figure: str = ""
    gain_direction: str = "none"
    tax: str = ""
    tax_figure: str = ""
    lots: str = ""
    lot_lines: list[str] = field(default_factory=list)


@dataclass
class VenueTrades:
    """What is to be done at one venue."""

    key: str = ""
    label: str = ""
    count: str = ""
    figure: str = ""
    trades: list[TradeRow] = field(default_factory=list)


@dataclass
class VenueRow:
    """What trading at one source costs, ready to be edited."""

    key: str = ""
    label: str = ""
    rate: str = ""
    fixed: str = ""
    whole: bool = False
    locked: bool = False


@dataclass
class Sum:
    """One sum of the plan: ``direction`` gives it an arrow, ``plain`` leaves it without."""

    key: str = ""
    label: str = ""
    value: str = ""
    figure: str = ""
    direction: str = "plain"
    note: str = ""
    note_figure: str = ""


@dataclass
class DriftTile:
    """Drift in a few words, for the dashboard: the largest one, of what, and whether a band is broken."""

    headline: str = ""
    figure: str = ""
    detail: str = ""
    verdict: str = ""
    verdict_figure: str = ""
    tone: str = ""
    known: bool = False


# --------------------------------------------------------------------------------------------------------- targets
def target_rows(
    portfolio: Portfolio, proposal: Proposal, by: str, added: Iterable[str] | None, figures: Figures
) -> list[TargetRow]:
    """Return a row for each target that is set or, while none is, or ``added`` is not ``None``, that could be.

    ``added`` are keys that are to be offered too.
    """
    kept = proposal.targets.by == by
    targets = proposal.targets if kept else Targets(by=by)
    drifts = {one.key: one for one in proposal.plan.before} if kept else {}
    after = {one.key: one for one in proposal.plan.after} if kept else {}
    held = held_by(portfolio.holdings, by)
    total = sum((held.get(key, ZERO) for key in targets.weights or held), ZERO)
    names = {one.asset.id: one.asset for one in portfolio.holdings}
    rows = []
    shown = targets.weights if targets.weights and added is None else _keys(by, held, targets, added or ())
    for key in shown:
        drift, weight, value = drifts.get(key), targets.weights.get(key), held.get(key, ZERO)
        share = drift.share if drift else (value / total if total > 0 else ZERO)
        counted = drift is not None or not targets.weights
        asset = names.get(key) if by == "asset" else None
        rows.append(
            TargetRow(
                key=key,
                label=label_of(key, by, figures, asset.symbol if asset else ""),
                name=asset.name if asset and asset.name != asset.symbol else "",
                value=figures.money(value, decimals=0) if value else "",
                value_figure=(
                    ""
                    if not value
                    else figure_name(proposal.wish, "worth", key)
                    if drift
                    else figure_name(proposal.wish, "held", f"{by}:{key}")
                ),
                share=figures.percent(share) if counted and (drift or value) else "",
                share_figure=(
                    figure_name(proposal.wish, "share", key)
                    if drift
                    else figure_name(proposal.wish, "part", f"{by}:{key}")
                    if counted and value
                    else ""
                ),
                share_mark=_mark(share) if counted else "0%",
                target=figures.percent(weight) if weight is not None else "",
                target_figure=figure_name(proposal.wish, "target", key) if weight is not None else "",
                target_mark=_mark(weight) if weight is not None else "",
                typed=write_percent(weight, figures),
                difference=figures.percent(drift.difference, sign=True) if drift else "",
                difference_figure=figure_name(proposal.wish, "off", key) if drift else "",
                direction=figures.rate_direction(drift.difference) if drift else "none",
                broken=bool(drift and drift.band),
                after=figures.percent(after[key].share) if key in after else "",
                after_figure=figure_name(proposal.wish, "after", key) if key in after else "",
            )
        )
    return rows


def _mark(part: Decimal) -> str:
    return f"{float(min(max(part, ZERO), Decimal(1)) * HUNDRED):.2f}%"


def as_held(holdings: Iterable[Holding], by: str) -> dict[str, Decimal]:
    """Return targets that are what is held."""
    held = held_by(holdings, by)
    largest = sorted(held, key=lambda key: -held[key])[:OFFERED]
    return whole({key: held[key] for key in largest})


def equal(holdings: Iterable[Holding], by: str) -> dict[str, Decimal]:
    """Return the same target for each of what is held (the largest, where it is many)."""
    held = held_by(holdings, by)
    largest = sorted(held, key=lambda key: -held[key])[:OFFERED]
    return whole(dict.fromkeys(largest, Decimal(1)))


def _keys(by: str, held: Mapping[str, Decimal], targets: Targets, added: Iterable[str]) -> list[str]:
    if by == "category":
        known = [one.value for one in TRADED]
        return [*targets.weights, *(one for one in known if one not in targets.weights)]
    largest = sorted(held, key=lambda key: -held[key])
    rest = TARGET_GROUPS if by == "group" else ()
    shown = largest if by == "group" else largest[:OFFERED]
    return list(dict.fromkeys([*targets.weights, *added, *shown, *rest]))


def label_of(key: str, by: str, figures: Figures, symbol: str = "") -> str:
    """Return what a target is called."""
    if by == "group":
        return group_label(key, figures)
    if by == "category":
        return figures.say(f"explain.category.{Category(key).value}")
    return symbol or symbol_of(key)


def write_percent(part: Decimal | None, figures: Figures) -> str:
    """Return a part of one as a field shows it for editing: per cent, every digit."""
    return "" if part is None else write_number((part * HUNDRED).normalize(), figures)


# ---------------------------------------------------------------------------------------------------------- trades
def venue_trades(proposal: Proposal, figures: Figures) -> list[VenueTrades]:
    """Return the trades venue by venue; what is not held anywhere yet comes last."""
    by_venue: dict[str, list[TradeRow]] = {}
    for number, one in enumerate(proposal.trades):
        by_venue.setdefault(one.trade.venue, []).append(trade_row(number, one, proposal, figures))
    return [
        VenueTrades(
            key=venue or ANYWHERE,
            label=proposal.sources.get(venue, venue) if venue else figures.say("rebalancing.anywhere"),
            count=figures.say("rebalancing.trades", count=len(rows), number=figures.count(len(rows))),
            figure=figure_name(proposal.wish, "trades", venue or ANYWHERE),
            trades=rows,
        )
        for venue, rows in sorted(by_venue.items(), key=lambda pair: not pair[0])
    ]


def trade_row(number: int, one: Planned, proposal: Proposal, figures: Figures) -> TradeRow:
    """Return one trade as it is read."""
    trade, sells = one.trade, one.trade.side == "sell"
    label = label_of(trade.key, proposal.targets.by, figures, one.asset.symbol if one.asset else "")
    lots = [
        figures.say("rebalancing.lot", number=figures.count(at + 1), quantity=figures.quantity(quantity))
        for at, quantity in trade.picked
    ]
    many = len(lots) > FEW_LOTS
    told = figures.say("rebalancing.lots", lots=", ".join(lots))

    def name(measure: str) -> str:
        return figure_name(proposal.wish, measure, str(number))

    unknown = one.gain is None
    return TradeRow(
        number=str(number),
        side=figures.say("rebalancing.sell" if sells else "rebalancing.buy"),
        sells=sells,
        what=one.asset.symbol if one.asset else label,
        name=_trade_name(one, label, figures),
        quantity=figures.quantity(trade.quantity) if trade.quantity is not None else "",
        quantity_figure=name("quantity"),
        amount=figures.money(trade.amount),
        amount_figure=name("amount"),
        fee=figures.money(trade.fee) if trade.fee else "",
        fee_figure=name("fee"),
        gain=(
            ""
            if not sells
            else figures.say("rebalancing.gain_unknown")
            if unknown
            else figures.money(one.gain, sign=True)
        ),
        gain_figure=name("gain"),
        gain_direction=figures.direction(one.gain) if sells else "none",
        tax=figures.money(one.tax) if sells and not unknown and _taxed(proposal.targets) else "",
        tax_figure=name("tax"),
        lots=figures.say("rebalancing.lots_many", count=len(lots)) if many else told if lots else "",
        lot_lines=lots if many else [],
    )


def _trade_name(one: Planned, label: str, figures: Figures) -> str:
    if one.asset is None:
        return figures.say("rebalancing.choose_asset")
    return one.asset.name if one.asset.name != one.asset.symbol else label


def _taxed(targets: Targets) -> bool:
    return bool(targets.tax_long or targets.tax_short)


# ------------------------------------------------------------------------------------------------------------ sums
def sums(proposal: Proposal, figures: Figures) -> list[Sum]:
    """Return the sums of the plan."""
    plan, wish = proposal.plan, proposal.wish
    taxed = _taxed(proposal.targets)
    rows = [
        Sum("turnover", "", figures.money(plan.turnover)),
        Sum(
            "fee",
            "",
            figures.money(plan.fees),
            note="" if proposal.targets.venues else figures.say("rebalancing.no_fees"),
        ),
        Sum(
            "gain",
            "",
            figures.money(proposal.gain, sign=True),
            direction=figures.direction(proposal.gain),
            note=(
                figures.say(
                    "rebalancing.unknown", count=proposal.unknown, number=figures.count(proposal.unknown)
                )
                if proposal.unknown
                else ""
            ),
        ),
        Sum(
            "tax",
            "",
            figures.money(proposal.tax) if taxed else UNKNOWN,
            note="" if taxed else figures.say("rebalancing.no_rates"),
        ),
        Sum(
            "left",
            "",
            figures.money(plan.left.quantize(_CENT)),
            note=figures.say("rebalancing.missing") if plan.left < -_CENT else "",
        ),
    ]
    for row in rows:
        if row.key == "gain" and proposal.unknown:
            row.note_figure = figure_name(wish, "unknown")
        row.label, row.figure = figures.say(f"rebalancing.sum_{row.key}"), figure_name(wish, row.key)
    return rows


def verdict(proposal: Proposal, figures: Figures) -> tuple[str, str]:
    """Return in a sentence whether there is anything to do, and its tone."""
    plan = proposal.plan
    off = sum(bool(one.band) for one in plan.before)
    if not plan.before:
        return figures.say("rebalancing.verdict_nothing"), ""
    if not plan.needed:
        return figures.say("rebalancing.verdict_calm"), "good"
    return (
        figures.say(
            "rebalancing.verdict_off",
            count=off,
            number=figures.count(off),
            total=figures.count(len(plan.before)),
        ),
        "notable",
    )


def outlook(proposal: Proposal, figures: Figures) -> str:
    """Say what the plan does about it."""
    plan = proposal.plan
    if not plan.before:
        return ""
    if not plan.trades:
        return figures.say(
            "rebalancing.nothing_possible"
            if plan.needed or proposal.wish.cash
            else "rebalancing.nothing_to_do"
        )
    still = sum(bool(one.band) for one in plan.after)
    text = figures.say("rebalancing.plan_has", count=len(plan.trades), number=figures.count(len(plan.trades)))
    more = figures.say(
        "rebalancing.still_off" if still else "rebalancing.all_inside",
        **({"number": figures.count(still)} if still else {}),
    )
    return f"{text} {more}"


def outside(proposal: Proposal, figures: Figures) -> str:
    """Say what no target counts."""
    aside = left_alone(proposal)
    if not aside:
        return ""
    worth = sum((one.value for one in aside if one.value is not None), ZERO)
    return figures.say(
        "rebalancing.outside",
        count=len(aside),
        number=figures.count(len(aside)),
        value=figures.money(worth, decimals=0),
    )


def drift_tile(proposal: Proposal, figures: Figures) -> DriftTile:
    """Return the dashboard's tile; ``known`` is false while there are no targets."""
    before = proposal.plan.before
    if not before:
        return DriftTile()
    worst = max(before, key=lambda one: abs(one.difference))
    off = sum(bool(one.band) for one in before)
    label = label_of(worst.key, proposal.targets.by, figures)
    return DriftTile(
        headline=figures.percent(worst.difference, sign=True),
        figure=figure_name(proposal.wish, "off", worst.key),
        detail=figures.say("rebalancing.tile_text", name=label),
        verdict=figures.say(
            "rebalancing.tile_off" if off else "rebalancing.tile_inside",
            **({"number": figures.count(off)} if off else {}),
        ),
        verdict_figure=figure_name(proposal.wish, "broken") if off else "",
        tone="notable" if off else "good",
        known=True,
    )


def venue_rows(proposal: Proposal, venues: Sequence[str], figures: Figures) -> list[VenueRow]:
    """Return a row for each place where something is held."""
    rows = []
    for key in venues:
        rules = proposal.targets.venues.get(key, Venue(key))
        rows.append(
            VenueRow(
                key=key,
                label=proposal.sources.get(key, key),
                rate=write_percent(rules.rate, figures) if rules.rate else "",
                fixed=write_number(rules.fixed.normalize(), figures) if rules.fixed else "",
                whole=rules.whole,
                locked=rules.locked,
            )
        )
    return rows
