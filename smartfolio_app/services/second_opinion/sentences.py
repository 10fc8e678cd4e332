"""A second opinion in words, the same on the page, over REST and in the shell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from smartfolio_app.i18n import translate
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.ledger.money import plain
from smartfolio_app.services.second_opinion.comparison import What
from smartfolio_app.services.second_opinion.work import Opinion


class Words(Protocol):
    """How amounts and texts are written for the one who reads."""

    def say(self, key: str, /, **params: Any) -> str:
        """Return a text."""

    def money(self, value: Decimal | None, currency: str = "") -> str:
        """Return an amount."""

    def quantity(self, value: Decimal | None) -> str:
        """Return how many units."""

    def count(self, value: int) -> str:
        """Return a whole number."""

    def moment(self, value: datetime | None) -> str:
        """Return an instant."""


@dataclass(frozen=True, slots=True)
class PlainWords:
    """Texts in a language, amounts as any program reads them (the shell, the API)."""

    language: str = "en"

    def say(self, key: str, /, **params: Any) -> str:
        """Return a text."""
        return translate(self.language, key, **params)

    def money(self, value: Decimal | None, currency: str = "") -> str:
        """Return an amount to the cent."""
        return self.say("verify.not_known") if value is None else f"{value:.2f} {currency}"

    def quantity(self, value: Decimal | None) -> str:
        """Return how many units."""
        return self.say("verify.not_known") if value is None else plain(value)

    def count(self, value: int) -> str:
        """Return a whole number."""
        return str(value)

    def moment(self, value: datetime | None) -> str:
        """Return an instant in UTC."""
        return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def verdict(found: Opinion, words: Words) -> str:
    """Return whether everything that was compared is equal to the cent."""
    total = found.total
    if not total.matches and not total.incomes:
        return words.say("verify.nothing", engine=found.engine)
    if found.equal:
        return words.say(
            "verify.equal", engine=found.engine, gain=words.money(total.gain_ours, found.currency)
        )
    return words.say(
        "verify.differs",
        engine=found.engine,
        count=total.differing,
        number=words.count(total.differing),
        ours=words.money(total.gain_ours, found.currency),
        theirs=words.money(total.gain_theirs, found.currency),
    )


def difference(found: Opinion, words: Words) -> str:
    """Return the first difference: which lot match, when, both figures. Empty when there is none."""
    first = found.first
    if first is None:
        return ""

    def figure(value: Decimal | None) -> str:
        if value is None:
            return words.say("verify.not_known")
        return words.quantity(value) if first.what is What.LOT else words.money(value, found.currency)

    return words.say(
        f"verify.first_{first.what}",
        engine=found.engine,
        asset=found.symbols[first.asset],
        quantity=words.quantity(first.quantity),
        disposed=words.moment(first.disposed),
        acquired=words.say("verify.no_lot") if first.acquired is None else words.moment(first.acquired),
        ours=figure(first.ours),
        theirs=figure(first.theirs),
    )


def compared(found: Opinion, words: Words) -> list[str]:
    """Return what was compared, and by which rules."""
    total = found.total
    methods = Policy.parse(found.policy)
    years = ", ".join(
        f"{year}: {words.say(f'settings.method_{method}')}"
        for year, method in sorted(methods.methods.items())
    )
    lines = [
        words.say(
            "verify.compared",
            matches=words.count(total.matches),
            incomes=words.count(total.incomes),
            assets=words.count(len(found.assets)),
            method=words.say(f"settings.method_{methods.method}") + (f" ({years})" if years else ""),
            engine=found.engine,
            version=found.version,
        )
    ]
    if found.year is not None:
        lines.append(words.say("verify.of_year", year=str(found.year)))
    if found.pooling:
        lines.append(words.say("verify.pooled", pooling=words.say(f"gains.pooling_{found.pooling}")))
    return lines


def left_out(found: Opinion, words: Words) -> list[str]:
    """Return what was not compared: assets from an event on, unknown figures, money, what rp2 never covers."""
    lines = [
        words.say(
            f"verify.left_{one.limit}",
            asset=found.symbols[one.asset],
            since=words.moment(one.since),
            count=one.matches,
            number=words.count(one.matches),
            reason=one.reason,
        )
        for one in found.left_out
    ]
    if found.total.unknown:
        number = words.count(found.total.unknown)
        lines.append(words.say("verify.left_unknown", count=found.total.unknown, number=number))
    if found.money:
        lines.append(words.say("verify.left_money", count=found.money, number=words.count(found.money)))
    return [*lines, words.say("verify.never", engine=found.engine)]
