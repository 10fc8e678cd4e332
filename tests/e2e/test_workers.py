"""Several workers over one PostgreSQL and one Redis, behind a balancer without stickiness: one server to its users.

The real thing, as ``docker-compose.scale.yml`` starts it: processes with a port each, one data folder, one database.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect

from smartfolio_app.build import frontend
from smartfolio_app.security import tokens
from smartfolio_app.services import accounts
from smartfolio_app.settings import Settings, load_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from tests.e2e.acts import sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.household import drop
from tests.e2e.watch import watch_of
from tests.loopback.cointracking import CoinTrackingServer
from tests.loopback.server import LoopbackServer
from tests.services.cointracking_files import trades
from tests.services.sync.conftest import ANN
from tests.storage import postgres_server
from tests.support import redis_server
from tests.support.balancer import Balancer
from tests.support.planted import files_under, kept_in, needles, opened_backup

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

WORKERS = 2
PATIENCE = 60_000  # milliseconds


@dataclass
class Worker(RunningApp):
    """One of several processes over the same data."""

    number: int = 0

    @property
    def log_path(self) -> Path:
        return self.data_dir.parent / f"worker-{self.number}.log"

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.shared}

    shared: dict[str, str] = field(default_factory=dict)

    def is_there(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Servers:
    """The workers, what they share, and the one address people know."""

    workers: list[Worker]
    settings: Settings
    balancer: Balancer
    redis: redis_server.Server
    database: str
    accounts: CoinTrackingServer
    cluster: Path  # where PostgreSQL keeps everything, its log included

    def person(self) -> tuple[Person, str]:
        """A new account and a token of its own."""
        person = Person(f"person-{time.monotonic_ns()}", "correct horse battery staple")
        with session_scope(self.settings) as db:
            user = accounts.create_user(db, person.name, person.password, currency="EUR")
            return person, tokens.create(db, user.id, name="test", scope="write")[1]

    def ask(self, worker: int, method: str, path: str, token: str, **more: Any) -> httpx.Response:
        answer = httpx.request(
            method,
            self.workers[worker].url + path,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            **more,
        )
        assert answer.status_code < 400, (path, answer.status_code, answer.text)
        return answer


@pytest.fixture(scope="module")
def servers(built_frontend: frontend.Frontend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("workers")
    with ExitStack() as stack:
        try:
            redis = redis_server.start()
            stack.callback(redis.stop)
            database = postgres_server.start()
            stack.callback(database.stop)
        except (postgres_server.NoPostgresError, redis_server.NoRedisError) as error:
            pytest.skip(str(error))
        plain = database.url("smartfolio").replace("+psycopg", "")
        with psycopg.connect(database.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("CREATE DATABASE smartfolio")
        venue, market = stack.enter_context(CoinTrackingServer()), stack.enter_context(LoopbackServer())
        shared = {f"SMARTFOLIO_{name.upper()}": address for name, address in market.addresses.items()} | {
            "DATABASE_URL": database.url("smartfolio"),
            "REDIS_URL": redis.url,
            "SMARTFOLIO_OFFLINE": "false",
            "SMARTFOLIO_COINTRACKING_URL": venue.url,
        }
        workers = [Worker(folder / "data", number=number, shared=shared) for number in range(WORKERS)]
        balancer = Balancer(lambda: [one.port for one in workers if one.is_there()])
        stack.callback(balancer.stop)
        settings = load_settings(
            data_dir=folder / "data", database_url=shared["DATABASE_URL"], redis_url=redis.url
        )
        stack.callback(engine.dispose, settings)
        for worker in workers:
            stack.callback(lambda one: one.stop(signal.SIGKILL) if one.is_there() else None, worker)
        with ThreadPoolExecutor(WORKERS) as pool:  # at once: only one of them may migrate
            list(pool.map(Worker.start, workers))
        yield Servers(workers, settings, balancer, redis, plain, venue, database.folder)
        with ThreadPoolExecutor(WORKERS) as pool:
            assert {status for status, _ in pool.map(Worker.stop, workers)} == {0}
        for worker in workers:
            assert "Traceback" not in worker.log(), worker.log()[-6000:]


@pytest.fixture
def opened(open_page: Callable[..., Page], servers: Servers) -> Callable[[Person], Page]:
    def make(person: Person) -> Page:
        page = open_page(base=servers.balancer.url)
        sign_in(page, person)
        return page

    return make


def test_what_one_worker_is_told_the_other_knows_with_the_next_question(
    servers: Servers, opened: Callable[[Person], Page]
) -> None:
    person, token = servers.person()
    assert [_holdings(servers, number, token) for number in range(WORKERS)] == [
        {}
    ] * WORKERS  # remembered, now
    page = opened(person)
    page.goto("/sources")
    drop(page, ("ledger.csv", trades()))
    ours = page.get_by_role("article", name="ledger.csv")
    ours.get_by_role("button", name="Import 5 transactions").click(timeout=PATIENCE)
    expect(ours).to_contain_text("5 transactions added", timeout=PATIENCE)
    assert set(servers.balancer.served) == {one.port for one in servers.workers}
    held = [_holdings(servers, number, token) for number in range(WORKERS)]
    assert held[0]
    assert held[0] == held[1]

    item = {"kind": "cash", "name": "Purse", "currency": "EUR", "value": "1234.50", "day": "2025-01-01"}
    for number, total in ((0, 1234.5), (1, 2469.0)):
        servers.ask(number, "POST", "/api/wealth/items", token, json=item)
        for other in range(WORKERS):
            summary = servers.ask(other, "GET", "/api/wealth/global/summary", token).json()
            assert float(summary["breakdown"]["wealth"]) == total
    page.goto("/items")
    expect(page.locator("main")).to_contain_text("2,469", timeout=PATIENCE)

    # An import over REST at one worker, of the same file: the other worker knows every row of it.
    again = servers.ask(
        1, "POST", "/api/sources/import", token, files={"file": ("again.csv", trades())}
    ).json()
    assert (again["added"], again["duplicates"]) == (0, 5)


def test_an_account_is_synced_by_one_worker_and_seen_and_stopped_by_the_other(servers: Servers) -> None:
    _, token = servers.person()
    account = servers.accounts.world.add(ANN["api_key"], ANN["api_secret"])
    account.places = {"Kraken": {"ADA": ("100", "0.50")}}
    account.trade(1, 1_700_000_000, "Deposit", buy="100 ADA")
    servers.ask(0, "POST", "/api/sources", token, json={"provider": "cointracking_api"})
    base = "/api/sources/cointracking_api"
    servers.ask(0, "PUT", f"{base}/credentials", token, json={"credentials": ANN})
    last: dict[str, Any] = {}
    until(lambda: _last_sync(servers, 1, token, base).get("state") == "done")
    last = _last_sync(servers, 1, token, base)
    assert (last["added"], last["state"]) == (1, "done")
    # Both want it at once: it is done once.
    with ThreadPoolExecutor(WORKERS) as pool:
        asked = [pool.submit(servers.ask, n, "POST", f"{base}/sync", token) for n in range(WORKERS)]
        assert len({one.result().json()["id"] for one in asked}) == 1
    until(lambda: servers.ask(0, "GET", f"{base}/status", token).json()["current"] is None)
    assert len(servers.ask(1, "GET", f"{base}/syncs", token).json()) == 2
    assert set(_holdings(servers, 0, token).values()) == set(_holdings(servers, 1, token).values()) == {"100"}


def test_a_flood_over_all_workers_gets_one_budget_and_harms_nobody_else(servers: Servers) -> None:
    _, token = servers.person()
    _, other = servers.person()

    clients = [
        httpx.Client(base_url=one.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        for one in servers.workers
    ]
    started = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(clients[n % WORKERS].get, "/api/users/me") for n in range(300)]
        statuses = Counter(one.result().status_code for one in asked)
    seconds = time.monotonic() - started
    assert set(statuses) == {200, 429}
    assert statuses[200] <= 50 + 20 * seconds + 1  # one burst and one refill rate, not one for each worker
    assert servers.ask(0, "GET", "/api/users/me", other).status_code == 200
    assert servers.ask(1, "GET", "/api/users/me", other).status_code == 200


def test_one_worker_alone_does_the_background_work(servers: Servers) -> None:
    def doing() -> list[bool]:
        return ["this process does the background work" in one.log() for one in servers.workers]

    until(lambda: any(doing()))
    assert sorted(doing()) == [False] * (WORKERS - 1) + [True]
    with psycopg.connect(servers.database, autocommit=True) as connection:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        # What the one at work does may take a lock of its own for a moment.
        until(lambda: connection.execute(held).fetchone() == (1,))


def test_a_killed_worker_is_missed_by_nobody_and_guessers_wait_on(
    servers: Servers, opened: Callable[[Person], Page]
) -> None:
    person, token = servers.person()
    page = opened(person)
    page.goto("/sources")
    drop(page, ("ledger.csv", trades()))
    ours = page.get_by_role("article", name="ledger.csv")
    expect(ours.get_by_role("button", name="Import 5 transactions")).to_be_visible(timeout=PATIENCE)
    for number in range(3):
        assert _sign_in(servers, number % WORKERS, person.name, "a wrong password")["error"] == [
            "auth.wrong_password"
        ]
    watch_of(page).rest()

    killed = servers.workers[0]
    killed.stop(signal.SIGKILL)
    # The page finds the other worker by itself, with the file that waits there and what was found out about it.
    page.goto("/sources")
    ours.get_by_role("button", name="Import 5 transactions").click(timeout=PATIENCE)
    expect(ours).to_contain_text("5 transactions added", timeout=PATIENCE)
    # As if they had been at it for long, and had waited: the next wrong password earns the longest delay.
    (tries,) = servers.redis.client.keys(f"smartfolio:tries:pair:*{person.name}")
    assert servers.redis.client.hget(tries, "count") == b"3"
    servers.redis.client.hset(tries, mapping={"count": 12, "until": 0})
    assert _sign_in(servers, 1, person.name, "a wrong password")["error"] == ["auth.wrong_password"]

    killed.log_path.unlink()
    killed.start()
    assert _sign_in(servers, 0, person.name, person.password)["error"] == ["auth.too_many_attempts"]
    assert _holdings(servers, 0, token) == _holdings(servers, 1, token) != {}


def test_a_planted_secret_is_nowhere_in_postgresql_nor_in_what_is_made_of_it(
    servers: Servers, tmp_path: Path
) -> None:
    _, token = servers.person()
    planted = {name: f"planted/{name}+of&zoe=" + secrets.token_urlsafe(12) for name in ANN}
    servers.accounts.world.add(planted["api_key"], planted["api_secret"])
    base = "/api/sources/cointracking_api"
    servers.ask(0, "POST", "/api/sources", token, json={"provider": "cointracking_api"})
    for values in ({**planted, "api_key": "first-" + planted["api_key"]}, planted):
        body = {"credentials": values}
        url = servers.workers[0].url + f"{base}/credentials"
        httpx.put(url, headers={"Authorization": f"Bearer {token}"}, json=body, timeout=60)
    until(lambda: _last_sync(servers, 1, token, base).get("state") == "done")
    worker = servers.workers[0]
    worker.cli("vault", "rotate")
    file = Path(worker.cli("backup").stdout.strip().splitlines()[-1])
    inside = opened_backup(worker.data_dir, file)
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "dump").write_bytes(inside["smartfolio.pgdump"])
    tool = postgres_server.binaries() / "pg_restore"
    script = subprocess.run([tool, "--file=-", folder / "dump"], capture_output=True, check=True).stdout
    with psycopg.connect(servers.database, autocommit=True) as connection:
        (kept,) = connection.execute(
            "SELECT ciphertext FROM credential WHERE field = 'api_secret' ORDER BY set_at DESC LIMIT 1"
        ).fetchone() or ("",)
        connection.execute("CHECKPOINT")
    heaps = files_under(servers.cluster, worker.data_dir)
    heaps |= {f"the backup's {name}": content for name, content in inside.items()}
    heaps |= {"what pg_dump wrote": script, "redis": kept_in(servers.redis)}
    heaps |= {f"the log of worker {one.number}": one.log().encode() for one in servers.workers}
    assert any("/pg_wal/" in name for name in heaps)
    for place in ("what pg_dump wrote", "the backup's smartfolio.sqlite"):
        assert kept.encode() in heaps[place], f"the search does not read {place}"
    assert any(kept.encode() in heap for name, heap in heaps.items() if "/base/" in name)
    for name, heap in heaps.items():
        for needle in (*needles(planted["api_key"]), *needles(planted["api_secret"])):
            assert needle not in heap, f"{needle!r} is in {name}"


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)


def _holdings(servers: Servers, worker: int, token: str) -> dict[str, str]:
    rows = servers.ask(worker, "GET", "/api/portfolio/holdings", token).json()["holdings"]
    return {row["asset"]: row["quantity"] for row in rows}


def _last_sync(servers: Servers, worker: int, token: str, base: str) -> dict[str, Any]:
    return servers.ask(worker, "GET", f"{base}/status", token).json()["last"] or {}


def _sign_in(servers: Servers, worker: int, name: str, password: str) -> dict[str, list[str]]:
    """What the form's answer says in its address."""
    url = servers.workers[worker].url
    form = {"name": name, "password": password}
    answer = httpx.post(f"{url}/auth/login", data=form, headers={"Origin": url}, timeout=60)
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)
