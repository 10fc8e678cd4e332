"""Targets and tolerance bands: how far each part of a portfolio is from where it should be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.money import MONEY_CONTEXT, ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = Decimal(1)
#: Ready-made targets to start from, by asset group and by category; shares of one.
PRESETS: dict[str, dict[str, dict[str, Decimal]]] = {
    "group": {
        "bitcoin_only": {"BTC": ONE},
        "two_giants": {"BTC": Decimal("0.65"), "ETH": Decimal("0.35")},
        "majors": {"BTC": Decimal("0.5"), "ETH": Decimal("0.3"), "SOL": Decimal("0.1"), "L1": Decimal("0.1")},
        "cautious": {"BTC": Decimal("0.4"), "ETH": Decimal("0.2"), "STABLECOINS": Decimal("0.4")},
    },
    "category": {
        "a_little_crypto": {"stocks": Decimal("0.9"), "crypto": Decimal("0.1")},
        "mostly_stocks": {"stocks": Decimal("0.75"), "crypto": Decimal("0.25")},
        "half_and_half": {"stocks": Decimal("0.5"), "crypto": Decimal("0.5")},
    },
}
#: Targets that are made rather than typed come in steps of a tenth of a per cent.
_STEP = Decimal("0.001")


class TargetsError(InvalidInputError):
    """Targets that are no whole: a share outside 0 to 1, or a sum that is not 1; ``params``: ``sum`` or ``key``."""


@dataclass(frozen=True, slots=True)
class Bands:
    """How far a share may be from its target: in points of the whole, and in parts of the target.

    Whichever is met first counts (``None``: does not). The defaults are the "5/25 rule": five points, or a quarter of a
    small target.
    """

    absolute: Decimal | None = Decimal("0.05")
    relative: Decimal | None = Decimal("0.25")

    def broken(self, share: Decimal, target: Decimal) -> str:
        """Return which band a share is outside of: ``absolute``, ``relative``, or an empty text for neither."""
        distance = abs(share - target)
        if self.absolute is not None and distance > self.absolute:
            return "absolute"
        if self.relative is not None and distance > self.relative * target:
            return "relative"
        return ""


@dataclass(frozen=True, slots=True)
class Drift:
    """One key of the targets: worth, share and target (0 to 1), and the band it is outside of."""

    key: str
    value: Decimal
    share: Decimal
    target: Decimal
    band: str

    @property
    def difference(self) -> Decimal:
        """Share less target: positive means too much of it is held."""
        return self.share - self.target


def check_weights(weights: Mapping[str, Decimal]) -> None:
    """Raise ``TargetsError`` unless every share is within 0 to 1 and all of them make exactly one."""
    for key, weight in weights.items():
        if not weight.is_finite() or not ZERO <= weight <= ONE:
            raise TargetsError("rebalance.share", key=key)
    total = sum(weights.values(), ZERO)
    if total != ONE:
        raise TargetsError("rebalance.sum", sum=f"{total * 100:f}".rstrip("0").rstrip("."))


def whole(parts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the parts as shares of one in steps of 0.1 %, exactly one together (largest remainders); zeros left out.

    Empty when the parts are worth nothing. No part may be negative.
    """
    with localcontext(MONEY_CONTEXT):
        total = sum(parts.values(), ZERO)
        if total <= 0:
            return {}
        exact = {key: part / total / _STEP for key, part in parts.items()}
        steps = {key: int(share) for key, share in exact.items()}
        missing = int(1 / _STEP) - sum(steps.values())
        for key in sorted(exact, key=lambda one: (steps[one] - exact[one], one))[:missing]:
            steps[key] += 1
        return {key: count * _STEP for key, count in steps.items() if count}


def drifts(values: Mapping[str, Decimal], weights: Mapping[str, Decimal], bands: Bands) -> tuple[Drift, ...]:
    """Return the drift of each target, in the order of ``weights``; empty while nothing of it is worth anything."""
    with localcontext(MONEY_CONTEXT):
        total = sum((values.get(key, ZERO) for key in weights), ZERO)
        if total <= 0:
            return ()
        found = []
        for key, target in weights.items():
            value = values.get(key, ZERO)
            share = value / total
            found.append(Drift(key, value, share, target, bands.broken(share, target)))
    return tuple(found)
