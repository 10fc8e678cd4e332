"""The morning brief says what the dashboard shows, links each sentence, and is silent about what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.analytics.risk.rolling import MODELS
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import NotFoundError
from smartfolio_app.i18n import LANGUAGES
from smartfolio_app.services import brief, explain, performance, risk, sources, transactions, wealth
from smartfolio_app.services.alerts import inbox, rules
from smartfolio_app.services.alerts.delivery import writer_of
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.places import PLACES
from smartfolio_app.storage.tables import SourceRow

ADDRESSES = {place.address for place in PLACES} | {"/assets"}


@pytest.fixture
def household(db, settings, sample_user):
    """The sample household as of now."""
    user = sample_user(datetime.now(UTC))
    rules.add(db, user, "coverage", {"limit": "1"})
    return user


def lines(found: brief.Brief) -> dict[str, list[brief.Line]]:
    told: dict[str, list[brief.Line]] = {}
    for section in found.sections:
        for one in section.lines:
            told.setdefault(one.key, []).append(one)
    return told


def figures(line: brief.Line) -> dict[str, Decimal | None]:
    return {one.name: one.amount for one in line.figures}


def test_its_figures_are_those_of_the_dashboard(db, household):
    view = wealth.view_of(db, household)
    whole, told = wealth.portfolio(db, view), lines(brief.brief(db, view))
    assert figures(told["brief.worth"][0])["total"] == whole.total
    gain = whole.change.gain
    assert gain
    way = "up" if gain > 0 else "down"
    today = figures(told[f"brief.today_{way}"][0])
    assert (today["gain"], today["pct"]) == (abs(gain), abs(whole.change.pct))
    gainers, losers = wealth.movers(db, view)
    for tone, rows in (("up", gainers), ("down", losers)):
        said = told.get(f"brief.mover_{tone}", [])
        assert [one.link for one in said] == [f"/assets/{row.asset.id}" for row in rows[:3]]
        assert [figures(one)["pct"] for one in said] == [abs(row.change_today_pct) for row in rows[:3]]
        for one, row in zip(said, rows, strict=False):  # its own change, not that of the whole
            own = explain.explain(db, view, one.explain)
            assert own.amount == row.change_today
            assert own.params["asset"] in (row.asset.name, row.asset.symbol)
            parts = {step.label: step.amount for step in own.steps}
            assert parts["explain.change_of.pct"] == row.change_today_pct
    missing = whole.coverage.total - whole.coverage.priced
    assert figures(told["brief.unpriced"][0])["count"] == missing
    week = performance.report(db, view, "1W").figures
    keys = [key for key in told if key.startswith("brief.week_") and "flows" not in key]
    assert len(keys) == 1
    assert figures(told[keys[0]][0])["gain"] == abs(Decimal(f"{week.gain:.10f}"))
    assert "alerts.said.coverage.fired" in told
    today = datetime.now(UTC).astimezone(ZoneInfo(view.time_zone)).date()
    first, last = today - timedelta(days=2), today - timedelta(days=1)
    day = performance.report(db, view, first=first, last=last).figures
    (line,) = (
        one
        for key, of_key in told.items()
        for one in of_key
        if key.startswith("brief.yesterday_") and "flows" not in key
    )
    assert figures(line)["gain"] == abs(Decimal(f"{day.gain:.10f}"))
    assert line.explain == f"performance:gain:{first}..{last}"
    strongest = sorted(performance.report(db, view, "1W").contributions, key=lambda one: -abs(one.gain))
    said = [one for key in told if key.startswith("brief.share_") for one in told[key]]
    assert {one.explain for one in said} == {f"contribution:1W:{one.asset}" for one in strongest[:3]}
    report = risk.dashboard(db, view).report
    worst = next(tail for model in MODELS if (tail := report.tail(model, 0.95, 1).var) is not None)
    assert float(figures(told["brief.bad_day"][0])["pct"]) == pytest.approx(-worst)
    (alert,) = inbox.listed(db, household)
    inbox.acknowledge(db, household, alert.id)
    assert "alerts.said.coverage.fired" not in lines(brief.brief(db, view)), "what was seen asks for nothing"
    inbox.snooze(db, household, alert.id, 0)


def test_every_sentence_leads_on_explains_itself_and_reads_in_every_language(db, household):
    view = wealth.view_of(db, household)
    found = brief.brief(db, view)
    for line in (line for section in found.sections for line in section.lines):
        assert line.link.split("?")[0] in ADDRESSES or line.link.startswith("/assets/")
        assert line.explain, line.key
        told = explain.explain(db, view, line.explain)
        assert told.steps, line.explain
    worth = lines(found)["brief.worth"][0]
    assert explain.explain(db, view, worth.explain).amount == figures(worth)["total"]
    ahead = lines(found)["brief.bad_day"][0]
    told = explain.explain(db, view, ahead.explain).amount
    assert float(told) == pytest.approx(float(figures(ahead)["loss"]), rel=1e-6)
    alert = lines(found)["alerts.said.coverage.fired"][0]
    told = explain.explain(db, view, alert.explain)
    assert told.amount == figures(alert)["share"]
    assert {step.label for step in told.steps} >= {
        "explain.alert.figure.coverage.limit",
        "explain.alert.opened",
    }
    writer = writer_of(db, household, private=False)
    for language in LANGUAGES:
        ways = replace(writer, language=language), replace(writer, language=language, privacy=True)
        open_, hidden = (
            [one.text for section in brief.written(found, way) for one in section.sentences] for way in ways
        )
        assert len(open_) == len(hidden) > 8
        assert "€" in open_[0]
        assert "•" in hidden[0]
        assert "€" not in hidden[0]
    # A part is told of itself alone.
    key = next(
        one.key
        for one in sources.source_status(db, household).sources
        if one.category == Category.CRYPTO.value and one.counts.get("transactions")
    )
    part = replace(view, scope=replace(view.scope, crypto=key))
    told = lines(brief.brief(db, part))
    assert figures(told["brief.worth"][0])["total"] == wealth.portfolio(db, part).total
    assert wealth.portfolio(db, part).total != wealth.portfolio(db, view).total


def test_nothing_owned_is_one_sentence_and_nothing_priced_is_no_figure(db, someone, give):
    found = brief.of_user(db, someone)
    assert [one.key for section in found.sections for one in section.lines] == ["brief.nothing"]
    give(someone, "BTC", "1")
    told = lines(brief.of_user(db, someone))
    assert "brief.worth_unknown" in told
    assert "brief.today_unknown" in told
    assert figures(told["brief.unpriced"][0])["count"] == 1
    assert not [key for key in told if key.startswith(("brief.week", "brief.yesterday", "brief.mover"))]


def test_a_source_that_fails_and_a_quiet_morning_explain_themselves_too(db, someone):
    key = sources.add(db, someone, "file_crypto", "Purse").key
    first = Draft(at=datetime.now(UTC) - timedelta(days=9), kind="deposit", received=("100", "fiat:EUR"))
    transactions.add(db, someone, key, first)
    view = wealth.view_of(db, someone)
    quiet = lines(brief.brief(db, view))["brief.quiet"][0]
    counted = explain.explain(db, view, quiet.explain)
    assert (counted.amount, [step.amount for step in counted.steps]) == (0, [0, 0, 0, 0])
    row = db.execute(select(SourceRow).where(col(SourceRow.key) == key)).scalar_one()
    row.last_error = "The file has no header"
    db.add(row)
    db.commit()
    told = lines(brief.brief(db, view))
    assert "brief.quiet" not in told
    why = explain.explain(db, view, told["brief.broken_source"][0].explain)
    assert (why.params["source"], why.steps[0].label) == ("Purse", "The file has no header")
    assert explain.explain(db, view, "attention").amount == 1
    for figure in ("source:nope", "source:", "alert:nope", "alert:"):
        with pytest.raises(NotFoundError):
            explain.explain(db, view, figure)


def test_money_that_came_is_no_gain(db, someone):
    purse = sources.add(db, someone, "file_crypto", "Purse").key
    now = datetime.now(UTC)
    first = Draft(at=now - timedelta(days=400), kind="deposit", received=("100", "fiat:EUR"))
    transactions.add(db, someone, purse, first)
    transactions.add(db, someone, purse, Draft(at=now, kind="deposit", received=("50", "fiat:EUR")))
    told = lines(brief.of_user(db, someone))
    assert figures(told["brief.worth"][0])["total"] == 150
    assert "brief.today_flat" in told
    assert figures(told["brief.today_deposits"][0])["amount"] == 50
    assert told["brief.today_deposits"][0].tone == ""
