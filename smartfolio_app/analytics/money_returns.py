"""The formulas of return, each with its source. Everything here is a ratio: 0.05 is five percent.

Values are those at the end of each day; the flow of a day is what was put in (+) or taken out (-) on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyxirr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from smartfolio_app.analytics.results import FloatArray

#: Annual figures of less than a year of data would be guesses (GIPS 2020, provision 2.A.15: not annualised).
DAYS_A_YEAR = 365


def daily_returns(value: FloatArray, flow: FloatArray) -> FloatArray:
    """Return the time-weighted return of each day after the first; shape (n - 1,).

    What was put in is taken as there from the start of the day, what was taken out as gone at its end::

        1 + r = (value + out) / (value before + in)

    so that a purchase's own day counts, and a large deposit into an almost empty portfolio does not blow its return up
    (Portfolio Performance, "True time-weighted rate of return", manual, chapter Performance). A day without anything
    at work returns 0. The value of the day is that of ``value``, whose flows are valued at the same prices.
    """
    before, after = value[:-1], value[1:]
    put_in, taken_out = np.maximum(flow[1:], 0.0), np.maximum(-flow[1:], 0.0)
    base = before + put_in
    ratio = np.divide(after + taken_out, base, out=np.ones_like(base), where=base > 0)
    return np.asarray(ratio - 1.0, dtype=np.float64)


def linked(returns: FloatArray) -> float:
    """Return the returns chained: (1 + r1)(1 + r2)... - 1 (Bacon, Practical Portfolio Performance, 2nd ed., 2.13)."""
    return float(np.prod(1.0 + returns)) - 1.0


def time_weighted(value: FloatArray, flow: FloatArray) -> float | None:
    """Return the time-weighted return from the first day to the last, ``None`` when nothing was ever worth anything.

    A value that is not known counts as nothing: what has no price enters as a flow when it gets one.
    """
    worth, moved = np.nan_to_num(value), np.nan_to_num(flow)
    return linked(daily_returns(worth, moved)) if len(worth) > 1 and (worth > 0).any() else None


def annualised(rate: float, days: int) -> float | None:
    """Return the rate a year that gives ``rate`` over ``days``: (1 + rate)^(365 / days) - 1; ``None`` without days.

    Everything lost stays everything lost. Whether a figure for less than a year should be shown is the caller's to say.
    """
    if days <= 0:
        return None
    return float((1.0 + rate) ** (DAYS_A_YEAR / days)) - 1.0 if rate > -1 else -1.0


def xirr(flows: Sequence[tuple[date, float]]) -> float | None:
    """Return the money-weighted rate a year at which the flows are worth nothing today, ``None`` if there is none.

    What was put in is negative, what was taken out or is left is positive; days count as actual / 365, as in Excel's
    XIRR and Portfolio Performance's IRR. The order of the flows does not matter. Solved by pyxirr.
    """
    merged: dict[date, float] = {}
    for day, amount in flows:
        merged[day] = merged.get(day, 0.0) + amount
    amounts = [amount for amount in merged.values() if amount]
    if len(merged) < 2 or not amounts or min(amounts) > 0 or max(amounts) < 0:
        return None
    found = pyxirr.xirr(list(merged), list(merged.values()))
    return None if found is None or not np.isfinite(found) else float(found)


def simple_return(start: float, end: float, flow: FloatArray) -> float | None:
    """Return the gain on everything that was put to work: (end - start - flows) / (start + put in).

    ``None`` when nothing was. This is what a person means by "I put in 1,000 and have 1,100"; it ignores when.
    """
    base = start + float(np.maximum(flow, 0.0).sum())
    return (end - start - float(flow.sum())) / base if base > 0 else None


def modified_dietz(start: float, end: float, flow: FloatArray) -> float | None:
    """Return the gain on the average capital: (end - start - flows) / (start + sum of flow x share of time left).

    ``flow`` has one entry a day of the period, taken at the end of the day (Dietz 1966; GIPS 2020 glossary). ``None``
    when the average capital is not positive.
    """
    days = len(flow)
    if not days:
        return None
    left = (days - 1 - np.arange(days)) / days
    base = start + float((flow * left).sum())
    return (end - start - float(flow.sum())) / base if base > 0 else None
