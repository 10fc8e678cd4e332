"""Kraken's ledger by network: paged without tearing an event apart, and the same as its exported file."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.dedupe import Known, fingerprint, merge
from smartfolio_app.providers.connectors import CredentialsRefusedError
from smartfolio_app.providers.csv.importing import parse
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderBudgetError,
    ProviderPausedError,
    ProviderUnreachableError,
)
from smartfolio_app.providers.limits import Budget
from tests.loopback.venues import Kraken
from tests.providers.exchanges.told import lines

BEGIN = 1_600_000_000


def entry(refid, time, kind, asset, amount, fee="0.0000000000"):
    return {
        "refid": refid,
        "time": time,
        "type": kind,
        "subtype": "",
        "aclass": "currency",
        "asset": asset,
        "amount": amount,
        "fee": fee,
        "balance": "0.0000000000",
    }


def ledger(trades=70):
    """A deposit, then trades of two entries each; fifty entries end inside one of them."""
    found = {"LDEP01": entry("QDEP", BEGIN + 0.5, "deposit", "ZEUR", "5000.0000")}
    for number in range(trades):
        at = BEGIN + 100 + number * 60 + 0.2089
        found[f"LA{number:04}"] = entry(f"T{number:04}", at, "trade", "ZEUR", "-10.0000", "0.0260")
        found[f"LB{number:04}"] = entry(f"T{number:04}", at, "trade", "XXBT", "0.0005000000")
    return found


def as_file(entries):
    names = ("refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance")
    rows = ['"txid",' + ",".join(f'"{name}"' for name in names)]
    for txid, one in entries.items():
        told = {**one, "time": datetime.fromtimestamp(int(one["time"]), UTC).strftime("%Y-%m-%d %H:%M:%S")}
        rows.append(f'"{txid}",' + ",".join(f'"{told[name]}"' for name in names))
    return "\n".join(rows).encode()


@pytest.fixture
def bench(open_bench):
    return open_bench("kraken_api", Kraken(ledger(), {"ZEUR": "4298.18", "XXBT": "0.02", "XBT.M": "0.015"}))


def test_every_entry_is_read_and_no_trade_is_torn_by_the_end_of_a_page(bench):
    pages = bench.pull()
    found = [one for page in pages for one in page.transactions]
    assert len(found) == 71
    assert not any(page.warnings for page in pages)
    assert lines(found)[0] == "2020-09-13 12:26:40 deposit: +5000 EUR - ~"
    assert lines(found)[1] == "2020-09-13 12:28:20 trade: +0.0005 BTC -10 EUR ~0.026 EUR"
    assert [page.done for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[0].progress == (48, 141)  # the last trade of a page waits until it is whole
    held = {line.asset: line.quantity for line in pages[-1].statement.lines}
    assert held == {"fiat:EUR": Decimal("4298.18"), "crypto:BTC": Decimal("0.035")}


def test_the_exported_ledger_and_the_network_tell_the_same_transactions(bench):
    from_file = parse(as_file(ledger()), "ledgers.csv", format_id=None).transactions
    known = [Known(fingerprint(one), one.external_id) for one in from_file]
    assert merge(known, bench.transactions()).new == []


def test_a_sync_that_was_stopped_goes_on_after_its_last_page(bench):
    first = next(bench.connector.pull(bench.access(), {}))
    rest = [one for page in bench.pull(first.cursor) for one in page.transactions]
    assert lines([*first.transactions, *rest]) == lines(bench.transactions())


def test_the_next_sync_brings_what_is_new_and_nothing_torn(bench):
    cursor = bench.pull()[-1].cursor
    asked = len(bench.venue.calls)
    later = datetime.now(UTC).timestamp() - 60
    bench.venue.entries["LNEW1"] = entry("TNEW", later, "trade", "ZEUR", "-1.0000")
    bench.venue.entries["LNEW2"] = entry("TNEW", later, "trade", "XETH", "0.0010000000")
    found = bench.transactions(dict(cursor))
    assert [one.external_id for one in found] == ["TNEW"]
    assert len(bench.venue.calls) - asked == 2  # one page of the ledger, and the balances


def test_a_cancelled_sync_ends_without_being_done(bench):
    bench.cancelled = lambda: len(bench.venue.calls) >= 1
    pages = bench.pull()
    assert [page.done for page in pages] == [False]


def test_what_a_key_may_do_is_told(bench):
    assert (bench.check().may_trade, bench.check().may_withdraw) == (False, False)
    bench.venue.permissions = ["query-funds", "modify-trades", "withdraw-funds"]
    told = bench.check()
    assert (told.may_trade, told.may_withdraw, told.account, told.is_dangerous) == (
        True,
        True,
        "reading",
        True,
    )


def test_where_the_exchange_does_not_tell_its_user_is_warned(bench):
    bench.venue.permissions = None
    told = bench.check()
    assert (told.ok, told.may_trade, told.may_withdraw) == (True, None, None)
    assert [one.code for one in told.warnings] == ["exchanges.warn.not_told"]


@pytest.mark.parametrize(("name", "value"), [("apiKey", "other"), ("secret", "b3RoZXI=")])
def test_a_wrong_key_or_secret_is_refused_in_words(bench, name, value):
    bench.credentials[name] = value
    with pytest.raises(CredentialsRefusedError) as raised:
        bench.check()
    assert raised.value.code == "exchange.key_refused"


def test_a_nonce_that_is_behind_is_tried_anew(bench):
    bench.venue.nonce = 10**15
    with pytest.raises(ProviderUnreachableError) as raised:
        bench.pull()
    assert raised.value.code == "exchange.nonce"
    assert len({call.form["nonce"] for call in bench.venue.calls}) == 3


def test_too_many_calls_told_with_status_200_silence_the_host(bench):
    bench.venue.busy = 1
    with pytest.raises(ProviderPausedError):
        bench.pull()
    with pytest.raises(ProviderPausedError):
        bench.pull()
    assert len(bench.venue.calls) == 1  # the second question was never sent


def test_the_budget_is_kept_and_a_sync_waits_for_it(bench):
    bench.budget = Budget(3, 0.5)
    bench.pull()
    times = [call.at.timestamp() for call in bench.calls]
    assert len(times) > 3
    assert all(later - earlier >= 0.49 for earlier, later in zip(times, times[3:], strict=False))


def test_a_budget_that_is_spent_for_long_ends_the_sync(bench):
    bench.budget = Budget(1, 3600.0)
    with pytest.raises(ProviderBudgetError):
        bench.pull()
    assert len(bench.venue.calls) == 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("garbage", ProviderAnswerError),
        ("html", ProviderAnswerError),
        ("truncated", ProviderUnreachableError),
        ("dropped", ProviderUnreachableError),
        ("status", ProviderUnreachableError),
        ("huge", ProviderAnswerError),
    ],
)
def test_whatever_comes_back_is_a_typed_error_and_the_next_sync_is_well(bench, kind, error):
    bench.server.trouble(kind, status=503)
    with pytest.raises(error):
        bench.pull()
    bench.server.world.troubles.clear()
    assert len(bench.transactions()) == 71


@pytest.mark.parametrize(
    "body",
    [
        '{"error":[],"result":{"ledger":[1,2],"count":2}}',
        '{"error":[],"result":{"ledger":{"L1":{"refid":"R"}},"count":1}}',
        '{"error":[],"result":null}',
        '{"error":[],"result":{"ledger":{"L1":{"refid":"R","time":"soon"}},"count":1}}',
        "[]",
        '"text"',
    ],
)
def test_wrong_types_are_an_unreadable_answer(bench, body):
    bench.server.trouble("body", path="Ledgers", body=body)
    with pytest.raises(ProviderAnswerError):
        bench.pull()


def test_a_short_failure_is_passed_over(bench):
    bench.server.trouble("dropped", times=2)
    assert len(bench.transactions()) == 71


def test_every_call_is_written_down_without_a_secret(bench):
    bench.pull()
    assert {call.path for call in bench.calls} == {"/0/private/Ledgers", "/0/private/BalanceEx"}
    assert {call.key_id for call in bench.calls} == {bench.access().client.key_id}
    assert bench.credentials["secret"] not in repr(bench.calls)


def test_an_entry_of_an_unknown_kind_is_left_out_and_told(bench):
    bench.venue.entries["LODD"] = entry("RODD", BEGIN + 10, "moonshine", "XXBT", "1.0")
    pages = bench.pull()
    assert len([one for page in pages for one in page.transactions]) == 71
    told = [one for page in pages for one in page.warnings]
    assert [(one.code, one.params["count"]) for one in told] == [("exchanges.warn.rejected", 1)]
