"""Daily prices of everything held, and what it is worth: written into a bundle, and read from one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from smartfolio_app.analytics.bundles.records import BundleError, Json, day, floats, part, written
from smartfolio_app.analytics.clock import day_number, day_of
from smartfolio_app.analytics.risk.panel import Exposure, Panel
from smartfolio_app.ledger.assets import Asset, AssetClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smartfolio_app.analytics.results import FloatArray

#: Days times assets: more is no small file.
MOST_PRICES = 600_000


def panel_out(panel: Panel) -> Json:
    """Write a panel; raise ``BundleError`` when it is too much."""
    if panel.prices.size > MOST_PRICES:
        raise BundleError("bundle.too_large")
    return {
        "days": [one.isoformat() for one in panel.days],
        "days_a_year": panel.days_a_year,
        "assets": [
            {
                **exposure_out(one),
                "prices": written(panel.prices[:, at]),
                "observed": "".join("1" if seen else "0" for seen in panel.observed[:, at]),
                "own_days": [day_of(int(end)).isoformat() for end in panel.own_days[at]],
                "own_returns": written(panel.own_returns[at]),
            }
            for at, one in enumerate(panel.exposures)
        ],
    }


def since(panel: Panel, start: int) -> Panel:
    """Return the panel from a row on, which is that of its first return."""
    first = day_number(panel.days[start])
    kept = [days > first for days in panel.own_days]
    return replace(
        panel,
        days=panel.days[start:],
        prices=panel.prices[start:],
        observed=panel.observed[start:],
        returns=panel.returns[start:],
        own_returns=tuple(one[mine] for one, mine in zip(panel.own_returns, kept, strict=True)),
        own_days=tuple(one[mine] for one, mine in zip(panel.own_days, kept, strict=True)),
    )


def panel_in(inputs: Json) -> Panel:
    """Read a panel."""
    days = tuple(day(one) for one in part(inputs, "days", list))
    rows = part(inputs, "assets", list)
    columns = [column(row, "prices", len(days)) for row in rows]
    if len(days) < 2 or not rows:
        raise BundleError("bundle.broken", where="days")
    prices: FloatArray = np.column_stack(columns)
    own_days = [_days_in(row) for row in rows]
    return Panel(
        exposures=tuple(exposure_in(row) for row in rows),
        days=days,
        days_a_year=int(part(inputs, "days_a_year", int)),
        prices=prices,
        observed=np.column_stack([_observed_in(row, len(days)) for row in rows]),
        returns=np.asarray(prices[1:] / prices[:-1] - 1.0),
        own_returns=tuple(
            column(row, "own_returns", len(ends)) for row, ends in zip(rows, own_days, strict=True)
        ),
        own_days=tuple(own_days),
    )


def column(row: Any, name: str, count: int) -> FloatArray:
    """Read a series of so many values."""
    found = floats(part(row, name, list))
    if len(found) != count:
        raise BundleError("bundle.broken", where=name)
    return found


def _observed_in(row: Any, count: int) -> NDArray[np.bool_]:
    marks = part(row, "observed", str)
    if len(marks) != count or set(marks) - {"0", "1"}:
        raise BundleError("bundle.broken", where="observed")
    return np.array([mark == "1" for mark in marks], dtype=np.bool_)


def _days_in(row: Any) -> NDArray[np.int64]:
    return np.array([day_number(day(one)) for one in part(row, "own_days", list)], dtype=np.int64)


def exposure_out(one: Exposure) -> Json:
    """Write what is held of an asset."""
    return {
        "asset": one.asset.id,
        "class": one.asset.asset_class.value,
        "symbol": one.asset.symbol,
        "name": one.asset.name,
        "value": repr(float(one.value)),
        "group": one.group,
        "category": one.category,
    }


def exposure_in(row: Any) -> Exposure:
    """Read what is held of an asset."""
    id_, class_, symbol, name, value, group, category = (
        part(row, field, str) for field in ("asset", "class", "symbol", "name", "value", "group", "category")
    )
    return Exposure(Asset(id_, AssetClass(class_), symbol, name), float(value), group, category)
