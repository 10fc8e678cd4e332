"""Instants as integers: microseconds since 1970 UTC, which sort, subtract and vectorise exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smartfolio_app.ledger.transactions import Transaction

Microseconds = int
DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US = timedelta(microseconds=1)


def micros(at: datetime) -> Microseconds:
    """Return an aware instant as microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // _ONE_US


def instant(at: Microseconds) -> datetime:
    """Return the instant, aware and in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def instants_of(rows: Iterable[Transaction]) -> list[Microseconds]:
    """Return the instant of each transaction."""
    return [(row.at - _EPOCH) // _ONE_US for row in rows]
