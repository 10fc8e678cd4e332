"""The start: the cycle collector rests until the server answers, and goes on whatever becomes of it."""

import gc

import pytest

from smartfolio_app.commands import run
from smartfolio_app.errors import SmartFolioError


def test_the_collector_rests_until_the_server_answers(monkeypatch, settings):
    told = []

    def started(_settings, answering):
        told.append(gc.isenabled())
        answering("http://here")
        told.append(gc.isenabled())

    monkeypatch.setattr(run, "_start", started)
    monkeypatch.setattr(run, "announce", told.append)
    run.start(settings)
    assert told == [False, "http://here", True]


def test_a_start_that_fails_leaves_the_collector_at_work(monkeypatch, settings):
    def refused(_settings, _answering):
        raise SmartFolioError("start.port_taken")

    monkeypatch.setattr(run, "_start", refused)
    with pytest.raises(SmartFolioError):
        run.start(settings)
    assert gc.isenabled()
