"""The clock is set on, or back, while SmartFolio runs: nothing stands still, nobody is let in longer, it is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import redis
import time_machine

from smartfolio_app.providers.limits import LONGEST_PAUSE_SECONDS, Breaker, Budget, Pauses, Window
from smartfolio_app.security import sessions
from smartfolio_app.security.redis_buckets import KEY_PREFIX, BucketRedis
from smartfolio_app.services import accounts, backups, items, process_reports, snapshots
from smartfolio_app.services.clock_watch import ClockWatch
from smartfolio_app.services.health import clock as clock_check
from smartfolio_app.services.health.findings import Patient
from smartfolio_app.services.scheduler import Scheduler, Task
from smartfolio_app.services.sources import new_source
from smartfolio_app.storage.repo_sync import due_sources, take_lease
from smartfolio_app.storage.tables import SyncState

DAY = timedelta(days=1)
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


class Clocks:
    """One that is set, and one that cannot be."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW.timestamp(), 100.0

    def watch(self) -> ClockWatch:
        return ClockWatch(lambda: self.wall, lambda: self.steady)

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def anna(db):
    user = accounts.create_user(db, "anna", "four unrelated words", currency="EUR")
    db.commit()
    return user.id


# ------------------------------------------------------------------------------------------------- noticing it
def test_a_jump_is_noticed_and_the_passing_of_time_is_not():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.pass_(7 * 86400)
    assert (watch.look(), watch.last()) == (0.0, None)
    clocks.wall += 2
    assert watch.look() == 0.0
    clocks.wall -= 3600
    assert watch.look() == pytest.approx(-3600)
    assert watch.look() == 0.0
    assert watch.last().seconds == pytest.approx(-3600)
    clocks.wall += 86400
    assert watch.look() == pytest.approx(86400)
    clocks.pass_(2 * 86400)
    assert watch.last() is None  # old news


def test_the_doctor_tells_of_a_jump_that_any_process_saw(db, settings, monkeypatch):
    clocks = Clocks()
    watch = clocks.watch()
    monkeypatch.setattr(process_reports, "WATCH", watch)
    clocks.wall -= 7200
    watch.look()
    process_reports.write(db, [], now=NOW)
    found = {one.code: one for one in clock_check.check(Patient(settings, db, {}, NOW))}
    assert found["clock.jumped"].severity == "warning"
    assert found["clock.jumped"].params["seconds"] == "-7200"


# -------------------------------------------------------------------------------------------------- scheduler
@pytest.mark.parametrize("jump", [-30 * DAY, 30 * DAY], ids=["back", "on"])
def test_jobs_go_on_after_a_jump(settings, monkeypatch, jump):
    monkeypatch.setattr("smartfolio_app.services.scheduler.CLOCK_SECONDS", 0.02)
    ran = Event()
    task = Task("count", timedelta(seconds=0.2), timedelta(), lambda _db: ran.set(), everywhere=True)
    scheduler = Scheduler((task,), ClockWatch())
    try:
        scheduler.start()
        assert ran.wait(60)
        with time_machine.travel(datetime.now(UTC) + jump, tick=True):
            for _ in range(3):
                ran.clear()
                assert ran.wait(60), "the jobs stand still"
            # Back again, as when the clock was wrong for a while.
        ran.clear()
        assert ran.wait(60)
    finally:
        scheduler.stop()


# ------------------------------------------------------------------------------------------- sessions and limits
def test_a_session_gains_nothing_by_a_clock_that_was_wrong(db, anna):
    value = sessions.hash_of(sessions.issue(db, anna, days=30, now=NOW))
    later = NOW + 20 * DAY
    sessions.touch(db, value, days=30, now=later)  # while the clock was twenty days ahead
    assert sessions.find(db, value, now=NOW).touch_due  # back at the right time, its end is set anew
    sessions.touch(db, value, days=30, now=NOW)
    assert sessions.find(db, value, now=NOW + 31 * DAY) is None
    assert sessions.find(db, value, now=NOW + 29 * DAY) is not None


def test_buckets_in_redis_recover_when_its_clock_was_set_back(redis_url):
    storage, client = BucketRedis(f"bucket+{redis_url}"), redis.Redis.from_url(redis_url)
    future = int((time.time() + 365 * 86400) * 1_000_000)
    client.set(f"{KEY_PREFIX}key", future)
    decision = storage.take("key", interval=0.5, burst=4)
    assert not decision.allowed
    assert decision.retry_after <= 0.5 + 0.01  # and not a year
    client.set(f"{KEY_PREFIX}key", future)
    assert storage.take("other", interval=0.5, burst=4).allowed


def test_call_budgets_pauses_and_breakers_do_not_wait_for_the_future():
    window = Window(Budget(calls=2, seconds=60))
    window.restore([NOW.timestamp() + 86400] * 2)  # as a clock a day ahead wrote them down
    now = NOW.timestamp()
    assert 0 < window.take(now) <= 60
    assert window.take(now + 60.1) == 0
    pauses = Pauses()
    pauses.pause("host", now + 365 * 86400)
    assert pauses.until("host", now) == now + LONGEST_PAUSE_SECONDS
    breaker = Breaker(threshold=1, first=30.0, longest=900.0)
    breaker.failed(now + 365 * 86400)
    assert breaker.opens_at(now) is None


# ------------------------------------------------------------------------------------------------------ leases
def test_a_lease_of_the_future_is_nobodys_and_a_sync_of_the_far_future_is_due(db, anna):
    source = new_source(db, anna, "kraken_api")
    real = datetime.now(UTC)
    state = SyncState(source_id=source.id, user_id=anna, every_minutes=60, next_at=real + 30 * DAY)
    state.owner, state.owner_until = "elsewhere:1:x", real + 30 * DAY
    db.add(state)
    db.commit()
    assert [one.source_id for one in due_sources(db, real)] == [source.id]
    assert take_lease(db, source.id, "here:2:y")
    db.refresh(state)
    state.next_at = real + timedelta(minutes=55)
    state.owner, state.owner_until = "elsewhere:1:x", real + timedelta(seconds=50)
    db.add(state)
    db.commit()
    assert due_sources(db, real) == []
    assert not take_lease(db, source.id, "here:2:y")


# ------------------------------------------------------------------------------------------ snapshots and backups
def test_snapshots_and_backups_of_the_future_do_not_keep_the_present_from_being_recorded(db, settings, anna):
    items.add(db, anna, kind="cash", name="Purse", currency="EUR", value="100", day=NOW.date())
    assert snapshots.take_due(db, NOW + 40 * DAY) > 0  # the clock was forty days ahead
    assert snapshots.take_due(db, NOW) > 0
    assert snapshots.take_due(db, NOW) == 0
    assert snapshots.take_due(db, NOW + DAY) > 0
    days = [one.day for one in snapshots.listed(db, anna)]
    assert days == [(NOW + ahead * DAY).date() for ahead in (0, 1, 40)]

    with time_machine.travel(NOW + 40 * DAY, tick=True):
        assert backups.make_due(db)
        assert not backups.make_due(db)
    with time_machine.travel(NOW, tick=True):
        made = backups.make_due(db)
        assert made
        assert made.exists()
        assert not backups.make_due(db)


def test_processes_of_the_future_are_not_taken_for_living_ones(db, settings):
    process_reports.write(db, [], now=NOW + DAY)
    assert process_reports.read(db, now=NOW).living == ()
    process_reports.write(db, [], now=NOW)
    assert len(process_reports.read(db, now=NOW).living) == 1
