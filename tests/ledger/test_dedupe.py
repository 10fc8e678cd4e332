"""Importing twice is importing once; identical fills stay; the order of imports does not matter."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.ledger.dedupe import Known, fingerprint, merge
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

AT = datetime(2024, 3, 1, 12, 30, tzinfo=UTC)


def buy(quantity="0.5", external_id="", account="Kraken", **changes):
    base = Transaction(
        at=AT,
        kind=TransactionKind.TRADE,
        received=Amount(Decimal(quantity), "crypto:BTC"),
        sent=Amount(Decimal(20000), "fiat:EUR"),
        fee=Amount(Decimal("1.2"), "fiat:EUR"),
        account=account,
        external_id=external_id,
    )
    return replace(base, **changes)


def known(transaction, **changes):
    return replace(Known(fingerprint(transaction), transaction.external_id), **changes)


def store(known_rows, incoming):
    """What a storage does with a merge: keep the new, learn ids; returns the rows known afterwards."""
    rows = {row.id: row for row in known_rows}
    result = merge(rows.values(), incoming)
    for row_id, external_id in result.identified:
        rows[row_id] = replace(rows[row_id], external_id=external_id)
    for transaction, print_ in zip(result.new, result.fingerprints, strict=True):
        row_id = str(len(rows))
        rows[row_id] = Known(print_, transaction.external_id, id=row_id)
    return list(rows.values())


def test_the_fingerprint_is_32_hex_digits_and_ignores_how_the_file_told_it():
    first = buy("0.50", row=7, note="n", group="g", raw="r", external_id="T1")
    second = buy("5E-1", at=AT.astimezone(timezone(timedelta(hours=2))))
    assert fingerprint(first) == fingerprint(second)
    assert len(fingerprint(first)) == 32
    assert set(fingerprint(first)) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "changes",
    [
        {"at": AT + timedelta(microseconds=1)},
        {"kind": TransactionKind.DEPOSIT},
        {"received": Amount(Decimal("0.5"), "crypto:ETH")},
        {"sent": None},
        {"fee": None},
        {"account": "Binance"},
    ],
)
def test_the_fingerprint_changes_with_what_happened(changes):
    assert fingerprint(buy()) != fingerprint(buy(**changes))


def test_importing_a_file_again_adds_nothing():
    rows = [buy(), buy("0.7"), buy("0.7")]
    result = merge([known(row) for row in rows], rows)
    assert (result.new, result.duplicates) == ([], rows)


def test_two_identical_fills_in_one_file_stay_two():
    assert len(merge([], [buy(row=1), buy(row=2)]).new) == 2


def test_an_overlapping_file_adds_only_what_is_missing():
    result = merge([known(buy())], [buy(row=1), buy(row=2), buy("0.9", row=3)])
    assert [row.row for row in result.duplicates] == [1]
    assert [row.row for row in result.new] == [2, 3]


def test_rows_with_different_external_ids_are_different():
    assert len(merge([known(buy(external_id="A"))], [buy(external_id="B")]).new) == 1


def test_equal_external_ids_are_matched_before_rows_without_one():
    result = merge([known(buy()), known(buy(external_id="A"))], [buy(external_id="A"), buy(external_id="B")])
    assert result.new == []
    assert len(merge([known(buy(external_id="A"))], [buy(external_id="B"), buy(external_id="A")]).new) == 1


def test_an_export_without_ids_is_the_same_ledger_as_one_with_ids():
    assert merge([known(buy(external_id="A"))], [buy()]).new == []
    result = merge([known(buy(), id="9")], [buy(external_id="A")])
    assert (result.new, result.identified) == ([], [("9", "A")])


def test_a_deleted_row_does_not_come_back():
    result = merge([known(buy(), deleted=True)], [buy()])
    assert (result.new, len(result.deleted)) == ([], 1)


rows_strategy = st.lists(
    st.builds(buy, quantity=st.sampled_from(["1", "2"]), external_id=st.sampled_from(["", "A", "B"])),
    max_size=6,
)


@given(rows_strategy, rows_strategy)
def test_a_then_b_gives_the_same_ledger_as_b_then_a(a, b):
    one = store(store([], a), b)
    two = store(store([], b), a)
    assert Counter(row.fingerprint for row in one) == Counter(row.fingerprint for row in two)


@given(rows_strategy)
def test_any_import_repeated_adds_nothing(rows):
    stored = store([], rows)
    assert store(stored, rows) == stored


@pytest.mark.slow
def test_a_hundred_thousand_rows_merge_without_comparing_each_with_each():
    rows = [buy(str(number), external_id=str(number)) for number in range(100_000)]
    existing = [known(row) for row in rows[::2]]
    started = process_time()
    result = merge(existing, rows)
    assert len(result.new) == 50_000
    assert process_time() - started < 30  # it takes one second; comparing each with each would take an hour
