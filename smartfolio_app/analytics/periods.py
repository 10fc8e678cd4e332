"""The periods that performance is told for, each from the end of a day to the end of another."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum


class Period(StrEnum):
    """A period that ends today."""

    DAY = "1D"
    WEEK = "1W"
    MONTH = "1M"
    QUARTER = "3M"
    YEAR_TO_DATE = "YTD"
    YEAR = "1Y"
    THREE_YEARS = "3Y"
    MAX = "MAX"


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12, Period.THREE_YEARS: 36}


def period_start(period: Period, last: date, first: date) -> date:
    """Return the day at whose end the period begins; never before the eve of ``first``, the ledger's first day.

    A month before the 31st of a longer month is the shorter month's last day.
    """
    eve = first - timedelta(days=1)
    if period is Period.MAX:
        return min(eve, last)
    if period is Period.DAY:
        start = last - timedelta(days=1)
    elif period is Period.WEEK:
        start = last - timedelta(days=7)
    elif period is Period.YEAR_TO_DATE:
        start = date(last.year - 1, 12, 31)
    else:
        start = _months_before(last, _MONTHS[period])
    return max(start, eve) if eve <= last else start


def _months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
