"""The same buckets in Redis, shared by several processes, and what happens when Redis goes away."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time

import pytest
import redis

from smartfolio_app.security import redis_buckets
from smartfolio_app.security.buckets import BucketMemory
from smartfolio_app.security.limits import IMPORTS, Limits
from smartfolio_app.security.redis_buckets import KEY_PREFIX, BucketRedis

SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="redis-server is not installed on this machine")


class Server:
    """A Redis of the test's own, on a socket file."""

    def __init__(self, folder) -> None:
        self.socket = folder / "redis.sock"
        self.start()

    def start(self) -> None:
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL, cwd=self.socket.parent)
        self.client = redis.Redis(unix_socket_path=str(self.socket))
        for _ in range(1200):
            try:
                if self.client.ping():
                    return
            except redis.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError("redis-server did not start")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def address(self) -> str:
        return f"bucket+unix://{self.socket}"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def server(shared_server, monkeypatch):
    # Who waits longer counts for itself, also where it is the machine that has other work.
    monkeypatch.setattr(redis_buckets, "TIMEOUT_SECONDS", 60.0)
    shared_server.client.flushall()
    return shared_server


@pytest.fixture
def own_server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.stop()


def test_bucket_fills_and_empties_as_in_memory(server):
    storage, memory = BucketRedis(server.address), BucketMemory()
    for number in range(40):
        # So slow that a moment in which the machine has other work between the two makes no difference.
        options = {"interval": 6000.0, "burst": 12.5, "cost": 1 + number % 3}
        ours, theirs = storage.take("key", **options), memory.take("key", **options)
        assert (ours.allowed, ours.remaining) == (theirs.allowed, theirs.remaining)
        assert ours.retry_after == pytest.approx(theirs.retry_after, abs=30)
        assert ours.reset_after == pytest.approx(theirs.reset_after, abs=30)


def test_looking_takes_nothing(server):
    storage = BucketRedis(server.address)
    for _ in range(5):
        assert storage.take("key", interval=60.0, burst=1, commit=False).allowed
    assert server.client.keys(f"{KEY_PREFIX}*") == []


def test_tokens_come_back_with_redis_own_time(server):
    storage = BucketRedis(server.address)
    while (decision := storage.take("key", interval=0.05, burst=3)).allowed:
        pass
    time.sleep(decision.retry_after)
    assert storage.take("key", interval=0.05, burst=3).allowed


def test_full_buckets_leave_nothing_behind(server):
    storage = BucketRedis(server.address)
    for number in range(50):
        storage.take(f"key{number}", interval=0.01, burst=5)
    time.sleep(0.1)
    assert server.client.keys(f"{KEY_PREFIX}*") == []


async def test_several_processes_share_one_bucket_exactly(server):
    first, second = BucketRedis(server.address), BucketRedis(server.address)
    options = {"interval": 3600.0, "burst": 50}
    decisions = await asyncio.gather(
        *(one.take_async("key", **options) for one in (first, second) for _ in range(30)),
        *(asyncio.to_thread(second.take, "key", **options) for _ in range(20)),
    )
    assert sum(decision.allowed for decision in decisions) == 50
    await first.aclose()
    await second.aclose()


async def test_door_and_slowapi_share_the_bucket_there_too(server, settings):
    limits = Limits(settings, storage_uri=server.address)
    for _ in range(10):
        assert (await limits.take(IMPORTS, "user:1")).allowed
    assert (await asyncio.to_thread(limits.peek, IMPORTS, "user:1")).remaining == IMPORTS.burst - 11


async def test_lost_redis_neither_blocks_nor_opens_the_gates(own_server, monkeypatch):
    monkeypatch.setattr(redis_buckets, "PAUSE_SECONDS", 0.3)
    storage = BucketRedis(own_server.address)
    assert (await storage.take_async("key", interval=60.0, burst=5)).allowed
    own_server.stop()
    started = time.monotonic()
    allowed = [(await storage.take_async("key", interval=60.0, burst=5)).allowed for _ in range(20)]
    assert sum(allowed) == 5  # this process counts for itself
    assert time.monotonic() - started < 20
    own_server.start()
    await asyncio.sleep(0.35)
    assert (await storage.take_async("key", interval=60.0, burst=5)).allowed
    assert own_server.client.keys(f"{KEY_PREFIX}*")
    await storage.aclose()


async def test_hanging_redis_does_not_stop_the_event_loop(own_server):
    storage = BucketRedis(own_server.address)
    await storage.take_async("key", interval=60.0, burst=50)
    os.kill(own_server.process.pid, signal.SIGSTOP)
    lags = []

    async def heartbeat():
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            lags.append(time.monotonic() - before)

    beating = asyncio.create_task(heartbeat())
    decisions = await asyncio.gather(*(storage.take_async("key", interval=60.0, burst=50) for _ in range(10)))
    beating.cancel()
    assert all(decision.allowed for decision in decisions)
    assert len(lags) > 10
    assert sorted(lags)[len(lags) // 2] < 0.1
    await storage.aclose()
