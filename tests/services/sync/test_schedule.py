"""When a source is synced again: as its owner said, later and later after failures, never after any wait asked for."""

from datetime import timedelta

import pytest

from smartfolio_app.services import accounts, sources
from smartfolio_app.services.sync import engine as sync_engine
from smartfolio_app.storage.repo_sync import due_sources, state_of, take_lease
from smartfolio_app.storage.tables import SourceRow, SyncRun, SyncState
from smartfolio_app.storage.tables.base import utc_now
from tests.services.sync.conftest import PASSWORD

HOUR = timedelta(hours=1)


@pytest.fixture
def source_id(db, quick_hash):
    """A live source that nobody is asked about: it is only said how its syncs ended."""
    user = accounts.create_user(db, "ann", PASSWORD).id
    key = sources.add(db, user, "cointracking_api").key
    id_ = sources.find(db, user, key).id
    db.merge(SyncState(source_id=id_, user_id=user, every_minutes=60))
    db.commit()
    return id_


@pytest.fixture
def ended(db, source_id):
    """End a sync: ``ended(outcome, ...)`` -> (the source's state, the run, about when that was)."""

    def end(outcome, **more):
        state = state_of(db, source_id)
        run = SyncRun(
            user_id=state.user_id, source_id=source_id, trigger="manual", begun_with="{}", state="running"
        )
        db.add(run)
        db.commit()
        before = utc_now()
        sync_engine._engine.end(run.id, outcome, **more)
        db.expire_all()
        return state_of(db, source_id), db.get(SyncRun, run.id), before

    return end


def about(moment, expected, slack=timedelta(minutes=1)):
    return expected <= moment <= expected + slack


def test_it_is_tried_again_later_and_later_and_at_the_latest_when_it_is_due(ended):
    for failures, minutes in enumerate((2, 4, 8, 16, 32, 60, 60), 1):
        state, run, now = ended("failed", code="provider.timeout")
        assert (state.failures, state.error, run.state) == (failures, "provider.timeout", "failed")
        assert about(state.next_at, now + timedelta(minutes=minutes)), failures
    state, run, now = ended("done")
    assert (state.failures, state.error, run.state) == (0, "", "done")
    assert now + HOUR <= state.next_at <= utc_now() + 1.03 * HOUR
    assert ended("failed", code="x")[0].next_at < now + timedelta(minutes=4)


def test_only_a_sync_that_came_to_its_end_makes_the_source_fresh(db, source_id, ended):
    for outcome in ("failed", "cancelled", "queued", "waiting"):
        state, _, _ = ended(outcome)
        assert (state.succeeded_at, db.get(SourceRow, source_id).last_sync) == (None, None), outcome
    state, run, now = ended("done")
    assert state.succeeded_at == db.get(SourceRow, source_id).last_sync
    assert state.succeeded_at >= now
    assert run.finished_at is not None


def test_a_wait_is_as_long_as_was_asked_for_and_three_days_at_most(ended):
    now = utc_now()
    _, run, _ = ended("waiting", code="provider.budget", retry_at=now + HOUR)
    assert (run.state, run.retry_at, run.finished_at) == ("waiting", now + HOUR, None)
    _, run, _ = ended("waiting", code="provider.budget", retry_at=now + timedelta(days=400))
    assert about(run.retry_at, now + timedelta(days=3))


def test_a_stopped_sync_waits_for_its_time_and_one_by_hand_for_its_owner(db, source_id, ended):
    state, _, now = ended("cancelled")
    assert about(state.next_at, now + HOUR)
    state.every_minutes = 0
    db.add(state)
    db.commit()
    for outcome in ("done", "failed", "cancelled"):
        assert ended(outcome)[0].next_at is None
    assert due_sources(db, utc_now() + timedelta(days=9)) == []


def test_a_source_is_its_process_until_that_is_silent_for_a_minute(db, source_id, time_machine):
    start = utc_now()
    time_machine.move_to(start, tick=False)
    assert take_lease(db, source_id, "one:1:a")
    db.commit()
    time_machine.move_to(start + timedelta(seconds=59), tick=False)
    assert not take_lease(db, source_id, "two:2:b")
    assert take_lease(db, source_id, "two:2:b", dead="one:1:a")  # known to be gone
    db.commit()
    time_machine.move_to(start + timedelta(seconds=59 + 61), tick=False)
    assert take_lease(db, source_id, "three:3:c")
