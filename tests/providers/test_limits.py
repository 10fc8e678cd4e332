"""Budgets, pauses and breakers, on simulated clocks."""

from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.providers.limits import Breaker, Budget, Pauses, Window


def test_a_window_lets_its_calls_through_and_says_how_long_to_wait_for_the_next():
    window = Window(Budget(calls=2, seconds=60))
    assert window.take(0) == 0
    assert window.take(10) == 0
    assert window.take(20) == 40
    assert window.left(20) == 0
    assert window.take(60) == 0


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_window_of_time_ever_holds_more_calls_than_the_budget(gaps):
    budget = Budget(calls=5, seconds=60)
    window, now, made = Window(budget), 0.0, []
    for gap in gaps:
        now += gap
        if window.take(now) == 0:
            made.append(now)
    for start in made:
        assert sum(start <= at < start + budget.seconds for at in made) <= budget.calls


def test_a_restored_window_counts_the_calls_of_the_process_before():
    window = Window(Budget(calls=3, seconds=3600))
    window.restore([100.0, 200.0, -9000.0])
    assert window.left(300) == 1
    assert window.take(300) == 0
    assert window.take(301) > 0


def test_a_shorter_pause_never_shortens_a_longer_one():
    pauses = Pauses()
    pauses.pause("host", 100)
    pauses.pause("host", 50)
    assert pauses.until("host", 60) == 100
    assert pauses.until("other", 60) is None
    assert pauses.until("host", 100) is None


def test_a_breaker_opens_after_failures_and_lets_one_trial_through_at_a_time():
    breaker = Breaker(threshold=2, first=10, longest=40)
    breaker.failed(0)
    assert breaker.opens_at(0) is None
    breaker.failed(1)
    assert breaker.opens_at(2) == 11
    assert breaker.opens_at(12) is None  # the trial
    assert breaker.opens_at(13) is not None  # nobody else meanwhile
    breaker.failed(14)
    assert breaker.opens_at(20) == 34  # twice as long
    assert breaker.opens_at(35) is None
    breaker.succeeded()
    assert breaker.opens_at(35) is None
    assert not breaker.is_open(35)
