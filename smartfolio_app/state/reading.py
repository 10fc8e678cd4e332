"""What a person typed, read exactly: numbers as their language and number style write them."""

from __future__ import annotations

import re
from decimal import Decimal

from babel import numbers

from smartfolio_app.i18n.format import NUMBER_STYLES
from smartfolio_app.ledger.money import exact, plain
from smartfolio_app.state.figures import Figures

_SPACES = re.compile(r"[\s\u00a0\u202f'’_]")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


class WrongFormError(Exception):
    """A form cannot be used as it is; ``sentence`` says why, in the viewer's language."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def decimal_sign(figures: Figures) -> str:
    """Return the sign between units and decimals, as this person writes it."""
    style = NUMBER_STYLES.get(figures.style)
    return style[0] if style is not None else str(numbers.get_decimal_symbol(figures.language))


def read_number(text: str, figures: Figures) -> Decimal:
    """Return the exact number a person typed.

    Spaces and apostrophes group. Of a comma and a point the later one is the decimal sign; one of them alone is, unless
    it is this person's grouping sign and stands where groups do (``1,234`` is 1234 in English and 1.234 in French).

    Raises:
        ValueError: It is no number.
    """
    typed = _SPACES.sub("", text).replace("−", "-")
    comma, point = typed.rfind(","), typed.rfind(".")
    if comma >= 0 and point >= 0:
        group = "," if point > comma else "."
        typed = typed.replace(group, "")
    else:
        sign = "," if comma >= 0 else "."
        parts = typed.lstrip("+-").split(sign)
        if len(parts) > 2 or (sign != decimal_sign(figures) and _is_grouped(parts)):
            typed = typed.replace(sign, "") if all(len(part) == 3 for part in parts[1:]) else ""
    typed = typed.replace(",", ".")
    if not _PLAIN.fullmatch(typed):
        raise ValueError(f"not a number: {text!r}")
    return exact(typed)


def write_number(value: Decimal | None, figures: Figures) -> str:
    """Return a number as a field shows it for editing: every digit, this person's decimal sign, no grouping."""
    return "" if value is None else plain(value).replace(".", decimal_sign(figures))


def _is_grouped(parts: list[str]) -> bool:
    return len(parts) == 2 and 1 <= len(parts[0]) <= 3 and len(parts[1]) == 3 and parts[0] != "0"
