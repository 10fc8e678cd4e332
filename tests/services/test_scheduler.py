"""The scheduler: jobs that fail alone, start with the app, and stop with it at once."""

import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.services import market_data, price_refresh, pricing, scheduler, warming, wealth
from smartfolio_app.services.scheduler import TASKS, Scheduler, Task

SOON = timedelta(seconds=0.05)
OFTEN = timedelta(seconds=0.15)


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def run():
    started = []

    def start(*tasks):
        made = Scheduler(tasks)
        made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        made.stop()


def status(made, name):
    return next(job for job in made.jobs() if job.name == name)


def test_a_job_that_fails_shows_it_runs_again_and_stops_no_other(settings, run):
    ran = {"good": 0, "bad": 0, "known": 0}

    def good(db):
        ran["good"] += 1

    def bad(db):
        ran["bad"] += 1
        raise ZeroDivisionError

    def known(db):
        ran["known"] += 1
        raise SmartFolioError("ledger.unknown_source")

    made = run(
        Task("bad", OFTEN, SOON, bad), Task("known", OFTEN, SOON, known), Task("good", OFTEN, SOON, good)
    )
    until(lambda: min(ran.values()) >= 2)
    until(lambda: status(made, "bad").error)
    assert status(made, "bad").error == "ZeroDivisionError"
    assert status(made, "known").error == "ledger.unknown_source"
    assert status(made, "good").error == ""
    assert status(made, "good").next_at is not None


def test_a_failure_is_forgotten_when_the_next_run_succeeds(settings, run):
    turns = iter([True])

    def sometimes(db):
        if next(turns, False):
            raise RuntimeError

    made = run(Task("sometimes", timedelta(hours=1), SOON, sometimes))
    until(lambda: status(made, "sometimes").error == "RuntimeError")
    assert made.soon("sometimes")
    until(lambda: status(made, "sometimes").error == "" and status(made, "sometimes").finished_at)


def test_a_job_never_runs_twice_at_once(settings, run):
    together, most = [], []

    def slow(db):
        together.append(1)
        most.append(len(together))
        time.sleep(0.3)
        together.pop()

    run(Task("slow", timedelta(seconds=0.05), SOON, slow))
    until(lambda: len(most) >= 3)
    assert max(most) == 1


def test_nothing_runs_before_the_start_or_after_the_stop(settings):
    ran = []
    made = Scheduler((Task("once", OFTEN, SOON, lambda db: ran.append(1)),))
    assert not made.soon("once")
    made.start()
    made.start()
    until(lambda: ran)
    made.stop()
    made.stop()
    count = len(ran)
    time.sleep(0.4)
    assert len(ran) == count


def test_stopping_wakes_up_a_job_that_waits_for_a_provider(db, online, server, someone, give, run):
    for symbol in ("SOL", "ADA", "DOT", "ETH", "PEPE", "LONE", "DUP"):
        give(someone, symbol, "1")
    pricing.refresh(db)
    made = run(Task("history", timedelta(hours=1), SOON, price_refresh.backfill))
    until(
        lambda: market_data.market().coingecko.client.health().left == 0
    )  # from now on it waits for its budget
    started = time.monotonic()
    made.stop()
    assert time.monotonic() - started < 30  # it would wait for an hour
    assert not any(
        thread.name.startswith("APScheduler") and thread.is_alive() for thread in threading.enumerate()
    )


async def test_it_lives_as_long_as_the_app(settings, monkeypatch):
    monkeypatch.setattr(scheduler, "_scheduler", Scheduler(()))
    async with scheduler.lifespan():
        assert isinstance(scheduler.jobs(), list)


def test_every_task_of_the_app_runs(settings, someone, give):
    from smartfolio_app.storage.engine import session_scope

    give(someone, "SOL", "1")
    for task in TASKS:
        with session_scope() as session:
            task.run(session)
    assert len({task.name for task in TASKS}) == len(TASKS)


def test_newcomers_are_priced_at_once_and_asked_for_once(db, online, server, someone, give):
    newcomers = scheduler.Newcomers()
    sol = give(someone, "SOL", "1")
    give(someone, "NOSUCHCOIN", "1")
    newcomers(db)
    assert pricing.price_book(db, someone).unit_price(sol, "USD", datetime.now(UTC)) is not None
    asked = len(server.paths)
    newcomers(db)
    pricing.set_manual_price(db, someone, "crypto:NOSUCHCOIN", Decimal(1), "EUR")  # a change, but nothing new
    newcomers(db)
    assert len(server.paths) == asked
    market_data.close()
    give(someone, "ADA", "1")
    newcomers(db)
    assert len(server.paths) > asked


def test_warming_makes_what_the_first_page_asks_for(db, someone, give):
    give(someone, "SOL", "1")
    assert warming.warm(db) == 1
    view = wealth.view_of(db, someone)
    assert wealth.portfolio(db, view) is wealth.portfolio(db, view)


def test_whoever_changes_something_finds_the_answers_made(db, someone, other, give, monkeypatch):
    prepared = []
    original = wealth.history
    monkeypatch.setattr(
        wealth, "history", lambda db, view: prepared.append(view.user_id) or original(db, view)
    )
    follower = warming.Follower()
    give(someone, "SOL", "1")
    assert follower(db) == 0, "what was there before is for the start to prepare"
    assert follower(db) == 0
    give(someone, "SOL", "2")
    assert follower(db) == 1
    assert prepared == [someone]
    assert follower(db) == 0
    view = wealth.view_of(db, someone)
    assert wealth.portfolio(db, view) is wealth.portfolio(db, view)


def test_gains_and_risk_are_prepared_once_nothing_changes_any_more(db, someone, give, monkeypatch):
    rest = []
    monkeypatch.setattr(warming.risk, "dashboard", lambda db, view: rest.append(view.user_id))
    follower = warming.Follower()
    follower(db)
    for quantity in ("1", "2"):
        give(someone, "SOL", quantity)
        assert follower(db) == 1
        assert rest == [], "whoever is still correcting looks at the chart"
    for _ in range(2):
        assert follower(db) == 0
        assert rest == [someone]
