"""People with rules, and servers on loopback that take what is delivered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from smartfolio_app.services import manual_prices, sources, transactions
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine

NOW = datetime.now(UTC)


@dataclass
class Received:
    """One request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A small server; ``answers`` are the statuses of its next answers, 200 afterwards."""

    address: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook's or ntfy's server on loopback."""
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            known.got.append(Received(self.path, headers, body))
            self.send_response(known.answers.pop(0) if known.answers else 200)
            for name, value in known.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join(30)


@pytest.fixture
def private(settings):
    """The same database, with private addresses allowed for notices."""
    chosen = load_settings(
        data_dir=settings.data_dir, database_url=settings.database_url, offline=True, notify_private=True
    )
    engine.configure(chosen)
    yield chosen
    engine.configure(settings)


@pytest.fixture
def holder(db, someone):
    """Somebody with one bitcoin at 100 EUR."""
    kraken = sources.add(db, someone, "file_crypto", "Kraken").key
    draft = Draft(at=NOW - timedelta(days=40), kind="deposit", received=("1", "crypto:BTC"))
    transactions.add(db, someone, kraken, draft)
    priced(db, someone, "100")
    return someone


def priced(db, user_id: str, price: str, asset: str = "crypto:BTC") -> None:
    """Set today's price of an asset."""
    manual_prices.set_manual_price(db, user_id, asset, Decimal(price), "EUR", day=datetime.now(UTC).date())
