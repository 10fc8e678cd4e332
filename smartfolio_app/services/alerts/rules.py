"""A person's rules: added, changed, switched off, removed. Each is judged as soon as it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app.analytics.alerts.registry import kind_of
from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.ledger.assets import Asset, AssetClass, AssetId
from smartfolio_app.services import audit, user_settings, wealth
from smartfolio_app.services.alerts import judging
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.repo_ledger import remember_assets
from smartfolio_app.storage.tables import Alert, AlertRule, User

MOST_RULES = 100
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
#: What a ticker looks like.
_CODE = re.compile(r"[A-Z0-9][A-Z0-9.$@_-]{0,29}")
#: What suits most households, to start with: (kind, parameters).
USUAL: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("failed_sync", {}),
    ("expiring_credential", {}),
    ("stale_price", {"share": "0.05"}),
    ("coverage", {}),
    ("drawdown", {}),
    ("var_breach", {"confidence": "0.99"}),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Amounts in ``params`` are in ``currency``; ``error`` is a code, empty when it could be judged;
    ``open`` counts its open alerts."""

    id: str
    kind: str
    params: dict[str, str]
    currency: str
    active: bool
    created_at: datetime
    judged_at: datetime | None
    error: str
    open: int


def listed(db: Session, user_id: str) -> list[Rule]:
    """Return the user's rules, oldest first."""
    counted = (
        select(col(Alert.rule_id), func.count())
        .where(col(Alert.user_id) == user_id, col(Alert.open_key).is_not(None))
        .group_by(col(Alert.rule_id))
    )
    counts: dict[str | None, int] = {row[0]: row[1] for row in db.execute(counted)}
    mine = select(AlertRule).where(col(AlertRule.user_id) == user_id)
    rows = db.execute(mine.order_by(col(AlertRule.created_at), col(AlertRule.id))).scalars()
    return [_rule(row, counts.get(row.id, 0)) for row in rows]


def add(db: Session, user_id: str, kind: str, params: Mapping[str, str]) -> Rule:
    """Add a rule and judge it. Amounts are in the user's present base currency. Commits.

    Raises:
        InvalidInputError: There is no such kind, or a parameter cannot be used.
        ConflictError: There are too many rules.
    """
    wanted = kind_of(kind).read(params)
    _require_asset(db, user_id, wanted.text("asset"))
    count = select(func.count()).where(col(AlertRule.user_id) == user_id)
    if db.execute(count).scalar_one() >= MOST_RULES:
        raise ConflictError("alert.too_many_rules", most=MOST_RULES)
    row = AlertRule(
        user_id=user_id,
        kind=kind,
        params=json.dumps(dict(wanted.values)),
        currency=user_settings.get(db, user_id).base_currency,
    )
    db.add(row)
    audit.record(db, user_id, "rule.add", {"rule": kind, "params": _told(wanted.values)})
    db.commit()
    judging.judge(db, user_id, only=row.id)
    return _found(db, user_id, row.id)


def add_usual(db: Session, user_id: str) -> int:
    """Add the usual rules of kinds that the user has none of; return how many. Commits. Raises as ``add``."""
    there = {one.kind for one in listed(db, user_id)}
    missing = [(kind, params) for kind, params in USUAL if kind not in there]
    for kind, params in missing:
        add(db, user_id, kind, params)
    return len(missing)


def change(
    db: Session,
    user_id: str,
    rule_id: str,
    *,
    params: Mapping[str, str] | None = None,
    active: bool | None = None,
) -> Rule:
    """Change a rule and judge it anew; what it had found is closed when its meaning changes. Commits.

    Raises:
        NotFoundError: The user has no such rule.
        InvalidInputError: A parameter cannot be used.
    """
    row = _row(db, user_id, rule_id)
    if params is not None:
        wanted = kind_of(row.kind).read(params)
        _require_asset(db, user_id, wanted.text("asset"))
        values = json.dumps(dict(wanted.values))
        if values != row.params:
            judging.close_all(db, row.id)
        row.params = values
    if active is not None:
        row.active = active
        if not active:
            judging.close_all(db, row.id)
    row.error = ""
    db.add(row)
    told = {"rule": row.kind, "params": _told(json.loads(row.params)), "active": row.active}
    audit.record(db, user_id, "rule.change", told)
    db.commit()
    judging.judge(db, user_id, only=row.id)
    return _found(db, user_id, row.id)


def delete(db: Session, user_id: str, rule_id: str) -> None:
    """Remove a rule; its alerts are closed and stay in the history. Commits.

    Raises:
        NotFoundError: The user has no such rule.
    """
    row = _row(db, user_id, rule_id)
    judging.close_all(db, row.id)
    db.delete(row)
    audit.record(db, user_id, "rule.delete", {"rule": row.kind})
    db.commit()


def asset_named(text: str) -> AssetId:
    """Return what a person means: an asset's id, a coin's ticker, or a security's ISIN; empty text as it is."""
    typed = text.strip().upper()
    namespace, _, code = typed.rpartition(":")
    if namespace or not typed:
        return f"{namespace.lower()}:{code}" if typed else ""
    return f"stock:{typed}" if _ISIN.fullmatch(typed) else f"crypto:{typed}"


def _require_asset(db: Session, user_id: str, asset: AssetId) -> None:
    """Refuse an asset of which no price is known and none can be asked for; take note of what nobody held yet.

    Its price is fetched from now on (``services.price_needs``). What the provider does not know stays without one, and
    the rule says so.
    """
    if not asset:
        return
    known = wealth.basis(db, user_id)
    if asset in known.ledger.assets or known.prices.first_quoted(asset) is not None:
        return
    namespace, _, code = asset.partition(":")
    user = db.get(User, user_id)
    can_be_asked = user is not None and not user.is_demo and not current_settings().offline
    if namespace not in ("crypto", "stock") or not _CODE.fullmatch(code) or not can_be_asked:
        raise InvalidInputError("alert.no_such_asset", asset=asset)
    isin = code if _ISIN.fullmatch(code) else ""
    remember_assets(db, [Asset(asset, AssetClass(namespace), code, isin=isin)])


def _row(db: Session, user_id: str, rule_id: str) -> AlertRule:
    row = db.get(AlertRule, rule_id)
    if row is None or row.user_id != user_id:
        raise NotFoundError("alert.no_such_rule")
    return row


def _found(db: Session, user_id: str, rule_id: str) -> Rule:
    return next(one for one in listed(db, user_id) if one.id == rule_id)


def _rule(row: AlertRule, count: int) -> Rule:
    return Rule(
        id=row.id,
        kind=row.kind,
        params=json.loads(row.params),
        currency=row.currency,
        active=row.active,
        created_at=row.created_at,
        judged_at=row.judged_at,
        error=row.error,
        open=count,
    )


def _told(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
