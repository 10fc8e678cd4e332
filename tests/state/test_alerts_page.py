"""The Alerts and Brief pages' states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.services import manual_prices, sources, transactions, user_settings
from smartfolio_app.services.alerts import channels, outbox, rules
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.settings import load_settings
from smartfolio_app.state.alerts import AlertsState
from smartfolio_app.state.base import AppState
from smartfolio_app.state.brief import BriefState
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, notice, tab

SECRET = "a shared secret of ours"


@pytest.fixture
def anna(alice, settings):
    """Somebody with a bitcoin at 100 EUR who reads French; webhooks may be on loopback."""
    allowed = load_settings(
        data_dir=settings.data_dir, database_url=settings.database_url, offline=True, notify_private=True
    )
    engine.configure(allowed)
    with session_scope() as db:
        user_settings.update(db, alice, base_currency="EUR", language="fr")
        key = sources.add(db, alice, "file_crypto", "Kraken").key
        at = datetime.now(UTC) - timedelta(days=9)
        transactions.add(db, alice, key, Draft(at=at, kind="deposit", received=("1", "crypto:BTC")))
        manual_prices.set_manual_price(
            db, alice, "crypto:BTC", Decimal(100), "EUR", day=datetime.now(UTC).date()
        )
    yield alice
    engine.configure(settings)


async def test_a_rule_is_added_as_its_owner_writes_and_counts_in_the_rail(anna):
    page = await tab(AlertsState, anna, "/alerts")
    await call(page, "start_rule")
    assert [one.name for one in page.fields] == ["asset", "side", "level"]
    assert [one.value for one in page.fields[0].options] == ["crypto:BTC"]
    await call(page, "save_rule", {"asset": "crypto:BTC", "side": "above", "level": "beaucoup"})
    assert "beaucoup" in page.form_problem
    await call(page, "save_rule", {"asset": "crypto:BTC", "side": "above", "level": "90,5"})
    assert not page.form_open
    assert page.rules[0].text == "BTC passe au-dessus de 90,50\u00a0€"
    assert page.opened[0].text == "BTC est à 100,00\u00a0€, au-dessus de 90,50\u00a0€."
    assert (await page.get_state(AppState)).alerts == "1"
    await call(page, "snooze", page.opened[0].id, "24")
    assert page.opened[0].quiet
    assert (await page.get_state(AppState)).alerts == ""
    await call(page, "snooze", page.opened[0].id, "0")
    await call(page, "acknowledge", page.opened[0].id)
    assert page.opened[0].status == "vu"


async def test_a_share_is_typed_in_percent_and_comes_back_so(anna):
    page = await tab(AlertsState, anna, "/alerts")
    await call(page, "start_rule")
    await call(page, "choose_kind", "drawdown")
    assert [(one.name, one.value) for one in page.fields] == [("limit", "20")]
    await call(page, "save_rule", {"limit": "12,5"})
    with session_scope() as db:
        (rule,) = rules.listed(db, anna)
    assert Decimal(rule.params["limit"]) == Decimal("0.125")
    await call(page, "edit_rule", rule.id)
    assert page.fields[0].value == "12,5"
    await call(page, "switch_rule")
    assert not page.rules[0].active
    await call(page, "edit_rule", rule.id)
    await call(page, "ask_removal")
    await call(page, "remove_rule")
    assert page.rules == []


async def test_the_usual_rules_are_one_press(anna):
    page = await tab(AlertsState, anna, "/alerts")
    await call(page, "add_usual")
    assert len(page.rules) == len(rules.USUAL)
    assert await notice(page)


async def test_a_channels_secrets_pass_through_and_stay_nowhere(anna):
    page = await tab(AlertsState, anna, "/alerts")
    await call(page, "start_channel")
    await call(page, "choose_channel_kind", "webhook")
    form = {"told_url": "http://127.0.0.1:9/key", "told_secret": "short", "label": "Moi", "alerts": True}
    await call(page, "save_channel", form)
    assert "16" in page.channel_problem
    await call(page, "save_channel", {**form, "told_secret": SECRET, "active": True})
    assert page.channel_problem == ""
    (one,) = page.channels
    assert (one.label, one.shown) == ("Moi", "127.0.0.1")
    shown = repr({name: getattr(page, name) for name in type(page).base_vars})
    assert SECRET not in shown
    assert "9/key" not in shown
    await call(page, "test_channel", one.id)  # nobody is there
    assert "127.0.0.1" in await notice(page)
    assert page.channels[0].bad
    assert page.deliveries[0].bad
    await call(page, "edit_channel", one.id)
    await call(page, "save_channel", {"label": "Toi", "told_url": "", "told_secret": "", "active": True})
    with session_scope() as db:
        (kept,) = channels.listed(db, anna)
    assert (kept.label, set(kept.set), kept.alerts) == ("Toi", {"url", "secret"}, False)
    await call(page, "edit_channel", one.id)
    await call(page, "remove_channel")
    assert page.channels == []


async def test_times_are_kept_and_nonsense_is_refused(anna):
    page = await tab(AlertsState, anna, "/alerts")
    await call(page, "save_times", {"from": "22:00", "until": "", "brief": ""})
    assert page.times_problem
    await call(page, "save_times", {"from": "x", "until": "y", "brief": ""})
    assert page.times_problem
    await call(page, "save_times", {"from": "22:00", "until": "07:00", "brief": "07:30"})
    assert page.times_problem == ""
    with session_scope() as db:
        assert outbox.times(db, anna) == outbox.Times(1320, 420, 450)
    assert (page.quiet_from, page.brief_at) == ("22:00", "07:30")


async def test_nobody_elses_alert_or_rule_can_be_touched(anna, bob):
    with session_scope() as db:
        theirs = rules.add(db, anna, "price", {"asset": "crypto:BTC", "level": "1"})
    page = await tab(AlertsState, bob, "/alerts")
    await call(page, "edit_rule", theirs.id)
    assert not page.form_open
    page.rule_id = theirs.id
    await call(page, "remove_rule")
    with session_scope() as db:
        assert len(rules.listed(db, anna)) == 1


async def test_the_brief_is_in_the_owners_words_and_hides_amounts(anna):
    page = await tab(BriefState, anna, "/brief")
    said = [line.text for section in page.sections for line in section.lines]
    assert said[0] == "Ce que vous possédez vaut 100,00\u00a0€."
    with session_scope() as db:
        user_settings.update(db, anna, privacy=True)
    page = await tab(BriefState, anna, "/brief")
    assert "100" not in page.sections[0].lines[0].text
