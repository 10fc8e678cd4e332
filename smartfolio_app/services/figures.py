"""Figures as text, the way one person reads them: their language, number style, time zone, and privacy.

The server formats; the browser only shows. A ``Decimal`` put into a state var would become a float on the way, and an
amount that privacy hides would still travel to the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.analytics.results import Measure
from smartfolio_app.i18n import format as fmt
from smartfolio_app.i18n import translate, translate_or_text
from smartfolio_app.ledger.money import ZERO

UNKNOWN = "—"
HIDDEN = "•••••"


@dataclass(frozen=True, slots=True)
class Figures:
    """A formatter for one viewer and one moment. Every method takes ``None`` for *not known* and says ``—``.

    ``privacy`` hides amounts and quantities; shares, percentages, unit prices and dates tell nothing about how much
    there is and stay.
    """

    language: str = "en"
    style: str = "language"
    currency: str = "EUR"
    time_zone: str = "UTC"
    privacy: bool = False
    now: datetime | None = None

    def moment_now(self) -> datetime:
        return self.now or datetime.now(UTC)

    def say(self, key: str, /, **params: Any) -> str:
        """Return a text in the viewer's language."""
        return translate(self.language, key, **params)

    def say_or_text(self, text: str, /, **params: Any) -> str:
        """Return what may be a message key or plain text, in the viewer's language."""
        return translate_or_text(self.language, text, **params)

    def money(
        self, value: Decimal | None, currency: str = "", *, sign: bool = False, decimals: int | None = None
    ) -> str:
        """Return an amount in ``currency`` (default: the view's)."""
        if value is None:
            return UNKNOWN
        if self.privacy:
            return HIDDEN
        return fmt.money(
            value, currency or self.currency, self.language, self.style, sign=sign, decimals=decimals
        )

    def direction(self, value: Decimal | None, currency: str = "", *, decimals: int | None = None) -> str:
        """Return which way an amount goes as ``money`` writes it: one that is written as nothing is ``flat``."""
        if value is None:
            return direction(None)
        places = fmt.money_decimals(currency or self.currency) if decimals is None else decimals
        return direction(fmt.as_written(value, places))

    def rate_direction(self, ratio: Decimal | None, *, decimals: int = 1) -> str:
        """Return which way a ratio goes as ``percent`` writes it: what reads as 0.0 % is ``flat``."""
        return direction(None if ratio is None else fmt.as_written(ratio, decimals + 2))

    def parts(self, value: Decimal | None) -> fmt.MoneyParts:
        """Return an amount in the three parts of a hero figure."""
        if value is None:
            return fmt.MoneyParts(UNKNOWN, "", "")
        if self.privacy:
            return fmt.MoneyParts(HIDDEN, "", "")
        return fmt.money_parts(value, self.currency, self.language, self.style)

    def price(self, value: Decimal | None, currency: str = "") -> str:
        """Return the price of one unit."""
        if value is None:
            return UNKNOWN
        return fmt.unit_price(value, currency or self.currency, self.language, self.style)

    def quantity(self, value: Decimal | None) -> str:
        """Return how many units."""
        if value is None:
            return UNKNOWN
        return HIDDEN if self.privacy else fmt.quantity(value, self.language, self.style)

    def percent(self, ratio: Decimal | None, *, sign: bool = False, decimals: int = 1) -> str:
        """Return a ratio (0..1) as a percentage."""
        if ratio is None:
            return UNKNOWN
        return fmt.percent(ratio, self.language, self.style, sign=sign, decimals=decimals)

    def ratio(self, value: Decimal | None, *, decimals: int = 2) -> str:
        """Return a plain number: a Sharpe ratio, a beta, a score."""
        if value is None:
            return UNKNOWN
        return fmt.number(value, self.language, self.style, decimals=decimals)

    def measured(self, amount: Decimal | None, measure: Measure, unit: str, text: str = "") -> str:
        """Return an explained amount the way its measure is written; ``text`` where it is no number."""
        if measure is Measure.TEXT:
            return text
        if amount is None:
            return UNKNOWN
        match measure:
            case Measure.MONEY:
                return self.money(amount, unit)
            case Measure.PRICE:
                return self.price(amount, unit)
            case Measure.QUANTITY:
                return f"{self.quantity(amount)}{fmt.NBSP}{unit}" if unit else self.quantity(amount)
            case Measure.SHARE:
                return self.percent(amount)
            case Measure.FINE_SHARE:
                return self.percent(amount, decimals=2)
            case Measure.FINEST_SHARE:
                return self.percent(amount, decimals=4)
            case Measure.RATIO:
                return self.ratio(amount)
            case _:
                return self.count(int(amount))

    def count(self, value: int) -> str:
        """Return a whole number."""
        return fmt.count(value, self.language, self.style)

    def size(self, value: int) -> str:
        """Return a number of bytes."""
        return fmt.size(value, self.language, self.style)

    def day(self, value: date | None) -> str:
        """Return a date."""
        return UNKNOWN if value is None else fmt.day(value, self.language)

    def moment(self, value: datetime | None) -> str:
        """Return an instant in the viewer's time zone."""
        return UNKNOWN if value is None else fmt.moment(value, self.language, self.time_zone)

    def clock_or_day(self, value: datetime | None) -> str:
        """Return the time of an instant of today, else its date."""
        if value is None:
            return UNKNOWN
        return fmt.clock_or_day(value, self.language, self.time_zone, now=self.moment_now())

    def ago(self, value: datetime | None) -> str:
        """Return how long ago an instant was."""
        return UNKNOWN if value is None else fmt.ago(value, self.language, now=self.moment_now())


def direction(value: Decimal | None) -> str:
    """Return ``up``, ``down``, ``flat`` or ``none`` (not known): the class that gives a figure its arrow."""
    if value is None:
        return "none"
    if value == ZERO:
        return "flat"
    return "up" if value > ZERO else "down"
