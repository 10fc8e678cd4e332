"""From the database to a served dashboard: ``python -m benchmarks.served FILE [REPEAT]``.

Stores the trades of a file as one user's ledger, with a price a day of each coin and those that the trades tell, and
asks a real server for what the dashboard shows: the headline and the whole history. Measured are reading the ledger,
the first look (nothing in memory), further looks in which every answer is made anew from the database, looks after
one transaction was edited, anywhere in the five years, from sending the edit to having the answers, and sales that are
tried out, the first of them right after an edit. All that time another client asks for ``/healthz``. In the end a
fresh server must give the very answers that the edited one gave.

Prints one line of JSON; ``seconds`` is processor time of the server, ``wall`` what the client waited. A processor's
clock that ticks every hundredth of a second cannot tell what takes a few thousandths: where the system keeps one that
counts nanoseconds that is read, elsewhere each figure is of so many acts that a tick is less than a fiftieth of them.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from sqlmodel import Session, col

from benchmarks.health import asked_all_the_time, p99
from benchmarks.ours import transactions
from benchmarks.server import FRESH_SECONDS
from benchmarks.trades import COINS, DAYS, START
from smartfolio_app.ledger.assets import Asset, AssetClass, crypto, fiat, is_fiat
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import PriceQuote, Transaction
from smartfolio_app.security import tokens
from smartfolio_app.services import accounts, trade_prices
from smartfolio_app.services.sources import new_source
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate
from smartfolio_app.storage.repo_ledger import (
    bump_revision,
    insert_transactions,
    read_transactions,
    remember_assets,
)
from smartfolio_app.storage.repo_market import Observer, put_daily_prices
from smartfolio_app.storage.tables import TransactionRow

ROOT = Path(__file__).parent.parent
HEADLINE, HISTORY = "/api/wealth/global/summary", "/api/portfolio/history"
FIVE_YEARS = {"from": START.date().isoformat(), "to": (START + timedelta(days=DAYS - 1)).date().isoformat()}
#: How often what is quick is done at least: acts that take a few thousandths of a second differ by as much.
MANY = 15
#: While the health check is asked, so many transactions are corrected, there and back.
HEALTH_EDITS = 5
#: A tick of the processor's clock may be this much of what a figure is made of.
SHARE = 0.02
#: Of ``psutil``, whatever the system.
TICK = 0.01


def main(path: Path, repeat: int = 5) -> None:
    """Measure and print."""
    many = max(repeat, MANY)
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        user, token = fill(data, path)
        measured, edits = read(data, user, repeat, many)
        found: dict[str, Any] = {"read": measured}
        with serving(data) as (process, url):
            client = Client(process, url, token)
            found["cold"] = client.measured([client.look])
            client.look()
            found["warm"] = client.measured([client.look] * many, apart=FRESH_SECONDS * 1.05)
            found["edit"] = client.measured([partial(client.edit_and_look, edit) for edit in edits])
            found["what_if"] = client.measured([partial(client.try_sale, coin) for coin in range(many)])
            shown = client.look()
        with serving(data) as (process, url), asked_all_the_time(url) as waits:
            client = Client(process, url, token)
            found["same"] = figures(shown) == figures(client.look())
            for coin, edit in enumerate(edits[: max(repeat, HEALTH_EDITS)]):
                client.edit_and_look(edit)
                client.edit_and_look(back(edit))
                client.try_sale(coin)
        found["health"] = {
            "count": len(waits.server),
            "p50": statistics.median(waits.server),
            "p99": p99(waits.server),
            "slowest": max(waits.server),
            "idle": p99(waits.idle),
        }
    print(json.dumps(found))


# --------------------------------------------------------------------------------------------------- the ledger
def fill(data: Path, path: Path) -> tuple[str, str]:
    """Store the trades of a file for a new user; return the user's id and a token of theirs."""
    settings = load_settings(data_dir=data, offline=True)
    engine.configure(settings)
    migrate.upgrade(settings)
    rows = transactions(path)
    coins = [crypto(f"C{number}") for number in range(COINS)]
    with Session(engine.engine_for(settings), expire_on_commit=False) as db:
        user = accounts.create_user(db, "benchmark", "correct horse battery", currency="USD").id
        bump_revision(db, user)
        remember_assets(db, [Asset(coin, AssetClass.CRYPTO, coin.partition(":")[2]) for coin in coins])
        remember_assets(db, [Asset(fiat("USD"), AssetClass.FIAT, "USD")])
        source = new_source(db, user, "file_crypto").id
        insert_transactions(db, user, source, rows, [fingerprint(row) for row in rows])
        trade_prices.add(db, user, rows)
        quotes = [
            PriceQuote(coin, "USD", Decimal(number + day % 97 + 1), START + timedelta(days=day, hours=12))
            for number, coin in enumerate(coins)
            for day in range(DAYS)
        ]
        put_daily_prices(db, Observer("coingecko"), quotes)
        token = tokens.create(db, user, name="benchmark", scope="write")[1]
        db.commit()
    engine.dispose(settings)
    return user, token


Edit = tuple[int, dict[str, Any]]


def read(data: Path, user: str, repeat: int, edits: int) -> tuple[dict[str, float], list[Edit]]:
    """Measure reading all transactions out of the database, in this process; return so many edits of them, too."""
    settings = load_settings(data_dir=data, offline=True)
    engine.configure(settings)
    seconds, wall = [], []
    with Session(engine.engine_for(settings)) as db:
        for _ in range(repeat):
            clock, worked = time.perf_counter(), time.process_time()
            rows = read_transactions(db, col(TransactionRow.user_id) == user)
            seconds.append(time.process_time() - worked)
            wall.append(time.perf_counter() - clock)
    engine.dispose(settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    chosen = [rows[len(rows) * (number + 1) // (edits + 1)] for number in range(edits)]
    found = {"seconds": statistics.median(seconds), "wall": statistics.median(wall), "megabytes": peak}
    return found, [another_quantity(row) for row in chosen]


def another_quantity(row: Transaction) -> Edit:
    """Return the correction that halves how many coins a trade moved."""
    name, side = ("received", row.received) if row.sent and is_fiat(row.sent.asset) else ("sent", row.sent)
    assert side is not None, "a trade has two sides"
    return int(row.id), {name: {"quantity": str(side.quantity / 2), "asset": side.asset}}


def back(edit: Edit) -> Edit:
    """Return the correction of a correction."""
    number, change = edit
    return number, {
        name: {**side, "quantity": str(Decimal(side["quantity"]) * 2)} for name, side in change.items()
    }


# --------------------------------------------------------------------------------------------------- the server
@contextmanager
def serving(data: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Run a server of its own process on the data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SMARTFOLIO_DATA_DIR": str(data), "SMARTFOLIO_OFFLINE": "true"}
    command = [sys.executable, "-m", "benchmarks.server", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/healthz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield psutil.Process(running.pid), url
    finally:
        running.terminate()
        running.wait(30)


def processor_seconds(process: psutil.Process) -> tuple[float, float]:
    """Return how long processors have worked for a process, and how exactly that is known, in seconds."""
    if sys.platform == "linux":
        clock = (~process.pid << 3) | 2  # clock_getcpuclockid(3): the scheduler's own account, of all threads
        return time.clock_gettime(clock), time.clock_getres(clock)
    times = process.cpu_times()
    return float(times.user + times.system), TICK


class Client:
    """Who looks at the dashboard, and knows how much the server works for it."""

    def __init__(self, process: psutil.Process, url: str, token: str) -> None:
        self._process = process
        self._http = httpx.Client(base_url=url, timeout=300, headers={"authorization": f"Bearer {token}"})

    def measured(self, acts: Sequence[Callable[[], object]], apart: float = 0) -> dict[str, float]:
        """Return the medians of some acts, with so many seconds before each; where the clock is coarse, the mean."""
        seconds, wall = [], []
        tick = processor_seconds(self._process)[1]
        while not seconds or tick > SHARE * sum(seconds):
            for act in acts:
                time.sleep(apart)
                clock, worked = time.perf_counter(), processor_seconds(self._process)[0]
                act()
                wall.append(time.perf_counter() - clock)
                seconds.append(processor_seconds(self._process)[0] - worked)
        coarse = tick > SHARE * statistics.median(seconds)
        middle = statistics.fmean(seconds) if coarse else statistics.median(seconds)
        peak = self._process.memory_info().rss / 1024**2
        return {"seconds": middle, "wall": statistics.median(wall), "megabytes": peak}

    def look(self) -> tuple[Any, Any]:
        """Ask for what the dashboard shows."""
        headline, history = self._http.get(HEADLINE), self._http.get(HISTORY, params=FIVE_YEARS)
        return headline.raise_for_status().json(), history.raise_for_status().json()

    def edit_and_look(self, edit: Edit) -> None:
        """Correct a transaction, and ask for what the dashboard shows then."""
        number, change = edit
        self._http.patch(f"/api/portfolio/transactions/{number}", json=change).raise_for_status()
        self.look()

    def try_sale(self, coin: int) -> None:
        """Ask what selling some of a coin today would bring, by every method."""
        asked = {"asset": f"crypto:C{coin}", "quantity": "0.5", "price": "100"}
        self._http.post("/api/portfolio/what-if", json=asked).raise_for_status()


def figures(shown: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return what does not depend on the second in which it was asked for."""
    headline, history = shown
    return headline["total_value"], history["points"][:-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
