"""Exact numbers out of any locale's text.

``1,234`` is one thousand two hundred and thirty-four in London and one and a quarter in Paris. Nothing in that cell
tells which, so the reading is decided over its whole column: a cell that can be read in only one way (``12.5``,
``1.234,56``) is evidence for the others. A cell that stays ambiguous is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from smartfolio_app.providers.csv.base import RowError

#: Cells that say "nothing here".
EMPTY = frozenset(
    {"", "-", "--", "–", "—", "−", "n/a", "na", "nan", "none", "null", "not available", "#n/a", "n.v.", "nil"}
)

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+")
_MINUS = str.maketrans(dict.fromkeys("−–—‒﹣－", "-") | dict.fromkeys("’‘ʼ′`´", "'"))
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_PLAIN_AMBIGUOUS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_CURRENCY_SIGN = "$€£¥₹₽₩₺₿₫₴₦฿"
_WORD = rf"(?:[^\W\d_]{{1,12}}[{_CURRENCY_SIGN}]?|[{_CURRENCY_SIGN}]|%)"
_SHAPE = re.compile(
    rf"(?P<before>{_WORD})?\s?(?P<sign>[+-])?\s?(?P<between>{_WORD})?\s?"
    rf"(?P<digits>[0-9.,' ]*[0-9][0-9.,' ]*?)(?:[eE](?P<exponent>[+-]?[0-9]{{1,5}}))?"
    rf"\s?(?P<after>{_WORD})?\s?(?P<trailing>-)?"
)
_UNIT_TOKEN = re.compile(r"(?=.*[^\W\d_])[\w.$/-]{1,20}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[ '][0-9]{3})+(?:[.,][0-9]*)?")
#: Indian lakh grouping is a reading of its own: only the last group has three digits.
_REPEATED_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{2,3})*[.,][0-9]{3}")

_MAX_DIGITS = 80
_MAX_MAGNITUDE = 40


@dataclass(frozen=True, slots=True)
class Style:
    """How a column writes its decimals: ``decimal`` is ``"."``, ``","`` or unknown; ``evident`` when cells prove it."""

    decimal: str | None = None
    evident: bool = False


UNKNOWN = Style()


def _evidence(separator: str, other: str) -> re.Pattern[str]:
    """Return a pattern that finds a number in which ``separator`` can only be the decimal point."""
    s, o = re.escape(separator), re.escape(other)
    edge, end = r"(?<![0-9.,])", r"(?![0-9.,])"
    return re.compile(
        "|".join(
            (
                rf"[0-9]{o}[0-9][0-9{o} ']*{s}[0-9]*{end}",  # both are there: the last one
                rf"{edge}[0-9]*{s}(?:[0-9]{{1,2}}|[0-9]{{4,}}){end}",  # not three digits behind it
                rf"{edge}(?:0[0-9]*|[0-9]{{4,}}|){s}[0-9]{{3}}{end}",  # no group in front of it
                rf"[0-9][ '’\u00a0\u202f][0-9]{{3}}{s}[0-9]+{end}",  # something else groups
            )
        )
    )


_DECIMAL = {".": _evidence(".", ","), ",": _evidence(",", ".")}
#: Written twice in one number, a separator groups: the other one is the decimal point.
_GROUPS = {
    separator: re.compile(
        rf"[0-9]{re.escape(separator)}[0-9]{{3}}{re.escape(separator)}[0-9]{{3}}(?![0-9.,])"
    )
    for separator in ".,"
}


def detect(values: Iterable[str]) -> Style:
    """Return the style that the cells of a column prove; unknown where they prove nothing or contradict each other."""
    text = "\n".join(values)
    proven = [decimal for decimal, other in ((".", ","), (",", ".")) if _proves(text, decimal, other)]
    return Style(proven[0], evident=True) if len(proven) == 1 else UNKNOWN


def _proves(text: str, decimal: str, other: str) -> bool:
    if decimal in text and _DECIMAL[decimal].search(text):
        return True
    return other in text and _GROUPS[other].search(text) is not None


def is_empty(text: str) -> bool:
    """Tell whether a cell holds no number on purpose (empty, a dash, ``n/a``)."""
    return text.strip().casefold() in EMPTY


def parse(text: str, style: Style = UNKNOWN) -> Decimal:
    """Return the number in ``text``, without its unit.

    Raises:
        RowError: not a number, ambiguous, or out of any sensible range.
    """
    if _PLAIN.fullmatch(text):
        if style.decimal != "." and _PLAIN_AMBIGUOUS.fullmatch(text):
            return _settle(text, text.lstrip("-"), negative=text[0] == "-", exponent=0, style=style)
        # So short a text without an exponent is within any limit; most cells of most files end here.
        return Decimal(text) if len(text) <= _MAX_MAGNITUDE else _checked(text, Decimal(text))
    return parse_with_unit(text, style)[0]


def parse_with_unit(text: str, style: Style = UNKNOWN) -> tuple[Decimal, str]:
    """Return the number in ``text`` and the unit written with it: ``516 USD``, ``$1,000.00``, ``0,06%``; "" for none.

    Raises:
        RowError: see :func:`parse`.
    """
    if len(text) > 200:
        raise RowError("not_a_number", value=text[:40])
    body = _SPACES.sub(" ", text).strip().translate(_MINUS)
    negative = body.startswith("(") and body.endswith(")")
    if negative:
        body = body[1:-1].strip()
    unit = ""
    head, space, tail = body.rpartition(" ")
    if space and _UNIT_TOKEN.fullmatch(tail) and head[-1].isdigit():
        body, unit = head, tail
    shape = _SHAPE.fullmatch(body)
    if shape is None:
        raise RowError("not_a_number", value=text[:40])
    units = [word for word in (unit, shape["before"], shape["between"], shape["after"]) if word]
    if len(units) > 1 or units in (["e"], ["E"]):  # an exponent that was cut off is no unit
        raise RowError("not_a_number", value=text[:40])
    minus = (shape["sign"] == "-") + (shape["trailing"] is not None) + negative
    if minus > 1:
        raise RowError("not_a_number", value=text[:40])
    exponent = int(shape["exponent"] or 0)
    number = _settle(
        text,
        shape["digits"].strip(),
        negative=minus == 1,
        exponent=exponent,
        style=style,
        scientific=shape["exponent"] is not None,
    )
    return number, units[0] if units else ""


def _settle(
    text: str, digits: str, *, negative: bool, exponent: int, style: Style, scientific: bool = False
) -> Decimal:
    """Read ``digits`` (digits and separators only) as a number."""
    grouped = " " in digits or "'" in digits
    if grouped:
        if not _GROUPED.fullmatch(digits):
            raise RowError("not_a_number", value=text[:40])
        digits = digits.replace(" ", "").replace("'", "")
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        decimal = "." if digits.rfind(".") > digits.rfind(",") else ","
        if digits.count(decimal) > 1:
            raise RowError("not_a_number", value=text[:40])
    elif dots + commas > 1:
        if not _REPEATED_GROUPS.fullmatch(digits):
            raise RowError("not_a_number", value=text[:40])
        decimal = ""
    elif dots + commas == 1:
        separator = "." if dots else ","
        whole, fraction = digits.split(separator)
        certain = (
            grouped or scientific or len(fraction) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0")
        )
        decimal = separator if certain else _ambiguous(text, separator, style)
    else:
        decimal = ""
    if decimal:
        digits = digits.replace("," if decimal == "." else ".", "").replace(decimal, ".")
    else:
        digits = digits.replace(",", "").replace(".", "")
    if abs(exponent) > _MAX_MAGNITUDE:
        raise RowError("number_out_of_range", value=text[:40])
    try:
        # Built from text: arithmetic would round to the context's 28 digits.
        number = Decimal(f"{'-' if negative else ''}{digits}E{exponent}")
    except InvalidOperation as error:
        raise RowError("not_a_number", value=text[:40]) from error
    return _checked(text, number)


def _ambiguous(text: str, separator: str, style: Style) -> str:
    """Return the decimal separator for a cell like ``1,234``: the separator itself, or "" when it groups."""
    if style.decimal == separator:
        return separator
    if style.evident:
        return ""
    raise RowError("ambiguous_number", value=text[:40])


def _checked(text: str, number: Decimal) -> Decimal:
    """Return ``number`` if it is of a size that money or coins can have (a bomb like 1E+999999999 is not)."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if len(number.as_tuple().digits) > _MAX_DIGITS or exponent < -_MAX_MAGNITUDE:
        raise RowError("number_out_of_range", value=text[:40])
    if number and number.adjusted() > _MAX_MAGNITUDE:
        raise RowError("number_out_of_range", value=text[:40])
    return number
