"""A figure taken along: the bundle computes to the same figure without a database, and a changed one is found out."""

from __future__ import annotations

import io
import json
import zipfile
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain

import numpy as np
import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.analytics.alerts.registry import kinds
from smartfolio_app.analytics.bundles import document
from smartfolio_app.analytics.bundles.records import BundleError
from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.explain_match import lot_figure, match_figure
from smartfolio_app.analytics.explain_performance import MEASURES
from smartfolio_app.analytics.explain_today import figure_of
from smartfolio_app.analytics.rebalancing import optimise
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.analytics.risk.scenarios import EPISODES
from smartfolio_app.analytics.signals.components import NAMES
from smartfolio_app.commands import explain as command
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.lots import Method, Policy
from smartfolio_app.ledger.match_names import MatchName
from smartfolio_app.ledger.transactions import Statement, StatementLine
from smartfolio_app.services import (
    bundles,
    gains,
    items,
    kept_work,
    performance,
    risk,
    sources,
    transactions,
    uploads,
    user_settings,
    wealth,
)
from smartfolio_app.services.alerts import inbox, rules
from smartfolio_app.services.explain import FAMILIES, explain, kind_of
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.rebalancing import explain_ideas, targets
from smartfolio_app.services.rebalancing.plan import propose
from smartfolio_app.services.rebalancing.targets import Targets
from smartfolio_app.services.signals import regimes, sentiment
from smartfolio_app.services.signals.references import CLOSE
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.repo_ledger import insert_statement
from smartfolio_app.storage.repo_signals import Told, put_signals
from smartfolio_app.storage.tables import SourceRow, SyncRun, SyncState
from tests.services.cointracking_files import trades
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
    yield from ("holding:crypto:BTC@source-" + source for source in _sources_of(whole, "crypto:BTC"))
    yield from (f"{name}:fiat:EUR@stocks" for name in ("holding", "cost_basis"))
    today, before = NOW.date(), (NOW - timedelta(days=40)).date()
    yield from (f"price:{asset}" for asset in ("crypto:BTC", "fiat:EUR", "fiat:USD"))
    yield from (f"price:crypto:ETH:{before}", f"price:crypto:ETH:{before}..{today}")
    for kind in wealth.SPREADS:
        yield f"allocation:{kind}"
        yield f"allocation:{kind}:after-1"
        yield from (f"allocation:{kind}:{part.key}" for part in wealth.allocation(db, view, kind)[:2])
    mine = items.list_items(db, view.user_id)
    yield from (f"item:{one.id}" for one in mine if one.currency != view.currency or one.closed_on)
    yield next(f"item:{one.id}:{one.valuations[1].day}" for one in mine if len(one.valuations) > 2)
    yield from (f"line:{chosen}" for chosen in ("1d", "1w", "1m", "ytd", "all"))
    yield "realised:all"
    for year in gains.years(db, view)[:2]:
        yield from (f"realised:{year}", f"realised:{year}:hifo", f"realised:{year}:total_average")
        yield f"income:{year}"
    yield "income:all"
    found = gains.report(db, view)
    for asset in list(found.report.by_asset)[:2]:
        yield f"realised:all:hifo@source:1y:asset:{asset}"
    for source in found.report.by_source:
        yield f"realised:{year}:::source:{found.sources[source][0]}"
    yield "realised:all:lifo::against:fifo"
    for method in ("fifo", "hifo@source", "total_average"):
        rows = gains.report(db, view, gains.Query(*method.split("@"))).report.rows.ordered(
            "gain", descending=True
        )
        names = [
            MatchName(rows[at].transaction, rows.place(at), rows[at].lot, rows[at].asset) for at in (0, 1)
        ]
        yield from (match_figure(Policy.parse(method), name) for name in names)
    for asset in ("crypto:BTC", "crypto:ETH"):
        yield from (lot_figure(one.name) for one in gains.open_lots(db, view, asset).lots[:2])
    yield from (f"sale:{method.value}:0.01::1.5::crypto:BTC" for method in Method)
    yield "sale:::90000:0:0=0.001,1=0.002:crypto:BTC"
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


def _sources_of(whole, asset):
    return [place.source_key for row in whole.holdings if row.asset.id == asset for place in row.positions]


def of_models(db, view):
    """Figures of what a simulation, suggested targets and the sentiment model say."""
    job = risk.start_simulation(
        db, view, risk.Plan(months=1, goal=1e5, monthly=-50.0, growth=None, paths=600)
    )
    jobs.wait(60)
    measures = ("level-0.05", "level-0.75", "mean", "end-0.1", "way-0.25", "goal", "empty", "drawn")
    jobs.forget(view.user_id, job)  # it is made from what was kept
    yield from (f"simulation:{job}:{name}" for name in measures)
    assets = ("crypto:BTC", "crypto:ETH", "crypto:SOL")
    returns = np.random.default_rng(7).normal(0.001, (0.02, 0.03, 0.05), (240, 3))
    given = (assets, returns, np.array([0.5, 0.3, 0.2]), 365)
    keep = partial(kept_work.keep, view.user_id, kept_work.SUGGESTIONS)
    job = jobs.start(view.user_id, kept_work.SUGGESTIONS, "", optimise.suggest, *given, then=keep)
    jobs.wait(60)
    jobs.forget(view.user_id, job)
    for column in ("present", "equal_risk", "minimum_variance", "hierarchical"):
        yield f"idea:{job}:{column}:weight:crypto:ETH"
        yield from (f"idea:{job}:{column}:{name}" for name in explain_ideas.MEASURES)
    yield from (f"signals:{name}:market" for name in ("score", "scale", "known", "hits", "skill"))
    yield "signals:bin:2-market"
    yield "signals:score:ETH"
    yield from (f"signals:part:{name}-ETH" for name in NAMES)
    yield from (f"signals:part_{what}:volatility-market" for what in ("rank", "weight", "share"))


def of_plans(db, view):
    """Figures of the plan, lots sold by method and lots chosen by tax; and of what a shock or a fall would do."""
    for choice in ("method", "least_tax"):
        kraken = next(one.key for one in sources.source_status(db, view.user_id).sources)
        targets.save(
            db,
            view.user_id,
            Targets(
                weights={"BTC": Decimal("0.2"), "ETH": Decimal("0.5"), "SOL": Decimal("0.3")},
                lot_choice=choice,
                tax_short=Decimal("0.3"),
                tax_long=Decimal("0.1"),
                venues={kraken: Venue(kraken, Decimal("0.0026"), Decimal(1), locked=False, whole=False)},
            ),
        )
        for cash in ("0:0", "2500.5:0", "1000:1") if choice == "method" else ("0:0",):
            yield from (f"rebalance:{cash}:{name}" for name in ("turnover", "fee", "gain", "tax", "left"))
            yield from (
                f"rebalance:{cash}:{name}:{key}"
                for name in ("share", "after", "worth", "target", "off")
                for key in ("BTC", "SOL")
            )
            yield from (f"rebalance:{cash}:{name}" for name in ("broken", "trades", "unknown", "outside"))
        yield f"rebalance:0:0:trades:{kraken}"
        yield from (f"rebalance:0:0:{name}:group:ETH" for name in ("held", "part"))
        for number, one in enumerate(propose(db, view).trades):
            yield from (f"rebalance:0:0:{name}:{number}" for name in ("fee", "amount", "quantity"))
            if one.trade.side == "sell":
                yield from (f"rebalance:0:0:{name}:{number}" for name in ("gain", "tax"))
    yield "risk:365:held:shock:BTC=-0.3,traded=-0.1"
    yield "risk:365:held:shock_change:BTC=-0.3,traded=-0.1"
    yield "risk:365:held:weight:BTC"
    yield "risk:365:held:shocked:crypto:ETH|BTC=-0.3,traded=-0.1"
    fall = next(one for one in EPISODES if one.key == "ftx_2022")
    ends = ((fall.first, Decimal(21_300)), (fall.last, Decimal(15_780)))
    closes = [
        Told(CLOSE, "BTC", datetime.combine(day, time(23, 59), UTC), close, "binance") for day, close in ends
    ]
    put_signals(db, closes, NOW)
    db.commit()
    yield f"risk:365:held:episode:{fall.key}"
    yield f"risk:365:held:episode_change:{fall.key}"
    (outcome,) = (one for one in risk.episodes(db, view) if one.key == fall.key)
    assert {one.by for one in outcome.effects} >= {"prices", "proxy"}


def of_alerts(db, view):
    """Figures of an alert of each kind that the sample household gives rise to, and what is counted of them all."""
    usual = {
        "price": {"asset": "crypto:BTC", "side": "above", "level": "1"},
        "drift": {"points": "0.001"},
        "drawdown": {"limit": "0.005"},
        "large_flow": {"amount": "0.01", "days": "31"},
        "stale_price": {"hours": "1", "share": "0"},
        "coverage": {"limit": "1"},
        "var_breach": {},
        "failed_sync": {},
        "expiring_credential": {},
    }
    assert usual.keys() == kinds().keys()
    for name, params in usual.items():
        rules.add(db, view.user_id, name, params)
    yield from (f"rule:{one.id}" for one in rules.listed(db, view.user_id))
    yield from (f"alert:{one.id}" for one in inbox.listed(db, view.user_id))
    yield "attention"
    row = db.execute(select(SourceRow).where(col(SourceRow.user_id) == view.user_id)).scalars().first()
    db.add(
        SyncState(
            source_id=row.id, user_id=view.user_id, failures=3, tried_at=NOW, error="source.unreachable"
        )
    )
    db.commit()
    yield f"source:{row.key}"


class Here:
    """Computes in this process."""

    def run(self, function, *arguments):
        return function(*arguments, progress=lambda *_: None)


@pytest.fixture
def here(monkeypatch):
    """Whatever would be done in a process of its own is done in this one."""
    monkeypatch.setattr("smartfolio_app.services.bundles.making._apart", Here())
    monkeypatch.setattr(sentiment, "_fitter", Here())
    start = jobs.start
    monkeypatch.setattr(jobs, "start", lambda *given, **more: start(*given, **{**more, "heavy": False}))
    sentiment.forget()
    risk.forget()
    yield
    sentiment.forget()


def of_books(db, view):
    """Figures of an own transfer, of what a source reports, and of a sync."""
    staged = uploads.receive(view.user_id, "one.csv", trades()).file.id
    jobs.wait(60)
    (changed, *_) = uploads.find(view.user_id, staged).preview.effect
    yield f"upload:{staged}:{changed.asset}"
    asset, key = "crypto:UNI", sources.add(db, view.user_id, "cointracking_api", "Tracker").key
    cold = sources.add(db, view.user_id, "file_crypto", "Cold").key
    drafts = (
        (key, "deposit", ("5", asset), None),
        (key, "withdrawal", None, ("2", asset)),
        (cold, "deposit", ("1.99", asset), None),
    )
    rows = [
        transactions.add(
            db,
            view.user_id,
            place,
            Draft(at=NOW - timedelta(hours=9 - hour), kind=kind, received=received, sent=sent),
        )
        for hour, (place, kind, received, sent) in enumerate(drafts)
    ]
    yield f"transfer:{rows[1].id}"
    traded = next(one for one in transactions.listing(db, view.user_id).entries if one.transaction.fee)
    yield f"transaction:{traded.id}"
    source = sources.find(db, view.user_id, key)
    told = Statement(as_of=NOW, lines=(StatementLine(asset=asset, quantity=Decimal("3.25")),))
    insert_statement(db, view.user_id, source.id, told, format_id=source.provider)
    db.commit()
    yield f"gap:{key}:{asset}"
    run = SyncRun(user_id=view.user_id, source_id=source.id, state="done", added=2, finished_at=NOW)
    run.effect = json.dumps({asset: ["1", "3"]})
    db.add(run)
    db.commit()
    yield f"sync:{run.id}"


@pytest.mark.usefixtures("here")
def test_every_figure_computes_to_itself_from_its_bundle_alone(db, view):
    made, seen = 0, set()
    store_signals(db, NOW)
    for figure in chain(
        figures_of(db, view), of_plans(db, view), of_models(db, view), of_alerts(db, view), of_books(db, view)
    ):
        told = explain(db, view, figure)
        if told.amount is None:
            with pytest.raises(BundleError):
                bundles.make(db, view, figure)
            continue
        made += 1
        seen.add(kind_of(figure))
        found = document.unpack(bundles.as_file(bundles.make(db, view, figure)))
        if found["recipe"] in ("risk", "mood", "simulation") and made % 6:
            continue  # it was computed from itself before it was handed out, and that takes a tenth of a second
        checked = document.check(found)
        assert checked.good, (figure, checked)
        assert document.same(checked.recipe, told.amount, checked.computed), figure
        assert found["formula"], figure
    there = {(family, name) for family, names in FAMILIES.items() for name in names or ("",)}
    assert sorted(there - seen) == [], "these kinds of figures were put into no bundle"
    assert made > 150


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


@pytest.fixture
def moved(db, someone):
    """Two coins bought at one place, renamed there, one moved to another and half of it sold; an older elsewhere."""
    places = [sources.add(db, someone, "file_crypto", name).key for name in ("Exchange", "Wallet", "Cold")]
    for hour, (place, kind, received, sent) in enumerate(
        (
            (2, "trade", ("1", "crypto:AAVE"), ("4", "fiat:EUR")),
            (0, "trade", ("2", "crypto:LEND"), ("20", "fiat:EUR")),
            (0, "swap", ("2", "crypto:AAVE"), ("2", "crypto:LEND")),
            (0, "withdrawal", None, ("1", "crypto:AAVE")),
            (1, "deposit", ("1", "crypto:AAVE"), None),
            (1, "trade", ("30", "fiat:EUR"), ("0.5", "crypto:AAVE")),
        )
    ):
        at = datetime(2023, 3, 1, hour, tzinfo=UTC)
        transactions.add(db, someone, places[place], Draft(at=at, kind=kind, received=received, sent=sent))
    user_settings.update(db, someone, cost_basis_pooling="source")
    return wealth.view_of(db, someone)


def test_the_bundle_of_what_was_renamed_and_moved_has_all_it_came_from(db, moved):
    for figure, told in (("realised:all", 25), ("cost_basis:crypto:AAVE", 19)):
        found = document.unpack(bundles.as_file(bundles.make(db, moved, figure)))
        checked = document.check(found)
        assert (checked.good, checked.told, checked.computed) == (True, told, told)
        inputs = found["inputs"]
        kinds_in = [row["kind"] for row in inputs["transactions"]]
        assert (len(kinds_in), kinds_in[1:3], inputs["transfers"]) == (6, ["trade", "swap"], [[3, 4]])


def test_a_bundle_that_computes_to_another_figure_is_not_handed_out(db, moved, monkeypatch):
    compute = document.compute
    monkeypatch.setattr(document, "compute", lambda *given: compute(*given) + Decimal("1e-12"))
    with pytest.raises(BundleError) as refused:
        bundles.make(db, moved, "realised:all")
    assert refused.value.code == "bundle.differs"


def resealed(found, change):
    """A bundle that somebody changed, and whose seal they made anew."""
    other = deepcopy(found)
    change(other)
    other.pop("sha256")
    return document.seal(other)


FIGURES = (
    *("realised:all", "net_worth", "performance:twr:1Y", "performance:fx:1Y", "income:all"),
    *("risk:90:held:volatility", "signals:fear_greed"),
    *("risk:365:held:shock:BTC=-0.3", "rebalance:500:0:after:BTC", "rebalance:500:0:gain"),
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
    elif "shocks" in inputs:
        inputs["shocks"]["BTC"] = "-0.31"
    elif "places" in inputs:
        inputs["targets"] = [["BTC", "0.25"], ["ETH", "0.75"]]
    elif "facts" in inputs:
        inputs["facts"]["price"]["crypto:BTC"]["value"] += "1"
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
    halves = {"BTC": Decimal("0.2"), "ETH": Decimal("0.8")}
    targets.save(db, view.user_id, Targets(weights=halves))
    rules.add(db, view.user_id, "price", {"asset": "crypto:BTC", "side": "above", "level": "1"})
    (alert,) = inbox.listed(db, view.user_id)
    for figure in (*FIGURES, f"alert:{alert.id}"):
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


def test_what_is_no_figure_has_no_bundle(db, view):
    for figure in ("holding:crypto:NEVERHEARD", "risk:365:held:luck", "signals:regime:NEVERHEARD", "weather"):
        with pytest.raises(NotFoundError):
            bundles.make(db, view, figure)
