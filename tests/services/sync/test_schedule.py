"""When a source is synced again: as its owner said, later and later after failures, never after any wait asked for."""

import os
import socket
import subprocess
from datetime import timedelta

import pytest

from smartfolio_app.errors import ConflictError
from smartfolio_app.services import accounts, audit, credentials, imports, sources
from smartfolio_app.services.credentials import CredentialView
from smartfolio_app.services.sync import engine as sync_engine
from smartfolio_app.storage.repo_sync import due_sources, state_of, take_lease
from smartfolio_app.storage.tables import ImportBatch, SourceRow, SyncRun, SyncState
from smartfolio_app.storage.tables.base import utc_now
from tests.services.sync.conftest import PASSWORD

HOUR = timedelta(hours=1)


@pytest.fixture
def source_id(db, quick_hash, time_machine):
    """A live source that nobody is asked about: it is only said how its syncs ended. The clock stands."""
    time_machine.move_to(utc_now(), tick=False)
    user = accounts.create_user(db, "ann", PASSWORD).id
    key = sources.add(db, user, "cointracking_api").key
    id_ = sources.find(db, user, key).id
    db.merge(SyncState(source_id=id_, user_id=user, every_minutes=60))
    db.commit()
    return id_


@pytest.fixture
def ended(db, source_id):
    """End a sync: ``ended(outcome, ...)`` -> (the source's state, the run, when that was)."""

    def end(outcome, **more):
        state = state_of(db, source_id)
        run = SyncRun(
            user_id=state.user_id, source_id=source_id, trigger="manual", begun_with="{}", state="running"
        )
        db.add(run)
        db.commit()
        now = utc_now()
        sync_engine._engine.end(run.id, outcome, **more)
        db.expire_all()
        return state_of(db, source_id), db.get(SyncRun, run.id), now

    return end


def test_it_is_tried_again_later_and_later_and_at_the_latest_when_it_is_due(ended):
    for failures, minutes in enumerate((2, 4, 8, 16, 32, 60, 60), 1):
        state, run, now = ended("failed", code="provider.timeout")
        assert (state.failures, state.error, run.state) == (failures, "provider.timeout", "failed")
        assert state.next_at == now + timedelta(minutes=minutes), failures
    state, run, now = ended("done")
    assert (state.failures, state.error, run.state) == (0, "", "done")
    assert now + HOUR <= state.next_at <= now + 1.03 * HOUR
    assert ended("failed", code="x")[0].next_at == now + timedelta(minutes=2)


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
    assert run.retry_at == now + timedelta(days=3)


def test_a_stopped_sync_waits_for_its_time_and_one_by_hand_for_its_owner(db, source_id, ended):
    state, _, now = ended("cancelled")
    assert state.next_at == now + HOUR
    state.every_minutes = 0
    db.add(state)
    db.commit()
    for outcome in ("done", "failed", "cancelled"):
        assert ended(outcome)[0].next_at is None
    assert due_sources(db, utc_now() + timedelta(days=9)) == []


def test_a_source_is_fresh_for_two_of_its_rounds_and_then_says_since_when_not(db, source_id, monkeypatch):
    state, source = state_of(db, source_id), db.get(SourceRow, source_id)
    there = [CredentialView(name, name, required=True, is_set=True) for name in ("api_key", "api_secret")]
    monkeypatch.setattr(sources.credentials, "describe", lambda *_: there)

    def told(ago, every=60, error=""):
        state.succeeded_at, state.every_minutes, state.error = utc_now() - ago, every, error
        state.error_params = '{"provider": "cointracking_api"}'
        db.add(state)
        db.commit()
        seen = sources.status_of(db, state.user_id, source.key)
        return seen.status, bool(seen.reason)

    assert told(1.9 * HOUR) == ("ok", False)
    assert told(2.1 * HOUR) == ("stale", True)
    assert told(0.4 * HOUR, every=5) == ("ok", False)  # half an hour at least
    assert told(0.6 * HOUR, every=5) == ("stale", True)
    assert told(47 * HOUR, every=0) == ("ok", False)
    assert told(49 * HOUR, every=0) == ("stale", True)
    assert told(0.1 * HOUR, error="provider.timeout") == ("stale", True)
    there[0] = CredentialView("api_key", "api_key", required=True, is_set=True, locked=True)
    assert told(0.1 * HOUR) == ("error", True)
    there[0] = CredentialView("api_key", "api_key", required=True, is_set=False)
    assert told(0.1 * HOUR) == ("not_configured", True)
    assert not sources.status_of(db, state.user_id, source.key).visible


def test_what_nobody_foresaw_ends_the_sync_and_lets_the_source_go(db, source_id, monkeypatch):
    state = state_of(db, source_id)
    run = SyncRun(user_id=state.user_id, source_id=source_id, trigger="manual", begun_with="{}")
    db.add(run)
    db.commit()

    def broken(*_):
        raise ZeroDivisionError

    engine = (
        sync_engine.Engine()
    )  # the process's own may have been stopped by an app that came to its end here
    monkeypatch.setattr(engine, "_sync", broken)
    engine._do(run.id)
    db.expire_all()
    state, run = state_of(db, source_id), db.get(SyncRun, run.id)
    assert (run.state, run.error, state.error) == ("failed", "sync.unexpected", "sync.unexpected")
    assert (state.owner, state.failures) == ("", 1)
    assert state.next_at is not None


def test_what_a_dead_process_of_this_machine_had_taken_is_taken_over_at_once(db, source_id):
    state = state_of(db, source_id)
    run = SyncRun(user_id=state.user_id, source_id=source_id, trigger="manual", begun_with="{}")
    db.add(run)
    db.commit()
    host, engine = socket.gethostname()[:60], sync_engine.Engine()
    gone = subprocess.Popen(["true"])
    gone.wait()

    def taken_from(owner):
        state = state_of(db, source_id)
        state.owner, state.owner_until = owner, utc_now() + timedelta(seconds=50)
        db.add(state)
        db.commit()
        return engine._take(run.id) == source_id

    assert not taken_from(f"{host}:{os.getppid()}:abc")  # lives
    assert not taken_from(f"elsewhere:{gone.pid}:abc")  # nobody here can tell
    assert taken_from(f"{host}:{gone.pid}:abc")
    assert taken_from(f"{host}:{os.getpid()}:abc")  # this number's process before us


def test_credentials_that_come_and_go_are_in_their_owners_log_by_name_alone(db, source_id):
    source = db.get(SourceRow, source_id)
    credentials.store(db, source, {"api_key": "planted-key", "api_secret": "planted-secret"})
    credentials.forget(db, source)
    db.commit()
    told = [one for one in audit.entries(db, source.user_id) if one.action.startswith("credential.")]
    assert [one.action for one in told] == ["credential.remove", "credential.set"]
    assert "planted" not in str(told)
    assert not credentials.are_there(db, source)
    credentials.forget(db, source)  # nothing was there: nothing is logged
    assert len(audit.entries(db, source.user_id)) == len(told) + 2  # its account's and its source's making


def test_what_was_taken_back_is_fetched_again_from_where_it_began_and_only_when_asked_for(db, source_id):
    state = state_of(db, source_id)
    batch = ImportBatch(user_id=state.user_id, source_id=source_id, format="cointracking_api", added=1)
    db.add(batch)
    db.flush()
    run = SyncRun(
        user_id=state.user_id,
        source_id=source_id,
        trigger="manual",
        begun_with='{"newest": "2024-01-01"}',
        batch_id=batch.id,
        state="waiting",
    )
    state.cursor, state.next_at = '{"newest": "2024-06-01"}', utc_now()
    db.add_all([run, state])
    db.commit()
    with pytest.raises(ConflictError) as refused:
        imports.undo(db, state.user_id, batch.id)
    assert refused.value.code == "sync.under_way"
    assert db.get(ImportBatch, batch.id).undone_at is None
    run.state = "done"
    db.add(run)
    db.commit()
    imports.undo(db, state.user_id, batch.id)
    state = state_of(db, source_id)
    assert (state.cursor, state.every_minutes, state.next_at) == ('{"newest": "2024-01-01"}', 0, None)


def test_nothing_is_synced_for_who_is_disabled(db, source_id, settings, monkeypatch):
    begun = []
    monkeypatch.setattr(
        sync_engine, "current_settings", lambda: settings.model_copy(update={"offline": False})
    )
    monkeypatch.setattr(sync_engine, "start", lambda _db, user, key, trigger: begun.append(user))
    state = state_of(db, source_id)
    state.next_at = utc_now() - HOUR
    db.add(state)
    db.commit()
    assert sync_engine.tick(db) == 1
    assert begun == [state.user_id]
    accounts.create_user(db, "root", PASSWORD, admin=True)
    accounts.disable(db, "ann")
    assert sync_engine.tick(db) == 0


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
