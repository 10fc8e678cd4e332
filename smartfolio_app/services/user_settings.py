"""How one person wants to see their picture: typed, checked on the way in. No credential is ever kept here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import delete, select
from sqlmodel import Session, col

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.analytics.scope import ALL, Category, Scope
from smartfolio_app.errors import InvalidInputError, NotFoundError
from smartfolio_app.i18n import LANGUAGES
from smartfolio_app.i18n.format import NUMBER_STYLES
from smartfolio_app.ledger.assets import AssetId, crypto
from smartfolio_app.ledger.gains import TermRule
from smartfolio_app.ledger.lots import Method, Pooling
from smartfolio_app.ledger.money import exact
from smartfolio_app.services import audit
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import AssetOverride, SourceRow, UserSettings

#: What a total can be shown in: the currencies the ECB publishes a reference rate for, the euro itself, and bitcoin.
CURRENCIES = (
    *(
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
    ),
    *(
        "JPY",
        "KRW",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "RON",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "USD",
        "ZAR",
    ),
    "BTC",
)
THEMES = ("system", "dark", "light")
METHODS = tuple(method.value for method in Method)
POOLINGS = tuple(pooling.value for pooling in Pooling)
ANCHORS = ("midnight", "snapshot", "close")
STYLES = ("language", *NUMBER_STYLES)

#: Chosen many times a day on every page: of no use in an audit log.
_EVERYDAY = frozenset({"privacy", "theme", "scope_crypto", "scope_stocks", "scope_wealth"})

_SCOPES = {f"scope_{category.value}": category for category in Category}


@dataclass(frozen=True, slots=True)
class Preferences:
    """Every preference of a user. The threshold is in ``base_currency``; ``scope_*`` is ``all`` or a source's key."""

    base_currency: str
    language: str
    theme: str
    time_zone: str
    number_style: str
    small_balance_threshold: Decimal
    cost_basis_method: str
    cost_basis_pooling: str
    cost_basis_years: str
    long_term_rule: str
    pnl_anchor: str
    privacy: bool
    scope_crypto: str
    scope_stocks: str
    scope_wealth: str

    @property
    def scope(self) -> Scope:
        """The WealthBar's choice."""
        return Scope(self.scope_crypto, self.scope_stocks, self.scope_wealth)

    @property
    def policy(self) -> str:
        """How gains are computed: a ``ledger.lots.Policy`` as text."""
        pooling = "" if self.cost_basis_pooling == Pooling.GLOBAL else f"@{self.cost_basis_pooling}"
        years = f";{self.cost_basis_years}" if self.cost_basis_years else ""
        return f"{self.cost_basis_method}{pooling}{years}"

    def as_dict(self) -> dict[str, Any]:
        """Return name -> value."""
        return asdict(self)


NAMES = tuple(field.name for field in fields(Preferences))


def get(db: Session, user_id: str) -> Preferences:
    """Return the user's preferences; raise ``NotFoundError`` when there is no such user."""
    row = _row(db, user_id)
    return Preferences(**{name: getattr(row, name) for name in NAMES})


def update(db: Session, user_id: str, **changes: object) -> Preferences:
    """Change some preferences, all or none, and return them all.

    Raises:
        InvalidInputError: A name or a value is not known; ``params``: ``name``, ``allowed``.
        NotFoundError: There is no such user.
    """
    row = _row(db, user_id)
    values = checked(changes)
    for name, category in _SCOPES.items():
        if name in values:
            _require_source(db, user_id, name, category, values[name])
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name, value in values.items():
        setattr(row, name, value)
    db.add(row)
    told = {name: values[name] for name in changed if name not in _EVERYDAY}
    if told:
        audit.record(
            db, user_id, "settings.change", {"names": ", ".join(f"{name} = {told[name]}" for name in told)}
        )
    db.commit()
    return get(db, user_id)


def adopt_zone(db: Session, user_id: str, zone: str) -> None:
    """Take the time zone of the browser of somebody who signs in for the first time and has chosen none.

    What no zone database knows is not taken: a browser may call its zone by a name that is new or old.
    """
    row = _row(db, user_id)
    if row.time_zone != "UTC" or zone not in _zones() or audit.was_done(db, user_id, "session.login"):
        return
    row.time_zone = zone
    db.add(row)
    db.commit()


def checked(changes: Mapping[str, object]) -> dict[str, Any]:
    """Return the changes with their values in stored form; raise ``InvalidInputError`` as ``update``."""
    values = {}
    for name, value in changes.items():
        check = _CHECKS.get(name)
        if check is None:
            raise InvalidInputError("preferences.unknown", name=name)
        values[name] = check(name, value)
    return values


# ------------------------------------------------------------------------------------------------ asset groups
def group_overrides(db: Session, user_id: str) -> dict[AssetId, str]:
    """Return the user's own word on groups: asset id -> group key."""
    own = select(col(AssetOverride.asset), col(AssetOverride.group_name)).where(
        col(AssetOverride.user_id) == user_id, col(AssetOverride.group_name) != ""
    )
    return dict(db.execute(own).all())


def set_group(db: Session, user_id: str, asset: str, group: str) -> AssetId:
    """Put a coin (its symbol or asset id) into a group for this user, and return its asset id.

    An empty ``group`` puts it back where it usually is.

    Raises:
        InvalidInputError: The symbol is empty or there is no such group.
    """
    if not asset.strip() or (group and group not in GROUPS):
        raise InvalidInputError("preferences.invalid", name="group", allowed=", ".join(GROUPS))
    identity = asset.strip() if ":" in asset else crypto(asset)
    note_change(db, user_id, bump_revision(db, user_id), ())
    row = db.get(AssetOverride, (user_id, identity)) or AssetOverride(user_id=user_id, asset=identity)
    row.group_name = group
    db.add(row)
    db.flush()
    db.execute(
        delete(AssetOverride).where(
            col(AssetOverride.user_id) == user_id,
            col(AssetOverride.group_name) == "",
            col(AssetOverride.coingecko_id) == "",
        )
    )
    db.commit()
    return identity


# ---------------------------------------------------------------------------------------------------- checking
def _row(db: Session, user_id: str) -> UserSettings:
    row = db.get(UserSettings, user_id)
    if row is None:
        raise NotFoundError("account.no_such_user")
    return row


def _require_source(db: Session, user_id: str, name: str, category: Category, key: str) -> None:
    if key == ALL:
        return
    keys = select(col(SourceRow.key)).where(
        col(SourceRow.user_id) == user_id, col(SourceRow.category) == category.value, col(SourceRow.active)
    )
    if key not in (known := list(db.execute(keys).scalars())):
        raise InvalidInputError("preferences.invalid", name=name, allowed=", ".join((ALL, *sorted(known))))


def _one_of(*allowed: str, fold: Callable[[str], str] = str) -> Callable[[str, object], str]:
    def check(name: str, value: object) -> str:
        text = fold(value.strip()) if isinstance(value, str) else ""
        if text not in allowed:
            raise InvalidInputError("preferences.invalid", name=name, allowed=", ".join(allowed))
        return text

    return check


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in _zones():
        raise InvalidInputError(
            "preferences.invalid", name=name, allowed="Europe/Paris, America/New_York, UTC…"
        )
    return value


def _threshold(name: str, value: object) -> Decimal:
    try:
        number = exact(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = Decimal(-1)
    if not 0 <= number < Decimal(10) ** 12:
        raise InvalidInputError("preferences.invalid", name=name, allowed="0, 1, 2.5…")
    return number


def _years(name: str, value: object) -> str:
    """Check the methods of single tax years: ``2023=lifo;2024=hifo``, in any order; empty for none."""
    chosen: dict[int, str] = {}
    for part in value.split(";") if isinstance(value, str) and value.strip() else ():
        year, _, method = (one.strip().lower() for one in part.partition("="))
        if not (year.isascii() and year.isdecimal() and 1970 <= int(year) <= 2200 and method in METHODS):
            raise InvalidInputError("preferences.invalid", name=name, allowed="2023=lifo;2024=hifo")
        chosen[int(year)] = method
    if not isinstance(value, str):
        raise InvalidInputError("preferences.invalid", name=name, allowed="2023=lifo;2024=hifo")
    return ";".join(f"{year}={method}" for year, method in sorted(chosen.items()))


def _rule(name: str, value: object) -> str:
    try:
        return str(TermRule.parse(value)) if isinstance(value, str) else str(TermRule.parse(""))
    except ValueError as error:
        raise InvalidInputError("preferences.invalid", name=name, allowed="365d, 1y, none") from error


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidInputError("preferences.invalid", name=name, allowed="true, false")
    return value


def _key(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInputError("preferences.invalid", name=name, allowed=ALL)
    return value


_CHECKS: dict[str, Callable[[str, object], Any]] = {
    "base_currency": _one_of(*CURRENCIES, fold=str.upper),
    "language": _one_of(*LANGUAGES),
    "theme": _one_of(*THEMES),
    "time_zone": _zone,
    "number_style": _one_of(*STYLES),
    "small_balance_threshold": _threshold,
    "cost_basis_method": _one_of(*METHODS),
    "cost_basis_pooling": _one_of(*POOLINGS),
    "cost_basis_years": _years,
    "long_term_rule": _rule,
    "pnl_anchor": _one_of(*ANCHORS),
    "privacy": _flag,
    **dict.fromkeys(_SCOPES, _key),
}
