"""Transfers, gaps and syncs tell what they were made of, and tell it to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.transactions import Statement, StatementLine
from smartfolio_app.services import bundles, own_transfers, sources, transactions, wealth
from smartfolio_app.services.explain import explain
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.repo_ledger import insert_statement
from smartfolio_app.storage.tables import SyncRun

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
COIN = "crypto:UNI"


@pytest.fixture
def books(db, someone):
    """Coins bought, part of them moved with a fee, a report that knows of more, and a sync: figure -> value."""
    there = sources.add(db, someone, "cointracking_api", "Tracker")
    cold = sources.add(db, someone, "file_crypto", "Cold").key
    rows = []
    for hour, (place, kind, received, sent) in enumerate(
        (
            (there.key, "trade", ("5", COIN), ("40", "fiat:EUR")),
            (there.key, "withdrawal", None, ("2", COIN)),
            (cold, "deposit", ("1.99", COIN), None),
            (there.key, "deposit", ("1", COIN), None),
        )
    ):
        draft = Draft(at=AT + timedelta(hours=hour), kind=kind, received=received, sent=sent)
        rows.append(transactions.add(db, someone, place, draft).id)
    source = sources.find(db, someone, there.key)
    told = Statement(
        as_of=AT + timedelta(hours=2), lines=(StatementLine(asset=COIN, quantity=Decimal("3.25")),)
    )
    insert_statement(db, someone, source.id, told, format_id=source.provider)
    run = SyncRun(
        user_id=someone, source_id=source.id, state="done", added=7, effect=f'{{"{COIN}": ["5", "3"]}}'
    )
    db.add(run)
    db.commit()
    return {
        f"transfer:{rows[1]}": Decimal("0.01"),
        f"gap:{there.key}:{COIN}": Decimal("0.25"),
        f"sync:{run.id}": Decimal(7),
    }


def test_each_is_told_with_what_it_was_made_of(db, someone, books):
    view = wealth.view_of(db, someone)
    transfer, gap, run = (explain(db, view, figure) for figure in books)
    assert [one.amount for one in (transfer, gap, run)] == list(books.values())
    sent, came, share = transfer.steps
    assert (sent.amount, sent.at, came.amount, came.params) == (
        2,
        AT + timedelta(hours=1),
        Decimal("1.99"),
        {"place": "Cold"},
    )
    assert share.amount == Decimal("0.005")
    reported, booked = gap.steps  # what came after the report is no part of it
    assert (reported.amount, reported.at) == (Decimal("3.25"), AT + timedelta(hours=2))
    assert (booked.amount, {one.amount for one in booked.children}) == (3, {Decimal(5), Decimal(-2)})
    assert booked.link.endswith(f"source={next(iter(list(books)[1:])).split(':')[1]}")
    (changed,) = run.steps[-1].children
    assert (changed.label, changed.amount, [one.amount for one in changed.children]) == ("UNI", -2, [5, 3])
    for figure, told in books.items():
        assert Decimal(bundles.make(db, view, figure)["result"]) == told


def test_a_transfer_that_was_broken_up_and_a_gap_that_was_closed_are_no_more(db, someone, books):
    view = wealth.view_of(db, someone)
    transfer, gap, _ = books
    own_transfers.separate(db, someone, int(transfer.partition(":")[2]))
    for figure in (transfer, gap.replace("UNI", "ETH"), "transfer:", "transfer:x", "gap:", "sync:"):
        with pytest.raises(NotFoundError):
            explain(db, view, figure)


def test_nobody_else_is_told(db, other, books):
    view = wealth.view_of(db, other)
    for figure in books:
        with pytest.raises(NotFoundError):
            explain(db, view, figure)
        with pytest.raises(NotFoundError):
            bundles.make(db, view, figure)
