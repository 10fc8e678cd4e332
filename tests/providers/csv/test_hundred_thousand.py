"""A hundred thousand rows: read whole and exactly, with progress. How fast, benchmarks/pages.py measures."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.providers.csv import parse
from tests.providers.csv.helpers import balances, kinds, plain

ROWS = 100_000
HEADINGS = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"\n'
COINS = ("BTC", "ETH", "SOL", "ADA", "DOT")
START = datetime(2017, 1, 1, tzinfo=UTC)


def line(number):
    amount, coin, exchange = (
        Decimal(number % 97 + 1) / 1000,
        COINS[number % 5],
        ("Kraken", "Binance")[number % 2],
    )
    day = (START + timedelta(seconds=240 * number)).strftime("%d.%m.%Y %H:%M:%S")
    end = f'"{exchange}","","row {number}","{day}"\n'
    if number % 5 < 3:
        return f'"Trade","{amount:.8f}","{coin}","{amount * 100:.2f}","EUR","0.10","EUR",{end}'
    if number % 5 == 3:
        return f'"Staking","{amount:.8f}","{coin}","","","","",{end}'
    return f'"Withdrawal","","","{amount:.8f}","{coin}","","",{end}'


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_exactly():
    data = (HEADINGS + "".join(line(number) for number in range(ROWS))).encode()
    steps = []
    parsed = parse(data, progress=lambda done, total: steps.append((done, total)))
    assert len(parsed.transactions) == ROWS
    assert not parsed.rejected
    assert kinds(parsed) == {"trade": ROWS * 3 // 5, "staking": ROWS // 5, "withdrawal": ROWS // 5}
    amounts = [Decimal(number % 97 + 1) / 1000 for number in range(ROWS)]
    left = balances(parsed)
    assert left["crypto:ADA"] == plain(sum(amounts[3::5], Decimal(0)))
    assert left["crypto:DOT"] == plain(-sum(amounts[4::5], Decimal(0)))
    traded = sum((amount for number, amount in enumerate(amounts) if number % 5 < 3), Decimal(0))
    assert left["fiat:EUR"] == plain(-traded * 100 - Decimal(ROWS * 3 // 5) / 10)
    assert steps[0] == (0, ROWS)
    assert steps[-1] == (ROWS, ROWS)
    assert len(steps) > 20
