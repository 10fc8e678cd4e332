"""Numbers and instants of answers that write them as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from smartfolio_app.ledger.money import exact

_EMPTY = frozenset({"", "-", "null", "none"})


def number(value: object) -> Decimal | None:
    """Return a number that an answer gives as text or as a number, ``None`` where it gives none.

    Of a comma and a point the later one is the decimal sign. A comma alone groups when three digits follow each
    (``1,234``), else it is the decimal sign.

    Raises:
        ValueError: It is something else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"not a number: {str(value)[:40]!r}")  # noqa: TRY004 - a wrong answer, not a wrong call
    if not isinstance(value, str):
        return exact(value)
    text = value.strip().replace("\u00a0", "").replace(" ", "")
    if text.lower() in _EMPTY:
        return None
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point >= 0:
        text = text.replace(".", "").replace(",", ".")
    elif comma >= 0:
        groups = text.lstrip("+-").split(",")
        grouped = point >= 0 or all(len(group) == 3 for group in groups[1:])
        text = text.replace(",", "") if grouped else text.replace(",", ".", 1)
    return exact(text)


def instant(value: object) -> datetime:
    """Return the instant of a UNIX time in seconds (or milliseconds), as number or text.

    Raises:
        ValueError: It is none, or lies outside 1990 to 2100.
    """
    seconds = number(value)
    if seconds is None:
        raise ValueError("no instant")
    if seconds >= 100_000_000_000:
        seconds /= 1000
    if not 631_152_000 <= seconds <= 4_102_444_800:
        raise ValueError(f"not an instant: {str(value)[:40]!r}")
    whole = int(seconds)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=int((seconds - whole) * 1_000_000))
