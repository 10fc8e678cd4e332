"""Settings say where they came from, and a value that cannot be used stops the start with its name."""

from __future__ import annotations

import pytest

from smartfolio_app.settings import (
    PROJECT_ROOT,
    Settings,
    SettingsError,
    environment_name,
    known_variables,
    load_settings,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in known_variables():
        monkeypatch.delenv(name, raising=False)


def test_each_setting_knows_its_origin(monkeypatch, tmp_path):
    monkeypatch.setenv("SMARTFOLIO_PORT", "9001")
    settings = load_settings(data_dir=tmp_path)
    assert settings.port == 9001
    assert settings.origin("port") == "environment"
    assert settings.origin("host") == "default"
    assert settings.origin("data_dir") == "argument"
    assert settings.origin("vault_key") == "file"
    with pytest.raises(KeyError):
        settings.origin("no_such_setting")


def test_an_empty_variable_counts_as_unset(monkeypatch):
    monkeypatch.setenv("SMARTFOLIO_PORT", "")
    assert load_settings().port == 8080
    assert load_settings().origin("port") == "default"


def test_the_rate_limit_keeps_its_names_and_defaults(monkeypatch):
    assert (load_settings().rate_limit_refill_rate, load_settings().rate_limit_burst_size) == (20.0, 50.0)
    monkeypatch.setenv("SECURITY_RATE_LIMIT_REFILL_RATE", "2.5")
    monkeypatch.setenv("SECURITY_RATE_LIMIT_BURST_SIZE", "12.5")
    assert (load_settings().rate_limit_refill_rate, load_settings().rate_limit_burst_size) == (2.5, 12.5)
    assert load_settings().origin("rate_limit_refill_rate") == "environment"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMARTFOLIO_PORT", "http"),
        ("SMARTFOLIO_PORT", "70000"),
        ("SMARTFOLIO_MAX_UPLOAD_MB", "0"),
        ("SMARTFOLIO_SECURE_COOKIES", "maybe"),
        ("SMARTFOLIO_COINGECKO_URL", "ftp://example.org"),
        ("DATABASE_URL", "mysql://somewhere"),
        ("SECURITY_RATE_LIMIT_REFILL_RATE", "0"),
        ("SECURITY_RATE_LIMIT_REFILL_RATE", "-1"),
        ("SECURITY_RATE_LIMIT_REFILL_RATE", "nan"),
        ("SECURITY_RATE_LIMIT_BURST_SIZE", "many"),
        ("SECURITY_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
    ],
)
def test_nonsense_is_refused_with_the_name_and_the_rule(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.params["name"] == name
    assert caught.value.params["rule"]


def test_trusted_proxies_are_networks(monkeypatch):
    monkeypatch.setenv("SECURITY_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert [str(network) for network in load_settings().trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_a_misspelt_variable_is_found_with_the_nearest_known_name():
    environ = {
        "SMARTFOLIO_PROT": "1",
        "SMARTFOLIO_HOST": "x",
        "SECURITY_RATE_LIMIT_REFIL_RATE": "5",
        "PATH": "/",
    }
    assert unknown_variables(environ) == [
        ("SECURITY_RATE_LIMIT_REFIL_RATE", "SECURITY_RATE_LIMIT_REFILL_RATE"),
        ("SMARTFOLIO_PROT", "SMARTFOLIO_PORT"),
    ]


def test_secrets_are_not_shown(tmp_path):
    settings = load_settings(data_dir=tmp_path, coingecko_key="CG-very-secret")
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings.model_dump())


def test_every_setting_is_described_and_named_once():
    names = [environment_name(field) for field in Settings.model_fields]
    assert len(names) == len(set(names))
    assert all(field.description for field in Settings.model_fields.values())


def test_the_example_environment_names_every_setting_with_its_default(monkeypatch):
    example = {}
    for line in (PROJECT_ROOT / ".env.production.example").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            example[name] = value
    assert example.keys() == known_variables().keys()
    defaults = load_settings()
    for name, value in example.items():
        monkeypatch.setenv(name, value)
    # A container's lines are read by machines, a terminal's by people.
    assert load_settings().model_dump() == {**defaults.model_dump(), "log_format": "json"}


def test_addresses_that_may_hold_a_password_are_not_shown():
    settings = load_settings(
        database_url="postgresql+psycopg://smart:hunter22@db/x", redis_url="redis://:hunter22@cache/0"
    )
    assert "hunter22" not in repr(settings)
