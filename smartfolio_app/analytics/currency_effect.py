"""What exchange rates alone did to the worth of things that have a currency of their own.

A day's effect on a column is what was held the evening before, at the prices of the evening before, times the move of
its currency::

    effect = value before x (rate / rate before - 1)

(Bacon, Practical Portfolio Performance, 2nd ed., chapter 7, the currency return on the base market value). Money that
came or went on the day is taken at the day's end and has none. Money, securities and wealth items have a currency; a
coin has not: all of its move is its own. Where a rate is not known, no effect is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.ledger.assets import AssetClass, fiat

if TYPE_CHECKING:
    from smartfolio_app.analytics.grid import Grid
    from smartfolio_app.ledger.assets import Asset


def home_currency(asset: Asset) -> str:
    """Return the currency an asset is quoted in by nature, empty for one that has none."""
    return "" if asset.asset_class is AssetClass.CRYPTO else asset.quote_currency


def currency_effect(grid: Grid, value: FloatArray) -> FloatArray:
    """Return the effect of each step on each column; ``value`` and the result have shape (T, columns)."""
    effect: FloatArray = np.zeros_like(value)
    moves: dict[str, FloatArray] = {}
    for index, column in enumerate(grid.columns):
        home = home_currency(column.asset)
        if not home or home == grid.currency:
            continue
        if home not in moves:
            rate = grid.book.daily([fiat(home)], grid.currency, grid.ends).price[:, 0]
            moves[home] = np.nan_to_num(rate[1:] / rate[:-1] - 1.0)
        effect[1:, index] = value[:-1, index] * moves[home]
    return effect


@dataclass(frozen=True, slots=True)
class Exposures:
    """What lay in each foreign currency at the end of each day, and its rate; shape (days, currencies) each.

    ``value`` is in the portfolio's currency, ``rate`` the price of one unit of the currency in it, ``nan`` where that
    is not known.
    """

    currencies: tuple[str, ...]
    value: FloatArray
    rate: FloatArray

    @property
    def effect(self) -> FloatArray:
        """What the move of each rate did on each day: of the first day nothing is told."""
        return effect_of(self.value, self.rate)


def effect_of(value: FloatArray, rate: FloatArray) -> FloatArray:
    """Return the effect of each day, of the same shape: value before x (rate / rate before - 1)."""
    effect: FloatArray = np.zeros_like(value)
    effect[1:] = value[:-1] * np.nan_to_num(rate[1:] / rate[:-1] - 1.0)
    return effect


def exposures(grid: Grid, value: FloatArray) -> Exposures:
    """Return what lies in foreign currencies; ``value`` is that of each column, shape (days, columns)."""
    homes = [home_currency(column.asset) for column in grid.columns]
    currencies = tuple(sorted({home for home in homes if home and home != grid.currency}))
    held: FloatArray = np.zeros((len(grid.ends), len(currencies)))
    for number, home in enumerate(homes):
        if home in currencies:
            held[:, currencies.index(home)] += value[:, number]
    rate = grid.book.daily([fiat(one) for one in currencies], grid.currency, grid.ends).price
    return Exposures(currencies, held, np.asarray(rate, dtype=np.float64))
