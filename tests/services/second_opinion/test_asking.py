"""Asking for a second opinion: in a process of its own, with progress, from the shell, over REST and on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smartfolio_app.commands import verify as command
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.services import sources, transactions, user_settings
from smartfolio_app.services.jobs import Jobs, jobs
from smartfolio_app.services.second_opinion import comparison, engine, sentences, work
from smartfolio_app.services.second_opinion.work import MethodNotCoveredError, Wanted
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.services.views import view_of
from smartfolio_app.services.worker import WorkerError, worker

START = datetime(2023, 11, 1, 12, tzinfo=UTC)
BTC, ETH, EUR = "crypto:BTC", "crypto:ETH", "fiat:EUR"


@pytest.fixture
def trader(db, someone):
    """Two purchases, a sale in each of two years, and one of something that was never acquired."""
    place = sources.add(db, someone, "file_crypto", "Exchange").key
    for day, received, sent in (
        (0, ("1", BTC), ("10", EUR)),
        (1, ("1", BTC), ("30", EUR)),
        (2, ("50", EUR), ("1", BTC)),
        (90, ("60", EUR), ("1", BTC)),
        (91, ("5", EUR), ("1", ETH)),
    ):
        draft = Draft(at=START + timedelta(days=day), kind="trade", received=received, sent=sent)
        transactions.add(db, someone, place, draft)
    db.commit()
    return someone


@pytest.fixture
def shell(settings, monkeypatch):
    """The command line, on the test's database."""
    monkeypatch.setattr("smartfolio_app.settings.get_settings", lambda: settings)


def progress(*_state):
    pass


def test_it_says_equal_to_the_cent_and_by_which_rules(db, trader):
    found = work.examine(view_of(db, trader), Wanted(), progress=progress)
    assert (found.equal, found.total.matches, found.total.unknown) == (True, 3, 1)
    assert (str(found.total.gain_ours), found.policy) == ("70", "fifo")
    words = sentences.PlainWords()
    assert sentences.verdict(found, words) == "Equal to the cent. Both come to 70.00 EUR."
    assert "3 lot matches" in sentences.compared(found, words)[0]
    assert any("not known" in line for line in sentences.left_out(found, words))
    french = sentences.PlainWords("fr")
    assert sentences.verdict(found, french).startswith("Égal au centime")


def test_a_year_is_looked_at_alone_and_lots_kept_apart_are_said_to_be_beyond_it(db, trader):
    user_settings.update(db, trader, cost_basis_pooling="source")
    found = work.examine(view_of(db, trader), Wanted("lifo", 2023), progress=progress)
    assert (found.equal, found.total.matches, str(found.total.gain_ours)) == (True, 1, "20")
    assert (found.policy, found.pooling) == ("lifo", "source")
    said = " ".join(sentences.compared(found, sentences.PlainWords()))
    assert "Only what was realised in 2023" in said
    assert "Each source apart" in said


def test_a_result_that_was_tampered_with_is_named_with_date_lot_and_both_figures(db, trader, monkeypatch):
    whole = comparison.compare

    def tampered(book, told, theirs, within):
        book.engine.matches.cost[0] += 1
        return whole(book, told, theirs, within)

    monkeypatch.setattr(work, "compare", tampered)
    found = work.examine(view_of(db, trader), Wanted(), progress=progress)
    words = sentences.PlainWords()
    assert not found.equal
    assert sentences.verdict(found, words) == ("1 figure differs. Ours comes to 69.00 EUR, rp2 to 70.00 EUR.")
    assert sentences.difference(found, words) == (
        "The first difference: 1 BTC disposed of on 2023-11-03 12:00:00 UTC (lot of 2023-11-01 12:00:00 UTC) "
        "cost 11.00 EUR by us, 10.00 EUR by rp2."
    )


def test_average_cost_and_what_does_not_exist_are_refused_with_what_would_do(db, trader):
    with pytest.raises(MethodNotCoveredError) as refused:
        work.start(view_of(db, trader), Wanted("average"))
    assert refused.value.params == {"method": "average", "covered": "fifo, lifo, hifo, lofo"}
    user_settings.update(db, trader, cost_basis_method="total_average")
    with pytest.raises(MethodNotCoveredError):
        work.start(view_of(db, trader), Wanted())
    for wanted in (Wanted("best"), Wanted("fifo", 12)):
        with pytest.raises(InvalidInputError):
            work.start(view_of(db, trader), wanted)


def test_without_rp2_nothing_is_started(db, trader, monkeypatch):
    monkeypatch.setattr(engine.util, "find_spec", lambda name: None)
    with pytest.raises(engine.EngineMissingError):
        work.start(view_of(db, trader), Wanted())
    assert work.latest(trader) is None


def test_it_is_done_in_a_process_aside_from_the_shell_and_as_a_job(db, trader, shell, capsys):
    """One process for all of it: starting one costs seconds."""
    command.verify(user="someone", method="", year=None, timeout=300)
    out = capsys.readouterr()
    assert "someone: Equal to the cent. Both come to 70.00 EUR." in out.out
    assert "moving and total average" in out.out
    assert "someone: reading" in out.err
    assert "someone: comparing 100 %" in out.err
    view = view_of(db, trader)
    job = work.start(view, Wanted("hifo"))
    assert work.start(view, Wanted("hifo")) == job  # under way: not begun twice
    jobs.wait(120)
    done = work.status(trader, job)
    assert (done.state, done.result.equal, done.result.policy) == ("done", True, "hifo")
    assert work.latest(trader).id == job
    with pytest.raises(NotFoundError):
        work.status("somebody else", job)
    worker("aside").stop()


def test_the_shell_ends_with_one_when_anything_differs(trader, shell, monkeypatch, capsys):
    whole = comparison.compare

    def tampered(book, told, theirs, within):
        book.engine.matches.cost[1] += 1
        return whole(book, told, theirs, within)

    monkeypatch.setattr(work, "compare", tampered)
    monkeypatch.setattr(
        work, "ask_now", lambda view, wanted, told, limit: work.examine(view, wanted, progress=told)
    )
    with pytest.raises(SystemExit) as ended:
        command.verify(user=None, method="fifo", year=None, timeout=60)
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "The first difference" in out
    assert "transaction " in out


def test_a_job_that_ran_out_of_time_says_so(monkeypatch):
    """Whatever the process was doing: the job is over, with a sentence."""

    class Slow:
        def run(self, function, *arguments, progress, ticket, limit):
            raise WorkerError("job.too_long", seconds=limit)

    own = Jobs()
    monkeypatch.setattr("smartfolio_app.services.jobs.worker", lambda lane: Slow())
    job = own.start("u", work.KIND, "rp2", work.examine, limit=5.0)
    own.wait(30)
    ended = own.status("u", job)
    assert (ended.state, ended.error.code, ended.error.params) == ("failed", "job.too_long", {"seconds": 5.0})
