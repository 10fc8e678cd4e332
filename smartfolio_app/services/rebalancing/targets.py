"""A person's targets and the rules of their plan: read, checked and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.rebalancing.drift import Bands, TargetsError, check_weights
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.analytics.scope import Category
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.services import audit
from smartfolio_app.storage.tables import (
    RebalanceLock,
    RebalancePlanRow,
    RebalanceTarget,
    RebalanceVenue,
    SourceRow,
)

BY = ("group", "asset", "category")
LOT_CHOICES = ("method", "least_tax")
#: What can be bought and sold; the third category (homes, pensions, debts) is no matter of an afternoon.
TRADED = (Category.CRYPTO, Category.STOCKS)
#: What can be a target by group: the groups of coins, and the classes of securities.
TARGET_GROUPS = (
    *GROUPS,
    *(
        one.value
        for one in (AssetClass.STOCK, AssetClass.ETF, AssetClass.FUND, AssetClass.BOND, AssetClass.COMMODITY)
    ),
)
MOST_TARGETS = 60
_LARGEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a portfolio should be, and the rules of getting there.

    ``weights`` are shares of one, by group, asset id or category (``by``); empty: none are set yet. Rates of tax are
    parts of one; ``minimum`` and the venues' fixed fees are in the user's base currency. ``lot_choice`` is ``method``
    (the user's cost-basis method decides which lots a sale takes) or ``least_tax``. ``venues`` is by source key.
    """

    by: str = "group"
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    bands: Bands = field(default_factory=Bands)
    minimum: Decimal = Decimal(10)
    lot_choice: str = "method"
    tax_short: Decimal = ZERO
    tax_long: Decimal = ZERO
    venues: Mapping[str, Venue] = field(default_factory=dict)
    locked: frozenset[AssetId] = frozenset()


def get(db: Session, user_id: str) -> Targets:
    """Return the user's targets; the defaults where none were ever kept."""
    row = db.get(RebalancePlanRow, user_id)
    if row is None:
        return Targets()
    weights = select(col(RebalanceTarget.key), col(RebalanceTarget.weight)).where(
        col(RebalanceTarget.user_id) == user_id
    )
    venues = (
        select(RebalanceVenue, col(SourceRow.key))
        .join(SourceRow, col(SourceRow.id) == col(RebalanceVenue.source_id))
        .where(col(RebalanceVenue.user_id) == user_id)
    )
    locks = select(col(RebalanceLock.asset)).where(col(RebalanceLock.user_id) == user_id)
    found = sorted(db.execute(weights), key=lambda one: (-one[1], one[0]))
    return Targets(
        by=row.by,
        weights=dict(found),
        bands=Bands(row.band_absolute, row.band_relative),
        minimum=row.minimum,
        lot_choice=row.lot_choice,
        tax_short=row.tax_short,
        tax_long=row.tax_long,
        venues={
            key: Venue(key, one.rate, one.fixed, one.locked, one.whole) for one, key in db.execute(venues)
        },
        locked=frozenset(db.execute(locks).scalars()),
    )


def save(db: Session, user_id: str, targets: Targets) -> Targets:
    """Keep targets in place of those before; all or nothing.

    Raises:
        TargetsError: The shares are no whole, or name no group or category.
        InvalidInputError: A rate, a band or an amount is out of range, or there is no such choice.
        NotFoundError: A venue is no source of the user's.
    """
    check(targets)
    sources = select(col(SourceRow.key), col(SourceRow.id)).where(col(SourceRow.user_id) == user_id)
    known = dict(db.execute(sources).all())
    for key in targets.venues:
        if key not in known:
            raise NotFoundError("source.no_such_source", source=key)
    for table in (RebalanceTarget, RebalanceVenue, RebalanceLock, RebalancePlanRow):
        db.execute(delete(table).where(col(table.user_id) == user_id))
    db.add(
        RebalancePlanRow(
            user_id=user_id,
            by=targets.by,
            band_absolute=targets.bands.absolute,
            band_relative=targets.bands.relative,
            minimum=targets.minimum,
            lot_choice=targets.lot_choice,
            tax_short=targets.tax_short,
            tax_long=targets.tax_long,
        )
    )
    db.add_all(
        RebalanceTarget(user_id=user_id, key=key, weight=weight) for key, weight in targets.weights.items()
    )
    db.add_all(
        RebalanceVenue(
            source_id=known[key],
            user_id=user_id,
            rate=venue.rate,
            fixed=venue.fixed,
            locked=venue.locked,
            whole=venue.whole,
        )
        for key, venue in targets.venues.items()
    )
    db.add_all(RebalanceLock(user_id=user_id, asset=asset) for asset in targets.locked)
    audit.record(db, user_id, "rebalance.targets", {"by": targets.by, "targets": len(targets.weights)})
    db.commit()
    return get(db, user_id)


def check(targets: Targets) -> None:
    """Raise the error of the first thing that cannot be; see ``save``. No target at all is allowed."""
    _one_of("by", targets.by, BY)
    _one_of("lot_choice", targets.lot_choice, LOT_CHOICES)
    if targets.weights:
        check_weights(targets.weights)
    if len(targets.weights) > MOST_TARGETS or len(targets.locked) > MOST_TARGETS:
        raise InvalidInputError("rebalance.too_many", allowed=MOST_TARGETS)
    allowed = {"group": TARGET_GROUPS, "category": tuple(one.value for one in TRADED)}.get(targets.by)
    for key in targets.weights:
        if not key or len(key) > 120 or (allowed is not None and key not in allowed):
            raise TargetsError("rebalance.key", key=key)
    parts = {
        "band_absolute": targets.bands.absolute,
        "band_relative": targets.bands.relative,
        "tax_short": targets.tax_short,
        "tax_long": targets.tax_long,
    } | {f"venues.{key}.rate": venue.rate for key, venue in targets.venues.items()}
    for name, part in parts.items():
        if part is not None and not (part.is_finite() and ZERO <= part <= 1):
            raise InvalidInputError("rebalance.part", name=name)
    amounts = {"minimum": targets.minimum} | {
        f"venues.{key}.fixed": venue.fixed for key, venue in targets.venues.items()
    }
    for name, amount in amounts.items():
        if not (amount.is_finite() and ZERO <= amount < _LARGEST):
            raise InvalidInputError("rebalance.amount", name=name)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidInputError("preferences.invalid", name=name, allowed=", ".join(allowed))
