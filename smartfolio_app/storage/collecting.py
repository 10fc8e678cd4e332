"""Python's cycle collector and large ledgers.

Half a million records are half a million objects that the collector looks at again and again, holding up every other
thread for a tenth of a second each time, and never finds anything: records form no cycles. So it is paused while they
are made, and does not look at them afterwards: what is set aside lies where only ``look_again`` looks, when there is
much more of it than before. Reference counting frees it as ever.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: So many new objects, or objects that refer to so many others (a list of a hundred thousand is one object, and each
#: of its entries is looked at), hold everybody up for more than a millisecond or two.
MANY = 10_000
LARGE_BYTES = 400_000
#: So many more objects than last time that were set aside are worth a look.
_GROWN = 400_000

_lock = threading.Lock()
_pausing = 0  # how many blocks are under way, in all threads
_enabled = True  # whether the collector was, before the first of them
_settled: int | None = None  # how many objects were set aside when that was last looked at


@contextmanager
def without_collecting() -> Iterator[None]:
    """Pause the collector in the block, and in all others that overlap it; what came of many objects is set aside."""
    _pause()
    try:
        yield
    finally:
        _go_on()


@contextmanager
def set_aside() -> Iterator[None]:
    """Pause the collector in the block, and never let it look at what is there at the end of it.

    What is garbage by then would stay for long, so the youngest of it is collected first, if that is quick.
    """
    if not _pausing and not _is_much():
        gc.collect(0)
    with without_collecting():
        yield
        gc.freeze()


def look_again() -> bool:
    """Collect what became garbage among what was set aside, if that has grown much, and set the rest aside again; tell
    whether that was done. Everybody waits for it.
    """
    global _settled  # noqa: PLW0603
    aside = gc.get_freeze_count()
    if _settled is None or aside <= _settled + _GROWN:
        _settled = aside if _settled is None else min(_settled, aside)
        return False
    with without_collecting():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        _settled = gc.get_freeze_count()
    return True


def _is_much() -> bool:
    """Tell whether what is new is much. The count is less what was freed meanwhile; the list itself takes time."""
    if gc.get_count()[0] >= MANY:
        return True
    young = gc.get_objects(0)
    return len(young) >= MANY or sum(map(sys.getsizeof, young)) >= LARGE_BYTES


def _pause() -> None:
    global _pausing, _enabled  # noqa: PLW0603 - the collector is one for the process
    with _lock:
        if not _pausing:
            _enabled = gc.isenabled()
            gc.disable()
        _pausing += 1


def _go_on() -> None:
    global _pausing  # noqa: PLW0603
    with _lock:
        _pausing -= 1
        if _pausing or not _enabled:
            return
        if _is_much():  # it would begin with all of it at once
            gc.freeze()
        gc.enable()
