"""What one process counts, another can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest

from smartfolio_app.security.violations import REPORTED
from smartfolio_app.services import accounts, clock_skew, process_reports
from smartfolio_app.services.health import dismiss, examine, is_healthy, take_back
from smartfolio_app.services.process_reports import Told, read, write
from smartfolio_app.services.scheduler import JobStatus
from smartfolio_app.storage.engine import session_scope

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
REPORT = (
    b'{"csp-report": {"effective-directive": "script-src", "blocked-uri": "https://evil.example/x.js?q=1", \
"document-uri": "https://home.example/holdings?token=1"}}'
)


@pytest.fixture
def process(monkeypatch):
    """A function that turns this process into another one, with counters of its own."""

    def become(allowed: int = 0, limited: int = 0, top=()) -> None:
        me = process_reports._Me()
        me.limits = SimpleNamespace(
            counters=lambda: SimpleNamespace(allowed=allowed, limited=limited, top=tuple(top))
        )
        monkeypatch.setattr(process_reports, "_me", me)

    yield become
    REPORTED.clear()
    clock_skew.forget()


def job(name: str, error: str = "", finished: datetime | None = NOW) -> JobStatus:
    return JobStatus(name, timedelta(minutes=5), started_at=NOW, finished_at=finished, error=error)


def told(now: datetime = NOW) -> Told:
    with session_scope() as db:
        return read(db, now=now)


def tell(*jobs: JobStatus, now: datetime = NOW) -> None:
    with session_scope() as db:
        write(db, jobs, now=now)


def test_counters_of_every_living_process_are_added(settings, process):
    process(10, 2, [("default address:198.51.100.7", 2)])
    tell()
    process(5, 3, [("default address:198.51.100.7", 1), ("sign-in address:198.51.100.8", 2)])
    tell()
    tell()
    found = told()
    assert (len(found.living), found.allowed, found.limited) == (2, 15, 5)
    assert found.top[0] == ("default address:198.51.100.7", 3)


def test_a_silent_process_counts_no_more_but_what_it_saw_blocked_stays_for_a_week(settings, process):
    process(10)
    REPORTED.record(REPORT, now=NOW)
    tell()
    later = told(NOW + timedelta(hours=1))
    assert (later.living, later.allowed) == ((), 0)
    assert [(one.directive, one.blocked, one.page) for one in later.blocked] == [
        ("script-src", "https://evil.example/x.js", "/holdings")
    ]
    REPORTED.clear()
    process()
    tell(now=NOW + timedelta(days=8))
    assert told(NOW + timedelta(days=8)).blocked == ()


def test_the_newest_word_on_a_job_counts(settings, process):
    process()
    tell(job("prices", "provider.timeout"), job("backup"))
    process()
    tell(job("prices", finished=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=1))
    jobs = {one.name: one for one in told(NOW + timedelta(minutes=1)).jobs}
    assert jobs["prices"].error == ""
    assert jobs["backup"].finished_at == NOW


@pytest.mark.parametrize(
    ("headers", "skew"),
    [
        ({"date": "Wed, 01 Jul 2020 12:00:00 GMT"}, True),
        ({"date": "Wed, 01 Jul 2020 12:00:00 GMT", "age": "60"}, False),
        ({"date": "yesterday"}, False),
        ({}, False),
    ],
)
def test_the_clock_is_compared_with_the_providers(settings, process, headers, skew):
    clock_skew.forget()  # what calls of other tests have seen
    clock_skew.note(httpx.Response(200, headers=headers))
    assert (clock_skew.seconds() is not None) is skew
    process()
    tell(now=datetime.now(UTC))
    codes = {finding.code for finding in examine(settings, environ={}) if finding.check == "clock"}
    assert ("clock.skewed" in codes) is skew


# ---------------------------------------------------------------------------------------------------- in the doctor
def findings(settings):
    return {finding.code: finding for finding in examine(settings, environ={}, now=NOW)}


def test_the_doctor_tells_what_the_server_counted_by_name(settings, process):
    with session_scope() as db:
        user = accounts.create_user(db, "alice", "correct horse battery")
    process(7, 2, [(f"default user:{user.id}", 2)])
    tell(job("prices", "provider.timeout"), job("backup"))
    found = findings(settings)
    counted = found["limits.counted"]
    assert (counted.params["allowed"], counted.params["limited"]) == (7, 2)
    assert counted.facts == (("default alice", "2"),)
    assert found["jobs.failed"].params["job"] == "prices"
    assert dict(found["jobs.told"].facts)["backup"].startswith("2026-07-01 12:00")
    assert found["policy.quiet"].severity == "ok"


def test_without_a_server_it_says_so_instead_of_ok(settings, process):
    found = findings(settings)
    assert {"limits.not_running", "policy.not_running", "jobs.not_running"} <= set(found)
    assert {"limits.counted", "policy.quiet", "jobs.told"}.isdisjoint(found)


def test_a_warning_can_be_set_aside_and_taken_back(settings, process):
    process()
    REPORTED.record(REPORT, now=datetime.now(UTC))
    tell(now=datetime.now(UTC))

    def blocked():
        return next(one for one in examine(settings, environ={}) if one.code == "policy.blocked")

    key = blocked().key
    assert not blocked().dismissed
    with session_scope() as db:
        dismiss(db, key, "alice")
    assert blocked().dismissed
    REPORTED.record(REPORT, now=datetime.now(UTC))
    tell(now=datetime.now(UTC))
    assert blocked().dismissed, "once more of the same is the same"
    with session_scope() as db:
        take_back(db, key)
    assert not blocked().dismissed


def test_an_error_cannot_be_set_aside(settings, process, monkeypatch):
    monkeypatch.setattr("smartfolio_app.services.health.disk.TOO_LITTLE", 10**18)
    error = next(one for one in examine(settings, environ={}) if one.code == "disk.little")
    assert not is_healthy([error])
    with session_scope() as db, pytest.raises(Exception, match="no_such_finding"):
        dismiss(db, error.key, "alice")
