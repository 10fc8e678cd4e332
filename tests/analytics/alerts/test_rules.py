"""Each kind of rule: fires at its limit, stays open until its figure is clearly back, says nothing it cannot know."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from smartfolio_app.analytics.alerts import base
from smartfolio_app.analytics.alerts import heard as hearing
from smartfolio_app.analytics.alerts.base import (
    EVERYTHING,
    BadDay,
    CredentialAge,
    Fall,
    Flow,
    LiveSource,
    TargetDrift,
)
from smartfolio_app.analytics.alerts.registry import kind_of, kinds
from smartfolio_app.analytics.results import Coverage, Holding, Rate, UnitPrice
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.i18n import LANGUAGES, catalogue
from smartfolio_app.ledger.assets import Asset, AssetClass

D = Decimal
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def quoted(value: str, *, hours: int = 0, stale: bool = False) -> UnitPrice:
    at = NOW - timedelta(hours=hours)
    return UnitPrice(D(value), "EUR", at, (Rate("crypto:BTC", "EUR", D(value), at, "coingecko"),), stale)


def holding(symbol: str, share: str, price: UnitPrice | None) -> Holding:
    asset = Asset(f"crypto:{symbol}", AssetClass.CRYPTO, symbol)
    return Holding(asset, Category.CRYPTO, "OTHERS", D(1), (), price=price, share=D(share))


@dataclass
class Told:
    """Facts as a test wants them."""

    now: datetime = NOW
    currency: str = "EUR"
    holdings: Sequence[Holding] = ()
    coverage: Coverage = field(default_factory=lambda: Coverage(0, 0, 0))
    drifts: Sequence[TargetDrift] = ()
    fall: Fall | None = None
    live_sources: Sequence[LiveSource] = ()
    credentials: Sequence[CredentialAge] = ()
    prices: dict[str, UnitPrice] = field(default_factory=dict)
    worst: BadDay | None = None
    moved: Sequence[Flow] = ()

    def price(self, asset: str) -> UnitPrice | None:
        return self.prices.get(asset)

    def symbol(self, asset: str) -> str:
        return asset.partition(":")[2]

    def bad_day(self, confidence: Decimal) -> BadDay | None:
        return self.worst

    def flows(self, since: timedelta) -> Sequence[Flow]:
        return [one for one in self.moved if one.at >= self.now - since]


def judged(kind: str, params: dict[str, str], opened: Sequence[str] = (), **facts: Any) -> dict[str, Any]:
    """Judge, and judge each subject again by what was written down of it alone: that says the same."""
    rule, heard = kind_of(kind), hearing.Heard(Told(**facts))
    wanted, already = rule.read(params), frozenset(opened)
    found = rule.evaluate(wanted, heard, already)
    for one in found:
        kept = hearing.Told(json.loads(json.dumps(heard.of(one.subject))))
        again = rule.evaluate(wanted, kept, already & {one.subject})
        assert [verdict for verdict in again if verdict.subject == one.subject] == [one]
    return {one.subject: one.fired for one in found}


# ------------------------------------------------------------------------------------------------------------ price
ABOVE = {"asset": "crypto:BTC", "side": "above", "level": "100"}
BELOW = {**ABOVE, "side": "below"}


@pytest.mark.parametrize(
    ("params", "price", "was_open", "fired"),
    [
        (ABOVE, "99.99", False, False),
        (ABOVE, "100", False, True),
        (ABOVE, "99.5", True, True),  # trembling: not told again
        (ABOVE, "98.9", True, False),
        (BELOW, "100.01", False, False),
        (BELOW, "100", False, True),
        (BELOW, "100.9", True, True),
        (BELOW, "101.1", True, False),
    ],
)
def test_a_price_fires_at_its_level_and_closes_a_hundredth_beyond_it(params, price, was_open, fired):
    opened = ["crypto:BTC"] if was_open else []
    assert judged("price", params, opened, prices={"crypto:BTC": quoted(price)}) == {"crypto:BTC": fired}


@pytest.mark.parametrize("prices", [{}, {"crypto:BTC": quoted("500", hours=30, stale=True)}], ids=str)
def test_a_price_that_is_missing_or_old_neither_opens_nor_closes(prices):
    assert judged("price", ABOVE, prices=prices) == {"crypto:BTC": None}
    assert judged("price", ABOVE, ["crypto:BTC"], prices=prices) == {"crypto:BTC": None}


# ------------------------------------------------------------------------------------------------- drift, drawdown
def drift(share: str, limit: str | None = "0.05") -> list[TargetDrift]:
    return [TargetDrift("BTC", "explain.group.BTC", D(share), D("0.5"), None if limit is None else D(limit))]


def test_a_drift_is_measured_by_its_own_band_and_closes_well_inside():
    assert judged("drift", {}, drifts=drift("0.549")) == {"BTC": False}
    assert judged("drift", {}, drifts=drift("0.45")) == {"BTC": True}
    assert judged("drift", {}, ["BTC"], drifts=drift("0.541")) == {"BTC": True}
    assert judged("drift", {}, ["BTC"], drifts=drift("0.539")) == {"BTC": False}


def test_a_drift_rule_may_have_a_distance_of_its_own_and_needs_targets():
    assert judged("drift", {"points": "0.02"}, drifts=drift("0.53", None)) == {"BTC": True}
    assert judged("drift", {}, drifts=drift("0.9", None)) == {}
    assert judged("drift", {"points": "0.02"}) == {}


def test_a_drawdown_fires_at_its_limit_and_closes_at_four_fifths_of_it():
    def fall(depth: str) -> Fall:
        return Fall(D(depth), date(2026, 1, 1), date(2026, 11, 23))

    limit = {"limit": "0.2"}
    assert judged("drawdown", limit, fall=fall("0.199")) == {EVERYTHING: False}
    assert judged("drawdown", limit, fall=fall("0.2")) == {EVERYTHING: True}
    assert judged("drawdown", limit, [EVERYTHING], fall=fall("0.17")) == {EVERYTHING: True}
    assert judged("drawdown", limit, [EVERYTHING], fall=fall("0.15")) == {EVERYTHING: False}
    assert judged("drawdown", limit, fall=None) == {EVERYTHING: None}


def test_a_bad_day_is_one_beyond_what_was_given_for_it_and_is_its_own_subject():
    day = date(2026, 11, 22)
    assert judged("var_breach", {}, worst=BadDay(day, D("-0.051"), D("-0.05"))) == {"2026-11-22": True}
    assert judged("var_breach", {}, worst=BadDay(day, D("-0.049"), D("-0.05"))) == {"2026-11-22": False}
    assert judged("var_breach", {}, ["2026-11-22"], worst=None) == {"2026-11-22": None}


# ------------------------------------------------------------------------------------------- what is known of prices
def test_an_old_price_of_something_that_matters():
    rows = [
        holding("OLD", "0.5", quoted("1", hours=40, stale=True)),
        holding("NEW", "0.4", quoted("1")),
        holding("DUST", "0.001", quoted("1", hours=40, stale=True)),
        holding("NONE", "0.2", None),
    ]
    assert judged("stale_price", {}, holdings=rows) == {"crypto:OLD": True, "crypto:NEW": False}
    by_hours = judged("stale_price", {"hours": "48", "share": "0"}, holdings=rows)
    assert by_hours == {"crypto:OLD": False, "crypto:NEW": False, "crypto:DUST": False}
    # What became small since stays until it has a price again.
    assert judged("stale_price", {}, ["crypto:DUST"], holdings=rows)["crypto:DUST"] is True


def test_coverage_below_what_it_should_be():
    assert judged("coverage", {"limit": "0.9"}, coverage=Coverage(8, 10, 0)) == {EVERYTHING: True}
    assert judged("coverage", {"limit": "0.8"}, coverage=Coverage(8, 10, 0)) == {EVERYTHING: False}
    assert judged("coverage", {}, [EVERYTHING], coverage=Coverage(0, 0, 0)) == {EVERYTHING: False}


# ------------------------------------------------------------------------------------------------ sources and flows
def test_a_source_fails_several_times_and_one_success_closes_it():
    def source(failures: int, error: str) -> list[LiveSource]:
        return [LiveSource("kraken", "Kraken", failures, error, NOW, None)]

    assert judged("failed_sync", {"times": "2"}, live_sources=source(1, "provider.timeout")) == {
        "kraken": False
    }
    assert judged("failed_sync", {"times": "2"}, live_sources=source(2, "provider.timeout")) == {
        "kraken": True
    }
    assert judged("failed_sync", {"times": "2"}, ["kraken"], live_sources=source(0, "")) == {"kraken": False}


def test_a_flow_is_large_by_its_worth_for_some_days_and_one_without_a_price_is_not_known():
    def flow(name: str, worth: str | None, days: int = 0) -> Flow:
        quantity = D(1) if worth is None or D(worth) > 0 else D(-1)
        return Flow(name, NOW - timedelta(days=days), "BTC", quantity, None if worth is None else D(worth))

    moved = [
        flow("in", "1000"),
        flow("out", "-1500"),
        flow("small", "999"),
        flow("odd", None),
        flow("old", "9999", 9),
    ]
    found = judged("large_flow", {"amount": "1000"}, moved=moved)
    assert found == {"in": True, "out": True, "small": False, "odd": None}
    assert judged("large_flow", {"amount": "1000", "way": "out"}, moved=moved) == {"out": True}


def test_a_credential_ends_soon_has_ended_or_has_grown_old():
    def key(days: int, ends: datetime | None = None) -> list[CredentialAge]:
        return [CredentialAge("kraken", "Kraken", NOW - timedelta(days=days), ends)]

    def said(params: dict[str, str], credentials: list[CredentialAge]) -> tuple[bool | None, str]:
        rule = kind_of("expiring_credential")
        (found,) = rule.evaluate(rule.read(params), Told(credentials=credentials), frozenset())
        return found.fired, found.says

    assert said({}, key(364)) == (False, "old")
    assert said({}, key(366)) == (True, "old")
    assert said({}, key(1, NOW + timedelta(days=8))) == (False, "ending")
    assert said({}, key(1, NOW + timedelta(days=6))) == (True, "ending")
    assert said({}, key(1, NOW - timedelta(days=1))) == (True, "ended")
    assert said({"ends": "2026-11-25"}, key(1)) == (True, "ending")
    assert judged("expiring_credential", {"source": "binance"}, credentials=key(999)) == {}


# --------------------------------------------------------------------------------------------------------- all kinds
def test_a_limit_and_what_is_clearly_inside_of_it():
    assert [base.crossed(D(one), D(10), was_open=False) for one in (9, 10)] == [False, True]
    assert [base.crossed(D(one), D(10), was_open=True) for one in ("7.9", 8)] == [False, True]


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("price", {}),
        ("price", {**ABOVE, "asset": "BTC"}),
        ("price", {**ABOVE, "side": "left"}),
        ("price", {**ABOVE, "level": "-1"}),
        ("price", {**ABOVE, "level": "NaN"}),
        ("price", {**ABOVE, "level": "1e99"}),
        ("price", {**ABOVE, "colour": "red"}),
        ("drawdown", {"limit": "2"}),
        ("failed_sync", {"times": "1.5"}),
        ("expiring_credential", {"ends": "soon"}),
        ("moon_phase", {}),
    ],
    ids=str,
)
def test_nonsense_is_refused(kind, params):
    with pytest.raises(InvalidInputError):
        kind_of(kind).read(params)


def test_numbers_are_kept_exactly_and_defaults_filled_in():
    read = kind_of("price").read({**ABOVE, "side": "", "level": " 0.10000000000000000001 "})
    assert read.values == {"asset": "crypto:BTC", "side": "above", "level": "0.10000000000000000001"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_parameter_has_its_words(language):
    texts = catalogue(language)
    wanted = {f"alerts.kind.{one}" for one in kinds()} | {f"alerts.about.{one}" for one in kinds()}
    wanted |= {f"alerts.param.{kind.id}.{one.name}" for kind in kinds().values() for one in kind.params}
    wanted |= {
        f"alerts.choice.{one.name}.{choice.replace('.', '_')}"
        for kind in kinds().values()
        for one in kind.params
        for choice in one.choices
    }
    assert sorted(wanted - texts.keys()) == []
