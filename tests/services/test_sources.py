"""Sources: always some, each judged on its own, and nothing of anybody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.providers import registry
from smartfolio_app.services import accounts, imports, sources, user_settings
from smartfolio_app.storage.repo_ledger import revision_of
from smartfolio_app.storage.tables import DailyPrice, SourceRow
from tests.services.cointracking_files import balance

PASSWORD = "correct horse battery"


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def by_key(db, user_id):
    return {status.key: status for status in sources.source_status(db, user_id).sources}


def test_a_new_user_sees_the_built_in_sources_and_what_could_be_set_up(db, user_id):
    seen = by_key(db, user_id)
    assert list(seen)[:3] == ["manual_crypto", "manual_stocks", "wealth_items"]
    for key in registry.BUILT_IN:
        assert seen[key].configured
        assert seen[key].visible
        assert seen[key].active
        assert (seen[key].status, seen[key].kind) == ("empty", "manual")
        assert seen[key].reason
    file_source = seen["file_crypto"]
    assert not file_source.configured
    assert not file_source.visible
    assert (file_source.status, file_source.id) == ("not_configured", "")
    assert file_source.reason
    assert sources.source_status(db, user_id).current_source == {
        "crypto": "all",
        "stocks": "all",
        "wealth": "all",
    }


def test_one_source_that_raises_shows_as_broken_and_the_others_are_served(db, user_id, monkeypatch):
    healthy = sources.STATUS_OF_KIND["manual"]

    def broken_for_stocks(facts):
        if facts.source.key == "manual_stocks":
            raise NameError("name 'undefined_thing' is not defined")
        return healthy(facts)

    monkeypatch.setitem(sources.STATUS_OF_KIND, "manual", broken_for_stocks)
    seen = by_key(db, user_id)
    assert seen["manual_stocks"].status == "error"
    assert "NameError" in seen["manual_stocks"].reason
    assert seen["manual_stocks"].label
    assert seen["manual_crypto"].status == "empty"
    assert seen["wealth_items"].status == "empty"


def test_a_source_of_a_provider_that_no_longer_exists_shows_as_broken(db, user_id):
    db.add(SourceRow(user_id=user_id, key="mtgox_api", provider="mtgox_api", label="Old", category="crypto"))
    db.commit()
    seen = by_key(db, user_id)
    assert seen["mtgox_api"].status == "error"
    assert "mtgox_api" in seen["mtgox_api"].reason
    assert seen["manual_crypto"].status == "empty"


def test_adding_renaming_switching_off_and_deleting(db, user_id):
    first = sources.add(db, user_id, "file_crypto")
    second = sources.add(db, user_id, "file_crypto")
    assert (first.key, second.key) == ("file_crypto", "file_crypto_2")
    assert first.label != second.label
    revision = revision_of(db, user_id)
    assert sources.rename(db, user_id, "file_crypto", "  My   ledger ").label == "My ledger"
    off = sources.set_active(db, user_id, "file_crypto", active=False)
    assert (off.active, off.visible, off.status) == (False, False, "inactive")
    sources.delete_source(db, user_id, "file_crypto_2")
    assert "file_crypto_2" not in by_key(db, user_id)
    assert revision_of(db, user_id) >= revision + 3


def test_what_goes_with_a_source_is_said_before_with_the_prices_of_its_files(db, user_id):
    imports.commit(db, user_id, balance([("BTC", "0.5", "40000"), ("ETH", "2", "2000")]), "balance.csv")
    going = sources.what_delete_removes(db, user_id, "cointracking_csv")
    assert going == {"positions": 2, "prices": 2, "files": 1, "batches": 1}
    sources.delete_source(db, user_id, "cointracking_csv")
    assert db.execute(select(func.count()).select_from(DailyPrice)).scalar_one() == 0


def test_the_wealth_bar_falls_back_to_all_when_its_source_goes(db, user_id):
    sources.add(db, user_id, "file_stocks")
    user_settings.update(db, user_id, scope_stocks="file_stocks")
    assert sources.source_status(db, user_id).current_source["stocks"] == "file_stocks"
    sources.delete_source(db, user_id, "file_stocks")
    assert sources.source_status(db, user_id).current_source["stocks"] == "all"


def test_a_built_in_source_stays(db, user_id):
    with pytest.raises(ConflictError):
        sources.delete_source(db, user_id, "wealth_items")


@pytest.mark.parametrize("label", ["", "  ", "x" * 121, "a\x07"])
def test_a_label_that_cannot_be_shown_is_refused(db, user_id, label):
    with pytest.raises(InvalidInputError):
        sources.rename(db, user_id, "manual_crypto", label)


def test_a_provider_of_prices_is_no_source(db, user_id):
    with pytest.raises(InvalidInputError):
        sources.add(db, user_id, "coingecko")
    with pytest.raises(NotFoundError):
        sources.add(db, user_id, "no_such_provider")


def test_another_users_sources_do_not_exist(db, user_id):
    sources.add(db, user_id, "file_crypto")
    other = accounts.create_user(db, "Eve", PASSWORD).id
    for act in (
        lambda: sources.status_of(db, other, "file_crypto"),
        lambda: sources.rename(db, other, "file_crypto", "mine"),
        lambda: sources.set_active(db, other, "file_crypto", active=False),
        lambda: sources.what_delete_removes(db, other, "file_crypto"),
        lambda: sources.delete_source(db, other, "file_crypto"),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert by_key(db, user_id)["file_crypto"].configured


def test_labels_are_in_the_users_language(db, user_id):
    english = by_key(db, user_id)["manual_crypto"].label
    user_settings.update(db, user_id, language="fr")
    assert by_key(db, user_id)["manual_crypto"].label != english


def test_every_provider_says_what_it_is():
    for provider in registry.providers().values():
        assert provider.kind in ("manual", "csv", "api", "market")
        assert provider.yields
        assert provider.is_source == (provider.kind != "market")
        if provider.base_url_setting:
            from smartfolio_app.settings import Settings

            assert provider.base_url_setting in Settings.model_fields
