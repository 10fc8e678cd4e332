"""Heavy work runs in a process of its own: it reports, it fails with its own words, and it can be ended."""

from __future__ import annotations

import os
import shutil
import threading
import time

import psutil
import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import accounts
from smartfolio_app.services.jobs import Jobs, jobs, off_loop
from smartfolio_app.services.worker import Worker, WorkerError
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.tables import User
from smartfolio_app.storage.vault import VaultLockedError
from tests.services import work


@pytest.fixture(scope="module")
def shared_settings(tmp_path_factory, migrated_database):
    """One database for this file: each new one costs a new process."""
    chosen = load_settings(data_dir=tmp_path_factory.mktemp("worker"), offline=True)
    shutil.copyfile(migrated_database, chosen.data_dir / "smartfolio.sqlite")
    yield chosen
    engine.dispose(chosen)


@pytest.fixture
def settings(shared_settings):
    engine.configure(shared_settings)
    yield shared_settings
    engine.configure(None)


@pytest.fixture(scope="module")
def shared_worker():
    made = Worker()
    yield made
    made.stop()


@pytest.fixture
def own(settings, shared_worker):
    return shared_worker


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_work_is_done_elsewhere_and_reports_how_far_it_is(own):
    told = []
    assert own.run(work.double, 21, progress=lambda *state: told.append(state)) == 42
    assert told == [("counting", 21, 42)]
    first, second = own.run(work.process_id), own.run(work.process_id)
    assert first == second != os.getpid()


def test_the_process_sees_the_same_database(own, db):
    db.add(User(name="bob", password_hash="x"))
    db.commit()
    assert "bob" in own.run(work.user_names)


def test_an_expected_failure_comes_back_as_it_was_raised(own):
    with pytest.raises(InvalidInputError) as caught:
        own.run(work.refuse)
    assert (caught.value.code, caught.value.params) == ("import.not_a_table", {"row": 3})
    with pytest.raises(VaultLockedError) as locked:
        own.run(work.refuse_with_an_odd_constructor)
    assert locked.value.params == {"source": "kraken", "field": "api_key"}


def test_an_unexpected_failure_is_told_and_the_process_lives_on(own):
    before = own.run(work.process_id)
    with pytest.raises(WorkerError) as caught:
        own.run(work.stumble)
    assert caught.value.code == "job.failed"
    assert own.run(work.process_id) == before


def test_a_process_that_dies_is_replaced(own):
    with pytest.raises(WorkerError) as caught:
        own.run(work.die)
    assert caught.value.code == "job.died"
    assert own.run(work.double, 1) == 2


def test_work_can_be_ended_at_once(own):
    own.run(work.process_id)
    started = threading.Event()
    outcome = []

    def go():
        try:
            own.run(work.take_long, progress=lambda *_: started.set(), ticket="mine")
        except WorkerError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=go)
    thread.start()
    assert started.wait(20)
    assert own.cancel("mine")
    thread.join(10)
    assert outcome == ["job.cancelled"]


def test_only_the_work_that_is_named_is_ended(own):
    own.run(work.process_id)
    started, done = threading.Event(), []
    thread = threading.Thread(
        target=lambda: done.append(own.run(work.nap, progress=lambda *_: started.set(), ticket="mine"))
    )
    thread.start()
    assert started.wait(20)
    own.cancel("another's")
    thread.join(10)
    assert done == ["rested"]
    with pytest.raises(WorkerError):
        own.run(work.process_id, ticket="another's")  # cancelled before its turn came


def test_what_is_being_made_to_last_can_no_longer_be_cancelled(own, tmp_path):
    own.run(work.process_id)
    done = []
    thread = threading.Thread(
        target=lambda: done.append(own.run(work.finish, str(tmp_path / "f"), ticket="mine"))
    )
    thread.start()
    until((tmp_path / "f").exists)
    assert not own.cancel("mine")
    thread.join(10)
    assert done == ["lasting"]


def test_an_idle_process_is_stopped(settings):
    quick = Worker(idle_seconds=0.1)
    pid = quick.run(work.process_id)
    until(lambda: not psutil.pid_exists(pid))


class TestJobs:
    @pytest.fixture(autouse=True)
    def _same_process(self, own, monkeypatch):
        monkeypatch.setattr("smartfolio_app.services.jobs.worker", lambda lane: own)

    @pytest.fixture
    def ann(self):
        return "the id of a user"

    def test_a_job_can_be_looked_at_until_it_is_done(self, ann):
        own = Jobs()
        job_id = own.start(ann, "import", "file.csv", work.double, 4)
        own.wait()
        job = own.status(ann, job_id)
        assert (job.state, job.result, job.done, job.total) == ("done", 8, 4, 8)
        assert own.of_user(ann) == [job]
        own.forget(ann, job_id)
        with pytest.raises(NotFoundError):
            own.status(ann, job_id)

    def test_a_failed_job_keeps_its_reason(self, ann):
        own = Jobs()
        job_id = own.start(ann, "import", "file.csv", work.refuse)
        own.wait()
        job = own.status(ann, job_id)
        assert (job.state, job.error.code) == ("failed", "import.not_a_table")

    def test_a_running_and_a_waiting_job_can_be_cancelled(self, ann):
        own = Jobs()
        running = own.start(ann, "import", "a", work.take_long)
        waiting = own.start(ann, "import", "b", work.take_long)
        until(lambda: own.status(ann, running).phase == "sleeping")
        assert own.cancel(ann, waiting).state == "cancelled"
        assert own.cancel(ann, running).state == "cancelled"
        own.wait()
        assert own.start(ann, "import", "c", work.double, 1)
        own.wait()
        assert [job.state for job in own.of_user(ann)] == ["cancelled", "cancelled", "done"]

    def test_light_jobs_are_done_here_and_do_not_wait_for_heavy_ones(self, ann):
        own = Jobs()
        heavy = own.start(ann, "import", "big", work.take_long)
        light = own.start(ann, "preview", "small", work.process_id, heavy=False)
        until(lambda: own.status(ann, light).finished)
        assert own.status(ann, light).result == os.getpid()
        until(lambda: own.status(ann, heavy).state == "running")
        own.cancel(ann, heavy)

    def test_an_unexpected_failure_is_an_end_too(self, ann):
        own = Jobs()
        job_id = own.start(ann, "preview", "small", work.stumble, heavy=False)
        own.wait()
        assert (own.status(ann, job_id).state, own.status(ann, job_id).error.code) == ("failed", "job.failed")

    def test_another_users_job_does_not_exist(self, ann):
        job_id = jobs.start(ann, "import", "file.csv", work.double, 4)
        for act in (jobs.status, jobs.cancel, jobs.forget):
            with pytest.raises(NotFoundError):
                act("somebody else", job_id)
        jobs.wait()


async def test_off_loop_gives_a_session_in_another_thread_and_commits(settings):
    def add(db, name):
        db.add(User(name=name, password_hash="x"))
        return threading.get_ident()

    assert await off_loop(add, "carl") != threading.get_ident()
    assert "carl" in await off_loop(lambda db: [user.name for user in accounts.list_users(db)])


def test_work_that_takes_too_long_is_given_up_and_the_next_is_done(own):
    with pytest.raises(WorkerError) as caught:
        own.run(work.take_long, limit=0.2)
    assert (caught.value.code, caught.value.status) == ("job.too_long", 503)
    assert own.run(work.double, 4, limit=100) == 8
