"""Several processes of one server: each knows the uploads and jobs of all, and one alone does the background work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis

from smartfolio_app.errors import NotFoundError
from smartfolio_app.security.throttle import PastTry, SignInThrottle, TooManyAttemptsError
from smartfolio_app.services import audit, leadership, past_sign_ins, staging, uploads
from smartfolio_app.services.accounts import create_user
from smartfolio_app.services.jobs import Jobs
from smartfolio_app.services.worker import WorkerError
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, shared
from smartfolio_app.storage.tables import AuditEntry
from smartfolio_app.storage.tables.base import utc_now
from smartfolio_app.storage.trouble import StorageTroubleError
from tests.services.cointracking_files import trades

SECRET = "held in 3 places"


@pytest.fixture
def scaled(settings, redis_url):
    """The settings of one of several processes."""
    chosen = load_settings(
        data_dir=settings.data_dir, database_url=settings.database_url, offline=True, redis_url=redis_url
    )
    engine.configure(chosen)
    yield chosen
    engine.configure(settings)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


# -------------------------------------------------------------------------------------------------------- jobs
def answer(*, progress) -> dict[str, str]:
    progress("reading", 1, 2)
    return {"answer": SECRET}


def refuse(*, progress) -> None:
    raise WorkerError("job.failed", error="of its own")


def test_a_job_of_one_process_is_known_to_the_other_with_its_result(scaled):
    here, there = Jobs(), Jobs()
    job_id = here.start("anna", "preview", "file.csv", answer, heavy=False)
    until(lambda: there.status("anna", job_id).finished)
    told = there.status("anna", job_id)
    assert (told.state, told.result, told.label) == ("done", {"answer": SECRET}, "file.csv")
    with pytest.raises(NotFoundError):
        there.status("bea", job_id)
    there.forget("anna", job_id)
    with pytest.raises(NotFoundError):
        there.status("anna", job_id)


def test_why_a_job_failed_is_known_to_the_other_process(scaled):
    here, there = Jobs(), Jobs()
    job_id = here.start("anna", "preview", "", refuse, heavy=False)
    until(lambda: there.status("anna", job_id).finished)
    error = there.status("anna", job_id).error
    assert error is not None
    assert (type(error), error.code, error.params) == (WorkerError, "job.failed", {"error": "of its own"})


def test_a_job_is_cancelled_from_another_process(scaled):
    here, there = Jobs(), Jobs()
    go = threading.Event()

    def wait(*, progress) -> None:
        go.wait(60)

    for _ in range(2):  # the threads for light work are taken
        here.start("anna", "preview", "", wait, heavy=False)
    waiting = here.start("anna", "preview", "", answer, heavy=False)
    assert there.cancel("anna", waiting).state == "cancelled"
    go.set()
    here.wait()
    assert here.status("anna", waiting).state == "cancelled"


def test_a_job_whose_process_is_gone_has_failed_and_its_preview_is_made_again(scaled, db, monkeypatch):
    anna = create_user(db, "anna", "four unrelated words").id
    db.commit()
    gone, mine = Jobs(), Jobs()
    monkeypatch.setattr(gone, "_begin_to_beat", lambda _others: None)  # it never says that it is there
    stuck = threading.Event()
    monkeypatch.setattr(uploads, "jobs", gone)
    monkeypatch.setattr("smartfolio_app.services.imports.jobs", gone)
    monkeypatch.setattr(
        "smartfolio_app.services.imports.import_work.preview_here", lambda *_, **__: stuck.wait(60)
    )
    upload = uploads.receive(anna, "ledger.csv", trades())
    monkeypatch.undo()

    lost = mine.status(anna, upload.job.id)
    assert (lost.state, lost.lost, lost.error.code) == ("failed", True, "job.lost")
    monkeypatch.setattr(uploads, "jobs", mine)
    monkeypatch.setattr("smartfolio_app.services.imports.jobs", mine)
    until(lambda: uploads.find(anna, upload.file.id).job.state == "done")
    found = uploads.find(anna, upload.file.id)
    assert (found.revived, found.preview.added) == (True, 5)
    stuck.set()


# ----------------------------------------------------------------------------------------------------- uploads
def test_what_was_chosen_for_a_file_is_known_to_the_other_process(scaled, db, monkeypatch):
    anna = create_user(db, "anna", "four unrelated words").id
    db.commit()
    upload = uploads.receive(anna, "ledger.csv", trades())
    until(lambda: uploads.find(anna, upload.file.id).job.finished)
    uploads.choose(anna, upload.file.id, skip_suspected=True)
    monkeypatch.setattr(uploads, "_uploads", {})
    monkeypatch.setattr(uploads, "jobs", Jobs())
    monkeypatch.setattr("smartfolio_app.services.imports.jobs", uploads.jobs)
    until(lambda: uploads.find(anna, upload.file.id).job.finished)
    there = uploads.find(anna, upload.file.id)
    assert there.choices.skip_suspected
    assert there.preview.added == 5
    assert uploads.listing("0" * 32) == []
    uploads.confirm(db, anna, upload.file.id)
    until(lambda: uploads.find(anna, upload.file.id).outcome)
    assert uploads.find(anna, upload.file.id).outcome.added == 5
    assert staging.listing(anna) == []


def test_nobody_else_begins_with_a_file_that_is_being_received(scaled, db, monkeypatch):
    anna = create_user(db, "anna", "four unrelated words").id
    db.commit()
    put = staging.put

    def and_look(*arguments):
        staged = put(*arguments)
        assert [one.id for one in staging.listing(anna)] == [staged.id]
        assert uploads.listing(anna) == []  # as another process would see it at this very moment
        return staged

    monkeypatch.setattr(staging, "put", and_look)
    upload = uploads.receive(anna, "ledger.csv", trades())
    assert [one.job.id for one in uploads.listing(anna)] == [upload.job.id]


# -------------------------------------------------------------------------------------------------- the board
def test_what_stands_in_redis_is_sealed_and_what_is_not_ours_is_nothing(scaled, redis_url):
    board = shared.board()
    board.put("table", "name", {"text": SECRET}, timedelta(minutes=1))
    client = redis.Redis.from_url(redis_url)
    raw = client.hgetall(f"{shared.PREFIX}table")
    assert SECRET.encode() not in b"".join(raw.values())
    assert 0 < client.pttl(f"{shared.PREFIX}table") <= 60_000
    client.hset(f"{shared.PREFIX}table", "name", b"cos\nsystem\n(S'true'\ntR.")
    assert board.get("table", "name") is None
    assert board.all("table") == {}


def test_a_silent_redis_is_said_and_a_job_comes_to_its_end_all_the_same(scaled, monkeypatch):
    monkeypatch.setattr(shared, "_board", lambda _url, key: shared.Board("redis://127.0.0.1:1/0", key))
    with pytest.raises(StorageTroubleError, match=r"storage\.redis"):
        shared.board().put("table", "name", 1, timedelta(minutes=1))
    alone = Jobs()
    job_id = alone.start("anna", "preview", "", answer, heavy=False)
    alone.wait()
    assert alone.status("anna", job_id).result == {"answer": SECRET}


# ------------------------------------------------------------------------------------------------- leadership
def test_one_process_does_the_background_work_until_it_lets_go(settings):
    first, second = leadership.Leadership(), leadership.Leadership()
    assert [first.held(), second.held(), first.held()] == [True, False, True]
    first.release()
    assert [second.held(), first.held()] == [True, False]
    second.release()


# ------------------------------------------------------------------------------------------------ sign-in delays
def refused_after(throttle: SignInThrottle, account: str = "anna", address: str = "192.0.2.1") -> int:
    for number in range(20):
        try:
            throttle.enter(address, account)
        except TooManyAttemptsError:
            return number
    return 20


def test_wrong_passwords_count_in_all_processes_together_and_after_a_restart(scaled):
    first, second = past_sign_ins.throttle(scaled), past_sign_ins.throttle(scaled)
    assert first.enter("192.0.2.1", "anna") == 0
    second.enter("192.0.2.1", "Anna ")
    first.enter("192.0.2.1", "anna")
    for one in (first, second, past_sign_ins.throttle(scaled)):
        assert refused_after(one) == 0
    assert refused_after(second, "bea") == 3  # another account is another matter
    second.succeeded("192.0.2.1", "anna")
    assert refused_after(first) == 3


def test_an_attacked_account_is_answered_later_by_every_process(scaled):
    first, second = past_sign_ins.throttle(scaled), past_sign_ins.throttle(scaled)
    pauses = [one.enter(f"198.51.100.{n}", "anna") for n in range(30) for one in (first, second)]
    assert pauses[0] == 0
    assert pauses[-1] == 4.0


def test_sign_in_delays_outlive_a_redis_that_was_set_back(scaled, redis_url):
    throttle = past_sign_ins.throttle(scaled)
    assert refused_after(throttle) == 3
    client = redis.Redis.from_url(redis_url)
    (pair,) = client.keys("smartfolio:tries:pair:*")
    client.hset(
        pair, "until", int((time.time() + 10 * 365 * 86400) * 1000)
    )  # as a clock ten years ahead wrote it
    with pytest.raises(TooManyAttemptsError) as refused:
        throttle.enter("192.0.2.1", "anna")
    assert refused.value.seconds <= 901


def test_without_redis_a_restart_recalls_the_wrong_passwords_from_the_audit_log(db, settings):
    anna = create_user(db, "anna", "four unrelated words")
    for _ in range(3):
        audit.record(db, anna.id, "session.refused", {"name": "Anna"}, "192.0.2.1")
    db.commit()
    assert refused_after(past_sign_ins.throttle(settings)) == 0
    assert refused_after(past_sign_ins.throttle(settings), address="192.0.2.2") == 3
    audit.record(db, anna.id, "session.login", {"device": ""}, "192.0.2.1")
    db.commit()
    assert refused_after(past_sign_ins.throttle(settings)) == 3


def test_what_is_long_past_is_not_recalled(db, settings):
    db.add(AuditEntry(action="session.refused", detail='{"name": "x"}', at=utc_now() - timedelta(hours=2)))
    db.commit()
    assert past_sign_ins.read(db) == []
    throttle = SignInThrottle(past=lambda: [PastTry("192.0.2.1", "anna", 3000.0, succeeded=False)] * 3)
    assert refused_after(throttle) == 1  # they count, but the wait they caused is over
