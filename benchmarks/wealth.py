"""How long the figures of a large household take: ``python -m benchmarks.wealth [transactions]``.

Times are processor time of this process, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlmodel import Session

from smartfolio_app.analytics.scope import Scope
from smartfolio_app.services import accounts, ledger_view, pricing, wealth
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate
from tests.support.large import fill_user

T = TypeVar("T")


def measured(label: str, ask: Callable[[], T]) -> T:
    """Print how long ``ask`` takes and return what it returns."""
    started = time.process_time()
    answer = ask()
    print(f"{label:<44}{(time.process_time() - started) * 1000:10.1f} ms")
    return answer


def main() -> None:
    """Fill a fresh database and ask for everything, cold and warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transactions", nargs="?", type=int, default=10_000)
    count = parser.parse_args().transactions
    with TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder) / "data", offline=True)
        engine.configure(settings)
        migrate.upgrade(settings)
        with Session(engine.engine_for(settings), expire_on_commit=False) as db:
            user_id = accounts.create_user(db, "benchmark", "correct horse battery").id
            measured(
                f"store {count:,} transactions",
                lambda: fill_user(db, user_id, count, datetime.now(UTC).date()),
            )
            figures(db, user_id)
        engine.dispose(settings)


def figures(db: Session, user_id: str) -> None:
    """Ask for one figure after the other."""
    view = wealth.view_of(db, user_id)
    today = datetime.now(UTC).date()
    measured("ledger, cold", lambda: ledger_view.load_ledger(db, user_id).columns)
    measured("price book, cold", lambda: pricing.price_book(db, user_id))
    measured("portfolio, first", lambda: wealth.portfolio(db, view))
    measured("history, first", lambda: wealth.history(db, view))
    for label, other in (
        ("in EUR", replace(view, currency="EUR")),
        ("in BTC", replace(view, currency="BTC")),
        ("one source", replace(view, scope=Scope(crypto="cointracking_csv"))),
    ):
        measured(f"portfolio, {label}", lambda other=other: wealth.portfolio(db, other))
        measured(f"history, {label}", lambda other=other: wealth.history(db, other))
    measured("history, another stretch", lambda: wealth.history(db, view, today - timedelta(days=365)))
    measured("history by asset", lambda: wealth.history(db, view, by="asset"))
    measured("the week's line", lambda: wealth.line(db, view, "1w"))
    measured("portfolio, again", lambda: wealth.portfolio(db, view))


if __name__ == "__main__":
    main()
