"""Questions that may only cover so many days: the past in windows, each of them in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from smartfolio_app.providers.csv.base import Row
from smartfolio_app.providers.exchanges.desk import Desk, State, Step, Stream, ms

#: Called with the window in milliseconds and the number of the page (from 0); returns the records and whether the
#: window has another page.
Ask = Callable[[Desk, int, int, int], Awaitable[tuple[list[Any], bool]]]
Use = Callable[[Desk, Row, dict[str, Any]], None]


def windowed(
    name: str, ask: Ask, use: Use, *, begins: datetime, days: int, overlap: timedelta = timedelta(days=3)
) -> Stream:
    """Return a stream that reads windows of ``days``, oldest first, beginning with what the exchange has at all.

    The next sync begins ``overlap`` before the end of this one: what was pending then is done by now.
    """

    async def read(desk: Desk, state: State) -> Step:
        first = int(state.get("since") or ms(max(begins, desk.since)))
        start, page, end = int(state.get("at") or first), int(state.get("page", 0)), ms(desk.until)
        stop = min(start + days * 86_400_000, end)
        records, more = await ask(desk, start, stop if stop == end else stop - 1, page)
        desk.each(records, lambda row, record: use(desk, row, record))
        done = (stop - first, max(end - first, 1))
        if more and records:
            return Step({"since": first, "at": start, "page": page + 1}, more=True, progress=done)
        if stop < end:
            return Step({"since": first, "at": stop, "page": 0}, more=True, progress=done)
        return Step({"since": ms(desk.until - overlap)}, more=False, progress=done)

    return Stream(name, read)
