"""Wealth items keep their whole history, and belong to one user."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.i18n import LANGUAGES, translate
from smartfolio_app.services import accounts, items, sources, user_settings
from smartfolio_app.services.item_kinds import ITEM_KINDS
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.storage.repo_ledger import revision_of

PASSWORD = "correct horse battery"


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def home(db, user_id, **changes):
    wanted = {"kind": "real_estate", "name": "Home", "currency": "chf", "value": "850000.50"}
    return items.add(db, user_id, **{**wanted, **changes})


def test_an_item_comes_with_its_first_value(db, user_id):
    item = home(db, user_id, day=date(2024, 1, 31), note=" by the lake ")
    assert (item.name, item.currency, item.note, item.is_liability) == ("Home", "CHF", "by the lake", False)
    assert item.current == items.Valuation(date(2024, 1, 31), Decimal("850000.50"))
    assert items.list_items(db, user_id) == [item]


def test_valuations_are_kept_by_day(db, user_id):
    item = home(db, user_id, day=date(2024, 1, 31))
    items.set_value(db, user_id, item.id, value="900000", day=date(2023, 6, 1))
    items.set_value(db, user_id, item.id, value=Decimal(860000), day=date(2024, 1, 31), note="corrected")
    after = items.get(db, user_id, item.id)
    assert [(one.day, one.value) for one in after.valuations] == [
        (date(2023, 6, 1), Decimal(900000)),
        (date(2024, 1, 31), Decimal(860000)),
    ]
    assert after.current.note == "corrected"
    assert len(items.delete_value(db, user_id, item.id, date(2023, 6, 1)).valuations) == 1
    with pytest.raises(NotFoundError):
        items.delete_value(db, user_id, item.id, date(2023, 6, 1))


def test_debts_are_debts_by_their_kind(db, user_id):
    debts = {kind for kind in ITEM_KINDS if home(db, user_id, kind=kind, name=kind).is_liability}
    assert debts == {"mortgage", "loan", "credit_card", "other_debt"}
    listed = items.list_items(db, user_id)
    assert [item.is_liability for item in listed] == sorted(item.is_liability for item in listed)


def test_every_kind_has_a_name_in_every_language():
    assert len(ITEM_KINDS) >= 10
    for language in LANGUAGES:
        assert len({translate(language, f"items_kinds.{kind}") for kind in ITEM_KINDS}) == len(ITEM_KINDS)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("item.kind", {"kind": "spaceship"}),
        ("item.name", {"name": "  "}),
        ("item.currency", {"currency": "DOGE"}),
        ("item.value", {"value": "-1"}),
        ("item.value", {"value": "a lot"}),
        ("item.value", {"value": "Infinity"}),
        ("item.value", {"value": 1.5}),
        ("item.day", {"day": date(1899, 12, 31)}),
        ("item.day", {"day": datetime.now(UTC).date() + timedelta(days=3)}),
        ("item.note", {"note": "x" * 2001}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(db, user_id, code, change):
    revision = revision_of(db, user_id)
    with pytest.raises(InvalidInputError) as caught:
        home(db, user_id, **change)
    assert caught.value.code == code
    assert items.list_items(db, user_id) == []
    assert revision_of(db, user_id) == revision


def test_today_is_the_users_day(db, user_id):
    for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
        user_settings.update(db, user_id, time_zone=zone)
        from zoneinfo import ZoneInfo

        item = home(db, user_id, name=zone)
        assert item.current.day == datetime.now(ZoneInfo(zone)).date()


def test_a_closed_item_keeps_its_past(db, user_id):
    item = home(db, user_id, day=date(2024, 1, 31))
    assert items.set_closed(db, user_id, item.id, date(2024, 6, 30)).closed_on == date(2024, 6, 30)
    assert load_ledger(db, user_id).items[0].closed_on == date(2024, 6, 30)
    assert items.set_closed(db, user_id, item.id, None).closed_on is None


def test_the_ledger_sees_items_at_once_and_not_those_of_a_source_switched_off(db, user_id):
    assert load_ledger(db, user_id).items == []
    item = home(db, user_id, day=date(2024, 1, 31))
    (view,) = load_ledger(db, user_id).items
    assert (view.id, view.source_key, view.is_liability) == (item.id, "wealth_items", False)
    assert view.valuations == [(date(2024, 1, 31), Decimal("850000.50"))]
    sources.set_active(db, user_id, "wealth_items", active=False)
    assert load_ledger(db, user_id).items == []


def test_deleting_says_first_what_goes(db, user_id):
    item = home(db, user_id, day=date(2024, 1, 31))
    items.set_value(db, user_id, item.id, value="1", day=date(2024, 2, 1))
    assert items.what_delete_removes(db, user_id, item.id) == {"valuations": 2}
    items.delete(db, user_id, item.id)
    assert items.list_items(db, user_id) == []


def test_every_change_moves_the_revision(db, user_id):
    seen = [revision_of(db, user_id)]
    item = home(db, user_id, day=date(2024, 1, 31))
    for act in (
        lambda: None,
        lambda: items.update(db, user_id, item.id, name="House"),
        lambda: items.set_value(db, user_id, item.id, value="5", day=date(2024, 2, 1)),
        lambda: items.delete_value(db, user_id, item.id, date(2024, 2, 1)),
        lambda: items.set_closed(db, user_id, item.id, date(2024, 2, 2)),
        lambda: items.delete(db, user_id, item.id),
    ):
        act()
        seen.append(revision_of(db, user_id))
    assert seen == sorted(set(seen))


def test_another_users_item_does_not_exist(db, user_id):
    item = home(db, user_id)
    eve = accounts.create_user(db, "Eve", PASSWORD).id
    for act in (
        lambda: items.get(db, eve, item.id),
        lambda: items.update(db, eve, item.id, name="Mine"),
        lambda: items.set_value(db, eve, item.id, value="0"),
        lambda: items.delete_value(db, eve, item.id, date(2024, 1, 31)),
        lambda: items.set_closed(db, eve, item.id, None),
        lambda: items.what_delete_removes(db, eve, item.id),
        lambda: items.delete(db, eve, item.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert items.get(db, user_id, item.id).name == "Home"
