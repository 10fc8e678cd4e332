"""What the engine takes: ``python -m benchmarks.ours (gains|history|dashboard) FILE [REPEAT]``.

From parsed transactions, in processor time of this process, with the garbage collector paused as the services have it
while they compute; prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

from benchmarks.trades import COINS, DAYS, START, read
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.portfolio import LedgerView, SourceView, build
from smartfolio_app.analytics.prices import PriceBook, PricePoint
from smartfolio_app.analytics.scope import Category, Scope
from smartfolio_app.ledger.lot_book import lot_book
from smartfolio_app.ledger.money import MONEY_CONTEXT
from smartfolio_app.ledger.ordering import in_order_with_instants
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.storage.collecting import without_collecting

SOURCES = {"s": SourceView("s", "S", Category.CRYPTO)}
END = START + timedelta(days=DAYS)


def transactions(path: Path) -> list[Transaction]:
    """Return the trades of a file as our transactions; equal fees are one object, as when the database is read."""
    found = []
    fees: dict[str, Amount] = {}
    for number, (at, side, coin, quantity, money, fee) in enumerate(read(path)):
        coins, cash = Amount(Decimal(quantity), f"crypto:{coin}"), Amount(Decimal(money), "fiat:USD")
        received, sent = (coins, cash) if side == "buy" else (cash, coins)
        moment = datetime.fromisoformat(at)
        charge = fees.setdefault(fee, Amount(Decimal(fee), "fiat:USD"))
        found.append(
            Transaction(moment, TransactionKind.TRADE, received, sent, charge, source="s", id=str(number))
        )
    return found


def prices() -> PriceBook:
    """Return a price a day of each coin."""
    return PriceBook(
        PricePoint(
            f"crypto:C{coin}", "USD", Decimal(coin + day % 97 + 1), START + timedelta(days=day), "benchmark"
        )
        for coin in range(COINS)
        for day in range(DAYS)
    )


def _no_price(_asset: str, _at: datetime) -> None:
    """Every trade of the benchmark has a side in money; nothing needs a market price."""


def gains(rows: list[Transaction]) -> str:
    """Compute every lot match and return the realised gain."""
    ordered, instants = in_order_with_instants(rows)
    book = lot_book(ordered, "USD", _no_price, instants=instants)
    disposals = book.engine.disposals
    with localcontext(MONEY_CONTEXT):
        return str(sum(disposals.proceeds, Decimal(0)) - sum(disposals.cost, Decimal(0)))


def full_history(rows: list[Transaction], book: PriceBook) -> str:
    """Compute all daily series from nothing."""
    ledger = LedgerView(transactions=rows, sources=SOURCES)
    series = history(ledger, book, Scope(), "USD", START.date(), END.date())
    return f"{series.value[-1]:.2f}"


def dashboard(rows: list[Transaction], book: PriceBook) -> str:
    """Compute a portfolio from nothing."""
    return str(build(LedgerView(transactions=rows, sources=SOURCES), book, Scope(), "USD", END).total)


def measure(task: Callable[[], str], repeat: int) -> dict[str, object]:
    """Return the median time of a task and its last answer."""
    seconds, wall, answer = [], [], ""
    for _ in range(repeat):
        clock, started = time.perf_counter(), time.process_time()
        with without_collecting():
            answer = task()
        seconds.append(time.process_time() - started)
        wall.append(time.perf_counter() - clock)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": statistics.median(seconds),
        "wall": statistics.median(wall),
        "gain": answer,
        "megabytes": peak,
    }


def main(what: str, path: Path, repeat: int = 5) -> None:
    """Measure one thing."""
    rows = transactions(path)
    if what == "gains":
        found = measure(lambda: gains(rows), repeat)
    else:
        book = prices()
        task = full_history if what == "history" else dashboard
        found = measure(lambda: task(rows, book), repeat)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
