"""What a rule of an alert is given, and what it answers. No rule looks anything up: it is told the facts.

A verdict is about one *subject* (an asset, a source, a day). ``fired`` is ``None`` where it cannot be known: then
nothing opens and nothing closes. A rule that fired stays so until its figure is clearly back (hysteresis), so that one
that trembles at its limit is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import quote

from smartfolio_app.analytics.results import Coverage, Holding, Measure, UnitPrice
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.money import exact, plain

if TYPE_CHECKING:
    from smartfolio_app.ledger.assets import AssetId

#: The whole household, where a rule is about no single thing.
EVERYTHING = "everything"
#: A figure is clearly back when it has left its limit by this part of it.
CALM = Decimal("0.8")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure a verdict was judged by; ``text`` where it is none: plain, a message key, an ISO day or moment
    (``clock``: of one of today the time alone)."""

    name: str
    amount: Decimal | None = None
    measure: Measure = Measure.TEXT
    unit: str = ""
    text: str = ""
    shape: Literal["plain", "message", "day", "moment", "clock"] = "plain"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one subject. ``says`` names its sentence (``alerts.said.<kind>.<says>``)."""

    subject: str
    fired: bool | None
    says: str = "fired"
    figures: tuple[Figure, ...] = ()
    link: str = ""


# ----------------------------------------------------------------------------------------------- what rules are told
@dataclass(frozen=True, slots=True)
class TargetDrift:
    """How far one target is off: shares of one. ``limit`` is the distance at which its own band is broken, ``None``
    where it has none."""

    key: str
    label: str  # message key or plain text
    share: Decimal
    target: Decimal
    limit: Decimal | None


@dataclass(frozen=True, slots=True)
class Fall:
    """How far the household's return is below its peak: ``depth`` is a positive ratio, flows apart."""

    depth: Decimal
    peak: date
    at: date


@dataclass(frozen=True, slots=True)
class BadDay:
    """The last whole day: what today's holdings returned, and the value at risk given for it beforehand (ratios)."""

    day: date
    returned: Decimal
    limit: Decimal


@dataclass(frozen=True, slots=True)
class LiveSource:
    """How a live source's syncs go; ``error`` is a code, empty while they succeed."""

    key: str
    label: str
    failures: int
    error: str
    failed_at: datetime | None
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class CredentialAge:
    """A source's credential: since when it is kept, and when it ends where that is told."""

    source: str
    label: str
    set_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Money or assets that crossed the household's border; ``worth`` is signed, ``None`` without a price."""

    id: str
    at: datetime
    symbol: str
    quantity: Decimal
    worth: Decimal | None


class Facts(Protocol):
    """What a rule may ask for. Amounts are in ``currency``; each is found when it is first asked for."""

    @property
    def now(self) -> datetime: ...
    @property
    def currency(self) -> str: ...
    @property
    def holdings(self) -> Sequence[Holding]: ...
    @property
    def coverage(self) -> Coverage: ...
    @property
    def drifts(self) -> Sequence[TargetDrift]: ...
    @property
    def fall(self) -> Fall | None: ...
    @property
    def live_sources(self) -> Sequence[LiveSource]: ...
    @property
    def credentials(self) -> Sequence[CredentialAge]: ...
    def price(self, asset: AssetId) -> UnitPrice | None: ...
    def symbol(self, asset: AssetId) -> str: ...
    def bad_day(self, confidence: Decimal) -> BadDay | None: ...
    def flows(self, since: timedelta) -> Sequence[Flow]: ...


# ---------------------------------------------------------------------------------------------------- what a rule is
@dataclass(frozen=True, slots=True)
class Param:
    """One thing a rule's owner chooses. Numbers are exact; a ``share`` is a part of one. Without a ``default`` and not
    ``optional`` it must be given."""

    name: str
    type: Literal["asset", "source", "money", "share", "days", "hours", "count", "choice", "date"]
    default: str = ""
    optional: bool = False
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(10) ** 15
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule's parameters, checked."""

    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a parameter as text, empty where it was left out."""
        return self.values.get(name, "")

    def number(self, name: str) -> Decimal:
        """Return a parameter that is always there as a number."""
        return Decimal(self.values[name])

    def maybe(self, name: str) -> Decimal | None:
        """Return an optional number."""
        text = self.text(name)
        return Decimal(text) if text else None


#: (parameters, facts, subjects for which the alert is open) -> what is to say.
Evaluate = Callable[[Wanted, Facts, frozenset[str]], Sequence[Verdict]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule. ``params`` is what its owner chooses, ``severity`` how urgently it is told."""

    id: str
    params: tuple[Param, ...]
    evaluate: Evaluate
    severity: Literal["info", "warning", "error"] = "warning"
    icon: str = "bell"

    def read(self, given: Mapping[str, str]) -> Wanted:
        """Return checked parameters, defaults filled in.

        Raises:
            InvalidInputError: One is unknown, missing, or out of bounds; ``params``: ``name``, ``allowed``.
        """
        known = {one.name: one for one in self.params}
        for name in given:
            if name not in known:
                raise InvalidInputError("alert.param", name=name, allowed=", ".join(known))
        values = {name: _checked(one, given.get(name, "").strip()) for name, one in known.items()}
        return Wanted({name: value for name, value in values.items() if value})


def _checked(param: Param, text: str) -> str:
    text = text or param.default
    if not text:
        if param.optional:
            return ""
        raise InvalidInputError("alert.param_missing", name=param.name)
    if param.type in ("choice", "asset", "source", "date"):
        return _checked_word(param, text)
    allowed = f"{param.low.normalize():f} – {param.high.normalize():f}"
    try:
        number = exact(text)
    except (TypeError, ValueError) as error:
        raise InvalidInputError("alert.param", name=param.name, allowed=allowed) from error
    whole = param.type in ("days", "hours", "count")
    if not param.low <= number <= param.high or (whole and number != number.to_integral_value()):
        raise InvalidInputError("alert.param", name=param.name, allowed=allowed)
    return plain(number)


def _checked_word(param: Param, text: str) -> str:
    if param.type == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise InvalidInputError("alert.param", name=param.name, allowed="2027-01-31") from error
    if param.type == "choice" and text not in param.choices:
        raise InvalidInputError("alert.param", name=param.name, allowed=", ".join(param.choices))
    if param.type == "asset" and not all(text.partition(":")):
        raise InvalidInputError("alert.param", name=param.name, allowed="crypto:BTC, stock:AAPL")
    if len(text) > _LONGEST:
        raise InvalidInputError("alert.param", name=param.name, allowed=f"… {_LONGEST}")
    return text


def asset_link(asset: AssetId) -> str:
    """Return the address of an asset's page."""
    return f"/assets/{quote(asset, safe=':')}"


def crossed(value: Decimal, limit: Decimal, *, was_open: bool) -> bool:
    """Tell whether a distance has reached its limit; while it is open, whether it has not clearly left it again."""
    return value >= (limit * CALM if was_open else limit)
