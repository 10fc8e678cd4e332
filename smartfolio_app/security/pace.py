"""What a page is told while its events wait for their turn: a frame that says so, and one that takes it back.

Nobody is told of the twentieth of a second that one event over the budget waits; only of what a person would notice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

#: Waits in a row that are shorter than this, all together, are not mentioned.
NOTICEABLE_SECONDS = 0.4
#: The notice goes when nothing has had to wait for this long.
CALM_SECONDS = 1.5

#: Returns the frame that makes a page show (``True``) or take away the notice.
HeldUpFrame = Callable[[bool], str]


class Pace:
    """How one socket's events are getting on."""

    def __init__(self, tell: Callable[[str], Awaitable[None]], frame: HeldUpFrame | None) -> None:
        self._tell = tell
        self._frame = frame
        self._waiting_since: float | None = None
        self._shown = False
        self._calm: asyncio.Task[None] | None = None
        #: The page understands frames: its namespace is connected.
        self.joined = False

    async def waits(self, seconds: float) -> float:
        """Note that an event has to wait for ``seconds``; return in how many to look again."""
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        unmentioned = self._waiting_since + NOTICEABLE_SECONDS - now
        if unmentioned > 0:
            return min(seconds, unmentioned)
        if self._frame is not None and self.joined:
            self.stop()
            if not self._shown:
                self._shown = True
                await self._tell(self._frame(True))
        return seconds

    def goes_on(self, *, at_once: bool) -> None:
        """Note that an event has its turn; ``at_once``: it did not have to wait."""
        if at_once:
            self._waiting_since = None
        if self._shown and self._calm is None:
            self._calm = asyncio.ensure_future(self._calm_down())

    def stop(self) -> None:
        """Forget that the notice was to be taken away."""
        if self._calm is not None:
            self._calm.cancel()
            self._calm = None

    async def _calm_down(self) -> None:
        await asyncio.sleep(CALM_SECONDS)
        self._calm = None
        self._shown = False
        self._waiting_since = None
        if self._frame is not None:
            await self._tell(self._frame(False))
