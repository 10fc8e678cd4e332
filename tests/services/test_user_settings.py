"""Preferences are typed: what is not known is refused with what would do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import accounts, sources, user_settings
from smartfolio_app.storage.repo_ledger import revision_of


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", "correct horse battery").id


def test_changes_are_kept_and_the_rest_stays(db, user_id):
    before = user_settings.get(db, user_id)
    after = user_settings.update(
        db,
        user_id,
        base_currency="btc",
        time_zone="Pacific/Auckland",
        number_style="1.234,56",
        small_balance_threshold="2.50",
        cost_basis_method="hifo",
        pnl_anchor="close",
        language="fr",
        theme="dark",
        privacy=True,
    )
    assert after.base_currency == "BTC"
    assert after.small_balance_threshold == Decimal("2.5")
    assert after.scope == before.scope
    assert user_settings.get(db, user_id) == after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_currency", "XYZ"),
        ("base_currency", 5),
        ("language", "de"),
        ("theme", "pink"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("number_style", "roman"),
        ("small_balance_threshold", "-1"),
        ("small_balance_threshold", "NaN"),
        ("small_balance_threshold", 1.5),
        ("cost_basis_method", "best"),
        ("pnl_anchor", "yesterday"),
        ("privacy", "yes"),
        ("scope_crypto", "no_such_source"),
        ("scope_crypto", "manual_stocks"),
    ],
)
def test_a_value_that_cannot_be_used_changes_nothing(db, user_id, name, value):
    before = user_settings.get(db, user_id)
    with pytest.raises(InvalidInputError) as caught:
        user_settings.update(db, user_id, **{"theme": "light", name: value})
    assert caught.value.params["name"] == name
    assert caught.value.params["allowed"]
    db.expire_all()
    assert user_settings.get(db, user_id) == before


def test_a_misspelt_name_is_refused(db, user_id):
    with pytest.raises(InvalidInputError) as caught:
        user_settings.update(db, user_id, curency="EUR")
    assert caught.value.code == "preferences.unknown"


def test_the_scope_is_a_source_of_that_category(db, user_id):
    assert user_settings.update(db, user_id, scope_crypto="manual_crypto").scope.crypto == "manual_crypto"
    sources.set_active(db, user_id, "manual_crypto", active=False)
    assert sources.source_status(db, user_id).current_source["crypto"] == "all"


def test_a_group_override_counts_as_a_change_and_can_be_taken_back(db, user_id):
    before = revision_of(db, user_id)
    assert user_settings.set_group(db, user_id, "fet", "AI") == "crypto:FET"
    assert user_settings.group_overrides(db, user_id) == {"crypto:FET": "AI"}
    assert revision_of(db, user_id) > before
    user_settings.set_group(db, user_id, "crypto:FET", "")
    assert user_settings.group_overrides(db, user_id) == {}
    with pytest.raises(InvalidInputError):
        user_settings.set_group(db, user_id, "FET", "MOONSHOTS")


def test_nobody_has_no_preferences(db):
    with pytest.raises(NotFoundError):
        user_settings.get(db, "nobody")
