"""The bulk ways into and out of the database give exactly what the slow ways would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import func, insert, select, text
from sqlmodel import col

from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, Statement, StatementLine, Transaction, TransactionKind
from smartfolio_app.storage import repo_ledger
from smartfolio_app.storage.tables import SourceRow, TransactionRow, User

AT = datetime(2024, 3, 31, 12, 0, 5, 123456, tzinfo=UTC)
ROWS = [
    Transaction(
        AT,
        TransactionKind.TRADE,
        received=Amount(Decimal("0.000000000000000001"), "crypto:ETH"),
        sent=Amount(Decimal("1E+3"), "fiat:EUR"),
        fee=Amount(Decimal("1.50"), "fiat:EUR"),
        account="Kraken",
        value=Amount(Decimal(1000), "fiat:EUR"),
        group="g",
        note="été",
        external_id="T-1",
        row=7,
    ),
    Transaction(
        AT.astimezone(timezone(timedelta(hours=9))),
        TransactionKind.STAKING,
        received=Amount(Decimal(3), "crypto:DOT"),
    ),
    Transaction(
        AT - timedelta(days=1),
        TransactionKind.DIVIDEND,
        received=Amount(Decimal("2.10"), "fiat:CHF"),
        about="stock:X",
    ),
    Transaction(AT.replace(microsecond=0), TransactionKind.FEE, fee=Amount(Decimal("0.1"), "crypto:BTC")),
]


@pytest.fixture
def source(db):
    user = User(name="ann", password_hash="x")
    db.add(user)
    db.flush()
    row = SourceRow(user_id=user.id, key="k", provider="p", label="", category="crypto")
    db.add(row)
    db.commit()
    return row


def store(db, source, rows=ROWS):
    repo_ledger.insert_transactions(db, source.user_id, source.id, rows, [fingerprint(one) for one in rows])
    db.commit()


def test_what_goes_in_comes_out_oldest_first(db, source):
    store(db, source)
    found = repo_ledger.read_transactions(db, col(TransactionRow.source_id) == source.id)
    expected = sorted(ROWS, key=lambda one: one.at)
    assert [replace(one, id="", source="") for one in found] == [
        replace(one, at=one.at.astimezone(UTC)) for one in expected
    ]
    assert {one.source for one in found} == {source.id}
    assert all(one.at.tzinfo is UTC for one in found)


def test_the_bulk_insert_writes_what_sqlalchemy_would(db, source):
    store(db, source)
    rows = [
        {
            **repo_ledger.transaction_values(one),
            "user_id": source.user_id,
            "source_id": source.id,
            "fingerprint": fingerprint(one),
        }
        for one in ROWS
    ]
    db.execute(insert(TransactionRow), rows)
    db.commit()
    raw = db.execute(text('SELECT * FROM "transaction" ORDER BY id')).all()
    assert len(raw) == 2 * len(ROWS)
    assert [row[1:] for row in raw[: len(ROWS)]] == [row[1:] for row in raw[len(ROWS) :]]


def test_a_naive_moment_is_refused_in_bulk_too(db, source):
    naive = replace(ROWS[0], at=datetime(2024, 1, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="naive"):
        repo_ledger.insert_transactions(db, source.user_id, source.id, [naive], ["0" * 32])


def test_deleted_rows_are_known_but_not_read(db, source):
    store(db, source)
    row = db.execute(select(TransactionRow).where(col(TransactionRow.external_id) == "T-1")).scalar_one()
    row.deleted_at = AT
    db.commit()
    known = {one.fingerprint: one for one in repo_ledger.known_transactions(db, source.id)}
    assert known[fingerprint(ROWS[0])].deleted
    assert not known[fingerprint(ROWS[1])].deleted
    assert len(repo_ledger.read_transactions(db, col(TransactionRow.source_id) == source.id)) == 3


def test_statements_come_back_in_order_with_signs_and_costs(db, source):
    newer = Statement(AT, (StatementLine("crypto:BTC", Decimal("-0.5"), "Margin", row=3),))
    older = Statement(
        AT - timedelta(days=1),
        (
            StatementLine("stock:X", Decimal(2), cost=Amount(Decimal("10.5"), "fiat:USD")),
            StatementLine("fiat:EUR", Decimal(0)),
        ),
    )
    for one in (newer, older):
        repo_ledger.insert_statement(db, source.user_id, source.id, one)
    db.commit()
    assert repo_ledger.read_statements(db) == {source.id: [older, newer]}


def test_assets_gain_words_and_lose_none(db):
    repo_ledger.remember_assets(db, [Asset("stock:X", AssetClass.STOCK, "X")])
    repo_ledger.remember_assets(db, [Asset("stock:X", AssetClass.ETF, "Y", "A fund", "CH0000000001", "CHF")])
    db.commit()
    assert repo_ledger.read_assets(db, ["stock:X", "stock:UNKNOWN"]) == {
        "stock:X": Asset("stock:X", AssetClass.STOCK, "X", "A fund", "CH0000000001", "CHF")
    }


def test_many_assets_are_read_whatever_the_database_allows_in_one_question(db):
    many = [Asset(f"crypto:C{number}", AssetClass.CRYPTO, f"C{number}") for number in range(2_500)]
    repo_ledger.remember_assets(db, many)
    repo_ledger.remember_assets(db, many)
    assert len(repo_ledger.read_assets(db, [one.id for one in many])) == 2_500


def test_the_revision_grows_and_belongs_to_somebody(db, source):
    before = repo_ledger.revision_of(db, source.user_id)
    assert repo_ledger.bump_revision(db, source.user_id) == before + 1
    for ask in (repo_ledger.bump_revision, repo_ledger.revision_of):
        with pytest.raises(NotFoundError):
            ask(db, "nobody")


def test_a_user_takes_everything_along(db, source):
    store(db, source)
    db.delete(db.get(User, source.user_id))
    db.commit()
    assert db.execute(select(func.count()).select_from(TransactionRow)).scalar_one() == 0
