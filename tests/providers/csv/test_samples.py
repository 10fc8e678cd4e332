"""Every third-party sample: taken for what it is, by one format, and saying what was worked out by hand."""

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from smartfolio_app.providers.csv import ReadOptions, UnknownFormatError, claims, parse, read_table
from tests.providers.csv.helpers import SAMPLES, balances, codes, events, kinds, reasons

pytestmark = pytest.mark.shared

CSV = SAMPLES / "csv"
EXPECTED = tomllib.loads((Path(__file__).parent / "samples.toml").read_text(encoding="utf-8"))


def sample(name):
    return (CSV / name).read_bytes()


def test_no_sample_is_left_out():
    there = {str(path.relative_to(CSV)) for path in CSV.glob("*/*") if path.suffix != ".txt"}
    assert there == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_one_format_claims_a_sample(name):
    expected = EXPECTED[name]["format"]
    assert claims(read_table(sample(name))) == ([] if expected in {"mapping", "unknown"} else [expected])


@pytest.mark.parametrize("name", [name for name, told in EXPECTED.items() if told["format"] != "unknown"])
def test_a_sample_says_what_its_rows_add_up_to(name):
    expected = EXPECTED[name]
    parsed = parse(sample(name))
    assert parsed.format == expected["format"]
    assert parsed.rows == expected["rows"]
    assert reasons(parsed.rejected) == expected.get("rejected", [])
    assert dict(Counter(one.reason.split(".")[-1] for one in parsed.skipped)) == expected.get("skipped", {})
    if "lines" in expected:
        assert len(parsed.statement.lines) == expected["lines"]
        assert len(parsed.prices) == expected.get("prices", 0)
    else:
        assert kinds(parsed) == expected["kinds"]
        assert balances(parsed) == expected["balances"]


@pytest.mark.parametrize("name", [name for name, told in EXPECTED.items() if told["format"] == "unknown"])
def test_a_sample_that_lacks_something_asks_for_just_that(name):
    with pytest.raises(UnknownFormatError) as asked:
        parse(sample(name))
    assert list(asked.value.suggestion.missing) == EXPECTED[name]["missing"]
    assert asked.value.headers
    parsed = parse(sample(name), options=ReadOptions(base_currency="USD"))
    assert parsed.mapping_guessed
    assert parsed.transactions
    assert not parsed.rejected


# ------------------------------------------------------------------- facts the index gives, in its own words


def test_the_balance_by_exchange_keeps_all_306_rows_and_the_negative_ones():
    parsed = parse(sample("cointracking/ct_balance_by_exchange.csv"))
    assert len(parsed.statement.lines) == 306
    assert any(line.quantity < 0 for line in parsed.statement.lines)
    assert all(line.account for line in parsed.statement.lines)


def test_the_current_balance_is_worth_what_its_index_says():
    parsed = parse(sample("cointracking/ct_current_balance.csv"))
    assert parsed.rows == 946
    prices = {quote.asset: quote.price for quote in parsed.prices if quote.currency == "USD"}
    worth = sum(
        line.quantity * prices.get(line.asset, Decimal(line.asset == "fiat:USD"))
        for line in parsed.statement.lines
    )
    assert abs(worth - Decimal("249131.91")) < 25  # the file rounds each of its 946 values


def test_solana_is_shown_as_sol_under_any_of_its_tickers():
    parsed = parse(sample("cointracking/ct_current_balance.csv"))
    assert "crypto:SOL" in {line.asset for line in parsed.statement.lines}
    assert parsed.assets["crypto:SOL"].symbol == "SOL"
    assert "crypto:SOL2" not in parsed.assets


def test_margin_fees_add_up_to_the_daily_file_of_the_same_ledger():
    rows, daily = (
        parse(sample(f"cointracking/{name}.csv"))
        for name in ("matijahu_CT-test-data2", "matijahu_CT-test-data2-exp")
    )
    assert balances(rows) == balances(daily)


def test_the_english_table_has_every_type_and_all_are_read():
    parsed = parse(sample("cointracking/tomvodi_default_en.csv"))
    assert len(parsed.transactions) == parsed.rows == 46
    assert len(kinds(parsed)) >= 20


def test_the_convert_of_coinbase_is_told_by_its_note():
    (swap,) = [
        one
        for one in parse(sample("coinbase/gen_v3_2019_2023.csv")).transactions
        if one.sent and one.received
    ]
    assert (swap.sent.quantity, swap.sent.asset) == (Decimal("0.05413984"), "crypto:BTC")
    assert (swap.received.quantity, swap.received.asset) == (Decimal("451.212148"), "crypto:USDC")


def test_the_new_binance_statement_is_one_trade_with_its_fee():
    (trade,) = parse(sample("binance/statement_2025.csv")).transactions
    assert (trade.received.quantity, trade.sent.quantity) == (Decimal("0.02"), Decimal(1200))
    assert (trade.fee.quantity, trade.fee.asset) == (Decimal("0.001"), "crypto:BNB")


def test_the_fee_of_a_kraken_swap_is_on_the_leg_that_came_in():
    (trade,) = parse(sample("kraken/ledgers_crypto_crypto.csv")).transactions
    assert (trade.sent.quantity, trade.received.quantity) == (Decimal("0.005"), Decimal("0.1"))
    assert (trade.fee.quantity, trade.fee.asset) == (Decimal("0.0001"), "crypto:ETH")


def test_ledger_live_counts_the_fee_of_what_it_sent_and_not_of_what_it_got():
    received, sent = parse(sample("ledgerlive/operations_eur.csv")).transactions
    assert (received.received.quantity, received.fee) == (Decimal("0.499"), None)
    assert sent.sent.quantity + sent.fee.quantity == Decimal("0.2")


def test_the_saxo_positions_in_both_currencies():
    parsed = parse(sample("saxo/saxo_positions_fr_sample.csv"), "Positions_19-août-2025_17_49_12.csv")
    assert len(parsed.statement.lines) == 8
    tesla = next(line for line in parsed.statement.lines if line.asset == "stock:US88160R1014")
    assert tesla.quantity == 15
    assert {quote.currency for quote in parsed.prices if quote.asset == tesla.asset} == {"EUR", "USD"}
    dollars = next(q for q in parsed.prices if q.asset == tesla.asset and q.currency == "USD")
    assert dollars.price == Decimal("347.17")
    euros = next(q for q in parsed.prices if q.asset == tesla.asset and q.currency == "EUR")
    assert abs(euros.price * 15 - Decimal("4432.262401")) < Decimal("0.001")


def test_the_french_file_without_a_format():
    parsed = parse(sample("generic/french_semicolon.csv"))
    trade, staking = parsed.transactions
    assert (trade.received.quantity, trade.sent.quantity, trade.fee.quantity) == (Decimal("0.1"), 9000, 10)
    assert (staking.received.quantity, staking.received.asset) == (Decimal("0.01"), "crypto:ETH")
    assert parsed.category == "crypto"


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith("ghostfolio/not-ok")])
def test_what_ghostfolio_refuses_is_refused_with_a_reason(name):
    parsed = parse(sample(name))
    assert not parsed.transactions
    assert parsed.rejected


def test_ghostfolio_says_the_same_as_csv_and_as_json():
    as_csv, as_json = (parse(sample(f"ghostfolio/ok_sample.{kind}")) for kind in ("csv", "json"))
    assert balances(as_csv) == balances(as_json)
    assert [event[1:] for event in events(as_csv)] == [event[1:] for event in events(as_json)]


def test_only_the_flex_file_with_foreign_prices_is_large():
    parsed = parse(sample("ibflex/pp_testIBFlexStatementFile25.xml"))
    assert codes(parsed.warnings).count("import.warn.rows_skipped") <= 1
    assert len(parsed.transactions) == 4
