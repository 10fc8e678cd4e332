"""What a rule was told when it judged: written down, so that it can be judged again from that alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from smartfolio_app.analytics.alerts.base import (
    BadDay,
    CredentialAge,
    Facts,
    Fall,
    Flow,
    LiveSource,
    TargetDrift,
)
from smartfolio_app.analytics.results import Coverage, Holding, UnitPrice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from smartfolio_app.ledger.assets import AssetId

Json = dict[str, Any]
T = TypeVar("T")

_NOW: TypeAdapter[datetime] = TypeAdapter(datetime)
_TEXT: TypeAdapter[str] = TypeAdapter(str)
_HOLDINGS: TypeAdapter[list[Holding]] = TypeAdapter(list[Holding])
_COVERAGE: TypeAdapter[Coverage] = TypeAdapter(Coverage)
_DRIFTS: TypeAdapter[list[TargetDrift]] = TypeAdapter(list[TargetDrift])
_FALL: TypeAdapter[Fall | None] = TypeAdapter(Fall | None)
_SOURCES: TypeAdapter[list[LiveSource]] = TypeAdapter(list[LiveSource])
_CREDENTIALS: TypeAdapter[list[CredentialAge]] = TypeAdapter(list[CredentialAge])
_PRICE: TypeAdapter[UnitPrice | None] = TypeAdapter(UnitPrice | None)
_BAD_DAY: TypeAdapter[BadDay | None] = TypeAdapter(BadDay | None)
_FLOWS: TypeAdapter[list[Flow]] = TypeAdapter(list[Flow])


class Heard:
    """Facts that note which of them were asked for."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._once: dict[str, tuple[TypeAdapter[Any], Any]] = {}  # fact -> its type and what was told
        self._about: dict[
            str, dict[str, tuple[TypeAdapter[Any], Any]]
        ] = {}  # ... of those that are asked for with something

    def of(self, subject: str) -> Json:
        """Return what was told so far that concerns a subject, as JSON; ``Told`` tells it again."""
        found: Json = {"now": self.now.isoformat(), "currency": self.currency}
        for name, (kind, told) in self._once.items():
            found[name] = _written(kind, _of_subject(told, subject))
        for name, answers in self._about.items():
            found[name] = {
                about: _written(kind, _of_subject(told, subject)) for about, (kind, told) in answers.items()
            }
        return found

    @property
    def now(self) -> datetime:
        return self._facts.now

    @property
    def currency(self) -> str:
        return self._facts.currency

    @property
    def holdings(self) -> Sequence[Holding]:
        return self._noted("holdings", _HOLDINGS)

    @property
    def coverage(self) -> Coverage:
        return self._noted("coverage", _COVERAGE)

    @property
    def drifts(self) -> Sequence[TargetDrift]:
        return self._noted("drifts", _DRIFTS)

    @property
    def fall(self) -> Fall | None:
        return self._noted("fall", _FALL)

    @property
    def live_sources(self) -> Sequence[LiveSource]:
        return self._noted("live_sources", _SOURCES)

    @property
    def credentials(self) -> Sequence[CredentialAge]:
        return self._noted("credentials", _CREDENTIALS)

    def price(self, asset: AssetId) -> UnitPrice | None:
        return self._answered("price", asset, _PRICE, self._facts.price(asset))

    def symbol(self, asset: AssetId) -> str:
        return self._answered("symbol", asset, _TEXT, self._facts.symbol(asset))

    def bad_day(self, confidence: Decimal) -> BadDay | None:
        return self._answered("bad_day", str(confidence), _BAD_DAY, self._facts.bad_day(confidence))

    def flows(self, since: timedelta) -> Sequence[Flow]:
        return self._answered("flows", _seconds(since), _FLOWS, self._facts.flows(since))

    def _noted(self, name: str, kind: TypeAdapter[T]) -> T:
        told: T = getattr(self._facts, name)
        self._once[name] = kind, told
        return told

    def _answered(self, name: str, about: str, kind: TypeAdapter[Any], told: T) -> T:
        self._about.setdefault(name, {})[about] = kind, told
        return told


class Told:
    """Facts as they were written down. Asking for one that was not raises ``KeyError``; one that is none,
    ``ValueError``.
    """

    def __init__(self, rows: Json) -> None:
        self._rows = rows
        self.now: datetime = _read(_NOW, rows["now"])
        self.currency: str = _read(_TEXT, rows["currency"])

    @property
    def holdings(self) -> Sequence[Holding]:
        return _read(_HOLDINGS, self._rows["holdings"])

    @property
    def coverage(self) -> Coverage:
        return _read(_COVERAGE, self._rows["coverage"])

    @property
    def drifts(self) -> Sequence[TargetDrift]:
        return _read(_DRIFTS, self._rows["drifts"])

    @property
    def fall(self) -> Fall | None:
        return _read(_FALL, self._rows["fall"])

    @property
    def live_sources(self) -> Sequence[LiveSource]:
        return _read(_SOURCES, self._rows["live_sources"])

    @property
    def credentials(self) -> Sequence[CredentialAge]:
        return _read(_CREDENTIALS, self._rows["credentials"])

    def price(self, asset: AssetId) -> UnitPrice | None:
        return _read(_PRICE, self._rows["price"][asset])

    def symbol(self, asset: AssetId) -> str:
        return _read(_TEXT, self._rows["symbol"][asset])

    def bad_day(self, confidence: Decimal) -> BadDay | None:
        return _read(_BAD_DAY, self._rows["bad_day"][str(confidence)])

    def flows(self, since: timedelta) -> Sequence[Flow]:
        return _read(_FLOWS, self._rows["flows"][_seconds(since)])


def _of_subject(told: Any, subject: str) -> Any:
    """Return of many the one that an alert is about: no rule judges one by another."""
    if not isinstance(told, list | tuple):
        return told
    return [
        replace(one, positions=()) if isinstance(one, Holding) else one
        for one in told
        if _subject_of(one) == subject
    ]


def _subject_of(one: Holding | TargetDrift | LiveSource | CredentialAge | Flow) -> str:
    match one:
        case Holding():
            return one.asset.id
        case CredentialAge():
            return one.source
        case Flow():
            return one.id
        case _:
            return one.key


def _seconds(span: timedelta) -> str:
    return str(int(span.total_seconds()))


def _written(kind: TypeAdapter[Any], told: Any) -> Any:
    return kind.dump_python(told, mode="json")


def _read(kind: TypeAdapter[T], row: Any) -> T:
    return kind.validate_python(row)
