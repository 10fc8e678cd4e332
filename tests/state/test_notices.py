"""What failed unforeseen is told on the page with the id under which the log has it."""

from __future__ import annotations

import logging
import types

import pytest

from smartfolio_app import smartfolio_app as root
from smartfolio_app.services import accounts
from smartfolio_app.state.guard import REFUSED
from smartfolio_app.state.notices import Notices
from smartfolio_app.telemetry import metrics, request_ids
from tests.state.tab import call, tab

EVENT = "4f1d2c3b-aaaa-bbbb-cccc-0123456789ab"


@pytest.fixture
def anna(db) -> str:
    made = accounts.create_user(db, "anna", "four unrelated words").id
    db.commit()
    return made


async def test_the_notice_names_the_event_and_nothing_else_a_client_may_send(anna):
    notices = await tab(Notices, anna, "/settings")
    await call(notices, "unexpected", "", EVENT)
    assert notices.text.endswith(f"In the log: {EVENT[:12]}.")
    await call(notices, "unexpected", "storage.busy", EVENT)
    assert "database" in notices.text
    for nonsense in ("<script>", "x" * 200, "../../etc"):
        await call(notices, "unexpected", "", nonsense)
        assert "In the log" not in notices.text


def samples(handler: str) -> dict[str, float]:
    return {
        outcome: metrics.REGISTRY.get_sample_value(
            "smartfolio_events_total", {"handler": handler, "outcome": outcome}
        )
        or 0.0
        for outcome in ("ok", "refused", "failed")
    }


async def test_events_are_counted_by_outcome_and_their_lines_carry_their_id(monkeypatch, caplog):
    def does(work):
        async def execute(_self, *, entry, registered_handler):
            work()

        monkeypatch.setattr(root.BaseStateEventProcessor, "_execute_event", execute)

    def fail():
        raise RuntimeError

    handler = types.SimpleNamespace(handler=types.SimpleNamespace(fn=fail))
    entry = types.SimpleNamespace(ctx=types.SimpleNamespace(txid=EVENT))
    processor, name = root.EventProcessor(), fail.__qualname__
    caplog.set_level(logging.DEBUG, logger="smartfolio_app")
    for work in (lambda: None, lambda: REFUSED.set(True), lambda: None):
        does(work)
        await processor._execute_event(entry=entry, registered_handler=handler)
    assert request_ids.current() == EVENT
    does(fail)
    with pytest.raises(RuntimeError):
        await processor._execute_event(entry=entry, registered_handler=handler)
    assert samples(name) == {"ok": 2, "refused": 1, "failed": 1}
