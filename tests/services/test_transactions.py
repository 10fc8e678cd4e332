"""Transactions are found, typed in, corrected and removed; nothing of it touches anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetClass
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services import accounts, sources, transactions, user_settings
from smartfolio_app.services.ledger_view import load_ledger
from smartfolio_app.services.transaction_drafts import BOTH_SIDES, RECEIVED_ONLY, SENT_ONLY, Draft
from smartfolio_app.services.transactions import Filter
from smartfolio_app.storage import repo_ledger
from smartfolio_app.storage.repo_ledger import revision_of

PASSWORD = "correct horse battery"
AT = datetime(2024, 3, 31, 12, 0, tzinfo=UTC)
BUY = Draft(
    AT, "trade", received=("0.5", "crypto:BTC"), sent=("30000.10", "fiat:EUR"), fee=("1.5", "fiat:EUR")
)


@pytest.fixture
def user_id(db):
    return accounts.create_user(db, "Ann", PASSWORD).id


def add(db, user_id, source="manual_crypto", **changes):
    return transactions.add(db, user_id, source, replace(BUY, **changes))


def found(db, user_id, **wanted):
    return [entry.id for entry in transactions.listing(db, user_id, Filter(**wanted)).entries]


def test_what_is_typed_in_is_in_the_ledger_digit_for_digit(db, user_id):
    entry = add(db, user_id, note=" first ", account="Kraken")
    assert entry.transaction.received == Amount(Decimal("0.5"), "crypto:BTC")
    assert entry.transaction.note == "first"
    assert (entry.source_key, entry.batch_id, entry.file_name) == ("manual_crypto", None, "")
    (transaction,) = load_ledger(db, user_id).transactions
    assert transaction == replace(entry.transaction, raw="")
    assert load_ledger(db, user_id).assets["crypto:BTC"].symbol == "BTC"


def test_the_bulk_reader_makes_what_the_constructors_make(db, user_id):
    kinds = {
        **dict.fromkeys(BOTH_SIDES, BUY),
        **dict.fromkeys(RECEIVED_ONLY, replace(BUY, sent=None, fee=None, value=("9", "fiat:USD"))),
        **dict.fromkeys(SENT_ONLY, replace(BUY, received=None, fee=None, about="stock:AAPL")),
    }
    assert kinds.keys() == set(TransactionKind)
    made = []
    for kind, draft in kinds.items():
        split = {"sent": ("0.25", "crypto:BTC")} if kind is TransactionKind.SPLIT else {}
        made.append(transactions.add(db, user_id, "manual_crypto", replace(draft, kind=kind.value, **split)))
    assert list(load_ledger(db, user_id).transactions) == [
        replace(entry.transaction, raw="") for entry in made
    ]


class TestFinding:
    @pytest.fixture
    def ids(self, db, user_id):
        repo_ledger.remember_assets(
            db,
            [
                Asset("stock:US0378331005", AssetClass.STOCK, "AAPL", "Apple Inc."),
                Asset("crypto:BTC", AssetClass.CRYPTO, "BTC", "Bitcoin"),
            ],
        )
        return {
            "btc": add(db, user_id, account="Kraken", note="100% sure").id,
            "eth": add(db, user_id, received=("3", "crypto:ETH"), at=AT + timedelta(days=1)).id,
            "staked": add(
                db,
                user_id,
                kind="staking",
                received=("0.01", "crypto:ETH"),
                sent=None,
                fee=None,
                at=AT + timedelta(days=2),
            ).id,
            "apple": add(
                db, user_id, "manual_stocks", received=("2", "stock:US0378331005"), at=AT + timedelta(days=3)
            ).id,
        }

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({}, ["apple", "staked", "eth", "btc"]),
            ({"text": "kraKEN"}, ["btc"]),
            ({"text": "100%"}, ["btc"]),
            ({"text": "%"}, ["btc"]),
            ({"text": "_"}, []),
            ({"text": "apple"}, ["apple"]),
            ({"text": "bitco"}, ["btc"]),
            ({"asset": "crypto:ETH"}, ["staked", "eth"]),
            ({"asset": "eth"}, ["staked", "eth"]),
            ({"asset": "aapl"}, ["apple"]),
            ({"asset": "fiat:EUR"}, ["apple", "eth", "btc"]),
            ({"kind": "staking"}, ["staked"]),
            ({"source_key": "manual_stocks"}, ["apple"]),
            ({"first": date(2024, 4, 1), "last": date(2024, 4, 2)}, ["staked", "eth"]),
            ({"asset": "ETH", "kind": "trade"}, ["eth"]),
            ({"text": "' OR 1=1 --"}, []),
        ],
    )
    def test_filters_narrow(self, db, user_id, ids, wanted, expected):
        assert found(db, user_id, **wanted) == [ids[name] for name in expected]

    def test_days_are_the_users(self, db, user_id):
        late = add(db, user_id, at=datetime(2024, 5, 1, 22, 30, tzinfo=UTC)).id
        assert found(db, user_id, first=date(2024, 5, 2)) == []
        user_settings.update(db, user_id, time_zone="Europe/Zurich")
        assert found(db, user_id, first=date(2024, 5, 2), last=date(2024, 5, 2)) == [late]

    def test_pages_hold_every_row_once(self, db, user_id):
        made = {add(db, user_id).id for _ in range(7)}  # all at the same instant
        pages = [transactions.listing(db, user_id, page=number, size=3) for number in (1, 2, 3)]
        assert [page.total for page in pages] == [7, 7, 7]
        assert pages[0].pages == 3
        assert {entry.id for page in pages for entry in page.entries} == made
        assert transactions.listing(db, user_id, page=99, size=3).page == 3
        assert transactions.listing(db, user_id, Filter(text="nothing")).pages == 1

    def test_orders(self, db, user_id, ids):
        by_kind = transactions.listing(db, user_id, sort="kind", descending=False)
        assert [entry.transaction.kind for entry in by_kind.entries] == ["staking", "trade", "trade", "trade"]
        oldest = transactions.listing(db, user_id, sort="at", descending=False)
        assert [entry.id for entry in oldest.entries] == [
            ids[name] for name in ("btc", "eth", "staked", "apple")
        ]

    @pytest.mark.parametrize("wrong", [{"sort": "quantity"}, {"size": 0}, {"size": 201}])
    def test_an_order_or_size_there_is_not_is_refused(self, db, user_id, wrong):
        with pytest.raises(InvalidInputError):
            transactions.listing(db, user_id, **wrong)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("transaction.when", {"at": datetime(2024, 1, 1)}),  # noqa: DTZ001 - the point of the test
        ("transaction.when", {"at": datetime(1969, 12, 31, tzinfo=UTC)}),
        ("transaction.future", {"at": datetime.now(UTC) + timedelta(hours=1)}),
        ("transaction.kind", {"kind": "teleport"}),
        ("transaction.quantity", {"received": ("0", "crypto:BTC")}),
        ("transaction.quantity", {"received": ("-1", "crypto:BTC")}),
        ("transaction.quantity", {"received": ("1e99", "crypto:BTC")}),
        ("transaction.quantity", {"received": ("1e-99", "crypto:BTC")}),
        ("transaction.quantity", {"received": ("NaN", "crypto:BTC")}),
        ("transaction.quantity", {"received": ("ten", "crypto:BTC")}),
        ("transaction.asset", {"received": ("1", "BTC")}),
        ("transaction.asset", {"received": ("1", "crypto:")}),
        ("transaction.asset", {"received": ("1", "item:house")}),
        ("transaction.asset", {"received": ("1", "crypto:" + "X" * 90)}),
        ("transaction.both_sides", {"sent": None}),
        ("transaction.two_assets", {"sent": ("1", "crypto:btc")}),
        ("transaction.one_asset", {"kind": "split"}),
        ("transaction.received_side", {"kind": "staking"}),
        ("transaction.sent_side", {"kind": "spend"}),
        ("transaction.value_in_currency", {"value": ("1", "crypto:BTC")}),
        ("transaction.text_too_long", {"note": "x" * 2001}),
    ],
)
def test_what_is_no_transaction_is_refused_and_nothing_is_stored(db, user_id, code, change):
    revision = revision_of(db, user_id)
    with pytest.raises(InvalidInputError) as caught:
        add(db, user_id, **change)
    assert caught.value.code == code
    assert transactions.listing(db, user_id).total == 0
    assert revision_of(db, user_id) == revision


def test_wealth_items_take_no_transactions(db, user_id):
    with pytest.raises(InvalidInputError):
        add(db, user_id, "wealth_items")
    with pytest.raises(NotFoundError):
        add(db, user_id, "no_such_source")


def test_an_edit_keeps_what_the_file_said(db, user_id):
    source = sources.find(db, user_id, "manual_crypto")
    told = Transaction(
        AT,
        TransactionKind.DEPOSIT,
        received=Amount(Decimal(1), "crypto:BTC"),
        external_id="T-1",
        row=7,
        raw="a;b",
    )
    repo_ledger.insert_transactions(db, user_id, source.id, [told], [fingerprint(told)])
    db.commit()
    (entry,) = transactions.listing(db, user_id).entries
    edited = transactions.edit(
        db, user_id, entry.id, replace(BUY, kind="deposit", sent=None, fee=None, note="mine")
    )
    assert edited.edited_at is not None
    assert edited.transaction.received.quantity == Decimal("0.5")
    assert (edited.transaction.external_id, edited.transaction.row, edited.transaction.raw) == (
        "T-1",
        7,
        "a;b",
    )
    with pytest.raises(InvalidInputError):
        transactions.edit(db, user_id, entry.id, replace(BUY, sent=None))


def test_a_deleted_transaction_leaves_the_ledger_and_comes_back(db, user_id):
    entry = add(db, user_id)
    transactions.delete(db, user_id, entry.id)
    assert load_ledger(db, user_id).transactions == []
    assert transactions.listing(db, user_id).total == 0
    assert transactions.get(db, user_id, entry.id).deleted_at is not None
    with pytest.raises(NotFoundError):
        transactions.delete(db, user_id, entry.id)
    with pytest.raises(NotFoundError):
        transactions.edit(db, user_id, entry.id, BUY)
    assert transactions.restore(db, user_id, entry.id).deleted_at is None
    assert len(load_ledger(db, user_id).transactions) == 1
    with pytest.raises(NotFoundError):
        transactions.restore(db, user_id, entry.id)


def test_every_change_moves_the_revision(db, user_id):
    seen = [revision_of(db, user_id)]
    entry = add(db, user_id)
    for act in (
        lambda: None,
        lambda: transactions.edit(db, user_id, entry.id, BUY),
        lambda: transactions.delete(db, user_id, entry.id),
        lambda: transactions.restore(db, user_id, entry.id),
    ):
        act()
        seen.append(revision_of(db, user_id))
    assert seen == sorted(set(seen))


def test_another_users_transaction_does_not_exist(db, user_id):
    entry = add(db, user_id)
    eve = accounts.create_user(db, "Eve", PASSWORD).id
    assert transactions.listing(db, eve).total == 0
    for act in (
        lambda: transactions.get(db, eve, entry.id),
        lambda: transactions.edit(db, eve, entry.id, BUY),
        lambda: transactions.delete(db, eve, entry.id),
        lambda: transactions.restore(db, eve, entry.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert transactions.get(db, user_id, entry.id).deleted_at is None
