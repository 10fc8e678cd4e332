"""Funding rates of perpetual contracts: what they come to in a year, and how high they are for this contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from smartfolio_app.ledger.money import divide, multiply

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The present rate is ranked among those of this long, of which there have to be so many.
RANKED = timedelta(days=365)
LEAST_RANKED = 90
_WEEK = timedelta(days=7)
_YEAR_SECONDS = Decimal(365 * 86_400)


@dataclass(frozen=True, slots=True)
class FundingRow:
    """A contract: its newest settled ``rate`` (a fraction of the position for ``interval``), when it was settled, and
    what a year of it comes to.

    ``week`` is a year of ``week_mean``, the mean of the ``week_count`` rates of seven days; ``rank`` is the share of
    the ``ranked`` rates of a year that are not above the newest. ``next_rate`` is settled next and may still change.
    """

    contract: str
    rate: Decimal
    at: datetime
    interval: timedelta | None
    a_year: Decimal | None
    week: Decimal | None
    rank: float | None
    ranked: int
    week_mean: Decimal | None = None
    week_count: int = 0
    next_rate: Decimal | None = None
    next_at: datetime | None = None


def funding_row(
    contract: str,
    settled: Sequence[tuple[datetime, Decimal]],
    present: tuple[datetime, Decimal] | None = None,
) -> FundingRow | None:
    """Return what is known of a contract; ``settled`` are its rates, oldest first. ``None`` when there is none."""
    if not settled:
        return None
    at, rate = settled[-1]
    recent = [value for when, value in settled if when > at - RANKED]
    week = [value for when, value in settled if when > at - _WEEK]
    interval = _interval([when for when, _ in settled[-12:]])
    mean = divide(sum(week, Decimal(0)), Decimal(len(week)))
    known = len(recent) >= LEAST_RANKED
    return FundingRow(
        contract=contract,
        rate=rate,
        at=at,
        interval=interval,
        a_year=_a_year(rate, interval),
        week=_a_year(mean, interval),
        week_mean=mean,
        week_count=len(week),
        rank=sum(value <= rate for value in recent) / len(recent) if known else None,
        ranked=len(recent),
        next_rate=present[1] if present is not None and present[0] > at else None,
        next_at=present[0] if present is not None and present[0] > at else None,
    )


def _a_year(rate: Decimal, interval: timedelta | None) -> Decimal | None:
    if interval is None:
        return None
    return multiply(rate, divide(_YEAR_SECONDS, Decimal(round(interval.total_seconds()))))


def _interval(times: Sequence[datetime]) -> timedelta | None:
    """Return how long apart rates are settled: the usual distance of the newest ones."""
    gaps = sorted(later - before for before, later in pairwise(times))
    return None if not gaps else timedelta(hours=max(1, round(gaps[len(gaps) // 2] / timedelta(hours=1))))
