"""What was realised: in all, of a year, an asset or a source, by one method or compared with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.explain_steps import LISTED, explained, line, money, transactions_of
from smartfolio_app.analytics.gain_reports import GainFigure, kept_report
from smartfolio_app.analytics.results import Measure
from smartfolio_app.ledger.money import ZERO, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from smartfolio_app.analytics.ledger_view import LedgerView
    from smartfolio_app.analytics.prices import PriceBook
    from smartfolio_app.analytics.results import Explanation, Step
    from smartfolio_app.analytics.scope import Scope
    from smartfolio_app.ledger.gains import GainRow, GainRows, GainsReport, GainTotal
    from smartfolio_app.ledger.lots import Policy

#: How many lot matches of one asset are listed where it is one of several.
MATCHES = 5


def explain_realised(
    ledger: LedgerView, prices: PriceBook, view: tuple[str, Scope, tzinfo], asked: GainFigure
) -> Explanation | None:
    """Return why so much was realised in the view (currency, scope, zone): its totals, then line by line.

    The gain is ``None`` when none of it is known; there is no explanation where nothing was realised or earned that it
    could be about.
    """
    currency, scope, zone = view
    ids = frozenset(
        id_
        for id_, one in ledger.sources.items()
        if scope.includes(one.category, one.key) and asked.source in ("", one.key)
    )
    if asked.source and not ids:
        return None
    sources = None if len(ids) == len(ledger.sources) else ids

    def report_by(policy: Policy) -> GainsReport:
        book = ledger.lots(prices, currency, policy)
        return kept_report(book, zone, asked.rule, asked.days, sources)

    report = report_by(asked.policy)
    total = report.by_asset.get(asked.asset) if asked.asset else report.total
    if total is None or (asked.source and not report.by_source):
        return None
    lines = (
        _of_one(report.rows.of_asset(asked.asset), total, currency, zone)
        if asked.asset
        else _by_asset(ledger, report, zone)
    )
    compared = () if asked.against is None else _compared(total, report_by(asked.against).total, currency)
    methods = dict.fromkeys(
        asked.policy.method_of(one) for one in ([asked.year] if asked.year else report.by_year)
    )
    notes = [f"explain.method.{method}" for method in methods or (asked.policy.method,)]
    if total.unknown:
        notes.append("explain.realised.unknown")
    known = total.count > total.unknown or not total.count
    return explained(
        f"explain.realised{'_of' if asked.asset or asked.source else ''}{'_in' if asked.year else ''}.{{what}}",
        "",
        total.gain if known else None,
        Measure.MONEY,
        (*_totals(total, asked, currency), *compared, *lines),
        {"unknown": str(total.unknown), "year": str(asked.year or ""), "of": _named(ledger, asked, ids)},
        unit=currency,
        notes=tuple(notes),
    )


def _named(ledger: LedgerView, asked: GainFigure, ids: Iterable[str]) -> str:
    if asked.asset:
        return ledger.asset(asked.asset).symbol
    return next((ledger.sources[id_].label for id_ in ids), "") if asked.source else ""


def _totals(total: GainTotal, asked: GainFigure, currency: str) -> tuple[Step, ...]:
    brought = money("explain.realised.left_out_proceeds", total.unknown_proceeds, currency)
    return (
        money("explain.realised.proceeds", total.proceeds, currency),
        money("explain.realised.cost", total.cost, currency),
        money("explain.realised.fees", total.fees, currency),
        *(_terms(total, currency) if str(asked.rule) != "none" else ()),
        *(
            [line("explain.realised.left_out", ZERO + total.unknown, Measure.COUNT, children=(brought,))]
            if total.unknown
            else []
        ),
        money("explain.realised.income", total.income, currency),
    )


def _terms(total: GainTotal, currency: str) -> tuple[Step, ...]:
    return (
        money("explain.realised.long_term", total.long_term, currency),
        money("explain.realised.short_term", total.short_term, currency),
    )


def _compared(total: GainTotal, other: GainTotal, currency: str) -> tuple[Step, ...]:
    """Return what the other policy makes of it, and how much this one differs."""
    lines = (
        money("explain.realised.proceeds", other.proceeds, currency),
        money("explain.realised.cost", other.cost, currency),
    )
    return (
        money("explain.realised.in_force", other.gain, currency, children=lines),
        money("explain.realised.difference", total.gain - other.gain, currency),
    )


def _by_asset(ledger: LedgerView, report: GainsReport, zone: tzinfo) -> list[Step]:
    """Return the assets that made most of it, each with its largest lot matches, and the others in one line."""
    currency = report.currency
    largest = sorted(report.by_asset.items(), key=lambda one: -abs(one[1].gain))
    lines = [
        money(
            ledger.asset(asset).symbol,
            one.gain,
            currency,
            link=f"/assets/{asset}",
            children=(
                money("explain.realised.proceeds", one.proceeds, currency),
                money("explain.realised.cost", one.cost, currency),
                *(_match(row, currency, zone) for row in report.rows.of_asset(asset).largest(MATCHES)),
            ),
        )
        for asset, one in largest[:LISTED]
        if one.count > one.unknown
    ]
    rest = [one.gain for _, one in largest[LISTED:]]
    if rest:
        lines.append(money("explain.rest", sum(rest, ZERO), currency, params={"count": str(len(rest))}))
    return lines


def _of_one(rows: GainRows, total: GainTotal, currency: str, zone: tzinfo) -> list[Step]:
    """Return the largest lot matches of one asset, and the others in one line."""
    shown = rows.largest(LISTED)
    lines = [_match(row, currency, zone) for row in shown]
    left = total.count - total.unknown - len(shown)
    if left:
        rest = total.gain - sum((row.gain for row in shown if row.gain is not None), ZERO)
        lines.append(money("explain.rest", rest, currency, params={"count": str(left)}))
    return lines


def _match(row: GainRow, currency: str, zone: tzinfo) -> Step:
    """Return a lot match as one line, with the sale's own transactions."""
    day = row.disposed.astimezone(zone).date().isoformat()
    return money(
        "explain.realised.match" if row.acquired is not None else "explain.realised.match_unknown",
        row.gain,
        currency,
        at=row.disposed,
        link=f"{transactions_of(row.asset)}&first={day}&last={day}",
        params={
            "quantity": plain(row.quantity),
            "acquired": "" if row.acquired is None else row.acquired.astimezone(zone).date().isoformat(),
            "disposed": day,
        },
    )
