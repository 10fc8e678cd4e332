"""Token buckets against an exact model, and the promises that hang on them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.strategies import STRATEGIES

from smartfolio_app.security.buckets import STRATEGY, Bucket, BucketMemory, TokenBucketRateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Model:
    """The textbook bucket: tokens that drip in, up to the brim."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.tokens, self.then = rate, burst, burst, now

    def available(self, now: float) -> float:
        self.tokens = min(self.burst, self.tokens + (now - self.then) * self.rate)
        self.then = now
        return self.tokens


@given(
    rate=st.floats(0.05, 500),
    burst=st.floats(1, 200),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(1, 3)), max_size=120),
)
def test_gcra_is_the_token_bucket(rate, burst, steps):
    clock = Clock()
    storage, model = BucketMemory(clock=clock), Model(rate, burst, clock.now)
    for pause, cost in steps:
        clock.now += pause
        decision = storage.take("key", interval=1 / rate, burst=burst, cost=cost)
        available = model.available(clock.now)
        if abs(available - cost) > 1e-3:  # at the very edge rounding may decide either way
            assert decision.allowed == (available > cost)
        if decision.allowed:
            model.tokens -= cost
            assert decision.remaining == pytest.approx(available - cost, abs=1.001)
        else:
            assert decision.retry_after == pytest.approx((cost - available) / rate, abs=1e-3 / rate)


@given(rate=st.floats(0.1, 100), burst=st.integers(1, 100), seconds=st.floats(0.1, 20))
def test_never_more_than_the_burst_plus_what_drips_in(rate, burst, seconds):
    clock = Clock()
    storage = BucketMemory(clock=clock)
    passed, step = 0, seconds / 200
    for _ in range(200):
        clock.now += step
        passed += sum(storage.take("key", interval=1 / rate, burst=burst).allowed for _ in range(3))
    assert passed <= burst + rate * seconds + 1


def test_waiting_as_long_as_told_is_enough():
    clock = Clock()
    storage = BucketMemory(clock=clock)
    while (decision := storage.take("key", interval=0.3, burst=7)).allowed:
        pass
    clock.now += decision.retry_after
    assert storage.take("key", interval=0.3, burst=7).allowed


@pytest.mark.parametrize(("rate", "burst"), [(20.0, 50), (0.5, 1), (0.3, 7), (2.5, 12.5)])
def test_fractions_are_exact(rate, burst):
    bucket, clock = Bucket("b", rate, burst), Clock()
    storage = BucketMemory(clock=clock)
    allowed = 0
    for _ in range(10_000):
        allowed += storage.take("key", interval=bucket.interval, burst=bucket.burst).allowed
        clock.now += 0.01
    assert allowed == pytest.approx(min(10_000, burst + rate * 100), abs=1.01)


def test_remaining_counts_down_to_nothing():
    storage = BucketMemory(clock=Clock())
    left = [storage.take("key", interval=1.0, burst=5).remaining for _ in range(7)]
    assert left == [4, 3, 2, 1, 0, 0, 0]


def test_looking_takes_nothing():
    storage = BucketMemory(clock=Clock())
    for _ in range(10):
        assert storage.take("key", interval=1.0, burst=1, commit=False).allowed
    assert storage.take("key", interval=1.0, burst=1).allowed
    assert not storage.take("key", interval=1.0, burst=1, commit=False).allowed


def test_keys_do_not_touch_each_other():
    storage = BucketMemory(clock=Clock())
    assert storage.take("one", interval=1.0, burst=1).allowed
    assert not storage.take("one", interval=1.0, burst=1).allowed
    assert storage.take("two", interval=1.0, burst=1).allowed


@pytest.mark.slow
def test_memory_stays_bounded_under_a_million_addresses():
    clock = Clock()
    storage = BucketMemory(capacity=10_000, clock=clock)
    for number in range(1_000_000):
        if number % 1000 == 0:
            clock.now += 0.001
        storage.take(f"address:{number}", interval=10.0, burst=5)
    assert len(storage) <= 10_000


def test_a_flood_of_addresses_does_not_pardon_the_worst_offender():
    clock = Clock()
    storage = BucketMemory(capacity=1000, clock=clock)
    while storage.take("offender", interval=60.0, burst=50).allowed:
        pass
    for number in range(20_000):
        storage.take(f"address:{number}", interval=60.0, burst=50)
    assert not storage.take("offender", interval=60.0, burst=50).allowed


def test_room_is_made_of_those_who_are_full_again_before_anybody_in_debt():
    clock = Clock()
    storage = BucketMemory(capacity=100, clock=clock)
    for number in range(30):
        storage.take(f"idle:{number}", interval=1.0, burst=5)
    clock.now += 2.0  # these are full again
    for number in range(70):
        while storage.take(f"debtor:{number}", interval=60.0, burst=2).allowed:
            pass
    storage.take("newcomer", interval=60.0, burst=2)
    assert len(storage) == 71
    assert not any(
        storage.take(f"debtor:{number}", interval=60.0, burst=2, commit=False).allowed for number in range(70)
    )


def test_strategy_is_found_by_slowapi_and_speaks_limits():
    limiter = STRATEGIES[STRATEGY](BucketMemory())
    assert isinstance(limiter, TokenBucketRateLimiter)
    item = parse(Bucket("default", 20.0, 50).limit_string)
    assert limiter.get_window_stats(item, "key").remaining == 50
    assert sum(limiter.hit(item, "key") for _ in range(60)) == 50
    assert not limiter.test(item, "key")
    assert limiter.get_window_stats(item, "key").remaining == 0
    limiter.clear(item, "key")
    assert limiter.test(item, "key")


def test_strategy_needs_a_storage_that_has_buckets():
    from limits.storage import MemoryStorage

    with pytest.raises(NotImplementedError):
        STRATEGIES[STRATEGY](MemoryStorage())


@pytest.mark.parametrize(("rate", "burst"), [(0, 5), (-1, 5), (1, 0.5), (float("nan"), 5), (1, float("inf"))])
def test_bucket_that_makes_no_sense_is_refused(rate, burst):
    with pytest.raises(ValueError, match="more than 0"):
        Bucket("b", rate, burst)
