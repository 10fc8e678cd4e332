"""Python's cycle collector and large ledgers.

Half a million records are half a million objects that the collector looks at again and again, holding up every other
thread for a tenth of a second each time, and never finds anything: records form no cycles. So it is paused while they
are made, and told to leave them alone for good afterwards. Reference counting frees them as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Pause the collector in the block."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def set_aside() -> Iterator[None]:
    """Pause the collector in the block, and never let it look at what is there at the end of it.

    What is garbage by then would stay for ever, so it is collected first; that is quick, because what an earlier call
    set aside is not looked at again.
    """
    gc.collect(2 if gc.get_freeze_count() else 1)
    with without_collecting():
        yield
        gc.freeze()
