"""Binance, Bitstamp, Coinbase and KuCoin over loopback: history, balances, permissions, limits, and their files."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from smartfolio_app.ledger.dedupe import Known, fingerprint, merge
from smartfolio_app.ledger.retold import retold
from smartfolio_app.providers.connectors import CredentialsRefusedError
from smartfolio_app.providers.csv.importing import parse
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderPausedError,
    ProviderUnreachableError,
)
from tests.loopback.venues import Binance, Bitstamp, Coinbase, KuCoin
from tests.providers.exchanges.told import lines

NOW = datetime.now(UTC)


def ms(day):
    return int(datetime.fromisoformat(f"{day}+00:00").timestamp() * 1000)


def same_as_file(text, filename, found):
    from_file = parse(text.encode(), filename, format_id=None).transactions
    return merge([Known(fingerprint(one), one.external_id) for one in from_file], found).new


def holdings(page):
    return {line.asset: line.quantity for line in page.statement.lines}


# ------------------------------------------------------------------------------------------------------ Binance
def fill(number, time_, quantity, total, *, buys=True, fee="0.00001000", coin="BNB", market="BTCUSDT"):
    return {
        "symbol": market,
        "id": number,
        "orderId": 100 + number,
        "price": "1.0",
        "qty": quantity,
        "quoteQty": total,
        "commission": fee,
        "commissionAsset": coin,
        "time": time_,
        "isBuyer": buys,
        "isMaker": False,
        "isBestMatch": True,
    }


@pytest.fixture
def binance(open_bench):
    venue = Binance()
    venue.deposits = [
        {
            "id": "d1",
            "amount": "0.99999999",
            "coin": "BTC",
            "status": 1,
            "insertTime": ms("2021-01-02T03:04:05.678"),
        },
        {"id": "d2", "amount": "5", "coin": "BTC", "status": 0, "insertTime": ms("2021-01-02T03:04:06")},
    ]
    venue.withdrawals = [
        {
            "id": "w1",
            "amount": "28.75",
            "transactionFee": "0.25",
            "coin": "XRP",
            "status": 6,
            "applyTime": "2021-04-15 12:09:16",
            "at": ms("2021-04-15T12:09:16"),
        }
    ]
    venue.fiat["0"] = [
        {
            "orderNo": "f1",
            "fiatCurrency": "EUR",
            "amount": "98.5",
            "totalFee": "1.5",
            "status": "Successful",
            "createTime": ms("2021-02-01T00:00:01"),
        }
    ]
    venue.conversions = [
        {
            "orderId": 9,
            "orderStatus": "SUCCESS",
            "fromAsset": "USDT",
            "fromAmount": "20",
            "toAsset": "BNB",
            "toAmount": "0.06154036",
            "createTime": ms("2021-06-21T04:14:32"),
        }
    ]
    venue.dust = [
        {
            "operateTime": ms("2021-07-01T10:00:00"),
            "userAssetDribbletDetails": [
                {
                    "transId": 4359321,
                    "serviceChargeAmount": "0.000009",
                    "amount": "0.0009",
                    "operateTime": ms("2021-07-01T10:00:00"),
                    "transferedAmount": "0.000441",
                    "fromAsset": "USDT",
                }
            ],
        }
    ]
    venue.dividends = [
        {
            "id": 16,
            "amount": "10.00000000",
            "asset": "BHFT",
            "divTime": ms("2021-07-02T00:00:00"),
            "enInfo": "BHFT distribution",
            "tranId": 29,
        }
    ]
    venue.trades = {
        "BTCUSDT": [
            fill(n, ms("2021-05-01T12:00:01.123") + n * 60_000, "0.00100000", "57.81200000")
            for n in range(1200)
        ],
        "SHIBUSDT": [
            fill(5, ms("2021-05-09T12:00:01"), "1000000.00", "30.10", buys=False, fee="0", market="SHIBUSDT")
        ],
    }
    venue.balances = [
        {"asset": "BTC", "free": "1.20000000", "locked": "0.00000001"},
        {"asset": "LDBTC", "free": "0.50000000", "locked": "0.00000000"},
        {"asset": "USDT", "free": "100.0", "locked": "0"},
    ]
    venue.funding = [{"asset": "USDT", "free": "1", "locked": "0", "freeze": "0", "withdrawing": "0.5"}]
    bench = open_bench("binance_api", venue)
    bench.config = {"since": "2021-01-01"}
    return bench


def test_binance_tells_every_kind_of_movement_exactly(binance):
    pages = binance.pull()
    found = [one for page in pages for one in page.transactions]
    assert [line for line in lines(found) if "0.001 BTC" not in line] == [
        "2021-01-02 03:04:05 deposit: +0.99999999 BTC - ~",
        "2021-02-01 00:00:01 deposit: +100 EUR - ~1.5 EUR",
        "2021-04-15 12:09:16 withdrawal: + -28.75 XRP ~0.25 XRP",
        "2021-05-09 12:00:01 trade: +30.1 USDT -1000000 SHIB ~",
        "2021-06-21 04:14:32 trade: +0.06154036 BNB -20 USDT ~",
        "2021-07-01 10:00:00 trade: +0.00045 BNB -0.0009 USDT ~0.000009 BNB",
        "2021-07-02 00:00:00 airdrop: +10 BHFT - ~",
    ]
    trades = [one for one in found if one.external_id.startswith("BTCUSDT:")]
    assert len(trades) == 1200
    assert lines(trades)[0] == "2021-05-01 12:00:01 trade: +0.001 BTC -57.812 USDT ~0.00001 BNB"
    assert holdings(pages[-1]) == {"crypto:BTC": Decimal("1.70000001"), "crypto:USDT": Decimal("101.5")}


def test_binance_asks_every_market_once_and_then_only_the_likely_ones(binance):
    cursor = binance.pull()[-1].cursor
    asked = [call.query["symbol"] for call in binance.venue.calls if call.path.endswith("myTrades")]
    assert asked == ["BTCUSDT", "BTCUSDT", "ETHBTC", "SHIBUSDT", "ETHUSDT"]  # SHIB is held no more, and found
    binance.venue.calls.clear()
    binance.venue.trades["BTCUSDT"].append(fill(1200, int(time.time() * 1000) - 60_000, "0.5", "20000"))
    assert [one.external_id for one in binance.transactions(cursor)] == ["BTCUSDT:1200"]
    again = [call.query["symbol"] for call in binance.venue.calls if call.path.endswith("myTrades")]
    assert again == ["BTCUSDT", "SHIBUSDT"]


def test_binance_trades_are_those_of_its_trade_history_file(binance):
    found = [one for one in binance.transactions() if "USDT:" in one.external_id][:3]
    rows = ["Date(UTC),Pair,Side,Price,Executed,Amount,Fee"]
    rows += [
        f"2021-05-01 12:0{n}:01,BTCUSDT,BUY,1.0,0.00100000BTC,57.81200000USDT,0.00001000BNB" for n in range(3)
    ]
    assert same_as_file("\n".join(rows), "trades.csv", found) == []


def test_binance_key_permissions(binance):
    assert not binance.check().is_dangerous
    binance.venue.restrictions = {"enableSpotAndMarginTrading": True, "enableWithdrawals": False}
    assert (binance.check().may_trade, binance.check().may_withdraw) == (True, False)


def test_binance_429_and_418_are_obeyed_for_as_long_as_they_say(binance):
    binance.venue.busy = 1
    with pytest.raises(ProviderPausedError) as raised:
        binance.pull()
    assert 0 < (raised.value.retry_at - datetime.now(UTC)).total_seconds() <= 7
    with pytest.raises(ProviderPausedError):
        binance.pull()
    assert len(binance.venue.calls) == 1


def test_binance_is_told_the_time_it_wants(binance):
    binance.venue.clock = lambda: time.time() - 30
    assert binance.check().ok
    assert any(call.path == "/api/v3/time" for call in binance.venue.calls)


def test_binance_wrong_secret(binance):
    binance.credentials["secret"] = "other"
    with pytest.raises(CredentialsRefusedError):
        binance.check()


# ----------------------------------------------------------------------------------------------------- Bitstamp
def bitstamp_rows():
    rows = [
        {
            "id": 1,
            "type": "0",
            "datetime": "2021-01-01 10:00:00.123000",
            "eur": "500.00",
            "btc": 0.0,
            "fee": "0.00",
        },
        {
            "id": 2,
            "type": "2",
            "datetime": "2021-01-02 10:00:00.900000",
            "order_id": 77,
            "eur": "-29.55",
            "btc": "0.00100000",
            "btc_eur": 29550.12,
            "fee": "0.15",
        },
        {
            "id": 3,
            "type": "27",
            "datetime": "2021-01-03 10:00:00",
            "eth": "0.00012345678901234567",
            "fee": "0",
        },
        {"id": 4, "type": "14", "datetime": "2021-01-03 11:00:00", "eth": "-1", "fee": "0"},
        {"id": 5, "type": "1", "datetime": "2021-01-04 10:00:00", "btc": "-0.00050000", "fee": "0.0001"},
    ]
    many = [
        {
            "id": 100 + n,
            "type": "2",
            "datetime": f"2021-02-01 10:{n // 60:02}:{n % 60:02}",
            "order_id": n,
            "usd": -1.5,
            "ltc": 0.01,
            "ltc_usd": 150,
            "fee": 0.0075,
        }
        for n in range(1000)
    ]
    return rows + many


@pytest.fixture
def bitstamp(open_bench):
    balances = [{"currency": "btc", "total": "0.00050000", "available": "0", "reserved": "0.0005"}]
    return open_bench("bitstamp_api", Bitstamp(bitstamp_rows(), balances))


def test_bitstamp_tells_every_transaction_exactly(bitstamp):
    pages = bitstamp.pull()
    found = [one for page in pages for one in page.transactions]
    assert lines(found)[:5] == [
        "2021-01-01 10:00:00 deposit: +500 EUR - ~",
        "2021-01-02 10:00:00 trade: +0.001 BTC -29.55 EUR ~0.15 EUR",
        "2021-01-03 10:00:00 staking: +0.00012345678901234567 ETH - ~",
        "2021-01-04 10:00:00 withdrawal: + -0.0005 BTC ~0.0001 BTC",
        "2021-02-01 10:00:00 trade: +0.01 LTC -1.5 USD ~0.0075 USD",
    ]
    assert len(found) == 1004
    assert holdings(pages[-1]) == {"crypto:BTC": Decimal("0.0005")}


def test_bitstamp_goes_on_after_the_last_transaction(bitstamp):
    cursor = bitstamp.pull()[-1].cursor
    bitstamp.venue.rows.append(
        {"id": 9999, "type": "0", "datetime": "2022-01-01 10:00:00", "eur": "1.00", "fee": "0"}
    )
    assert [one.external_id for one in bitstamp.transactions(cursor)] == ["9999"]


def test_bitstamp_transactions_are_those_of_its_file(bitstamp):
    found = [one for one in bitstamp.transactions() if one.external_id in {"1", "2", "5"}]
    text = (
        "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,"
        "Fee currency,Order ID\n"
        "1,Main Account,Deposit,,2021-01-01T10:00:00Z,500.00,EUR,,,,,,,\n"
        "2,Main Account,Market,Buy,2021-01-02T10:00:00Z,0.00100000,BTC,29.55,EUR,29550.12,EUR,0.15,EUR,77\n"
        "5,Main Account,Withdrawal,,2021-01-04T10:00:00Z,0.00050000,BTC,,,,,0.00010000,BTC,\n"
    )
    assert same_as_file(text, "transactions.csv", found) == []


def test_bitstamp_does_not_tell_what_a_key_may_do(bitstamp):
    assert [one.code for one in bitstamp.check().warnings] == ["exchanges.warn.not_told"]


def test_bitstamp_limit_and_wrong_secret(bitstamp):
    bitstamp.credentials["secret"] = "other"
    with pytest.raises(CredentialsRefusedError):
        bitstamp.check()
    bitstamp.venue.busy = 1
    with pytest.raises(ProviderPausedError):
        bitstamp.pull()


# ------------------------------------------------------------------------------------------------------- KuCoin
def kucoin_fill(order, day, *, side="buy", symbol="BTC-USDT", size="0.00010000", funds="3.123456789"):
    return {
        "symbol": symbol,
        "tradeId": f"t{order}",
        "orderId": order,
        "side": side,
        "price": "1",
        "size": size,
        "funds": funds,
        "fee": "0.003123456789",
        "feeCurrency": "USDT",
        "createdAt": ms(day),
    }


@pytest.fixture
def kucoin(open_bench):
    venue = KuCoin()
    stamp = NOW.timestamp() - 20 * 86_400
    day = datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT12:00:01.5")
    venue.fills = [kucoin_fill(f"o{n}", day) for n in range(501)]
    venue.hf_fills = [kucoin_fill("h1", day, symbol="ETH-USDT")]
    venue.deposits = [
        {
            "currency": "XRP",
            "status": "SUCCESS",
            "amount": "20.5",
            "fee": "0",
            "walletTxId": "5bbb@x",
            "createdAt": ms(day),
        }
    ]
    venue.withdrawals = [
        {
            "id": "w1",
            "currency": "ETH",
            "status": "SUCCESS",
            "amount": "1.000000000000000001",
            "fee": "0.005",
            "createdAt": ms(day),
        }
    ]
    venue.accounts = [
        {"currency": "USDT", "type": "main", "balance": "1.5"},
        {"currency": "USDT", "type": "trade", "balance": "0.25"},
    ]
    bench = open_bench("kucoin_api", venue)
    bench.config = {"since": (datetime.fromtimestamp(stamp - 86_400, UTC)).strftime("%Y-%m-%d")}
    bench.day = day[:10]
    return bench


def test_kucoin_reads_week_after_week_and_page_after_page(kucoin):
    pages = kucoin.pull()
    found = [one for page in pages for one in page.transactions]
    assert len([one for one in found if one.kind == "trade"]) == 501
    assert [line for line in lines(found) if "trade" not in line] == [
        f"{kucoin.day} 12:00:01 deposit: +20.5 XRP - ~",
        f"{kucoin.day} 12:00:01 withdrawal: + -1.000000000000000001 ETH ~0.005 ETH",
    ]
    assert (
        lines(found)[1] == f"{kucoin.day} 12:00:01 trade: +0.0001 BTC -3.123456789 USDT ~0.003123456789 USDT"
    )
    assert holdings(pages[-1]) == {"crypto:USDT": Decimal("1.75")}


def test_kucoin_high_frequency_fills_are_read_by_market(kucoin):
    kucoin.venue.accounts.append({"currency": "ETH", "type": "trade_hf", "balance": "0.1"})
    assert "h1" in {one.external_id for one in kucoin.transactions()}


def test_kucoin_fills_are_those_of_its_file(kucoin):
    kucoin.venue.fills = kucoin.venue.fills[:2]
    found = [one for one in kucoin.transactions() if one.kind == "trade"]
    rows = ["tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,orderType"]
    rows += [
        f"{kucoin.day} 12:00:01,o{n},BTC-USDT,buy,1,0.0001,3.123456789,0.003123456789,taker,USDT,limit"
        for n in range(2)
    ]
    assert same_as_file("\n".join(rows), "fills.csv", found) == []


def test_kucoin_key_permissions(kucoin):
    assert not kucoin.check().is_dangerous
    kucoin.venue.permission = "General,Spot,InnerTransfer"
    assert (kucoin.check().may_trade, kucoin.check().may_withdraw) == (True, False)
    kucoin.venue.permission = "General,Withdrawal"
    assert (kucoin.check().may_trade, kucoin.check().may_withdraw) == (False, True)


@pytest.mark.parametrize("name", ["apiKey", "secret", "password"])
def test_kucoin_refuses_what_is_wrong(kucoin, name):
    kucoin.credentials[name] = "b3RoZXI="
    with pytest.raises(CredentialsRefusedError):
        kucoin.check()


def test_kucoin_limit(kucoin):
    kucoin.venue.busy = 1
    with pytest.raises(ProviderPausedError):
        kucoin.pull()
    assert len(kucoin.venue.calls) == 1


# ----------------------------------------------------------------------------------------------------- Coinbase
def coinbase_fill(number, **more):
    return {
        "entry_id": f"e{number}",
        "trade_id": f"t{number}",
        "order_id": "o",
        "trade_time": f"2022-05-31T09:5{number}:59.123456789Z",
        "trade_type": "FILL",
        "price": "10000.10",
        "size": "0.001",
        "commission": "1.25",
        "product_id": "BTC-USD",
        "size_in_quote": False,
        "side": "BUY",
        **more,
    }


def movement(id_, kind, amount, currency, **more):
    return {
        "id": id_,
        "type": kind,
        "status": "completed",
        "amount": {"amount": amount, "currency": currency},
        "native_amount": {"amount": amount, "currency": "USD"},
        "created_at": "2022-06-01T10:00:00Z",
        **more,
    }


@pytest.fixture
def coinbase(open_bench):
    private = ec.generate_private_key(ec.SECP256R1())
    venue = Coinbase(private.public_key(), "organizations/o/apiKeys/k")
    venue.fills = [
        coinbase_fill(0),
        coinbase_fill(1, side="SELL"),
        coinbase_fill(2, size="10", price="8", size_in_quote=True),
    ]
    venue.wallets = {
        "btc": [
            movement(
                "m1",
                "send",
                "-0.00510000",
                "BTC",
                network={"transaction_fee": {"amount": "0.0001", "currency": "BTC"}},
            ),
            movement("m2", "advanced_trade_fill", "0.001", "BTC"),
            movement("m3", "trade", "-0.02", "BTC", trade={"id": "x1"}),
            movement(
                "m4",
                "buy",
                "0.01",
                "BTC",
                buy={
                    "subtotal": {"amount": "299.00", "currency": "USD"},
                    "fee": {"amount": "1.00", "currency": "USD"},
                },
            ),
            movement("m5", "send", "0.5", "BTC", status="pending"),
        ],
        "usd": [movement("m6", "fiat_deposit", "1000.00", "USD"), movement("m7", "buy", "-300.00", "USD")],
        "eth": [
            movement("m8", "staking_reward", "0.000012345678901234", "ETH2"),
            movement("m9", "trade", "0.3", "ETH", trade={"id": "x1"}),
        ],
        "old": [],
    }
    venue.balances = [("BTC", "1.0", "0.5"), ("ETH2", "2", "0"), ("ETH", "1", "0"), ("USD", "0", "0")]
    bench = open_bench("coinbase_api", venue)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    # As it is copied out of the JSON file that Coinbase gives.
    bench.credentials = {"apiKey": venue.key_name, "secret": pem.decode().replace("\n", "\\n")}
    return bench


def test_coinbase_tells_fills_and_every_other_movement_exactly(coinbase):
    pages = coinbase.pull()
    found = [one for page in pages for one in page.transactions]
    assert lines(found) == sorted(
        [
            "2022-05-31 09:50:59 trade: +0.001 BTC -10.0001 USD ~1.25 USD",
            "2022-05-31 09:51:59 trade: +10.0001 USD -0.001 BTC ~1.25 USD",
            "2022-05-31 09:52:59 trade: +1.25 BTC -10 USD ~1.25 USD",
            "2022-06-01 10:00:00 withdrawal: + -0.005 BTC ~0.0001 BTC",
            "2022-06-01 10:00:00 trade: +0.3 ETH -0.02 BTC ~",
            "2022-06-01 10:00:00 trade: +0.01 BTC -299 USD ~1 USD",
            "2022-06-01 10:00:00 deposit: +1000 USD - ~",
            "2022-06-01 10:00:00 staking: +0.000012345678901234 ETH - ~",
        ]
    )
    assert holdings(pages[-1]) == {"crypto:BTC": Decimal("1.5"), "crypto:ETH": Decimal(3)}
    assert not any(page.warnings for page in pages)


def test_coinbase_next_sync_asks_for_the_time_since_alone(coinbase):
    cursor = coinbase.pull()[-1].cursor
    assert coinbase.transactions(cursor) == []
    new = movement("m0", "send", "0.25", "BTC", created_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    coinbase.venue.wallets["btc"].insert(0, new)
    assert [one.external_id for one in coinbase.transactions(cursor)] == ["m0"]


def test_coinbase_movements_are_those_of_its_file(coinbase):
    found = [one for one in coinbase.transactions() if one.external_id == "m6"]
    text = (
        "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
        "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
        "m6,2022-06-01 10:00:00 UTC,Deposit,USD,1000,USD,$1.00,$1000.00,$1000.00,$0.00,Deposit from bank\n"
    )
    assert len(found) == 1
    assert same_as_file(text, "coinbase.csv", found) == []


def test_coinbase_fills_are_those_of_its_file_in_other_words(coinbase):
    found = [one for one in coinbase.transactions() if one.external_id.startswith(("t", "e"))]
    text = (
        "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
        "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
        "m2,2022-05-31 09:51:00 UTC,Advanced Trade Buy,BTC,0.001,USD,$10000.10,$10.00,$11.25,$1.25,Bought\n"
        "m9,2022-05-31 09:51:59 UTC,Advanced Trade Sell,BTC,0.001,USD,$10000.10,$10.00,$8.75,$1.25,Sold\n"
    )
    told = parse(text.encode(), "coinbase.csv", format_id=None).transactions
    assert len(told) == 2
    same = retold(told, found)
    assert sorted(found[index].at.isoformat() for index in same) == [
        "2022-05-31T09:50:59+00:00",
        "2022-05-31T09:51:59+00:00",
    ]


def test_coinbase_key_permissions(coinbase):
    assert not coinbase.check().is_dangerous
    coinbase.venue.permissions = {"can_view": True, "can_trade": True, "can_transfer": True}
    assert (coinbase.check().may_trade, coinbase.check().may_withdraw) == (True, True)


def test_coinbase_wrong_key_and_limit(coinbase):
    coinbase.venue.busy = 1
    with pytest.raises(ProviderPausedError):
        coinbase.pull()
    other = ec.generate_private_key(ec.SECP256R1())
    coinbase.venue.public = other.public_key()
    coinbase.gateway.pauses._until.clear()
    with pytest.raises(CredentialsRefusedError):
        coinbase.check()


# --------------------------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize("name", ["binance", "bitstamp", "kucoin", "coinbase"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("garbage", ProviderAnswerError),
        ("html", ProviderAnswerError),
        ("truncated", ProviderUnreachableError),
        ("dropped", ProviderUnreachableError),
        ("status", ProviderUnreachableError),
    ],
)
def test_whatever_comes_back_is_a_typed_error(request, name, kind, error):
    bench = request.getfixturevalue(name)
    bench.server.trouble(kind, status=502)
    with pytest.raises(error):
        bench.pull()
