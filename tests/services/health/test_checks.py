"""Each health check says what is there and not what one hopes: the same look at a household in order and out of it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet

from smartfolio_app.keys import check_keys, vault_keys
from smartfolio_app.services import accounts, backups, market_data, process_reports, sources
from smartfolio_app.services.health import (
    background_jobs,
    backup_state,
    clock,
    limits,
    policy,
    providers,
    vault,
)
from smartfolio_app.services.health.findings import Patient
from smartfolio_app.services.process_reports import Blocked, JobTold, Told
from smartfolio_app.storage.vault import Vault

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def look(db, settings):
    """Look with one check: ``look(check)`` -> what it finds, by code."""

    def at(check):
        return {one.code: one for one in check(Patient(settings, db, {}, NOW))}

    return at


@pytest.fixture
def told(monkeypatch):
    """Let the running processes have told something."""

    def told(**more):
        usual = {
            "living": ("one",),
            "since": NOW,
            "allowed": 7,
            "limited": 0,
            "top": (),
            "blocked": (),
            "jobs": (),
            "skew_seconds": None,
            "jump": None,
        }
        monkeypatch.setattr(process_reports, "read", lambda *_, **__: Told(**usual | more))

    return told


@pytest.mark.parametrize(
    ("seconds", "code", "severity"),
    [(None, "clock.not_compared", "info"), (4.0, "clock.agrees", "ok"), (-45.0, "clock.skewed", "warning")],
)
def test_a_clock_is_compared_with_those_of_the_providers(look, told, seconds, code, severity):
    told(skew_seconds=seconds)
    assert look(clock.check)[code].severity == severity


def test_a_backup_of_days_ago_and_a_drill_that_failed_are_said(look, settings):
    assert list(look(backup_state.check)) == ["backups.none"]
    place = backups.folder(settings)
    place.mkdir()
    for age, code, severity in ((3 * DAY, "backups.old", "warning"), (DAY, "backups.fresh", "ok")):
        (place / f"smartfolio-{NOW - age:%Y%m%dT%H%M%SZ}{backups.SUFFIX}").write_bytes(b"no backup at all")
        found = look(backup_state.check)
        assert found[code].severity == severity
        assert found["backups.no_drill"].severity == "warning"
    backups.drill(settings, backups.listed(settings)[0][1], now=NOW)
    failed = look(backup_state.check)["backups.drill_failed"]
    assert failed.severity == "error"
    assert failed.params["reason"].startswith("backup.")


def test_a_rotation_that_was_not_finished_and_an_old_key_are_said(db, look, settings):
    check_keys(settings)
    user = accounts.create_user(db, "ann", "correct horse battery").id
    source = sources.add(db, user, "kraken_csv", "Kraken")
    (key,) = vault_keys(settings)
    id_ = sources.find(db, user, source.key).id
    Vault([key]).set(db, id_, "secret", "a secret")
    db.commit()
    assert "vault.rotation_unfinished" not in look(vault.check)
    path = settings.data_dir / "vault.key"
    path.write_bytes(Fernet.generate_key() + b"\n" + key + b"\n")
    made = (NOW - 100 * DAY).timestamp()
    os.utime(path, (made, made))
    found = look(vault.check)
    assert found["vault.rotation_unfinished"].params["count"] == 1
    assert found["vault.key_age"].params["days"] == 100
    made = (NOW - 731 * DAY).timestamp()
    os.utime(path, (made, made))
    assert look(vault.check)["vault.key_old"].severity == "warning"
    path.write_bytes(Fernet.generate_key() + b"\n")
    assert look(vault.check)["vault.locked"].severity == "error"


def test_a_job_that_failed_is_named_with_its_reason(look, told):
    def job(name, error):
        return JobTold(name, error, False, NOW - DAY, NOW, NOW + DAY)

    told(jobs=(job("prices", ""), job("backup", "disk full")))
    found = look(background_jobs.check)
    assert (found["jobs.failed"].params["job"], found["jobs.failed"].params["error"]) == (
        "backup",
        "disk full",
    )
    assert found["jobs.told"].severity != "ok"
    told(jobs=(job("prices", ""),))
    assert look(background_jobs.check)["jobs.told"].severity == "ok"


def test_what_the_policy_blocked_is_named(look, told):
    told()
    assert look(policy.check)["policy.quiet"].severity == "ok"
    told(blocked=(Blocked("script-src", "https://evil.example", "/", "x.js:1", 3, NOW),))
    found = look(policy.check)
    assert "policy.quiet" not in found
    assert (found["policy.blocked"].severity, found["policy.blocked"].params["blocked"]) == (
        "warning",
        "https://evil.example",
    )


def test_who_was_limited_is_told_by_name(db, look, told):
    user = accounts.create_user(db, "ann", "correct horse battery").id
    told(limited=5, top=((f"default user:{user}", 4), ("sign-in address:203.0.113.9", 1)))
    counted = look(limits.check)["limits.counted"]
    assert (counted.params["allowed"], counted.params["limited"]) == (7, 5)
    assert counted.facts == (("default ann", "4"), ("sign-in 203.0.113.9", "1"))


def test_a_provider_that_rests_and_one_that_fails_are_not_fine_and_the_newest_calls_are_told(
    look, monkeypatch
):
    def status(label, error="", rests=False, at=NOW):
        return SimpleNamespace(
            label=label, host="h", calls_left=3, succeeded_at=at, breaker_open=rests, error=error
        )

    statuses = [status("A", rests=True), status("B", error="timeout"), status("C", at=None), status("D")]
    call = SimpleNamespace(at=NOW, host="h", path="/p", status=429, outcome="silenced", ms=12)
    monkeypatch.setattr(market_data, "provider_statuses", lambda _: statuses)
    monkeypatch.setattr(market_data, "recent_calls", lambda *_: [call])
    found = {code: (one.severity, one.params.get("provider")) for code, one in look(providers.check).items()}
    assert found["providers.breaker"] == ("warning", "A")
    assert found["providers.failing"] == ("warning", "B")
    assert found["providers.never"] == ("info", "C")
    assert found["providers.answers"] == ("ok", "D")
    assert look(providers.check)["providers.calls"].facts == ((NOW.isoformat(), "h/p 429 silenced 12 ms"),)
