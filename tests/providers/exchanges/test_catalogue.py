"""The list of exchanges: it is that of the installed ccxt, is read without it, and every one can be opened."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from smartfolio_app.i18n.catalog import catalogue
from smartfolio_app.providers.connectors import all_connectors
from smartfolio_app.providers.connectors.ccxt_exchange import CONNECTORS
from smartfolio_app.providers.declared import address_of
from smartfolio_app.providers.exchanges.catalogue import exchanges, from_ccxt
from smartfolio_app.providers.http import check_address
from smartfolio_app.services.health import settings_in_force
from smartfolio_app.settings import PROJECT_ROOT, SettingsError, load_settings


def python(code):
    command = [sys.executable, "-P", "-c", code]
    env = {"PYTHONPATH": str(PROJECT_ROOT), "PATH": "/usr/bin"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()


def test_the_list_is_what_the_installed_ccxt_says():
    assert {one.id: one for one in from_ccxt()} == dict(exchanges())
    assert len(exchanges()) > 90


def test_the_list_is_read_without_ccxt():
    code = "import sys; from smartfolio_app.providers.registry import providers; providers()"
    assert python(f"{code}; print('ccxt' in sys.modules, 'aiohttp' in sys.modules)") == ["False", "False"]


def test_one_exchange_is_loaded_without_the_others():
    code = "import sys; from smartfolio_app.providers.exchanges.loading import exchange_class as load"
    names = "name for name in sys.modules if name.startswith('ccxt.async_support.') and '.base' not in name"
    assert python(f"{code}; load('kraken'); print(*({names}))") == ["ccxt.async_support.kraken"]


def test_every_exchange_is_a_provider_with_fields_that_have_a_label():
    texts = {language: catalogue(language) for language in ("en", "fr")}
    for one in CONNECTORS:
        assert all_connectors()[one.provider.id] is one
        assert (one.provider.kind, one.provider.category) == ("api", "crypto")
        assert one.provider.credential_fields
        assert one.provider.budget.calls > 0
        check_address(one.provider.id, one.provider.base_url)
        for field in (*one.provider.credential_fields, *one.provider.config_fields):
            assert all(field.label in words for words in texts.values()), field


def test_every_history_has_a_name_in_every_language():
    names = {stream.name for one in CONNECTORS for stream in one.plan.streams} | {"balances"}
    for language in ("en", "fr"):
        assert {f"exchanges.reading.{name}" for name in names} <= catalogue(language).keys()


def test_exchanges_and_their_files_name_each_other():
    from smartfolio_app.providers.registry import family, providers

    for one in CONNECTORS:
        if one.provider.files_of:
            assert one.provider.files_of in providers()
            assert one.provider.id in family(one.provider.files_of)


@pytest.mark.parametrize("name", ["kraken", "binance", "coinbase", "bitstamp", "kucoin"])
def test_the_ones_with_a_way_of_their_own_have_it(name):
    plan = next(one.plan for one in CONNECTORS if one.exchange.id == name)
    assert "coins" not in {stream.name for stream in plan.streams}


def test_an_operator_may_name_another_address_of_any_exchange(monkeypatch):
    monkeypatch.setenv(
        "SMARTFOLIO_EXCHANGE_URLS", "kraken=http://127.0.0.1:9/, bitvavo=https://mirror.example.org"
    )
    settings = load_settings()
    addresses = {one.exchange.id: address_of(one.provider, settings) for one in CONNECTORS}
    assert addresses["kraken"] == "http://127.0.0.1:9"
    assert addresses["bitvavo"] == "https://mirror.example.org"
    assert addresses["binance"] == "https://api.binance.com"


@pytest.mark.parametrize("wrong", ["kraken", "kraken=example.org", "=https://example.org,kraken"])
def test_an_address_that_cannot_be_used_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("SMARTFOLIO_EXCHANGE_URLS", wrong)
    with pytest.raises(SettingsError):
        load_settings()


def test_an_address_of_no_known_exchange_is_told_with_the_nearest_one(monkeypatch):
    monkeypatch.setenv("SMARTFOLIO_EXCHANGE_URLS", "kracken=https://example.org")
    found = list(settings_in_force.check(SimpleNamespace(settings=load_settings(), environ={})))
    assert [(one.code, one.params["nearest"]) for one in found[1:]] == [("settings.misspelt", "kraken")]
