"""Numbers, money, dates and ages as people write them. ``Decimal`` in, text out; nothing here rounds what is stored.

``lang`` decides words, order and currency placement; ``style`` (a user's setting) may override the separators:
``language`` or one of ``NUMBER_STYLES``. Signs are typographic (``−``, U+2212), so that columns of figures align.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units

from smartfolio_app.ledger.money import MONEY_CONTEXT

MINUS = "−"
NBSP = "\u00a0"
NARROW = "\u202f"

#: Style -> (decimal sign, group sign); ``language`` is not here because it overrides nothing.
NUMBER_STYLES: dict[str, tuple[str, str]] = {
    "1,234.56": (".", ","),
    "1.234,56": (",", "."),
    "1 234,56": (",", NARROW),
    "1'234.56": (".", "’"),
}

_CRYPTO_UNITS = {"BTC": ("₿", 8)}


@dataclass(frozen=True, slots=True)
class MoneyParts:
    """An amount cut where the eye cuts it: the cents (with their decimal sign) may be drawn smaller."""

    whole: str  # sign, leading symbol and integer part
    cents: str  # decimal sign and decimals, or empty
    after: str  # trailing symbol with its space, or empty

    def __str__(self) -> str:
        return self.whole + self.cents + self.after


@cache
def _locale(lang: str) -> Locale:
    return Locale.parse(lang)


@cache
def _separators(lang: str, style: str) -> tuple[str, str, str, str]:
    """Return (decimal of the language, group of the language, wanted decimal, wanted group)."""
    symbols = _locale(lang).number_symbols["latn"]
    own = (str(symbols["decimal"]), str(symbols["group"]))
    wanted = NUMBER_STYLES.get(style, own)
    return (*own, *wanted)


def _restyle(text: str, lang: str, style: str) -> str:
    decimal, group, new_decimal, new_group = _separators(lang, style)
    if (decimal, group) != (new_decimal, new_group):
        text = text.translate({ord(decimal): new_decimal, ord(group): new_group})
    return text.replace("-", MINUS)


def _digits(value: Decimal, pattern: str, lang: str) -> str:
    return _written(value, value.is_signed(), pattern, lang)


#: A page that is filled again writes the same figures again; Babel takes a good while for each.
@lru_cache(maxsize=16_384)
def _written(value: Decimal, _signed: bool, pattern: str, lang: str) -> str:
    """Return the digits; ``_signed`` tells minus nought from nought, which are equal."""
    with localcontext(
        MONEY_CONTEXT
    ):  # Babel quantizes in the current context, whose 28 digits can be too few
        return numbers.format_decimal(value, pattern, locale=_locale(lang))


def _signed(text: str, value: Decimal, *, sign: bool) -> str:
    return f"+{text}" if sign and value > 0 else text


@cache
def _pattern(decimals: int, *, trim: bool) -> str:
    if decimals == 0:
        return "#,##0"
    return "#,##0." + ("#" if trim else "0") * decimals


def number(
    value: Decimal,
    lang: str,
    style: str = "language",
    *,
    decimals: int = 2,
    trim: bool = False,
    sign: bool = False,
) -> str:
    """Return a plain number with exactly (``trim``: at most) ``decimals`` decimals."""
    rounded = as_written(value, decimals)
    text = _digits(rounded, _pattern(decimals, trim=trim), lang)
    return _signed(_restyle(text, lang, style), rounded, sign=sign)


def quantity(value: Decimal, lang: str, style: str = "language") -> str:
    """Return a quantity of an asset: about eight significant digits, at most eight decimals, no trailing zeros.

    A quantity too small for that is written with its first four significant digits, never as zero.
    """
    magnitude = value.copy_abs()
    whole_digits = max(1, magnitude.adjusted() + 1) if magnitude else 1
    decimals = max(2, min(8, 9 - whole_digits))
    if magnitude and magnitude.adjusted() < -6:
        decimals = 3 - magnitude.adjusted()
    return number(value, lang, style, decimals=decimals, trim=True)


def money_decimals(currency: str) -> int:
    """Return how many decimals an amount of ``currency`` is written with (BTC: 8, JPY: 0, EUR: 2)."""
    if currency in _CRYPTO_UNITS:
        return _CRYPTO_UNITS[currency][1]
    return numbers.get_currency_precision(currency)


def money(
    value: Decimal,
    currency: str,
    lang: str,
    style: str = "language",
    *,
    sign: bool = False,
    decimals: int | None = None,
) -> str:
    """Return an amount of money in ``currency`` (ISO code or ``BTC``), written as ``lang`` writes it."""
    return str(money_parts(value, currency, lang, style, sign=sign, decimals=decimals))


def money_parts(
    value: Decimal,
    currency: str,
    lang: str,
    style: str = "language",
    *,
    sign: bool = False,
    decimals: int | None = None,
) -> MoneyParts:
    """Return the same text as ``money``, in three parts for the hero figure."""
    places = money_decimals(currency) if decimals is None else decimals
    rounded = as_written(value, places)
    digits = _restyle(_digits(rounded.copy_abs(), _pattern(places, trim=False), lang), lang, style)
    decimal = _separators(lang, style)[2]
    whole, found, cents = digits.rpartition(decimal) if places else (digits, "", "")
    lead = MINUS if rounded < 0 else ("+" if sign and rounded > 0 else "")
    symbol, before = _symbol(currency, lang)
    if before:
        gap = NBSP if symbol[-1].isalpha() else ""
        return MoneyParts(f"{lead}{symbol}{gap}{whole}", found + cents, "")
    return MoneyParts(f"{lead}{whole}", found + cents, f"{NBSP}{symbol}")


@cache
def _symbol(currency: str, lang: str) -> tuple[str, bool]:
    """Return the currency's sign in ``lang``, and whether it stands before the figure."""
    pattern = _locale(lang).currency_formats["standard"].pattern
    symbol = (
        _CRYPTO_UNITS[currency][0]
        if currency in _CRYPTO_UNITS
        else numbers.get_currency_symbol(currency, lang)
    )
    return symbol, pattern.startswith("¤")


def unit_price(value: Decimal, currency: str, lang: str, style: str = "language") -> str:
    """Return the price of one unit: the currency's own decimals, more when it is worth less than one of it."""
    return money(value, currency, lang, style, decimals=price_decimals(value, currency))


def price_decimals(value: Decimal, currency: str) -> int:
    """Return the decimals a unit price needs to show at least four significant digits (at most 18)."""
    usual = money_decimals(currency)
    if not value:
        return usual
    return max(usual, min(18, 3 - value.copy_abs().adjusted()))


def percent(
    ratio: Decimal, lang: str, style: str = "language", *, decimals: int = 1, sign: bool = False
) -> str:
    """Return a ratio (0..1) as a percentage."""
    rounded = as_written(ratio, decimals + 2)
    gap = NBSP if NBSP in _locale(lang).percent_formats[None].pattern else ""
    text = _digits(rounded * 100, _pattern(decimals, trim=False), lang)
    return f"{_signed(_restyle(text, lang, style), rounded, sign=sign)}{gap}%"


def count(value: int, lang: str, style: str = "language") -> str:
    """Return a whole number with its group signs."""
    return number(Decimal(value), lang, style, decimals=0)


def size(value: int, lang: str, style: str = "language") -> str:
    """Return a number of bytes in kB, from a million on in MB, from ten thousand million on in GB."""
    if value < 1_000_000:
        unit, told = "kilobyte", count(round(value / 1000) or min(value, 1), lang, style)
    elif value < 10_000_000_000:
        unit, told = "megabyte", number(Decimal(value) / 10**6, lang, style, decimals=1)
    else:
        unit, told = "gigabyte", number(Decimal(value) / 10**9, lang, style, decimals=1)
    return str(units.format_unit(told, f"digital-{unit}", "short", locale=lang))


@lru_cache(maxsize=16_384)
def day(value: date, lang: str, *, width: str = "medium") -> str:
    """Return a date: ``Nov 23, 2026`` / ``23 nov. 2026``."""
    return dates.format_date(value, width, locale=lang)


def month_name(month: int, lang: str) -> str:
    """Return the short name of a month, 1 to 12."""
    return str(dates.get_month_names("abbreviated", "stand-alone", _locale(lang))[month])


def moment(value: datetime, lang: str, time_zone: str = "UTC") -> str:
    """Return an instant in the user's time zone, to the minute."""
    local = value.astimezone(ZoneInfo(time_zone)).date()
    return _locale(lang).datetime_formats["medium"].format(clock(value, lang, time_zone), day(local, lang))


def clock(value: datetime, lang: str, time_zone: str = "UTC") -> str:
    """Return the time of day in the user's time zone, 24 hours, to the minute: ``14:05``."""
    return dates.format_time(value, "HH:mm", tzinfo=ZoneInfo(time_zone), locale=lang)


def clock_or_day(value: datetime, lang: str, time_zone: str = "UTC", *, now: datetime) -> str:
    """Return the time of day for an instant of today, else its date."""
    zone = ZoneInfo(time_zone)
    local = value.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return clock(value, lang, time_zone)
    return day(local.date(), lang)


def ago(value: datetime, lang: str, *, now: datetime | None = None) -> str:
    """Return how long ago an instant was, in words: ``3 minutes ago`` / ``il y a 3 minutes``."""
    elapsed = (now or datetime.now(UTC)) - value
    elapsed = max(elapsed, timedelta(0))
    return dates.format_timedelta(
        -elapsed, granularity="second", threshold=0.95, add_direction=True, locale=lang
    )


def as_written(value: Decimal, places: int) -> Decimal:
    """Round half to even in the money context (the default context would refuse long figures); zero has no sign."""
    with localcontext(MONEY_CONTEXT):
        return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN) + 0
