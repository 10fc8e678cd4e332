"""Names of coins: CoinTracking's numbered tickers and Kraken's codes, in one place."""

import pytest

from smartfolio_app.providers.csv import symbols


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("XXBT", "BTC"),
        ("XBT", "BTC"),
        ("XXBT.M", "BTC"),
        ("XETH", "ETH"),
        ("ETH2.S", "ETH"),
        ("ZEUR", "EUR"),
        ("EUR.HOLD", "EUR"),
        ("XXDG", "DOGE"),
        ("DOT.S", "DOT"),
        ("DOT28.S", "DOT"),
        ("ATOM21.S", "ATOM"),
        ("SOL.F", "SOL"),
        ("ADA", "ADA"),
        ("XLM", "XLM"),
        ("XTZ", "XTZ"),
    ],
)
def test_kraken_codes(code, ours):
    assert symbols.kraken(code) == ours


def test_well_known_numbered_tickers_lose_their_number():
    tickers = symbols.CoinTrackingTickers(["SOL2", "ETH"])
    assert tickers.resolve("SOL2") == ("crypto:SOL", "SOL", "Solana")
    assert tickers.resolve("eth") == ("crypto:ETH", "ETH", "")
    assert tickers.resolve("FOO7") == ("crypto:FOO7", "FOO7", "")


def test_both_tickers_of_terra_classic_are_one_coin():
    tickers = symbols.CoinTrackingTickers(["LUNA2", "LUNC", "LUNA3"])
    assert tickers.resolve("LUNA2")[0] == tickers.resolve("LUNC")[0] == "crypto:LUNC"
    assert tickers.resolve("LUNA3")[0] == "crypto:LUNA"


def test_every_numbered_ticker_in_the_table_stands_for_one_coin():
    assert all(code == code.upper() for code in symbols.COINTRACKING)
    assert all(name and ours.isalnum() for ours, name in symbols.COINTRACKING.values())


@pytest.mark.parametrize(("code", "is_coin"), [("BTC", True), ("USDC", True), ("AAPL", False), ("", False)])
def test_what_looks_like_a_coin(code, is_coin):
    assert symbols.looks_like_coin(code) is is_coin
