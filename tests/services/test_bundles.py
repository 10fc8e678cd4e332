"""A figure taken along: the bundle computes to the same figure without a database, and a changed one is found out."""

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.analytics.bundles import document
from smartfolio_app.analytics.bundles.records import BundleError
from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_performance import MEASURES
from smartfolio_app.analytics.explain_today import figure_of
from smartfolio_app.commands import explain as command
from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import bundles, gains, performance, risk, wealth
from smartfolio_app.services.explain import explain
from smartfolio_app.services.signals import regimes
from tests.services.test_risk import FIGURES as OF_RISK
from tests.support.signals import store_signals

NOW = datetime.now(UTC)


@pytest.fixture
def view(sample_user, db):
    return wealth.view_of(db, sample_user(NOW))


def figures_of(db, view):
    """Every kind of figure that there is a bundle for, each about something the sample household has."""
    whole = wealth.portfolio(db, view)
    yield from (
        "net_worth",
        "coverage",
        "change_today",
        "category:crypto",
        "category:stocks",
        "category:wealth",
    )
    yield from (f"history:{(NOW - timedelta(days=days)).date()}" for days in (1, 400))
    for row in whole.holdings[:4]:
        yield f"holding:{row.asset.id}"
        if row.cost_basis is not None:
            yield f"cost_basis:{row.asset.id}"
            yield f"unrealised:{row.asset.id}"
    for kind in wealth.SPREADS:
        yield f"allocation:{kind}"
        yield from (f"allocation:{kind}:{part.key}" for part in wealth.allocation(db, view, kind)[:2])
    yield "realised:all"
    for year in gains.years(db, view)[:2]:
        yield from (f"realised:{year}", f"realised:{year}:hifo", f"realised:{year}:total_average")
        yield f"income:{year}"
    yield "income:all"
    series = performance.series(db, view)
    yield from (f"performance:{measure}:1Y" for measure in sorted(MEASURES))
    yield from (f"benchmark:{measure}:1Y:crypto:BTC" for measure in ("twr", "xirr", "end"))
    for period in ("MAX", f"{series.days[-90]}..{series.days[-10]}"):
        yield from (f"performance:twr:{period}", f"performance:fx:{period}", f"drawdown:{period}")
    span = performance.span_of(series, "1Y")
    yield from (f"contribution:1Y:{one.asset}" for one in series.contributions(span.first, span.last)[:3])
    yield from (f"risk:365:held:{name}" for name in OF_RISK)
    yield from (
        "risk:90@0.02:lived:sharpe",
        "risk:all:lived:var:historical-95-1",
        "risk:all:held:record:historical-95",
    )
    yield from (figure_of(whole, row) for row in whole.holdings[:4])
    yield "change_today:category:crypto"
    yield from ("signals:fear_greed", "signals:dominance")
    yield from (f"signals:funding{kind}:BTCUSDT" for kind in ("", "_rate", "_next", "_week", "_rank"))
    for market in regimes.markets(db):
        yield from (f"signals:{kind}:{market.subject}" for kind in ("regime", "gap", "volatility", "closes"))
        for spell in market.regime.spells[-2:]:
            yield f"signals:spell:{day_of(spell.start).isoformat()}-{market.subject}"
        known = [one for one in market.regime.after if one.count]
        yield from (f"signals:after:{one.regime}-{one.days}-{market.subject}" for one in known[:2])


def test_every_figure_computes_to_itself_from_its_bundle_alone(db, view):
    made = 0
    risk.forget()
    store_signals(db, NOW)
    for figure in figures_of(db, view):
        told = explain(db, view, figure)
        if told.amount is None:
            with pytest.raises(BundleError):
                bundles.make(db, view, figure)
            continue
        made += 1
        found = document.unpack(bundles.as_file(bundles.make(db, view, figure)))
        if figure.startswith("risk:365") and made % 6:
            continue  # it was computed from itself before it was handed out, and a report takes a tenth of a second
        checked = document.check(found)
        assert checked.good, (figure, checked)
        assert document.same(checked.recipe, told.amount, checked.computed), figure
        assert found["formula"], figure
    assert made > 90


def test_a_bundle_tells_inputs_with_source_and_time_lots_and_transactions(db, view):
    year = gains.years(db, view)[0]
    found = bundles.make(db, view, f"realised:{year}")
    inputs = found["inputs"]
    assert inputs["transactions"]
    assert all(row["id"] and row["at"] and row["kind"] for row in inputs["transactions"])
    priced = [row for row in inputs["prices"] if row["rates"]]
    assert priced
    assert all(rate["source"] and rate["at"] for row in priced for rate in row["rates"])
    held = bundles.make(db, view, "net_worth")["inputs"]["holdings"]
    assert all(row["places"] for row in held)
    assert found["view"]["currency"] == view.currency
    french = bundles.make(db, view, "net_worth", "fr")
    assert french["formula"] != bundles.make(db, view, "net_worth")["formula"]


def resealed(found, change):
    """A bundle that somebody changed, and whose seal they made anew."""
    other = deepcopy(found)
    change(other)
    other.pop("sha256")
    return document.seal(other)


FIGURES = (
    *("realised:all", "net_worth", "performance:twr:1Y", "performance:fx:1Y", "income:all"),
    *("risk:90:held:volatility", "signals:fear_greed"),
)


def other_result(one):
    one["result"] = str(float(one["result"]) + 0.01)


def other_input(one):
    inputs = one["inputs"]
    if "benchmark" in inputs:
        held = next(row for row in inputs["assets"] if row["asset"] == "crypto:BTC")
        held["prices"] = [
            str(float(price or 1) * (1 + number % 3)) for number, price in enumerate(held["prices"])
        ]
    elif "heard_at" in inputs:
        inputs["value"] += "1"
    elif "holdings" in inputs:
        inputs["holdings"][0]["quantity"] += "1"
    elif "transactions" in inputs:
        earned = one["figure"].startswith("income")
        row = next(row for row in inputs["transactions"] if "received" in row and (earned or "sent" in row))
        row["received"][0] += "1"
        row.pop("value", None)
    else:
        inputs["value"] = [
            str(float(value) * (1 + number / 9)) for number, value in enumerate(inputs["value"])
        ]
        for currency in inputs["foreign"].values():
            currency["value"] = [str(2 * float(value)) for value in currency["value"]]


def test_a_tampered_bundle_is_found_out(db, view, tmp_path, capsys):
    """By its seal; and where that was made anew, by the figure that no longer follows."""
    store_signals(db, NOW)
    for figure in FIGURES:
        found = bundles.make(db, view, figure)
        renamed = document.check({**found, "title": "Another title"})
        assert (renamed.same, renamed.sealed, renamed.good) == (True, False, False)
        for change in (other_result, other_input):
            other = document.check(resealed(found, change))
            assert (other.sealed, other.same, other.good) == (True, False, False), (figure, change)
    kept, changed = tmp_path / "kept.zip", tmp_path / "changed.json"
    kept.write_bytes(bundles.as_file(found))
    changed.write_text(json.dumps(resealed(found, other_input)), encoding="utf-8")
    command.check(kept)
    assert "the same figure" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        command.check(changed)
    assert ended.value.code == 1
    assert "NOT the same figure" in capsys.readouterr().out


def test_what_is_no_bundle_is_refused_with_a_sentence(db, view):
    found = bundles.make(db, view, "net_worth")
    for data in (
        b"",
        b"PK\x03\x04 and nothing",
        b"[]",
        b'{"format": "other"}',
        b"\xff\xfe",
        b'{"a":' * 20_000,
    ):
        with pytest.raises(BundleError) as refused:
            document.unpack(data)
        assert refused.value.code == "bundle.not_one"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("else.json", "{}")
    with pytest.raises(BundleError):
        document.unpack(archive.getvalue())
    for name, value in (
        ("recipe", "guess"),
        ("inputs", {}),
        ("inputs", {"holdings": [{"quantity": "NaN", "price": "1"}]}),
        ("inputs", {"holdings": [{"quantity": 1.5, "price": "1"}]}),
        ("inputs", {"holdings": ["x"]}),
        ("result", "a lot"),
    ):
        with pytest.raises(BundleError):
            document.check({**found, name: value})
    assert document.check(document.unpack(json.dumps(found).encode())).good  # plain JSON does as well


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        ("signals:score:market", "bundle.of_a_model"),
        ("signals:skill:market", "bundle.of_a_model"),
        ("simulation:1:goal", "bundle.of_a_model"),
        ("rebalance:0:0:turnover", "bundle.of_a_plan"),
        ("risk:365:held:episode:ftx_2022", "bundle.of_a_plan"),
        ("weather", "bundle.not_covered"),
    ],
)
def test_figures_without_a_bundle_say_why(db, view, monkeypatch, figure, why):
    assert not bundles.covers(figure)
    monkeypatch.setattr("smartfolio_app.services.explain.explain", lambda *_: explain(db, view, "net_worth"))
    with pytest.raises(BundleError) as refused:
        bundles.make(db, view, figure)
    assert refused.value.code == why


def test_what_is_no_figure_has_no_bundle(db, view):
    assert bundles.covers("risk:365:held:volatility")
    for figure in ("holding:crypto:NEVERHEARD", "risk:365:held:luck", "signals:regime:NEVERHEARD"):
        with pytest.raises(NotFoundError):
            bundles.make(db, view, figure)
