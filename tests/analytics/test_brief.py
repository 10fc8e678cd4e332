"""The morning brief sentence by sentence, from figures made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smartfolio_app.analytics.brief import FEW, BadDayAhead, Line, Share, Stretch, Told, compose
from smartfolio_app.analytics.performance import Performance
from smartfolio_app.analytics.results import ChangeToday, Coverage, Holding, Portfolio
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.assets import Asset, AssetClass

NOW = datetime(2026, 6, 10, 6, tzinfo=UTC)
D = Decimal


def holding(symbol: str, change: str | None = None) -> Holding:
    asset = Asset(f"crypto:{symbol}", AssetClass.CRYPTO, symbol)
    moved = None if change is None else D(change)
    share = None if moved is None else moved / 100
    return Holding(
        asset, Category.CRYPTO, "OTHERS", D(1), (), value=D(100), change_today=moved, change_today_pct=share
    )


CHANGE = ChangeToday(
    "midnight", NOW, D(1000), D(14), D(12), D(5), D(9), D(4), income=D(3), fees=D(1), pct=D("0.014")
)
WHOLE = Portfolio(
    at=NOW,
    currency="EUR",
    scope=Scope(),
    holdings=(holding("BTC"), holding("ETH")),
    total=D(200),
    assets=D(200),
    liabilities=D(0),
    by_category={},
    coverage=Coverage(2, 2, 0),
    change=CHANGE,
)


def week(
    name: str = "week", gain: float | None = 20.0, flows: float = 0.0, twr: float | None = 0.02
) -> Stretch:
    first, last = date(2026, 6, 3), date(2026, 6, 10)
    none = dict.fromkeys(("income", "fees", "simple", "dietz", "annualised", "xirr"))
    figures = Performance(first, last, 100.0, 120.0 + flows, flows=flows, gain=gain, twr=twr, **none)
    return Stretch(name, "1W" if name == "week" else "2026-06-08..2026-06-09", figures)


def told(**facts: object) -> dict[str, dict[str, Line]]:
    """The brief's lines by section and key, of one of a kind each."""
    found = compose(replace(Told(date(2026, 6, 10), WHOLE), **facts))
    return {one.key: {line.key: line for line in one.lines} for one in found.sections}


def amounts(line: Line) -> dict[str, Decimal | None]:
    return {one.name: one.amount for one in line.figures if not one.text}


def test_today_is_told_with_income_and_flows_apart_from_the_gain():
    changed = told()["changed"]
    assert list(changed) == [
        "brief.today_up",
        "brief.today_income",
        "brief.today_deposits",
        "brief.today_withdrawals",
    ]
    assert amounts(changed["brief.today_up"]) == {"gain": D(14), "pct": D("0.014")}
    assert amounts(changed["brief.today_income"]) == {"income": D(3)}
    assert amounts(changed["brief.today_deposits"]) == {"amount": D(9)}
    assert amounts(changed["brief.today_withdrawals"]) == {"amount": D(4)}
    assert {line.explain for line in changed.values()} == {"change_today"}
    fallen = replace(CHANGE, market=D(-20), pct=D("-0.018"), uncovered=("crypto:X", "crypto:Y"))
    changed = told(portfolio=replace(WHOLE, change=fallen))["changed"]
    assert amounts(changed["brief.today_down"]) == {"gain": D(18), "pct": D("0.018")}
    assert changed["brief.today_down"].tone == "down"
    assert amounts(changed["brief.today_uncovered"]) == {"count": D(2)}
    unknown = ChangeToday("midnight", NOW, reason="change.no_prices")
    (line,) = told(portfolio=replace(WHOLE, change=unknown))["changed"].values()
    assert (line.key, line.figures[0].text) == ("brief.today_unknown", "change.no_prices")


@pytest.mark.parametrize("name", ["yesterday", "week"])
def test_a_stretch_is_told_by_its_gain_with_its_flows_apart(name):
    period = week(name).period
    for gain, tone in ((20.0, "up"), (-20.0, "down"), (0.0, "flat")):
        line = told(stretches=[week(name, gain)])["changed"][f"brief.{name}_{tone}"]
        assert amounts(line) == {"gain": abs(D(str(gain))), "pct": D("0.02")}
        assert (line.explain, line.tone) == (f"performance:gain:{period}", tone)
    assert f"brief.{name}_up_plain" in told(stretches=[week(name, twr=None)])["changed"]
    for flows, way in ((30.0, "in"), (-30.0, "out")):
        changed = told(stretches=[week(name, flows=flows)])["changed"]
        line = changed[f"brief.{name}_flows_{way}"]
        assert amounts(line) == {"amount": D(30)}
        assert (line.explain, line.link) == (f"performance:flows:{period}", "/transactions")
    assert not [key for key in told(stretches=[week(name, None)])["changed"] if name in key]


def test_why_names_the_movers_of_the_day_and_the_assets_of_the_week():
    up, down = [holding(name, "7") for name in "ABCDE"], [holding("Z", "-3")]
    shares = tuple(Share(f"crypto:{name}", name, D(gain)) for name, gain in (("A", 30), ("B", -12), ("C", 0)))
    found = compose(
        replace(
            Told(date(2026, 6, 10), replace(WHOLE, holdings=(*up, *down))),
            gainers=up,
            losers=down,
            stretches=[replace(week(), shares=shares)],
        )
    )
    lines = next(one.lines for one in found.sections if one.key == "why")
    movers = [(one.key, one.figures[0].text, amounts(one)) for one in lines[: FEW + 1]]
    assert movers == [
        *[("brief.mover_up", name, {"pct": D("0.07"), "gain": D(7)}) for name in "ABC"],
        ("brief.mover_down", "Z", {"pct": D("0.03"), "gain": D(3)}),
    ]
    assert [(one.key, amounts(one)["gain"], one.explain) for one in lines[FEW + 1 :]] == [
        ("brief.share_up", D(30), "contribution:1W:crypto:A"),
        ("brief.share_down", D(12), "contribution:1W:crypto:B"),
    ]


def test_what_needs_attention_is_counted_and_a_quiet_morning_says_so():
    assert list(told()["attention"]) == ["brief.quiet"]
    ahead = BadDayAhead(D(9), D("0.045"), "risk:365:held:var:historical-95-1")
    alert = Line("alerts.said.price.above", explain="alert:1", link="/assets/crypto:BTC")
    coverage = Coverage(3, 5, 2, datetime(2026, 6, 8, 4, tzinfo=UTC))
    found = told(
        portfolio=replace(WHOLE, coverage=coverage),
        alerts=[alert],
        broken=[("kraken", "Kraken")],
        ahead=ahead,
    )["attention"]
    assert list(found) == [
        "alerts.said.price.above",
        "brief.broken_source",
        "brief.unpriced",
        "brief.stale",
        "brief.bad_day",
    ]
    assert amounts(found["brief.unpriced"]) == {"count": D(2)}
    assert amounts(found["brief.stale"]) == {"count": D(2)}
    assert found["brief.stale"].figures[1].text == "2026-06-08T04:00:00+00:00"
    assert amounts(found["brief.bad_day"]) == {"loss": D(9), "pct": D("0.045")}
    assert found["brief.bad_day"].explain == ahead.explain
    assert (found["brief.broken_source"].explain, found["brief.broken_source"].link) == (
        "source:kraken",
        "/sources",
    )
    assert list(told(ahead=ahead)["attention"]) == ["brief.quiet", "brief.bad_day"]
