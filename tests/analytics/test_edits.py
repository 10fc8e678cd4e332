"""A ledger brought up to date by an edit is the ledger made from the beginning: same columns, lots, history, totals."""

from __future__ import annotations

import gc
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from weakref import ref

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartfolio_app.analytics.columns import LedgerColumns
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.ledger_view import LedgerView, SourceView
from smartfolio_app.analytics.portfolio import build
from smartfolio_app.analytics.prices import PriceBook, PricePoint, RatePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind

START = datetime(2023, 11, 28, tzinfo=UTC)
HALF_DAY = timedelta(hours=12)
LAST = 90  # half days
SOURCES = {
    name: SourceView(f"{name}_csv", name, Category.STOCKS if name == "x" else Category.CRYPTO)
    for name in ("a", "b", "x")
}
ASSETS = ("crypto:BTC", "crypto:ETH", "crypto:NEW", "stock:S", "fiat:EUR", "fiat:USD")
BOTH = ("trade", "trade", "trade", "swap", "margin_trade")
IN = ("deposit", "deposit", "staking", "gift_in", "loan_in", "spin_off")
OUT = ("withdrawal", "withdrawal", "spend", "lost", "loan_out", "fee", "donation")

quantities = st.sampled_from(["1", "0.3", "2.70", "0.00000001", "5"]).map(Decimal)
amounts = st.builds(Amount, quantities, st.sampled_from(ASSETS))
moments = st.integers(0, LAST).map(lambda number: START + number * HALF_DAY)
places = {"account": st.sampled_from(["", "A"]), "source": st.sampled_from(list(SOURCES))}
fees = st.none() | st.builds(Amount, st.sampled_from([Decimal("0.1"), Decimal(1)]), st.sampled_from(ASSETS))
values = st.none() | st.builds(Amount, quantities, st.just("fiat:EUR"))


def kinds(*names):
    return st.sampled_from(names).map(TransactionKind)


transactions = st.one_of(
    st.builds(
        Transaction, moments, kinds(*BOTH), amounts, amounts, fees, value=values, about=st.just(""), **places
    ),
    st.builds(
        Transaction, moments, kinds("split"), st.just(Amount(Decimal(4), "stock:S")),
        st.just(Amount(Decimal(1), "stock:S")), **places,
    ),
    st.builds(
        Transaction, moments, kinds(*IN), amounts, st.none(), fees, value=values,
        about=st.sampled_from(["", "stock:S"]), **places,
    ),
    st.builds(Transaction, moments, kinds(*OUT), st.none(), amounts, fees, value=values, **places),
)  # fmt: skip
lines = st.builds(
    StatementLine, st.sampled_from(ASSETS), st.integers(0, 9).map(Decimal), st.sampled_from(["", "A"])
)
statements = st.dictionaries(
    st.sampled_from(["b", "x"]),
    st.lists(st.builds(Statement, moments, st.lists(lines, max_size=3).map(tuple)), max_size=2),
    max_size=1,
)
ledgers = st.lists(transactions, max_size=16).map(
    lambda rows: [replace(row, id=str(number + 1)) for number, row in enumerate(rows)]
)
#: What happens to the ledger: rows removed (by position), rows put in, both several times over.
edits = st.lists(
    st.tuples(st.lists(st.integers(0, 30), max_size=2), st.lists(transactions, max_size=2)),
    min_size=1,
    max_size=3,
)
policies = st.sampled_from(
    ["fifo", "lifo", "hifo@source", "lofo", "average", "total_average", "fifo@account", "fifo;2023=average"]
)


@pytest.fixture(autouse=True, scope="module")
def small_pieces():
    """What is done a few thousand at a time is done two at a time here, so that small ledgers have several pieces."""
    with pytest.MonkeyPatch.context() as patched:
        for module in (
            "analytics.columns_edit",
            "analytics.ledger_view",
            "analytics.lot_arrays",
            "ledger.instants",
        ):
            patched.setattr(f"smartfolio_app.{module}._PIECE", 2)
        yield


def prices(number=0):
    """Two coins, a share and the dollar have prices; the new coin has those of some trades, which change."""
    points = [
        PricePoint(asset, "EUR", Decimal(base + day % 7), START + timedelta(days=day, hours=5), "market")
        for asset, base in (("crypto:BTC", 100), ("crypto:ETH", 50), ("stock:S", 9))
        for day in range(0, LAST // 2, 3)
    ]
    trades = [
        PricePoint("crypto:NEW", "EUR", Decimal(3), START + timedelta(days=2), "trade"),
        PricePoint("crypto:NEW", "BTC", Decimal(number + 1), START + timedelta(days=30), "trade"),
    ]
    rates = [RatePoint("USD", (START + timedelta(days=day)).date(), Decimal("1.1")) for day in range(45)]
    return PriceBook(points, rates).with_points(trades)


BOOK = prices()


def in_stored_order(rows):
    return sorted(rows, key=lambda row: (row.at, int(row.id)))


def view_of(rows, anchors, decided=None):
    return LedgerView(in_stored_order(rows), anchors, sources=SOURCES, transfers=decided or {})


def look(view, book, policy, currency="EUR"):
    """Ask for what the pages ask for."""
    first, last = START.date(), date(2024, 2, 1)
    whole = history(view, book, Scope(), currency, first, last, "source", method=policy)
    at = datetime(2024, 1, 20, 12, tzinfo=UTC)
    return whole, [
        build(view, book, Scope(), currency, moment, method=policy)
        for moment in (at, datetime(2024, 3, 1, tzinfo=UTC))
    ]


def assert_same_columns(one: LedgerColumns, other: LedgerColumns):
    assert list(map(id, one.ordered)) == list(map(id, other.ordered))
    assert one.instants == other.instants
    assert one.places == other.places
    for name in ("at", "place", "transaction", "side", "asset", "source", "quantity", "role"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    assert list(map(str, one.stream.amount)) == list(map(str, other.stream.amount))
    assert one.stream.totals == other.stream.totals
    assert list(one.stream.negative.items()) == list(other.stream.negative.items())
    assert one.stream.lines == other.stream.lines
    assert one.unusual == other.unusual
    assert one.transfers == other.transfers


def assert_same_answers(found, expected):
    (series, portfolios), (wanted, totals) = found, expected
    assert portfolios == totals
    assert series.days == wanted.days
    assert series.parts.keys() == wanted.parts.keys()
    for name in [one.name for one in fields(wanted) if isinstance(getattr(wanted, one.name), np.ndarray)]:
        pairs = [(series, wanted), *((series.parts[key], wanted.parts[key]) for key in wanted.parts)]
        for left, right in pairs:
            np.testing.assert_allclose(
                getattr(left, name), getattr(right, name), rtol=1e-9, atol=1e-9, err_msg=name
            )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers, statements, edits, policies, st.booleans())
def test_edits_lead_to_what_is_made_from_the_beginning(rows, anchors, changes, policy, looked_between):
    view = view_of(rows, anchors)
    look(view, BOOK, policy)
    fresh = len(rows)
    for positions, added in changes:
        gone = {rows[position].id for position in positions if position < len(rows)}
        new = [replace(row, id=str(fresh + number + 1)) for number, row in enumerate(added)]
        # The first of the new ones is the old one as it was corrected, and keeps its id.
        if gone and new:
            new[0] = replace(new[0], id=min(gone))
        fresh += len(added)
        rows = in_stored_order([*(row for row in rows if row.id not in gone), *new])
        view = view.edited(gone, new)
        if looked_between:
            look(view, BOOK, policy)
    whole = view_of(rows, anchors)
    assert list(map(id, view.transactions)) == list(map(id, whole.transactions))
    assert_same_columns(view.columns, whole.columns)
    assert_same_answers(look(view, BOOK, policy), look(whole, BOOK, policy))
    chosen = Policy.parse(policy)
    alone = {name: view.lots_of_asset(BOOK, "EUR", name, chosen).open_lots(name) for name in ASSETS[:4]}
    assert alone == {name: whole.lots(BOOK, "EUR", chosen).open_lots(name) for name in ASSETS[:4]}
    kept, made = view.lots(BOOK, "EUR", chosen), whole.lots(BOOK, "EUR", chosen)
    assert list(kept.matches()) == list(made.matches())
    assert kept.open_lots() == made.open_lots()
    assert view.bases(BOOK, "EUR", chosen) == made.bases()


def test_a_ledger_that_was_edited_is_freed_at_once():
    """A hundred thousand transactions leave thirty megabytes at each edit, which no collector may walk over."""
    bought = Transaction(
        START, TransactionKind.TRADE, Amount(Decimal(2), "crypto:BTC"), Amount(Decimal(90), "fiat:EUR"),
        source="a", id="1",
    )  # fmt: skip
    view = view_of([bought], {})
    look(view, BOOK, "fifo")
    gc.collect()
    gc.disable()
    try:
        gone, view = ref(view), view.edited({"1"}, [replace(bought, at=START + HALF_DAY)])
        look(view, BOOK, "fifo")
        assert gone() is None
    finally:
        gc.enable()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers, statements, policies)
def test_what_saves_memory_with_very_many_transactions_changes_nothing(rows, anchors, policy):
    expected = look(view_of(rows, anchors), BOOK, policy)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("smartfolio_app.analytics.kept_lots.LARGE", 0)
        patched.setattr("smartfolio_app.analytics.grid.STRETCH", 3)
        view = view_of(rows, anchors)
        assert_same_answers(look(view, BOOK, policy), expected)
        matches = list(view.lots(BOOK, "EUR", Policy.parse(policy)).matches())
    assert matches == list(view_of(rows, anchors).lots(BOOK, "EUR", Policy.parse(policy)).matches())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers, transactions, st.integers(0, 3), st.sampled_from(["EUR", "USD", "BTC"]))
def test_an_edit_that_changes_prices_too_leads_to_what_is_made_from_the_beginning(
    rows, added, number, currency
):
    view = view_of(rows, {})
    look(view, BOOK, "fifo", currency)
    new, later = replace(added, id="99"), prices(number)
    view = view.edited((), [new])
    assert_same_answers(
        look(view, later, "fifo", currency), look(view_of([*rows, new], {}), later, "fifo", currency)
    )


def trade(number, day, received, sent, source="a"):
    def amount(text):
        quantity, asset = text.split()
        return Amount(Decimal(quantity), asset)

    return Transaction(
        START + timedelta(days=day),
        TransactionKind.TRADE,
        amount(received),
        amount(sent),
        source=source,
        id=str(number),
    )


def travelling(number, day, kind, side, source):
    moved = Amount(Decimal(1), "crypto:BTC")
    return Transaction(
        START + timedelta(days=day), TransactionKind(kind), source=source, id=str(number), **{side: moved}
    )


def test_the_users_word_on_a_transfer_moves_lots_though_no_transaction_changed():
    rows = [
        trade(1, 0, "1 crypto:BTC", "50 fiat:EUR"),
        travelling(2, 5, "withdrawal", "sent", "a"),
        travelling(3, 5.1, "deposit", "received", "b"),
    ]
    view = view_of(rows, {})
    look(view, BOOK, "fifo")
    assert view.bases(BOOK, "EUR")["crypto:BTC"].cost == 50
    edited = view.edited((), (), transfers={"2": ""})
    whole = view_of(rows, {}, {"2": ""})
    assert_same_columns(edited.columns, whole.columns)
    assert_same_answers(look(edited, BOOK, "fifo"), look(whole, BOOK, "fifo"))
    assert edited.bases(BOOK, "EUR")["crypto:BTC"].cost is None


def test_only_the_lots_that_an_edit_concerns_are_worked_out_again(monkeypatch):
    rows = [
        trade(2 * number + coin, number, f"1 crypto:{name}", "10 fiat:EUR")
        for number in range(20)
        for coin, name in enumerate(("BTC", "ETH"))
    ]
    view = view_of(rows, {})
    look(view, BOOK, "fifo")
    booked = []
    from smartfolio_app.ledger.lot_engine import LotEngine

    acquire = LotEngine.acquire
    monkeypatch.setattr(
        LotEngine,
        "acquire",
        lambda self, asset, quantity, cost: booked.append(asset) or acquire(self, asset, quantity, cost),
    )
    edited = view.edited({"3"}, [])
    edited.bases(BOOK, "EUR")
    assert set(booked) == {"crypto:ETH"}


def test_an_edit_that_changes_the_order_of_others_at_its_instant_concerns_them_too():
    rows = [
        trade(1, 0, "1 crypto:BTC", "1 crypto:BTC"),
        trade(2, 0, "1 crypto:BTC", "1 crypto:BTC"),
        trade(3, 0, "1 crypto:BTC", "1 crypto:ETH"),
    ]
    view = view_of(rows, {})
    look(view, BOOK, "fifo")
    circle = trade(99, 0, "1 crypto:ETH", "1 crypto:ETH")
    whole = view_of([*rows, circle], {})
    assert_same_answers(look(view.edited((), [circle]), BOOK, "fifo"), look(whole, BOOK, "fifo"))


@pytest.mark.parametrize("source", ["a", "b"])
def test_columns_are_made_from_the_beginning_where_a_statement_has_a_say(source):
    statement = Statement(START + timedelta(days=3), (StatementLine("crypto:BTC", Decimal(7)),))
    view = view_of([trade(1, 0, "1 crypto:BTC", "50 fiat:EUR", "a")], {"b": [statement]})
    assert view.columns.ordered
    new = trade(2, 1, "1 crypto:BTC", "50 fiat:EUR", source)
    edited = view.edited((), [new])
    assert ("columns" in edited.__dict__) == (source == "a")
    assert_same_columns(edited.columns, view_of([*view.transactions, new], {"b": [statement]}).columns)
