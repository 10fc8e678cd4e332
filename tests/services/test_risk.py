"""The risk of the sample household: one answer for page, REST and explanations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlmodel import Session

from smartfolio_app.analytics.risk.robustness import VERSION
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.i18n import translate
from smartfolio_app.services import demo, explain, kept_work, risk, wealth
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.signals.references import CLOSE
from smartfolio_app.storage.repo_signals import Told, put_signals

FIGURES = (
    *("volatility", "downside", "sharpe", "sortino", "calmar", "skew", "kurtosis", "ulcer", "max_drawdown"),
    *("drawdown", "beta:crypto:BTC", "hhi", "effective", "diversification", "coverage", "robustness"),
    *(
        "var:historical-95-1",
        "cvar:parametric-99-10",
        "record:historical-95",
        "asset:crypto:BTC",
        "asset_volatility:crypto:ETH",
        "asset_beta:crypto:BTC|crypto:ETH",
        "pair:crypto:BTC|crypto:ETH",
        "liquidity:cash",
        "currency:EUR",
        "group:BTC",
        "group_share:BTC",
        "asset_share:crypto:ETH",
        "part:size",
        "part:spread",
        "track:252",
        "shrinkage",
    ),
)


@pytest.fixture
def household(db: Session) -> wealth.View:
    user = demo.demo_user(db)
    db.commit()
    risk.forget()
    return wealth.view_of(db, user.id)


def test_the_sample_household(db: Session, household: wealth.View) -> None:
    found = risk.dashboard(db, household)
    report = found.report
    assert report is not None
    assert sum(row.share for row in report.assets) == pytest.approx(1)
    assert {row.reason for row in report.assets if not row.measured} >= {"risk.not_traded"}
    assert report.volatility is not None
    assert (
        risk.dashboard(db, household).report is report
    )  # kept; how fast that is, benchmarks/risk.py measures
    for window in risk.WINDOWS:
        assert risk.dashboard(db, household, risk.Asked(window)).report is not None, window
    lived = risk.dashboard(db, household, risk.Asked(basis="lived")).report
    assert lived is not None
    assert lived.value == pytest.approx(float(found.portfolio.total or 0))
    for name in FIGURES:
        told = explain.explain(db, household, f"risk:365:held:{name}")
        assert told.amount is not None, name
        assert told.steps, name
    papers = [row.exposure.asset for row in report.assets if row.exposure.asset.id.startswith("stock:")][:2]
    told = explain.explain(db, household, "risk:365:held:pair:" + "|".join(one.id for one in papers))
    assert [told.params["left"], told.params["right"]] == [one.symbol for one in papers]
    assert {one.symbol for one in papers} <= {step.label for step in told.steps}
    assert not {one.symbol for one in papers} & {one.id.partition(":")[2] for one in papers}  # no ISINs
    score = explain.explain(db, household, "risk:365:held:robustness")
    assert score.params["version"] == VERSION
    assert "{version}" in translate("en", score.title, version="{version}")
    for wrong in (
        risk.Asked("7"),
        risk.Asked(basis="x"),
        risk.Asked(benchmark="crypto:NO"),
        risk.Asked(risk_free=9),
    ):
        with pytest.raises(InvalidInputError):
            risk.dashboard(db, household, wrong)
    parts = found.liquidity
    owned = [row for row in found.portfolio.holdings if row.value is not None and row.value > 0]
    whole = sum(row.value for row in owned)
    stable = sum(row.value for row in owned if row.group == "STABLECOINS")
    assert parts.stablecoins == pytest.approx(float(stable / whole))
    assert parts.cash + parts.stablecoins + parts.traded + parts.items == pytest.approx(1)
    told = explain.explain(db, household, "risk:365:held:liquidity:stablecoins")
    assert float(told.amount) == pytest.approx(parts.stablecoins)
    assert sum(one.share for one in found.currencies) == pytest.approx(1)
    assert {one.key for one in found.currencies} >= {"EUR", "USD"}
    halved = risk.shocks(db, household, {"crypto:BTC": -0.5})
    worth = next(row.exposure.value for row in report.assets if row.exposure.asset.id == "crypto:BTC")
    assert halved.loss == pytest.approx(-worth / 2)
    with pytest.raises(InvalidInputError):
        risk.shocks(db, household, {"crypto:NO": -0.5})
    job = risk.start_simulation(db, household, risk.Plan(months=1, goal=1.0))
    jobs.wait(60)
    done = risk.simulation(household.user_id, job)
    assert done.state == "done", done.error
    assert done.result.goal == 1
    assert (done.done, done.total) == (10_000, 10_000)
    for name, value in (
        ("level-0.05", done.result.fan[0, -1]),
        ("level-0.5", done.result.fan[2, -1]),
        ("mean", done.result.mean),
        ("end-0.1", dict(done.result.losses)[0.1]),
        ("way-0.25", dict(done.result.dips)[0.25]),
        ("goal", 1),
        ("empty", 0),
    ):
        told = explain.explain(db, household, f"simulation:{job}:{name}")
        assert float(told.amount) == pytest.approx(value), name
        labels = {step.label: step.amount for step in told.steps}
        assert labels["explain.future.paths"] == 10_000
        assert float(labels["explain.future.start"]) == pytest.approx(done.result.start)
    for figure in (f"{job}:level-0.4", f"{job}:end-x", f"{job}:luck", job, "gone:goal", ":"):
        with pytest.raises(NotFoundError):
            explain.explain(db, household, f"simulation:{figure}")
    before = explain.explain(db, household, f"simulation:{job}:level-0.05")
    jobs.forget(household.user_id, job)  # an hour later, or after a new start
    assert explain.explain(db, household, f"simulation:{job}:level-0.05") == before
    kept = risk.simulation(household.user_id, job)
    assert (kept.state, kept.result.plan, kept.result.dips) == ("done", done.result.plan, done.result.dips)
    assert (kept.result.fan == done.result.fan).all()
    with pytest.raises(NotFoundError):  # somebody else's
        explain.explain(db, replace(household, user_id="nobody"), f"simulation:{job}:goal")
    with pytest.raises(NotFoundError):
        kept_work.found(household.user_id, kept_work.SUGGESTIONS, job)
    for number in range(kept_work.MOST):
        kept_work.keep(household.user_id, kept_work.SIMULATION, f"later-{number}", done.result)
    with pytest.raises(NotFoundError):  # so many newer ones
        risk.simulation(household.user_id, job)


def test_a_shock_is_explained_by_what_it_does_to_each_holding(db: Session, household: wealth.View) -> None:
    for shocks in (
        {"crypto:BTC": -0.5},
        {"BTC": -0.3, "crypto:ETH": 0.125},
        {"traded": -0.25, "stock": -0.4},
    ):
        outcome, spec = risk.shocks(db, household, shocks), risk.shock_spec(shocks)
        told = explain.explain(db, household, f"risk:365:held:shock:{spec}")
        assert float(told.amount) == pytest.approx(outcome.loss)
        changes = [float(one.amount) for one in told.steps if one.source == "explain.risk.your_shock"]
        assert sorted(changes) == sorted(shocks.values())
        lines = [one for one in told.steps if one.source == "explain.risk.by_shock"]
        rest = [one for one in told.steps if one.label == "explain.rest"]
        assert sum(float(one.amount) for one in (*lines, *rest)) == pytest.approx(outcome.loss)
        for one in outcome.effects[:5]:
            own = explain.explain(db, household, f"risk:365:held:shocked:{one.exposure.asset.id}|{spec}")
            assert float(own.amount) == pytest.approx(one.loss)
        part = explain.explain(db, household, f"risk:365:held:shock_change:{spec}")
        assert float(part.amount) == pytest.approx(outcome.change)
        still = [one for one in outcome.effects if one.by == "unmoved"]
        assert [float(one.amount) for one in told.steps if one.label == "explain.risk.still"] == (
            [pytest.approx(sum(one.exposure.value for one in still))] if still else []
        )
    with pytest.raises(InvalidInputError):
        explain.explain(db, household, "risk:365:held:shock:BTC")
    with pytest.raises(NotFoundError):
        explain.explain(db, household, f"risk:365:held:shocked:crypto:NO|{spec}")


def test_nothing_held_is_no_risk_figure(db: Session, someone: str) -> None:
    view = wealth.view_of(db, someone)
    found = risk.dashboard(db, view)
    assert (found.report, found.reason) == (None, "risk.nothing_held")
    assert risk.episodes(db, view) == []
    with pytest.raises(risk.NothingMeasuredError):
        risk.start_simulation(db, view, risk.Plan())


def test_an_episode_nobody_lived_through_is_told_by_references_and_explained(
    db: Session, household: wealth.View
) -> None:
    assert {one.loss for one in risk.episodes(db, household)} == {None}, "the sample household is younger"
    ends = {
        datetime(2022, 11, 5, 23, 59, 59, tzinfo=UTC): 21_300,
        datetime(2022, 11, 21, 23, 59, tzinfo=UTC): 15_800,
    }
    put_signals(
        db, [Told(CLOSE, "BTC", at, Decimal(price), "test") for at, price in ends.items()], datetime.now(UTC)
    )
    db.commit()
    found = next(one for one in risk.episodes(db, household) if one.key == "ftx_2022")
    by = {one.exposure.asset.symbol: one for one in found.effects}
    assert (by["BTC"].by, by["BTC"].currency) == ("prices", "USDT")
    assert by["BTC"].change == pytest.approx(15_800 / 21_300 - 1)
    assert by["ETH"].by == "proxy"
    assert by["ETH"].proxy == "crypto:BTC"
    told = explain.explain(db, household, "risk:365:held:episode:ftx_2022")
    assert told.amount is not None
    assert float(told.amount) == pytest.approx(found.loss)
    assert told.steps
    part = explain.explain(db, household, "risk:365:held:episode_change:ftx_2022")
    assert float(part.amount) == pytest.approx(found.change)
    worth = next(one.amount for one in part.steps if one.label == "explain.risk.worth_now")
    assert float(part.amount) * float(worth) == pytest.approx(found.loss)
