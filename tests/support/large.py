"""Large ledgers, made by rule and not at random, for tests of size and for benchmarks.

``write_cointracking_csv`` writes the big file: row i is a trade (i % 5 < 3), a staking reward (3) or a withdrawal (4)
of one of five coins, at one of two exchanges, every 240 seconds from 2017 on. ``transactions`` is the same ledger as
records; ``fill_user`` stores it for a user, with a price a day for each coin.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from sqlmodel import Session

from smartfolio_app.ledger.assets import Asset, AssetClass, crypto, fiat
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, PriceQuote, Transaction, TransactionKind
from smartfolio_app.services.sources import new_source
from smartfolio_app.storage.repo_ledger import bump_revision, insert_transactions, remember_assets
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.repo_prices import RateRow, put_rates

HEADER = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"'
FIRST = datetime(2017, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=240)
COINS = ("BTC", "ETH", "SOL", "ADA", "DOT")
EXCHANGES = ("Kraken", "Binance")
_THOUSAND, _CENT = Decimal(1000), Decimal("0.01")


def write_cointracking_csv(path: Path, rows: int) -> Path:
    """Write a CoinTracking trade table of ``rows`` rows; 1,000,000 of them are about 105 MB."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        for index in range(rows):
            file.write(_csv_row(index) + "\n")
    return path


def _csv_row(index: int) -> str:
    coin, exchange = COINS[index % 5], EXCHANGES[index % 2]
    quantity = Decimal(index % 97 + 1) / _THOUSAND
    at = (FIRST + STEP * index).strftime("%d.%m.%Y %H:%M:%S")
    kind = _kind(index)
    if kind is TransactionKind.TRADE:
        sides = ("Trade", f"{quantity:.8f}", coin, f"{quantity * 100:.2f}", "EUR", "0.10", "EUR")
    elif kind is TransactionKind.STAKING:
        sides = ("Staking", f"{quantity:.8f}", coin, "", "", "", "")
    else:
        sides = ("Withdrawal", "", "", f"{quantity:.8f}", coin, "", "")
    return ",".join(f'"{cell}"' for cell in (*sides, exchange, "", f"row {index}", at))


def _kind(index: int) -> TransactionKind:
    if index % 5 < 3:
        return TransactionKind.TRADE
    return TransactionKind.STAKING if index % 5 == 3 else TransactionKind.WITHDRAWAL


def transactions(count: int, step: timedelta = STEP) -> Iterator[Transaction]:
    """Give ``count`` transactions by the same rule, ``step`` apart."""
    for index in range(count):
        kind = _kind(index)
        coin = Amount(Decimal(index % 97 + 1) / _THOUSAND, crypto(COINS[index % 5]))
        paid = Amount((coin.quantity * 100).quantize(_CENT), fiat("EUR"))
        trade = kind is TransactionKind.TRADE
        out = kind is TransactionKind.WITHDRAWAL
        yield Transaction(
            at=FIRST + step * index,
            kind=kind,
            received=None if out else coin,
            sent=paid if trade else coin if out else None,
            fee=Amount(Decimal("0.10"), fiat("EUR")) if trade else None,
            account=EXCHANGES[index % 2],
            note=f"row {index}",
            row=index + 2,
        )


def fill_user(db: Session, user_id: str, count: int, today: date, assets: int = 25) -> None:
    """Store ``count`` transactions up to ``today`` over ``assets`` coins and two sources, with daily prices and rates.

    Every source keeps what it sends: coins come in before they go out.
    """
    span = datetime.combine(today, time(), UTC) - FIRST
    step = span / count
    coins = [f"C{number:02}" for number in range(assets - 2)] + ["BTC", "ETH"]
    bump_revision(db, user_id)
    remember_assets(db, [Asset(crypto(coin), AssetClass.CRYPTO, coin) for coin in coins])
    remember_assets(db, [Asset(fiat("EUR"), AssetClass.FIAT, "EUR")])
    for number, provider in enumerate(("file_crypto", "cointracking_csv")):
        source = new_source(db, user_id, provider)
        rows = [_spread(index, step, coins) for index in range(number, count, 2)]
        insert_transactions(db, user_id, source.id, rows, [fingerprint(row) for row in rows])
    days = [FIRST.date() + timedelta(days=day) for day in range(span.days + 1)]
    quotes = [
        PriceQuote(crypto(coin), "USD", _price(number, day), datetime.combine(day, time(23, 59), UTC))
        for number, coin in enumerate(coins)
        for day in days
        if day < today
    ]
    put_daily_prices(db, Observer("coingecko"), quotes)
    rates = [
        RateRow("USD", day, Decimal("1.10") + Decimal(day.day) / 1000, "ecb")
        for day in days
        if day.weekday() < 5
    ]
    put_rates(db, rates, datetime.combine(today, time(), UTC))
    db.commit()


def _spread(index: int, step: timedelta, coins: list[str]) -> Transaction:
    """Three purchases, a reward, then a sale of less than was bought, of one coin after the other."""
    coin = crypto(coins[index // 10 % len(coins)])
    quantity = Decimal(index % 97 + 3) / _THOUSAND
    at, account = FIRST + step * index, EXCHANGES[index % 2]
    euros = Amount((quantity * 100).quantize(_CENT) + _CENT, fiat("EUR"))
    turn = index // 2 % 5
    if turn == 3:
        return Transaction(at, TransactionKind.STAKING, Amount(quantity / 10, coin), account=account)
    if turn == 4:
        sold = Amount(Decimal("0.001"), coin)
        return Transaction(at, TransactionKind.TRADE, euros, sold, account=account)
    fee = Amount(Decimal("0.10"), fiat("EUR"))
    return Transaction(at, TransactionKind.TRADE, Amount(quantity, coin), euros, fee, account=account)


def _price(number: int, day: date) -> Decimal:
    wave = (day.toordinal() * (number + 3)) % 200
    return Decimal(50 + number * 7) + Decimal(abs(100 - wave)) / 4
