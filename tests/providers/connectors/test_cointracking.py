"""CoinTracking against a server that checks every signature and nonce, and that fails in every way."""

import itertools
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.transactions import TransactionKind
from smartfolio_app.providers import errors
from smartfolio_app.providers.connectors import Access, CredentialsRefusedError, all_connectors, cointracking
from smartfolio_app.providers.connectors._numbers import instant, number
from smartfolio_app.providers.connectors.cointracking import CoinTracking, CoinTrackingConnector
from smartfolio_app.providers.limits import Budget
from tests.loopback.cointracking import CoinTrackingServer
from tests.loopback.haste import hurry

KEY, SECRET = "ct-key-0001-of-ann", "ct-secret-0001-of-ann"
AMPLE = Budget(1000, 60)


@pytest.fixture
def world():
    with CoinTrackingServer() as running:
        account = running.world.add(KEY, SECRET)
        account.places = {
            "Kraken": {"BTC": ("0.30000000", "68,755.00"), "EUR": ("1,250.50", "1.00")},
            "Binance": {"BTC": ("0.20000000", "68,755.00"), "SOL2": ("1,000.00000000", "187.25")},
        }
        account.trade(1, 1_700_000_000, buy="0.5 BTC", sell="20,000.00000000 EUR", fee="30.00000000 EUR")
        account.trade(2, 1_701_000_000, "Staking", buy="0.01 SOL2", exchange="Binance", comment="reward")
        yield running


@pytest.fixture
def make_access(gateway, world):
    numbers = itertools.count(1_700_000_000_000)

    def make(key=KEY, secret=SECRET, budget=AMPLE, nonce=None):
        client = gateway.provider(cointracking.ID, world.url, budget=budget, key=key)
        return Access(
            credentials={"api_key": key, "api_secret": secret},
            config={},
            client=client,
            save=lambda values: None,
            nonce=nonce or (lambda: next(numbers)),
            now=lambda: datetime.now(UTC),
        )

    return make


def pull(access, cursor=None):
    return list(CoinTrackingConnector().pull(access, cursor or {}))


def test_it_is_found_among_the_connectors_and_says_what_it_needs():
    provider = all_connectors()["cointracking_api"].provider
    assert [field.name for field in provider.credential_fields] == ["api_key", "api_secret"]
    assert all(field.secret for field in provider.credential_fields)
    assert (provider.budget.calls, provider.budget.seconds) == (20, 3600)


def test_the_balances_are_read_whatever_their_form(make_access, world):
    for as_list in (False, True):
        world.world.accounts[KEY].as_list = as_list
        balance = CoinTracking(make_access()).balance()
        held = {one.coin: (one.quantity, one.price) for one in balance.positions}
        assert held == {
            "BTC": (Decimal("0.5"), Decimal("68755.00")),
            "EUR": (Decimal("1250.5"), Decimal("1.00")),
            "SOL2": (Decimal(1000), Decimal("187.25")),
        }
        assert (balance.currency, balance.value) == ("EUR", Decimal("9999.99"))


def test_a_pull_yields_the_trades_and_then_what_is_held_where(make_access):
    trades, balances = pull(make_access())
    assert [(one.kind, one.account) for one in trades.transactions] == [
        (TransactionKind.TRADE, "Kraken"),
        (TransactionKind.STAKING, "Binance"),
    ]
    bought = trades.transactions[0]
    assert (bought.received.quantity, bought.received.asset) == (Decimal("0.5"), "crypto:BTC")
    assert (bought.sent.quantity, bought.fee.quantity) == (Decimal(20000), Decimal(30))
    assert bought.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert trades.transactions[1].received.asset == "crypto:SOL"
    lines = {(one.account, one.asset): one.quantity for one in balances.statement.lines}
    assert lines == {
        ("Kraken", "crypto:BTC"): Decimal("0.3"),
        ("Kraken", "fiat:EUR"): Decimal("1250.5"),
        ("Binance", "crypto:BTC"): Decimal("0.2"),
        ("Binance", "crypto:SOL"): Decimal(1000),
    }
    assert balances.done
    assert {(one.asset, one.currency): one.price for one in balances.prices} == {
        ("crypto:BTC", "EUR"): Decimal("68755.00"),
        ("crypto:SOL", "EUR"): Decimal("187.25"),
    }


def test_without_an_account_currency_there_is_no_price_and_none_is_assumed(make_access, world):
    world.world.accounts[KEY].currency = ""
    balances = pull(make_access())[-1]
    assert balances.prices == ()
    assert "sync.warn.no_currency" in [one.code for one in balances.warnings]


def test_places_that_contradict_the_totals_are_not_believed(make_access, world):
    world.trouble(
        "body",
        path="getGroupedBalance",
        body='{"success":1,"method":"x","result":{"details":{"Kraken Balance":{"details":{"BTC":{"amount":"9"}}}}}}',
    )
    balances = pull(make_access())[-1]
    assert {(one.account, one.asset) for one in balances.statement.lines} == {
        ("", "crypto:BTC"),
        ("", "fiat:EUR"),
        ("", "crypto:SOL"),
    }
    assert balances.warnings[0].code == "sync.warn.places_differ"


def test_pages_never_cut_a_second_in_two_and_lose_nothing(make_access, world, monkeypatch):
    monkeypatch.setattr(cointracking, "TRADES_A_PAGE", 4)
    account = world.world.accounts[KEY]
    account.trades.clear()
    account.hour = 1000
    for index in range(30):  # three equal fills a second
        account.trade(index, 1_700_000_000 + index // 3, buy="1 BTC", sell="10 EUR")
    pages = pull(make_access())
    told = [one for page in pages for one in page.transactions]
    assert len(told) == 30
    assert sorted({one.at for one in told}) == [
        datetime.fromtimestamp(1_700_000_000 + second, UTC) for second in range(10)
    ]
    # Killed after any page, it goes on from there.
    for stop in (1, len(pages) // 2, len(pages) - 1):
        first = [one for page in pages[:stop] for one in page.transactions]
        rest = [one for page in pull(make_access(), pages[stop - 1].cursor) for one in page.transactions]
        assert len(first) + len(rest) == 30


def test_the_next_sync_asks_for_what_is_new_and_once_a_day_for_everything(make_access, world):
    done = pull(make_access())[-1].cursor
    pull(make_access(), done)
    starts = [call.parameters.get("start") for call in world.world.calls if call.method == "getTrades"]
    assert starts[0] is None
    assert int(starts[1]) == 1_701_000_000 - 7 * 86_400
    pull(make_access(), {**done, "whole_at": "2026-01-01T00:00:00+00:00"})
    assert "start" not in world.world.calls[-3].parameters


def test_a_row_that_cannot_be_used_costs_no_other(make_access, world):
    account = world.world.accounts[KEY]
    account.trade(3, 1_702_000_000, "Quantum Leap", buy="1 BTC")
    account.trade(4, 1_702_000_001, buy="one BTC", sell="1 EUR")
    account.trade(5, 1_702_000_002, "Deposit", buy="5 ADA")
    trades = pull(make_access())[0]
    assert len(trades.transactions) == 3
    remarks = {one.code: one.params for one in trades.warnings}
    assert remarks["sync.warn.unusable"]["count"] == 2
    assert remarks["sync.warn.unknown_types"] == {"types": "Quantum Leap"}


def test_history_and_gains_are_read(make_access):
    api = CoinTracking(make_access())
    summary = api.historical_summary()
    assert [(one.at.day, one.value) for one in summary] == [(1, Decimal(40000)), (2, Decimal("41250.10"))]
    assert api.historical_currency("BTC")["BTC"][0].quantity == Decimal("0.5")
    assert api.gains()["BTC"] == {
        "amount": Decimal(1),
        "cost": Decimal(1000),
        "unrealized": Decimal("-12.5"),
    }


def test_the_key_is_said_to_read_only(make_access):
    found = CoinTrackingConnector().check(make_access())
    assert (found.ok, found.may_read, found.may_trade, found.may_withdraw) == (True, True, False, False)


@pytest.mark.parametrize(("key", "secret"), [("a-key-nobody-has", SECRET), (KEY, "the-wrong-secret")])
def test_a_wrong_key_is_refused_in_words_and_asked_once(make_access, calls, key, secret):
    with pytest.raises(CredentialsRefusedError) as caught:
        CoinTrackingConnector().check(make_access(key, secret))
    assert "Invalid" in caught.value.params["words"]
    assert secret not in str(caught.value.params)
    assert len(calls) == 1


def test_a_nonce_that_was_too_small_is_tried_once_more_with_a_larger_one(make_access, world, calls):
    world.world.accounts[KEY].nonce = 50
    numbers = iter([7, 51, 60, 70])
    assert CoinTracking(make_access(nonce=lambda: next(numbers))).balance().positions
    assert len(calls) == 2
    world.world.accounts[KEY].nonce = 10**15
    with pytest.raises(errors.ProviderAnswerError) as caught:
        CoinTracking(make_access(nonce=lambda: next(numbers))).balance()
    assert caught.value.code == "provider.nonce"


def test_threads_with_one_key_never_send_a_nonce_out_of_order(make_access, world):
    access = make_access()
    world.world.accounts[KEY].hour = 1000
    problems = []

    def ask():
        try:
            for _ in range(5):
                CoinTracking(access).balance()
        except errors.ProviderError as error:
            problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    nonces = [call.nonce for call in world.world.calls]
    assert len(nonces) == 30
    assert nonces == sorted(set(nonces))


def test_our_own_budget_ends_before_theirs(make_access, world, calls):
    api = CoinTracking(make_access(budget=cointracking.BUDGET))
    for _ in range(20):
        api.balance()
    with pytest.raises(errors.ProviderBudgetError) as caught:
        api.balance()
    assert caught.value.retry_at is not None
    assert len(calls) == len(world.world.calls) == 20


def test_an_hour_used_up_by_another_program_is_a_pause_of_an_hour(make_access, world):
    world.world.accounts[KEY].hour = 0
    with pytest.raises(errors.ProviderPausedError) as caught:
        CoinTracking(make_access()).balance()
    assert 3500 < (caught.value.retry_at - datetime.now(UTC)).total_seconds() <= 3600


@pytest.mark.parametrize(
    ("trouble", "error", "attempts"),
    [
        ({"kind": "status", "status": 500}, errors.ProviderUnreachableError, 3),
        ({"kind": "dropped"}, errors.ProviderUnreachableError, 3),
        ({"kind": "truncated"}, errors.ProviderUnreachableError, 3),
        ({"kind": "slow", "seconds": 0.8}, errors.ProviderUnreachableError, 3),
        ({"kind": "garbage"}, errors.ProviderAnswerError, 1),
        ({"kind": "html"}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": "[1, 2]"}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": "{}"}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": '{"success": 1, "details": 7}'}, errors.ProviderAnswerError, 1),
        (
            {"kind": "body", "body": '{"success": 1, "details": {"BTC": {"amount": true}}}'},
            errors.ProviderAnswerError,
            1,
        ),
        (
            {"kind": "body", "body": '{"success": 1, "details": {"BTC": {"amount": "Infinity"}}}'},
            errors.ProviderAnswerError,
            1,
        ),
        (
            {"kind": "body", "body": '{"success": 0, "error": "ODD", "error_msg": "ERROR: Odd"}'},
            errors.ProviderAnswerError,
            1,
        ),
        ({"kind": "status", "status": 403}, errors.ProviderRefusedError, 1),
        ({"kind": "status", "status": 429, "headers": {"retry-after": "60"}}, errors.ProviderPausedError, 1),
    ],
)
def test_each_failure_has_its_error_and_a_bounded_number_of_calls(
    make_access, gateway, world, calls, trouble, error, attempts
):
    world.trouble(**trouble)
    if trouble["kind"] == "slow":
        hurry(gateway)
    with pytest.raises(error):
        CoinTracking(make_access()).balance()
    assert len(calls) == attempts
    assert all(SECRET not in str(call) and KEY not in str(call) for call in calls)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234", "1234"),
        ("0,5", "0.5"),
        ("12,345,678.9", "12345678.9"),
        ("-0.00010000", "-0.0001"),
        (7, "7"),
        ("1e-8", "1E-8"),
        ("", None),
        ("-", None),
        (None, None),
    ],
)
def test_numbers_are_read_exactly(told, read):
    assert number(told) == (None if read is None else Decimal(read))


@pytest.mark.parametrize("told", [True, 1.5, [], {}, "abc", "NaN", "1.2.3"])
def test_what_is_no_number_is_refused(told):
    with pytest.raises(ValueError, match="number"):
        number(told)


def test_instants_are_seconds_or_milliseconds():
    assert (
        instant("1700000000") == instant(1_700_000_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    )
    with pytest.raises(ValueError, match="instant"):
        instant("-5")
