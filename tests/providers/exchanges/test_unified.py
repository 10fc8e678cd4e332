"""The way of all other exchanges, by ccxt's common questions: here Bitvavo, in its documented bodies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.money import multiply, plain
from smartfolio_app.providers.connectors import CredentialsRefusedError
from tests.loopback.venues import KEY, SECRET, Answer, Venue
from tests.providers.exchanges.told import lines

DAY = 86_400_000
NOW = int(datetime.now(UTC).timestamp() * 1000)
PAST = NOW - 100 * DAY


class Bitvavo(Venue):
    """Trades by market, deposits and withdrawals; a signature over time, method, path and body."""

    def __init__(self):
        super().__init__()
        self.trades = []

    def signed(self, call):
        if call.path in {"/v2/markets", "/v2/assets", "/v2/time"}:
            return None
        said = call.headers
        text = said["bitvavo-access-timestamp"] + call.method + call.target + call.body
        mac = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        if said["bitvavo-access-key"] != KEY or mac != said["bitvavo-access-signature"]:
            return Answer(403, {"errorCode": 309, "error": "The signature is invalid."})
        return None

    def too_many(self):
        return Answer(
            429, {"errorCode": 105, "error": "Your IP or API key has been banned."}, {"retry-after": "5"}
        )

    def answer(self, call):
        asked = call.query
        if call.path == "/v2/markets":
            return Answer(200, [self._market("BTC"), self._market("ETH")])
        if call.path == "/v2/assets":
            return Answer(200, [])
        if call.path == "/v2/balance":
            return Answer(200, [{"symbol": "BTC", "available": "1.57593193", "inOrder": "0.00000001"}])
        if call.path == "/v2/trades":
            rows = [one for one in self.trades if one["market"] == asked["market"]]
            rows = [one for one in rows if one["timestamp"] >= int(asked.get("start", 0))]
            return Answer(200, rows[: int(asked["limit"])])
        if call.path == "/v2/depositHistory":
            return Answer(
                200, self._moves(asked, {"symbol": "EUR", "amount": "249.92", "status": "completed"})
            )
        if call.path == "/v2/withdrawalHistory":
            return Answer(
                200,
                self._moves(
                    asked,
                    {
                        "symbol": "BTC",
                        "amount": "0.99994",
                        "fee": "0.00006",
                        "status": "completed",
                        "txId": "927b",
                    },
                ),
            )
        return Answer(404, {"errorCode": 110, "error": "Invalid endpoint."})

    @staticmethod
    def _moves(asked, row):
        found = [{**row, "timestamp": PAST}]
        return [one for one in found if one["timestamp"] >= int(asked.get("start", 0))]

    @staticmethod
    def _market(base):
        return {
            "market": f"{base}-EUR",
            "status": "trading",
            "base": base,
            "quote": "EUR",
            "pricePrecision": 5,
            "minOrderInQuoteAsset": "10",
            "minOrderInBaseAsset": "0.001",
            "orderTypes": ["market", "limit"],
        }


def trade(number, **more):
    return {
        "id": f"t{number}",
        "orderId": "o",
        "timestamp": PAST + number // 3 * 1000,  # three at a time: pages end inside an instant
        "market": "BTC-EUR",
        "side": "buy",
        "amount": "0.00500000000000000001",
        "price": "5000.1",
        "taker": True,
        "fee": "0.03",
        "feeCurrency": "EUR",
        "settled": True,
        **more,
    }


@pytest.fixture
def bitvavo(open_bench):
    venue = Bitvavo()
    venue.trades = [trade(n) for n in range(1100)]
    return open_bench("bitvavo_api", venue)


def test_trades_deposits_withdrawals_and_balances_are_exact(bitvavo):
    pages = bitvavo.pull()
    found = [one for page in pages for one in page.transactions]
    when = datetime.fromtimestamp(PAST // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    assert [line for line in lines(found) if "trade" not in line] == [
        f"{when} deposit: +249.92 EUR - ~",
        f"{when} withdrawal: + -0.99994 BTC ~0.00006 BTC",
    ]
    trades = [one for one in found if one.kind == "trade"]
    assert len(trades) == len({one.external_id for one in trades}) == 1100
    paid = plain(multiply(Decimal("0.00500000000000000001"), Decimal("5000.1")))
    assert lines(trades)[0] == f"{when} trade: +0.00500000000000000001 BTC -{paid} EUR ~0.03 EUR"
    assert {line.asset: line.quantity for line in pages[-1].statement.lines} == {
        "crypto:BTC": Decimal("1.57593194")
    }


def test_the_next_sync_asks_for_the_last_days_alone(bitvavo):
    cursor = bitvavo.pull()[-1].cursor
    json.dumps(cursor)
    bitvavo.venue.calls.clear()
    bitvavo.venue.trades.append(trade(9000, timestamp=NOW - 3_600_000))
    assert [one.external_id for one in bitvavo.transactions(cursor)] == ["t9000"]
    starts = [int(call.query["start"]) for call in bitvavo.venue.calls if call.path == "/v2/trades"]
    assert min(starts) > NOW - 15 * DAY


def test_a_rebate_is_a_reward_and_no_negative_fee(bitvavo):
    bitvavo.venue.trades = [trade(1, fee="-0.01")]
    found = [line.partition(" ")[2].partition(" ")[2] for line in lines(bitvavo.transactions())]
    assert "reward: +0.01 EUR - ~" in found


def test_a_wrong_secret_is_refused(bitvavo):
    bitvavo.credentials["secret"] = base64.b64encode(b"other").decode()
    with pytest.raises(CredentialsRefusedError):
        bitvavo.check()
