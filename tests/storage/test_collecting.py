"""The cycle collector keeps away from what large ledgers are made of, and still finds garbage."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from smartfolio_app.services.scheduler import TASKS
from smartfolio_app.storage import collecting
from smartfolio_app.storage.collecting import MANY, look_again, set_aside, without_collecting


@pytest.fixture(autouse=True)
def _as_before():
    for _ in range(3_000):  # what an earlier test left behind may still be at work
        if not collecting._pausing:
            break
        time.sleep(0.01)
    gc.enable()
    gc.collect()
    yield
    gc.unfreeze()
    gc.enable()


class Node:
    """Something that refers to itself."""

    alive = 0

    def __init__(self) -> None:
        self.me = self
        Node.alive += 1

    def __del__(self) -> None:
        Node.alive -= 1


def records(count: int) -> list[list[int]]:
    return [[number] for number in range(count)]


def test_many_new_objects_are_not_looked_at_when_the_collector_goes_on():
    seen: list[int] = []

    def looked(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(len(gc.get_objects(0)) + len(gc.get_objects(1)))

    gc.callbacks.append(looked)
    try:
        with without_collecting():
            kept = records(5 * MANY)
        more = records(3_000)  # enough to set it going
    finally:
        gc.callbacks.remove(looked)
    assert gc.isenabled()
    assert seen, "it goes on with what is new"
    assert max(seen) < MANY
    assert (len(kept), len(more)) == (5 * MANY, 3_000)


def test_a_list_of_very_many_is_not_looked_at_either():
    known = records(5 * MANY)
    before = gc.get_freeze_count()
    with without_collecting():
        copied = known.copy()
    assert gc.get_freeze_count() > before
    assert len(copied) == 5 * MANY


def test_a_few_new_objects_are_left_to_the_collector():
    gc.collect()
    before = gc.get_freeze_count()
    with without_collecting():
        kept = records(100)
    assert gc.get_freeze_count() == before
    assert len(kept) == 100


def test_the_collector_rests_until_the_last_of_overlapping_blocks_is_left():
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with without_collecting():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    with without_collecting():
        thread.start()
        assert inside.wait(60)
    assert not gc.isenabled()
    leave.set()
    thread.join(60)
    assert gc.isenabled()


def test_where_the_collector_is_off_it_stays_off():
    gc.disable()
    with without_collecting(), set_aside():
        pass
    assert not gc.isenabled()


def test_garbage_among_what_was_set_aside_is_found_when_that_has_grown(monkeypatch):
    with set_aside():
        pass  # all that the process has by now
    monkeypatch.setattr(collecting, "_settled", None)
    assert not look_again()
    with set_aside():
        Node()
    gc.collect()
    assert Node.alive == 1
    assert not look_again(), "it has hardly grown"
    monkeypatch.setattr(collecting, "_GROWN", 0)
    assert look_again()
    assert Node.alive == 0
    assert gc.get_freeze_count() > 0
    assert not look_again()
    (task,) = (one for one in TASKS if one.name == "memory")
    assert task.everywhere
