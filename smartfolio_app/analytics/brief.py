"""The morning brief: what changed, why, what needs attention. Every sentence is a message key with the figures in it.

Nothing is said that is not known: a figure that is missing takes its sentence with it, or is said to be missing. Money
that came or went is told apart from what the markets did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from urllib.parse import quote

from smartfolio_app.analytics.alerts.base import Figure
from smartfolio_app.analytics.explain_performance import exact
from smartfolio_app.analytics.explain_today import figure_of
from smartfolio_app.analytics.performance import Performance
from smartfolio_app.analytics.results import Holding, Measure, Portfolio
from smartfolio_app.ledger.money import ZERO

Tone = Literal["", "up", "down", "flat", "notable"]
#: So many lines of a kind; more is a page, not a brief.
FEW = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence. ``explain`` is the figure that explains itself, ``link`` the page that tells more."""

    key: str
    figures: tuple[Figure, ...] = ()
    explain: str = ""
    link: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences under one heading (``brief.section.<key>``)."""

    key: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Brief:
    """The brief of a moment; amounts are in ``currency``."""

    day: date
    at: datetime
    currency: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One asset's part of a period's gain."""

    asset: str
    label: str
    gain: Decimal


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period that is over or ends now: ``name`` is ``yesterday`` or ``week``, ``period`` as figures name it."""

    name: str
    period: str
    figures: Performance
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class BadDayAhead:
    """What a bad day may cost: the value at risk of one day at 95 %, and the figure that explains it."""

    loss: Decimal
    ratio: Decimal
    explain: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the brief is made of."""

    day: date
    portfolio: Portfolio
    gainers: Sequence[Holding] = ()
    losers: Sequence[Holding] = ()
    stretches: Sequence[Stretch] = ()
    alerts: Sequence[Line] = ()
    broken: Sequence[tuple[str, str]] = ()  # key and label of sources that fail
    ahead: BadDayAhead | None = None


def compose(told: Told) -> Brief:
    """Return the brief; sections without a sentence are left out."""
    whole = told.portfolio
    if not whole.holdings:
        made: list[Section] = [
            Section("worth", (Line("brief.nothing", explain="coverage", link="/sources"),))
        ]
    else:
        made = [
            Section("worth", tuple(_worth(whole))),
            Section(
                "changed",
                (*_today(whole), *(line for one in told.stretches for line in _stretch(one, whole))),
            ),
            Section("why", tuple(_why(told))),
        ]
    made.append(Section("attention", tuple(_attention(told))))
    return Brief(told.day, whole.at, whole.currency, tuple(one for one in made if one.lines))


# ------------------------------------------------------------------------------------------------------- worth
def _worth(whole: Portfolio) -> list[Line]:
    if whole.total is None:
        return [Line("brief.worth_unknown", explain="net_worth", link="/holdings", tone="notable")]
    return [Line("brief.worth", (_money("total", whole.total, whole),), explain="net_worth", link="/")]


# ----------------------------------------------------------------------------------------------------- changed
def _today(whole: Portfolio) -> list[Line]:
    change = whole.change
    since = Figure("since", text=change.since.isoformat() if change.since else "", shape="clock")
    if change.gain is None:
        reason = Figure("reason", text=change.reason, shape="message")
        return [Line("brief.today_unknown", (reason,), explain="change_today", link="/")]
    tone = _tone(change.gain)
    figures = (
        since,
        _money("gain", abs(change.gain), whole),
        Figure("pct", None if change.pct is None else abs(change.pct), Measure.FINE_SHARE),
    )
    lines = [Line(f"brief.today_{tone}", figures, explain="change_today", link="/", tone=tone)]
    if change.income:
        lines.append(
            Line(
                "brief.today_income",
                (_money("income", change.income, whole),),
                "change_today",
                "/performance",
            )
        )
    if change.deposits:
        lines.append(_flow("brief.today_deposits", change.deposits, whole))
    if change.withdrawals:
        lines.append(_flow("brief.today_withdrawals", change.withdrawals, whole))
    if change.uncovered:
        count = Figure("count", Decimal(len(change.uncovered)), Measure.COUNT)
        lines.append(Line("brief.today_uncovered", (count,), explain="change_today", link="/holdings"))
    return lines


def _flow(key: str, amount: Decimal, whole: Portfolio) -> Line:
    return Line(key, (_money("amount", amount, whole),), explain="change_today", link="/transactions")


def _stretch(one: Stretch, whole: Portfolio) -> list[Line]:
    found = one.figures
    gain = exact(found.gain)
    rate = None if found.twr is None else exact(found.twr)
    if gain is None:
        return []
    tone = _tone(gain)
    figures = (
        _money("gain", abs(gain), whole),
        Figure("pct", None if rate is None else abs(rate), Measure.FINE_SHARE),
        Figure("day", text=found.last.isoformat(), shape="day"),
    )
    key = f"brief.{one.name}_{tone}" if rate is not None else f"brief.{one.name}_{tone}_plain"
    lines = [Line(key, figures, f"performance:gain:{one.period}", "/performance", tone)]
    flows = exact(found.flows)
    if flows:
        way = "in" if flows > 0 else "out"
        amount = (_money("amount", abs(flows), whole),)
        lines.append(
            Line(f"brief.{one.name}_flows_{way}", amount, f"performance:flows:{one.period}", "/transactions")
        )
    return lines


# --------------------------------------------------------------------------------------------------------- why
def _why(told: Told) -> list[Line]:
    whole, lines = told.portfolio, []
    for tone, rows in (("up", told.gainers), ("down", told.losers)):
        for row in rows[:FEW]:
            figures = (
                Figure("asset", text=row.asset.name or row.asset.symbol),
                Figure("pct", _absolute(row.change_today_pct), Measure.FINE_SHARE),
                _money("gain", _absolute(row.change_today), whole),
            )
            link = f"/assets/{quote(row.asset.id, safe=':')}"
            lines.append(Line(f"brief.mover_{tone}", figures, figure_of(whole, row), link, tone))  # type: ignore[arg-type]
    week = next((one for one in told.stretches if one.name == "week"), None)
    for share in week.shares[:FEW] if week else ():
        tone = _tone(share.gain)
        if tone == "flat":
            continue
        made = (Figure("asset", text=share.label), _money("gain", abs(share.gain), whole))
        explain = f"contribution:{week.period}:{share.asset}" if week else ""
        lines.append(Line(f"brief.share_{tone}", made, explain, "/performance", tone))
    return lines


# --------------------------------------------------------------------------------------------------- attention
def _attention(told: Told) -> list[Line]:
    whole, lines = told.portfolio, list(told.alerts)
    lines += [
        Line(
            "brief.broken_source",
            (Figure("source", text=label),),
            f"source:{key}",
            "/sources",
            tone="notable",
        )
        for key, label in told.broken
    ]
    missing = whole.coverage.total - whole.coverage.priced
    if missing:
        count = Figure("count", Decimal(missing), Measure.COUNT)
        lines.append(Line("brief.unpriced", (count,), "coverage", "/holdings", "notable"))
    if whole.coverage.stale and whole.coverage.oldest:
        figures = (
            Figure("count", Decimal(whole.coverage.stale), Measure.COUNT),
            Figure("since", text=whole.coverage.oldest.isoformat(), shape="clock"),
        )
        lines.append(Line("brief.stale", figures, "coverage", "/holdings", "notable"))
    if not lines and whole.holdings:
        lines.append(Line("brief.quiet", explain="attention", link="/alerts"))
    if told.ahead is not None:
        figures = (
            _money("loss", told.ahead.loss, whole),
            Figure("pct", told.ahead.ratio, Measure.SHARE),
        )
        lines.append(Line("brief.bad_day", figures, told.ahead.explain, "/risk"))
    return lines


def _money(name: str, amount: Decimal | None, whole: Portfolio) -> Figure:
    return Figure(name, amount, Measure.MONEY, whole.currency)


def _tone(value: Decimal) -> Tone:
    if value == ZERO:
        return "flat"
    return "up" if value > ZERO else "down"


def _absolute(value: Decimal | None) -> Decimal | None:
    return None if value is None else abs(value)
