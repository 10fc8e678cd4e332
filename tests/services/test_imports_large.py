"""Large files are read and stored beside the server: they report, they can be ended, and nobody waits for them."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from sqlalchemy import func, select

from smartfolio_app.services import accounts, imports
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.services.worker import WorkerError, worker
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import ImportBatch, TransactionRow
from tests.services.cointracking_files import many


@pytest.fixture(scope="module")
def data():
    made = many(6_000)
    assert imports.is_heavy(made)
    return made


@pytest.fixture
def user_id(db):
    yield accounts.create_user(db, "Ann", "correct horse battery").id
    worker().stop()


def test_the_worker_does_what_the_thread_does(db, user_id, data):
    told = []
    seen = imports.preview(db, user_id, data, "a.csv", progress=lambda *state: told.append(state))
    assert (seen.rows, seen.added, seen.rejected) == (6_000, 6_000, [])
    assert {phase for phase, _, _ in told} == {"reading"}
    done = imports.commit(db, user_id, data, "a.csv", progress=lambda *state: told.append(state))
    assert (done.added, done.effect) == (6_000, seen.effect)
    assert {phase for phase, _, _ in told} == {"reading", "storing", "finishing"}
    assert len(load_ledger(db, user_id).transactions) == 6_000
    again = imports.commit(db, user_id, data, "a.csv")
    assert (again.added, again.duplicates) == (0, 6_000)
    assert imports.undo(db, user_id, done.batch_id).transactions == 6_000


def test_a_job_goes_on_without_its_page_and_one_cancelled_leaves_nothing(db, user_id, data, settings):
    first = imports.start_commit(user_id, data, "a.csv")
    second = imports.start_commit(user_id, data, "b.csv")
    assert jobs.cancel(user_id, second).state == "cancelled"
    jobs.wait()
    assert jobs.status(user_id, first).result.added == 6_000
    third = imports.start_commit(user_id, many(60_000), "c.csv")
    while jobs.status(user_id, third).phase != "reading":
        time.sleep(0.01)
    assert jobs.cancel(user_id, third).state == "cancelled"
    with session_scope() as fresh:
        assert fresh.execute(select(func.count()).select_from(TransactionRow)).scalar_one() == 6_000
        assert fresh.execute(select(func.count()).select_from(ImportBatch)).scalar_one() == 1
    assert len([path for path in settings.uploads_dir.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("phase", ["reading", "storing", "finishing"])
def test_a_process_killed_at_any_moment_leaves_all_or_nothing(db, user_id, data, phase):
    def kill(reached, _done, _total):
        if reached == phase:
            worker()._process.kill()

    stored = 0
    with contextlib.suppress(WorkerError):
        stored = imports.commit(db, user_id, data, "a.csv", progress=kill).added
    with session_scope() as fresh:
        rows = fresh.execute(select(func.count()).select_from(TransactionRow)).scalar_one()
        batches = fresh.execute(select(func.count()).select_from(ImportBatch)).scalar_one()
    assert (rows, batches) in ((0, 0), (6_000, 1))
    assert rows >= stored
    again = imports.commit(db, user_id, data, "a.csv")
    assert again.added + again.duplicates == 6_000
    assert len(load_ledger(db, user_id).transactions) == 6_000


async def test_the_event_loop_stays_free_meanwhile(db, user_id, data):
    worst = 0.0

    async def beat():
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before)

    def work():
        with session_scope() as own:
            return imports.commit(own, user_id, data, "a.csv").added

    await asyncio.to_thread(worker().run, sorted_here, [3, 1, 2])  # the process is up
    watch = asyncio.create_task(beat())
    added = await asyncio.to_thread(work)
    watch.cancel()
    assert added == 6_000
    assert worst < 2  # far above what is seen, on a busy machine too


def sorted_here(values, progress):
    return sorted(values)


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_stored_once(db, user_id):
    big = many(100_000)
    assert imports.preview(db, user_id, big, "a.csv").added == 100_000
    assert imports.commit(db, user_id, big, "a.csv").added == 100_000
    assert len(load_ledger(db, user_id).transactions) == 100_000
    assert imports.commit(db, user_id, big, "a.csv").added == 0
