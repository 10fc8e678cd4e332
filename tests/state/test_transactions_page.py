"""The Transactions page's state: what is typed becomes an exact transaction, and only one's own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services import sources, transactions, user_settings
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.state.transaction_form import TransactionFormState, asset_named, kind_shown
from smartfolio_app.state.transactions import TransactionsState
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, notice, tab

AT = datetime(2025, 3, 1, 10, 20, 33, tzinfo=UTC)
PURCHASE = Draft(at=AT, kind="trade", received=("0.5", "crypto:BTC"), sent=("20000", "fiat:EUR"))


@pytest.fixture
def anna(alice):
    with session_scope() as db:
        sources.create_built_in_sources(db, alice)
        user_settings.update(db, alice, time_zone="Europe/Paris", base_currency="EUR")
    return alice


@pytest.fixture
def bea(bob):
    with session_scope() as db:
        sources.create_built_in_sources(db, bob)
    return bob


def stored(user_id: str, draft: Draft = PURCHASE) -> int:
    with session_scope() as db:
        return transactions.add(db, user_id, "manual_crypto", draft).id


def read(user_id: str, transaction_id: int) -> Transaction:
    with session_scope() as db:
        return transactions.get(db, user_id, transaction_id).transaction


def all_of(user_id: str) -> list[Transaction]:
    with session_scope() as db:
        return [entry.transaction for entry in transactions.listing(db, user_id).entries]


@pytest.mark.parametrize(
    ("text", "category", "kept", "asset"),
    [
        ("btc", "crypto", "", "crypto:BTC"),
        ("EUR", "crypto", "", "fiat:EUR"),
        ("mnt", "crypto", "", "crypto:MNT"),  # Mantle, not the tugrik
        ("MNT", "stocks", "", "fiat:MNT"),
        ("aapl", "stocks", "", "stock:AAPL"),
        ("US0378331005", "crypto", "stock:US0378331005", "stock:US0378331005"),
        ("brk:b", "stocks", "", "stock:BRK.B"),
    ],
)
def test_a_symbol_means_what_it_means_in_its_source(text, category, kept, asset):
    assert asset_named(text, category, kept) == asset


def test_a_trade_against_money_is_called_a_purchase_or_a_sale():
    btc, eur, eth = (Amount(Decimal(1), one) for one in ("crypto:BTC", "fiat:EUR", "crypto:ETH"))
    trade = TransactionKind.TRADE
    assert kind_shown(Transaction(AT, trade, received=btc, sent=eur)) == "buy"
    assert kind_shown(Transaction(AT, trade, received=eur, sent=btc)) == "sell"
    assert kind_shown(Transaction(AT, trade, received=btc, sent=eth)) == "trade"
    assert kind_shown(Transaction(AT, TransactionKind.DEPOSIT, received=eur)) == "deposit"


async def test_what_is_typed_is_stored_to_the_last_digit_and_in_the_users_zone(anna):
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "start_adding")
    form = await page.get_state(TransactionFormState)
    typed = {
        "source": "manual_crypto",
        "at": "2025-07-01T14:05",
        "received": "0.000000000000000001",
        "received_asset": "eth",
        "sent": "1 234,56",
        "sent_asset": "eur",
        "note": " at a market ",
    }
    await call(form, "save", typed)
    assert form.problem == ""
    assert not form.is_open
    (one,) = all_of(anna)
    assert one.received == Amount(Decimal("0.000000000000000001"), "crypto:ETH")
    assert one.sent == Amount(Decimal("1234.56"), "fiat:EUR")
    assert one.at == datetime(2025, 7, 1, 12, 5, tzinfo=UTC)
    assert one.note == "at a market"
    assert page.rows[0].kind == "Buy"


@pytest.mark.parametrize(
    "wrong",
    [
        {"received": "many"},
        {"received": ""},
        {"received": "-1"},
        {"received_asset": ""},
        {"sent": "", "sent_asset": ""},
        {"at": "yesterday"},
        {"at": "2999-01-01T00:00"},
        {"source": "nobodys"},
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence_and_stores_nothing(anna, wrong):
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "start_adding")
    form = await page.get_state(TransactionFormState)
    right = {
        "source": "manual_crypto",
        "at": "2025-07-01T14:05",
        "received": "1",
        "received_asset": "ETH",
        "sent": "2000",
        "sent_asset": "EUR",
    }
    await call(form, "save", {**right, **wrong})
    assert form.problem
    assert not form.problem.startswith("transaction")
    assert form.is_open
    assert all_of(anna) == []


async def test_correcting_a_quantity_keeps_the_seconds(anna):
    number = stored(anna)
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "open_details", str(number))
    await call(page, "start_editing")
    form = await page.get_state(TransactionFormState)
    assert (form.kind, form.received, form.received_asset, form.sent) == ("buy", "0.5", "BTC", "20000")
    typed = {"at": form.at, "received": "0.6", "received_asset": "BTC", "sent": "20000", "sent_asset": "EUR"}
    await call(form, "save", typed)
    changed = read(anna, number)
    assert changed.at == AT
    assert changed.received == Amount(Decimal("0.6"), "crypto:BTC")


async def test_nobody_elses_transaction_is_opened_changed_or_removed(anna, bea):
    number = stored(bea)
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "open_details", str(number))
    assert page.details.id == ""
    page.details.id = str(number)
    await call(page, "delete")
    page._deleted = number
    await call(page, "restore")
    assert await notice(page)
    assert len(all_of(bea)) == 1


async def test_a_removed_one_can_be_brought_back(anna):
    number = stored(anna)
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "open_details", str(number))
    await call(page, "delete")
    assert page.rows == []
    assert page.deleted_text
    await call(page, "restore")
    assert len(page.rows) == 1


async def test_the_address_narrows_the_list_and_nonsense_in_it_does_not(anna):
    stored(anna)
    stored(anna, Draft(at=AT, kind="staking", received=("1", "crypto:SOL")))
    page = await tab(TransactionsState, anna, "/transactions?asset=crypto:SOL")
    assert [one.got for one in page.rows] == ["1 SOL"]
    await call(page, "clear_filters")
    assert len(page.rows) == 2
    page = await tab(TransactionsState, anna, "/transactions?kind=nonsense&first=soon&unknown=1")
    assert len(page.rows) == 2


async def test_an_opened_transaction_leads_to_its_assets_and_money_has_no_page(anna):
    number = stored(anna)
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "open_details", str(number))
    assert [(one.symbol, one.address) for one in page.details.assets] == [("BTC", "/assets/crypto:BTC")]


async def test_privacy_keeps_quantities_and_the_files_own_words_on_the_server(anna):
    number = stored(anna)
    with session_scope() as db:
        user_settings.update(db, anna, privacy=True)
    page = await tab(TransactionsState, anna, "/transactions")
    await call(page, "open_details", str(number))
    assert "0.5" not in page.rows[0].got
    assert "20" not in page.details.out
    assert page.details.raw == ""
