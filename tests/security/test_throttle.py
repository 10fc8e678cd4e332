from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.concurrency import run_in_threadpool

from smartfolio_app.security.throttle import Counter, GrowingDelay, SignInThrottle, TooManyAttemptsError


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def tries_until_refused(throttle, address, account, most=50) -> int:
    for number in range(most):
        try:
            throttle.enter(address, account)
        except TooManyAttemptsError:
            return number
    return most


def test_third_wrong_password_makes_the_next_one_wait_twice_as_long_each_time(clock):
    throttle = SignInThrottle(clock)
    waits = []
    for _ in range(6):
        try:
            throttle.enter("192.0.2.1", "alice")
        except TooManyAttemptsError as refused:
            waits.append(refused.seconds)
            clock.now += refused.seconds
            throttle.enter("192.0.2.1", "alice")
    assert waits == sorted(waits)
    assert waits[0] >= 1
    assert waits[-1] >= 2 * waits[0]


def test_no_attacker_can_lock_the_owner_out(clock):
    throttle = SignInThrottle(clock)
    for number in range(5000):
        address = f"198.51.{number % 250}.{number // 250}"
        try:
            throttle.enter(address, "alice")
        except TooManyAttemptsError:
            continue
    pause = throttle.enter("192.0.2.1", "alice")  # the owner, from home
    assert 0 < pause <= 4.0


def test_one_address_cannot_try_many_accounts(clock):
    throttle = SignInThrottle(clock)
    allowed = 0
    for number in range(100):
        try:
            throttle.enter("198.51.100.1", f"user{number}")
            allowed += 1
        except TooManyAttemptsError:
            pass
    assert allowed == 10


def test_tries_at_the_same_moment_are_all_counted(clock):
    assert tries_until_refused(SignInThrottle(clock), "198.51.100.1", "alice") == 3


def test_capital_letters_and_blanks_give_no_further_tries(clock):
    throttle = SignInThrottle(clock)
    throttle.enter("198.51.100.1", "alice")
    throttle.enter("198.51.100.1", " ALICE ")
    throttle.enter("198.51.100.1", "Alice")
    with pytest.raises(TooManyAttemptsError):
        throttle.enter("198.51.100.1", "aLICE")


def test_right_password_clears_the_way(clock):
    throttle = SignInThrottle(clock)
    for _ in range(20):
        throttle.enter("192.0.2.1", "alice")
        throttle.succeeded("192.0.2.1", "alice")


def test_own_account_does_not_buy_tries_on_others(clock):
    throttle = SignInThrottle(clock)
    guesses = 0
    for number in range(60):
        try:
            throttle.enter("198.51.100.1", f"victim{number}")
            guesses += 1
            throttle.enter("198.51.100.1", "attacker")
            throttle.succeeded("198.51.100.1", "attacker")
        except TooManyAttemptsError:
            pass
    assert guesses <= 11


def test_waiting_is_capped_and_forgotten(clock):
    delay = GrowingDelay(free=1, longest=900.0, forget_after=3600.0, clock=clock)
    for _ in range(100):
        wait = delay.enter("key")
        clock.now += wait
    assert wait <= 900.0
    clock.now += 900.0 + 3601.0
    assert delay.enter("key") == 0.0
    assert delay.enter("key") == pytest.approx(1.0)


def test_memory_is_bounded(clock):
    delay = GrowingDelay(free=3, capacity=100, clock=clock)
    for number in range(10_000):
        delay.enter(f"key{number}")
    assert len(delay) == 100


async def test_crowd_at_the_door_takes_nobody_elses_threads():
    counter, release = Counter(threads=2, longest_queue=50), threading.Event()
    crowd = [asyncio.create_task(counter.serve(release.wait)) for _ in range(50)]
    await asyncio.sleep(0.05)
    served = run_in_threadpool(lambda: "served")
    assert await asyncio.wait_for(served, 60) == "served"  # while all fifty still wait
    assert not any(one.done() for one in crowd)
    with pytest.raises(TooManyAttemptsError):
        await counter.serve(lambda: "too late")
    release.set()
    assert all(await asyncio.gather(*crowd))
    assert await counter.serve(lambda: "next") == "next"
