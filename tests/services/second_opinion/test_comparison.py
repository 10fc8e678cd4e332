"""rp2 beside ours: equal to the cent on everything it covers; a planted difference is found and named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, getcontext
from pathlib import Path

import pytest

from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.second_opinion import engine
from smartfolio_app.services.second_opinion.comparison import What
from smartfolio_app.services.second_opinion.events import Limit
from tests.services.second_opinion.generated import Ledger, book_of, price, second_opinion

START = datetime(2024, 1, 1, tzinfo=UTC)
EUR, A, B, S = "fiat:EUR", "crypto:A", "crypto:B", "stock:S"


class Written:
    """A ledger written out: (day, kind, received, sent)."""

    def __init__(self, *rows):
        self.ordered = in_order(
            Transaction(
                START + timedelta(days=day),
                kind,
                _amount(received),
                _amount(sent),
                id=str(number),
                source="s",
            )
            for number, (day, kind, received, sent) in enumerate(rows)
        )
        self.transfers = {}


def _amount(text):
    if not text:
        return None
    quantity, asset = text.split()
    return Amount(Decimal(quantity), asset)


BUY, SALE = TransactionKind.TRADE, TransactionKind.TRADE


@pytest.mark.parametrize("policy", ["fifo", "lifo", "hifo", "lofo", "fifo;2022=hifo;2023=lifo"])
@pytest.mark.parametrize("seed", range(4))
def test_a_generated_ledger_is_equal_to_the_cent(seed, policy):
    """Trades of every kind, fees in any asset, income, gifts, losses, own transfers, negative balances, one instant."""
    ledger, chosen = Ledger(seed, 150), Policy.parse(policy)
    found = second_opinion(ledger, chosen, book_of(ledger, chosen))
    assert found.first is None
    assert not [one for one in found.left_out if one.limit is not Limit.SHORT]
    total = found.total
    assert total.matches > 40
    assert total.incomes
    assert abs(total.gain_ours - total.gain_theirs) < Decimal("0.005")
    assert abs(total.income_ours - total.income_theirs) < Decimal("0.005")


@pytest.mark.parametrize("what", [What.COST, What.PROCEEDS, What.LOT, What.INCOME])
def test_a_planted_difference_is_found_and_named(what):
    ledger, policy = Ledger(3, 150), Policy()
    book = book_of(ledger, policy)
    columns, sold, changed = book.engine.matches, book.engine.disposals, Decimal("0.01")
    known = [
        number
        for number in range(len(sold))
        if sold.kind[number] == "sale"
        and sold.asset[number] == A
        and sold.proceeds[number] is not None
        and columns.cost[sold.first[number]] is not None
    ]
    number = known[len(known) // 2]
    first, transaction = sold.first[number], sold.transaction[number]
    if what is What.COST:
        columns.cost[first] += changed
    elif what is What.PROCEEDS:
        sold.proceeds[number] += changed * 20
    elif what is What.LOT:
        columns.lot[first] = next(
            lot for lot in range(len(book.engine.lots.asset)) if lot != columns.lot[first]
        )
    else:
        income = next(one for one in book.incomes if one.asset == A and one.value is not None)
        transaction = income.transaction
        book.incomes[book.incomes.index(income)] = type(income)(
            income.asset, income.quantity, income.at, income.value + changed, income.transaction
        )
    found = second_opinion(ledger, policy, book)
    assert found.first is not None
    assert (found.first.what, found.first.disposal) == (what, transaction)
    assert found.first.disposed == ledger.ordered[transaction].at
    assert found.first.disposal_id == ledger.ordered[transaction].id
    assert found.first.ours != found.first.theirs
    assert found.total.differing >= 1


def test_half_a_cent_is_no_difference_and_a_figure_only_one_side_knows_is_one():
    ledger, policy = Written((0, BUY, f"1 {A}", f"10 {EUR}"), (1, SALE, f"30 {EUR}", f"1 {A}")), Policy()
    book = book_of(ledger, policy)
    book.engine.matches.cost[0] += Decimal("0.004")
    assert second_opinion(ledger, policy, book).first is None
    book.engine.matches.cost[0] = None
    first = second_opinion(ledger, policy, book).first
    assert (first.what, first.ours, first.theirs) == (What.COST, None, Decimal(10))


@pytest.mark.parametrize(
    ("row", "limit", "asset"),
    [
        ((2, TransactionKind.SPLIT, f"10 {A}", f"1 {A}"), Limit.SPLIT, A),
        ((2, TransactionKind.SWAP, f"5 {B}", f"1 {A}"), Limit.SWAP, B),
        ((2, TransactionKind.LOAN_OUT, "", f"1 {A}"), Limit.LOAN, A),
        ((2, SALE, f"10 {EUR}", f"1 {S}"), Limit.SHORT, S),
    ],
)
def test_what_is_not_covered_is_left_out_from_there_on_and_counted(row, limit, asset):
    ledger = Written(
        (0, BUY, f"2 {A}", f"10 {EUR}"),
        (1, SALE, f"8 {EUR}", f"1 {A}"),
        row,
        (3, BUY, f"2 {asset}", f"10 {EUR}"),
        (4, SALE, f"90 {EUR}", f"1 {asset}"),
    )
    found = second_opinion(ledger, Policy(), book_of(ledger, Policy()))
    assert found.first is None
    assert found.by_asset[A].matches == (1 if asset == A else found.by_asset[A].matches)
    (left,) = found.left_out
    assert (left.asset, left.limit, left.since) == (asset, limit, START + timedelta(days=2))
    assert left.matches >= 1


def test_a_refusal_is_told_with_the_other_engine_s_reason():
    """It takes nothing before 1970."""
    ledger = Written((-20_000, BUY, f"2 {A}", f"10 {EUR}"), (1, SALE, f"8 {EUR}", f"1 {A}"))
    found = second_opinion(ledger, Policy(), book_of(ledger, Policy()))
    (left,) = found.left_out
    assert (left.limit, left.matches, bool(left.reason)) == (Limit.REFUSED, 1, True)
    assert not found.total.matches


def test_a_lot_of_unknown_cost_is_compared_by_quantity_and_ends_what_ranks_it_two_ways():
    ledger = Written(
        (0, TransactionKind.DEPOSIT, f"1 {A}", ""),
        (1, BUY, f"1 {A}", f"10 {EUR}"),
        (2, SALE, f"50 {EUR}", f"2 {A}"),
    )
    for text in ("hifo", "lofo"):
        policy = Policy.parse(text)
        sums = second_opinion(ledger, policy, book_of(ledger, policy)).total
        assert (sums.matches, sums.unknown, sums.differing) == (2, 1, 0)
    both = Policy.parse("hifo;2025=lofo")
    found = second_opinion(ledger, both, book_of(ledger, both), costs_must_be_known=True)
    assert [(one.limit, one.matches) for one in found.left_out] == [(Limit.UNKNOWN_COST, 2)]


def test_only_what_was_realised_within_is_compared():
    ledger, policy = Ledger(5, 150), Policy()
    book = book_of(ledger, policy)
    whole = second_opinion(ledger, policy, book).total.matches
    part = (ledger.ordered[0].at, ledger.ordered[100].at)
    assert 0 < second_opinion(ledger, policy, book, within=part).total.matches < whole


def test_the_other_engine_leaves_no_trace_in_the_process():
    folder, precision = Path.cwd(), getcontext().prec
    ledger = Written((0, BUY, f"2 {A}", f"10 {EUR}"), (1, SALE, f"8 {EUR}", f"1 {A}"))
    second_opinion(ledger, Policy(), book_of(ledger, Policy()))
    assert (Path.cwd(), getcontext().prec) == (folder, precision)
    assert not (folder / "log").exists()
    assert price(A, START) > 0


def test_without_rp2_how_to_add_it_is_told(monkeypatch):
    monkeypatch.setattr(engine.util, "find_spec", lambda name: None)
    with pytest.raises(engine.EngineMissingError) as missing:
        engine.version()
    assert "requirements/verify.txt" in missing.value.params["command"]


def test_the_extra_s_lock_is_part_of_the_one_tests_run_with():
    root = Path(engine.__file__).parents[3]
    lines = (root / "requirements/verify.txt").read_text(encoding="utf-8").splitlines()
    tested = set((root / "requirements/dev.txt").read_text(encoding="utf-8").splitlines())
    assert any(line.startswith("rp2==") for line in lines)
    assert [line for line in lines if line[:1].isalnum() and line not in tested] == []
    runtime = (root / "requirements/runtime.txt").read_text(encoding="utf-8")
    assert "\nrp2==" not in runtime
