"""Exact numbers: where ``Decimal`` comes from, and how it is written down.

Floats are refused at the door: a price that has been a float once is no longer the price.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation, localcontext

#: Enough digits for 18-decimals tokens times seven-figure prices, with room for sums over a million rows.
MONEY_CONTEXT = Context(prec=50)

_VALUE_SCALE = Decimal("1e-12")

ZERO = Decimal(0)


def exact(value: str | int | Decimal) -> Decimal:
    """Return ``value`` as a finite ``Decimal``; raise ``TypeError`` for a float, ``ValueError`` for nonsense."""
    if isinstance(value, float):  # reachable from untyped callers
        raise TypeError("a float is not exact; pass text, an integer or a Decimal")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {value!r}")
    return number


def plain(value: Decimal) -> str:
    """Return the canonical decimal text of ``value``: no exponent, no trailing zeros, no minus zero.

    Equal numbers give equal text, which is what deduplication and storage rely on.
    """
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the product in the money context, so that no digit is lost to the default 28."""
    with localcontext(MONEY_CONTEXT):
        return left * right


def market_value(quantity: Decimal, price: Decimal) -> Decimal:
    """Return quantity times price, rounded (half even) to 12 decimals.

    What a rate like 1/1.08 leaves beyond them is no money, and values with a fixed scale add up exactly in any order.
    """
    return multiply(quantity, price).quantize(_VALUE_SCALE, context=MONEY_CONTEXT)


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return the quotient in the money context; raise ``ZeroDivisionError`` when ``right`` is zero."""
    with localcontext(MONEY_CONTEXT):
        return left / right
