"""An exchange on loopback, and what its connector is given: a client on a gateway that writes its calls down."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from smartfolio_app.providers.connectors import Access, connector
from smartfolio_app.providers.exchanges import session
from smartfolio_app.providers.http import Gateway, Limits, OutboundCall
from smartfolio_app.providers.limits import Budget
from tests.loopback.venues import KEY, PASSPHRASE, SECRET, Venue, VenueServer

QUICK = Limits(connect=10.0, read=10.0, deadline=20.0, max_bytes=2 * 1024 * 1024)


class Bench:
    """One exchange, its server, and the way to read it."""

    def __init__(
        self, provider: str, server: VenueServer, gateway: Gateway, calls: list[OutboundCall]
    ) -> None:
        self.connector = connector(provider)
        self.server, self.venue, self.gateway, self.calls = server, server.venue, gateway, calls
        self.credentials = {"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE}
        self.config: dict[str, str] = {}
        self.budget = Budget(1000, 1.0)
        self.cancelled: Callable[[], bool] = lambda: False
        self._nonces = itertools.count(time.time_ns() // 1_000_000)

    def access(self) -> Access:
        return Access(
            credentials=self.credentials,
            config=self.config,
            client=self.gateway.provider(
                self.connector.provider.id,
                self.server.url,
                budget=self.budget,
                key=self.credentials["apiKey"],
            ),
            save=lambda values: None,
            nonce=lambda: next(self._nonces),
            now=lambda: datetime.now(UTC),
            cancelled=self.cancelled,
        )

    def pull(self, cursor: dict[str, Any] | None = None) -> list[Any]:
        return list(self.connector.pull(self.access(), cursor or {}))

    def transactions(self, cursor: dict[str, Any] | None = None) -> list[Any]:
        return [one for page in self.pull(cursor) for one in page.transactions]

    def check(self) -> Any:
        return self.connector.check(self.access())


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "KEEP_PACE", False)
    monkeypatch.setattr(session, "BACKOFF", 0.001)


@pytest.fixture
def open_bench() -> Iterator[Callable[[str, Venue], Bench]]:
    with ExitStack() as stack:

        def open_(provider: str, venue: Venue) -> Bench:
            calls: list[OutboundCall] = []
            gateway = Gateway(recorder=calls.append, limits=QUICK)
            stack.callback(gateway.close)
            return Bench(provider, stack.enter_context(VenueServer(venue)), gateway, calls)

        yield open_
