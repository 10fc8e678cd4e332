"""Whoever is cancelled while asking for a lock, holding it or giving it back: no lock of a tab's state stays behind."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import redis.asyncio
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import StateToken

from smartfolio_app.state.shared_states import SharedStates, leaving_no_lock

#: Far more than any of it takes; who has to wait for a lock to expire runs into the test's own limit.
EXPIRATION = 600_000  # milliseconds
PATIENCE = 60.0  # seconds


class Tally(dict[str, int]):
    """A state that counts."""


class Slow(redis.asyncio.Redis):
    """A Redis that takes its time, before a command is on its way or after it was carried out."""

    held = ""
    lag = 0.0

    async def execute_command(self, *args, **options):
        await asyncio.sleep(self.lag)
        if self.held == f"before {args[0]}":
            await asyncio.sleep(0.3)
        answer = await super().execute_command(*args, **options)
        if self.held == f"after {args[0]}":
            await asyncio.sleep(0.3)
        await asyncio.sleep(self.lag)
        return answer


@pytest.fixture
async def workers(redis_url: str) -> AsyncIterator[list[SharedStates]]:
    """Two workers of one server."""
    made = [SharedStates(redis=Slow.from_url(redis_url), lock_expiration=EXPIRATION) for _ in range(2)]
    yield made
    for one in made:
        await one.close()


TAB = StateToken(ident="tab", cls=Tally)


async def count(worker: StateManagerRedis, seconds: float = 0.0) -> None:
    async with worker.modify_state(TAB) as tally:
        await asyncio.sleep(seconds)
        tally["counted"] = tally.get("counted", 0) + 1


async def cancel_after(seconds: float, work) -> None:
    task = asyncio.ensure_future(work)
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def in_time(work) -> None:
    await asyncio.wait_for(work, PATIENCE)


@pytest.mark.parametrize("moment", ["before SET", "after SET", "before GETDEL", "after GETDEL"])
async def test_a_lock_is_free_for_the_other_worker_although_its_holder_was_cancelled(
    workers: list[SharedStates], moment: str
) -> None:
    first, second = workers
    first.redis.held = moment
    await cancel_after(0.1, count(first))
    first.redis.held = ""
    await in_time(count(second))
    assert await second.redis.exists("tab_lock") == 0


async def test_who_leaves_the_line_passes_on_that_the_lock_is_free(workers: list[SharedStates]) -> None:
    first, second = workers
    standing = asyncio.Event()

    async def leave_when_told() -> None:
        async with second._lock_waiter(b"tab_lock") as told:
            standing.set()
            await told.wait()
            raise asyncio.CancelledError

    async with first.modify_state(TAB):
        leaving = asyncio.ensure_future(leave_when_told())
        await standing.wait()
        behind = asyncio.ensure_future(count(second))
        await asyncio.sleep(0.3)
    await in_time(behind)
    assert leaving.cancelled()


async def test_pages_that_are_left_at_once_keep_nobody_waiting(workers: list[SharedStates]) -> None:
    chance = random.Random(18)

    async def leave(number: int) -> None:
        await asyncio.sleep(chance.uniform(0, 0.5))
        await cancel_after(chance.uniform(0, 0.05), count(workers[number % 2], chance.uniform(0, 0.005)))

    for one in workers:
        one.redis.lag = 0.005
    await in_time(asyncio.gather(*(leave(number) for number in range(100))))
    await in_time(asyncio.gather(*(count(one) for one in workers)))
    assert await workers[0].redis.exists("tab_lock") == 0


async def test_it_stands_in_for_reflexs_own_over_redis_and_for_no_other(redis_url: str) -> None:
    theirs = StateManagerRedis(redis=redis.asyncio.Redis.from_url(redis_url), lock_expiration=7000)
    ours = leaving_no_lock(theirs)
    assert isinstance(ours, SharedStates)
    assert (ours.redis, ours.lock_expiration) == (theirs.redis, 7000)
    await theirs.close()
    memory = StateManagerMemory()
    assert leaving_no_lock(memory) is memory
