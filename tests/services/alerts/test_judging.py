"""Rules are judged on what a person really has: one alert a subject, closed when it is back, judged apart."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import numpy as np
import pytest
import time_machine

from smartfolio_app.analytics.alerts.registry import MAIN, kinds
from smartfolio_app.analytics.rebalancing.drift import Bands
from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.i18n import known
from smartfolio_app.providers import registry
from smartfolio_app.services import (
    accounts,
    audit,
    credentials,
    performance,
    price_needs,
    risk,
    sources,
    transactions,
)
from smartfolio_app.services.alerts import explain as explained
from smartfolio_app.services.alerts import inbox, judging, rules, words
from smartfolio_app.services.alerts.delivery import writer_of
from smartfolio_app.services.alerts.facts import Gathered
from smartfolio_app.services.rebalancing import targets
from smartfolio_app.services.rebalancing.plan import propose
from smartfolio_app.services.rebalancing.targets import Targets
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.views import view_of
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.tables import Alert, AlertRule, SourceRow, SyncState
from tests.services.alerts.conftest import NOW, priced

D = Decimal
ABOVE = {"asset": "crypto:BTC", "side": "above", "level": "120"}


def said(db, user_id: str, state: str = "open") -> list[str]:
    writer = writer_of(db, user_id, private=False)
    return [
        words.sentence(one.kind, one.says, one.figures, writer) for one in inbox.listed(db, user_id, state)
    ]


def test_an_alert_opens_once_follows_its_figure_and_closes(db, holder):
    rule = rules.add(db, holder, "price", ABOVE)
    assert said(db, holder) == []
    priced(db, holder, "130")
    assert judging.judge(db, holder).opened == 1
    assert said(db, holder) == ["BTC is at €130.00, above €120.00."]
    priced(db, holder, "140")
    assert judging.judge(db, holder) == judging.Judged(0, 0)
    assert said(db, holder) == ["BTC is at €140.00, above €120.00."]
    priced(db, holder, "119.5")  # within the hysteresis
    assert judging.judge(db, holder) == judging.Judged(0, 0)
    priced(db, holder, "110")
    assert judging.judge(db, holder) == judging.Judged(0, 1)
    assert said(db, holder) == []
    assert said(db, holder, "closed") == ["BTC is at €119.50, above €120.00."]
    priced(db, holder, "150")
    assert judging.judge(db, holder).opened == 1
    assert len(inbox.listed(db, holder, "all")) == 2
    assert rules.listed(db, holder)[0].id == rule.id


def test_two_who_judge_at_once_open_one_alert(db, holder):
    rule = rules.add(db, holder, "price", ABOVE)
    priced(db, holder, "130")
    row = db.get(AlertRule, rule.id)
    found = [judging._Found(row, judging.open_alerts(db, rule.id)) for _ in range(2)]
    for one in found:
        one.look(Gathered(db, holder, "EUR", datetime.now(UTC)))
    assert [len(judging._open(db, one, datetime.now(UTC))) for one in found] == [1, 0]
    db.commit()
    assert len(inbox.listed(db, holder)) == 1


def test_seen_and_put_off_alerts_ask_for_nothing_until_their_time(db, holder):
    rules.add(db, holder, "price", ABOVE | {"level": "90"})
    (one,) = inbox.listed(db, holder)
    assert inbox.waiting(db, holder) == 1
    assert inbox.snooze(db, holder, one.id, 2).status == "snoozed"
    assert inbox.waiting(db, holder) == 0
    later = datetime.now(UTC) + timedelta(hours=3)
    assert judging.judge(db, holder, now=later).opened == 1  # told once more
    assert inbox.waiting(db, holder) == 1
    assert inbox.acknowledge(db, holder, one.id).status == "acknowledged"
    assert (inbox.waiting(db, holder), len(inbox.listed(db, holder))) == (0, 1)
    assert inbox.snooze(db, holder, one.id, 0).status == "open"
    with pytest.raises(InvalidInputError):
        inbox.snooze(db, holder, one.id, 24 * 91)


def test_a_rule_that_changes_or_goes_closes_what_it_had_found(db, holder):
    rule = rules.add(db, holder, "price", ABOVE | {"level": "90"})
    rules.change(db, holder, rule.id, params=ABOVE)
    assert said(db, holder) == []
    rules.change(db, holder, rule.id, params=ABOVE | {"level": "80"})
    rules.change(db, holder, rule.id, active=False)
    assert said(db, holder) == []
    assert judging.judge(db, holder).opened == 0
    rules.change(db, holder, rule.id, active=True)
    assert len(said(db, holder)) == 1
    rules.delete(db, holder, rule.id)
    assert (rules.listed(db, holder), said(db, holder)) == ([], [])
    assert len(inbox.listed(db, holder, "closed")) == 3  # the history stays
    actions = [one.action for one in audit.entries(db, holder)]
    assert actions[0] == "rule.delete"
    assert "rule.add" in actions


def test_a_rule_that_cannot_be_judged_says_so_and_stops_no_other(db, holder):
    broken = rules.add(db, holder, "coverage", {})
    rules.add(db, holder, "price", ABOVE)
    row = db.get(AlertRule, broken.id)
    row.params = json.dumps({"limit": "many"})
    db.add(row)
    db.commit()
    priced(db, holder, "130")
    assert judging.judge_all(db).opened == 1
    assert [one.error for one in rules.listed(db, holder)] == ["alert.param", ""]


def test_rules_are_their_owners_and_about_what_they_hold(db, holder, other):
    rule = rules.add(db, holder, "coverage", {})
    with pytest.raises(NotFoundError):
        rules.change(db, other, rule.id, active=False)
    with pytest.raises(NotFoundError):
        rules.delete(db, other, rule.id)
    with pytest.raises(InvalidInputError):
        rules.add(db, other, "price", ABOVE)
    for _ in range(rules.MOST_RULES - 1):
        db.add(AlertRule(user_id=holder, kind="coverage", currency="EUR", active=False))
    db.commit()
    with pytest.raises(ConflictError):
        rules.add(db, holder, "coverage", {})


def test_the_usual_rules_are_added_once(db, holder):
    assert rules.add_usual(db, holder) == len(rules.USUAL)
    assert rules.add_usual(db, holder) == 0
    assert {one.error for one in rules.listed(db, holder)} == {""}


def test_a_disabled_users_rules_rest(db, holder):
    rules.add(db, holder, "price", ABOVE)
    priced(db, holder, "130")
    accounts.create_user(db, "boss", "correct horse battery", admin=True)
    accounts.disable(db, holder)
    assert judging.judge_all(db) == judging.Judged(0, 0)


# ------------------------------------------------------------------------------------------------------- the facts
def test_drift_is_that_of_the_rebalancing_plan(db, holder):
    kraken = next(one.key for one in sources.source_status(db, holder).sources if one.label == "Kraken")
    draft = Draft(at=NOW - timedelta(days=40), kind="deposit", received=("1", "crypto:ETH"))
    transactions.add(db, holder, kraken, draft)
    priced(db, holder, "50", "crypto:ETH")
    targets.save(db, holder, Targets(weights={"BTC": D("0.5"), "ETH": D("0.5")}))
    facts = Gathered(db, holder, "EUR", datetime.now(UTC))
    plan = propose(db, view_of(db, holder)).plan
    assert [(one.key, one.share, one.target) for one in facts.drifts] == [
        (one.key, one.share, one.target) for one in plan.before
    ]
    assert [one.limit for one in facts.drifts] == [D("0.05")] * 2, "the narrower of the two bands"
    narrow = replace(targets.get(db, holder), bands=Bands(None, D("0.02")))
    targets.save(db, holder, narrow)
    assert [one.limit for one in Gathered(db, holder, "EUR", datetime.now(UTC)).drifts] == [D("0.010")] * 2
    targets.save(db, holder, replace(narrow, bands=Bands()))
    rules.add(db, holder, "drift", {})
    assert set(said(db, holder)) == {
        "Ethereum is 33.3% of the portfolio. Its target is 50.0%.",
        "Bitcoin is 66.7% of the portfolio. Its target is 50.0%.",
    }


def test_what_a_place_lacks_takes_nothing_from_what_another_holds_in_a_drift(db, holder):
    kraken = next(one.key for one in sources.source_status(db, holder).sources if one.label == "Kraken")
    wallet = sources.add(db, holder, "file_crypto", "Wallet").key
    at = NOW - timedelta(days=30)
    for source, sides in (
        (kraken, {"kind": "deposit", "received": ("1", "crypto:ETH")}),
        (wallet, {"kind": "withdrawal", "sent": ("0.5", "crypto:BTC")}),
    ):
        transactions.add(db, holder, source, Draft(at=at, **sides))
    priced(db, holder, "100", "crypto:ETH")
    targets.save(db, holder, Targets(weights={"BTC": D("0.5"), "ETH": D("0.5")}))
    facts = Gathered(db, holder, "EUR", datetime.now(UTC))
    assert min(one.quantity for row in facts.holdings for one in row.positions) == D("-0.5")
    assert {one.key: one.share for one in facts.drifts} == {"BTC": D("0.5"), "ETH": D("0.5")}
    assert {one.key: one.share for one in propose(db, view_of(db, holder)).plan.before} == {
        "BTC": D("0.5"),
        "ETH": D("0.5"),
    }


def test_flows_over_the_border_are_told_at_their_worth_and_own_transfers_are_none(db, holder):
    kraken = next(one.key for one in sources.source_status(db, holder).sources if one.label == "Kraken")
    wallet = sources.add(db, holder, "file_crypto", "Wallet", separate=True).key
    at = datetime.now(UTC) - timedelta(hours=5)
    leaves = Draft(at=at, kind="withdrawal", sent=("0.5", "crypto:BTC"))
    arrives = Draft(at=at + timedelta(minutes=20), kind="deposit", received=("0.5", "crypto:BTC"))
    transactions.add(db, holder, kraken, leaves)
    transactions.add(db, holder, wallet, arrives)
    gift = Draft(at=at, kind="deposit", received=("2", "crypto:BTC"), value=("170", "fiat:EUR"))
    transactions.add(db, holder, wallet, gift)
    found = Gathered(db, holder, "EUR", datetime.now(UTC)).flows(timedelta(days=1))
    assert [(one.quantity, one.worth) for one in found] == [(D(2), D(170))]


def test_a_sources_failures_and_the_age_of_its_key_are_known(db, holder):
    live = sources.add(db, holder, "cointracking_api", "Account")
    row = db.get(SourceRow, live.id)
    tried = datetime.now(UTC)
    db.add(SyncState(source_id=row.id, user_id=holder, failures=3, error="provider.timeout", tried_at=tried))
    db.commit()
    rules.add(db, holder, "failed_sync", {"times": "3"})
    assert said(db, holder) == ["Account could not be synced 3 times in a row. It has never worked yet."]
    state = db.get(SyncState, row.id)
    state.failures, state.error, state.succeeded_at = 0, "", tried
    db.add(state)
    db.commit()
    assert judging.judge(db, holder).closed == 1


def test_the_age_of_a_key_is_told_and_asks_for_a_new_one(db, holder):
    live = sources.add(db, holder, "cointracking_api", "Account")
    row = db.get(SourceRow, live.id)
    fields = [one.name for one in registry.provider(row.provider).credential_fields]
    since = datetime.now(UTC) - timedelta(days=400)
    with time_machine.travel(since, tick=False):
        credentials.store(db, row, dict.fromkeys(fields, "k" * 16))
        db.commit()
    (found,) = Gathered(db, holder, "EUR", datetime.now(UTC)).credentials
    assert (found.source, found.label, found.ends_at) == (row.key, "Account", None)
    assert abs(found.set_at - since) < timedelta(minutes=1)
    rules.add(db, holder, "expiring_credential", {"age": "500"})
    assert said(db, holder) == []
    rules.add(db, holder, "expiring_credential", {"age": "365"})
    (sentence,) = said(db, holder)
    assert "Account" in sentence
    assert "400" in sentence


def test_what_cannot_be_known_leaves_an_alert_open(db, holder):
    rules.add(db, holder, "price", ABOVE | {"level": "90"})
    assert len(said(db, holder)) == 1
    tomorrow = datetime.now(UTC) + timedelta(days=3)
    found = judging.judge(db, holder, now=tomorrow)
    assert (found.closed, len(said(db, holder))) == (0, 1), "an old price is no news"


def test_a_seen_alert_is_not_told_again_when_its_rest_is_over(db, holder):
    rules.add(db, holder, "price", ABOVE | {"level": "90"})
    (one,) = inbox.listed(db, holder)
    inbox.acknowledge(db, holder, one.id)
    row = db.get(Alert, one.id)
    row.snoozed_until = datetime.now(UTC) - timedelta(hours=1)
    db.add(row)
    db.commit()
    assert judging.judge(db, holder).opened == 0


def test_the_watch_looks_anew_only_when_something_changed(db, holder, monkeypatch):
    judged = []
    monkeypatch.setattr(judging, "judge_all", lambda _db: judged.append(1))
    watch = judging.Watch()
    watch(db)
    watch(db)
    assert len(judged) == 1
    priced(db, holder, "130")
    watch(db)
    assert len(judged) == 2


def test_the_sample_household_is_judged_in_full(db, settings, sample_user):
    user = sample_user(datetime.now(UTC))
    asked = {
        "price": {"asset": "crypto:BTC", "level": "1"},
        "drawdown": {"limit": "0.005"},
        "var_breach": {},
        "stale_price": {"share": "0"},
        "coverage": {"limit": "1"},
        "large_flow": {"amount": "1", "days": "31"},
    }
    for kind, params in asked.items():
        rules.add(db, user, kind, params)
    facts = Gathered(db, user, "EUR", datetime.now(UTC))
    assert facts.fall is not None
    assert 0 <= facts.fall.depth < 1
    series = performance.series(db, view_of(db, user))
    top = int(np.argmax(series.index))
    assert (facts.fall.peak, facts.fall.at) == (series.days[top], series.days[-1])
    assert float(facts.fall.depth) == pytest.approx(1 - series.index[-1] / series.index[top], abs=1e-6)
    worst = facts.bad_day(D("0.95"))
    assert worst is not None
    assert worst.limit < 0
    past = risk.dashboard(db, view_of(db, user)).report
    assert worst.day == past.days[-1]
    assert float(worst.returned) == pytest.approx(past.returns[-1], abs=1e-6)
    assert float(worst.limit) == pytest.approx(np.quantile(past.returns[:-1], 0.05), abs=1e-6), (
        "without that day"
    )
    late = Gathered(db, user, "EUR", datetime.now(UTC) + timedelta(days=6))
    assert late.bad_day(D("0.95")) is None, "what is long over is no news"
    fired = {one.kind for one in rules.listed(db, user) if one.open}
    assert fired >= {"price", "stale_price", "coverage", "large_flow"}
    # What the household's past looks like today depends on the day.
    assert ("drawdown" in fired) == (facts.fall.depth >= 0.005)
    assert ("var_breach" in fired) == (worst.returned < worst.limit)


# ----------------------------------------------------------------------------------------------- why this alert?
@pytest.mark.parametrize("kind", kinds())
def test_every_figure_of_every_kind_of_alert_has_a_name_in_its_explanation(kind):
    source = inspect.getsource(import_module(f"smartfolio_app.analytics.alerts.{kind}"))
    names = set(re.findall(r'Figure\(\s*"(\w+)"', source))
    assert names
    assert [name for name in names if not known(f"explain.alert.figure.{kind}.{name}")] == []
    assert known(f"explain.alert.title.{kind}")
    assert set(MAIN[kind]) <= names


def test_an_alert_tells_what_it_was_judged_by_and_only_to_its_owner(db, holder):
    rules.add(db, holder, "price", ABOVE | {"level": "90"})
    (alert,) = inbox.listed(db, holder)
    told = explained.explain(db, holder, alert.id)
    assert (told.amount, told.unit) == (100, "EUR")
    by = {step.label: step for step in told.steps}
    assert by["explain.alert.figure.price.level"].amount == 90
    assert by["explain.alert.figure.price.price"].link == "/assets/crypto:BTC"
    assert by["explain.alert.seen"].at == alert.seen_at
    other = accounts.create_user(db, "other", "correct horse battery").id
    with pytest.raises(NotFoundError):
        explained.explain(db, other, alert.id)


# ------------------------------------------------------------------------------------- what nobody here holds
def test_a_price_rule_may_be_about_what_nobody_holds_as_long_as_it_can_be_asked_for(db, holder, settings):
    with pytest.raises(InvalidInputError):  # offline nobody can be asked
        rules.add(db, holder, "price", ABOVE | {"asset": "crypto:SOL"})
    online = load_settings(data_dir=settings.data_dir, database_url=settings.database_url, offline=False)
    engine.configure(online)
    try:
        rule = rules.add(db, holder, "price", ABOVE | {"asset": rules.asset_named(" sol ")})
        assert rule.error == "alert.no_price"
        paper = rules.add(db, holder, "price", ABOVE | {"asset": rules.asset_named("us0378331005")})
        wanted = price_needs.needs(db)
        assert {"crypto:SOL", "stock:US0378331005"} <= set(wanted.waiting)
        assert "crypto:SOL" in {one.asset for one in price_needs.unresolved(db, holder)}
        for wrong in ("item:1", "crypto:two words", "fiat:EUR"):
            with pytest.raises(InvalidInputError):
                rules.add(db, holder, "price", ABOVE | {"asset": wrong})
    finally:
        engine.configure(settings)
    priced(db, holder, "130", "crypto:SOL")
    judging.judge(db, holder)
    assert [(one.subject, one.kind) for one in inbox.listed(db, holder)] == [("crypto:SOL", "price")]
    again = {one.id: one for one in rules.listed(db, holder)}
    assert (again[rule.id].error, again[paper.id].error) == ("", "alert.no_price")
    rules.delete(db, holder, rule.id)
    assert "crypto:SOL" not in price_needs.needs(db).waiting
