"""Bytes of an answer -> checked values. Numbers become ``Decimal`` straight from their digits, never by way of a float.

Everything here raises ``ValueError`` for what it cannot take, which the client turns into ``ProviderAnswerError``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import iterparse

from smartfolio_app.ledger.money import exact

#: Coins exist below 1e-12 and a whole bitcoin in the weakest currencies stays below 1e13; beyond is a broken answer.
SMALLEST_PRICE = Decimal("1e-24")
LARGEST_PRICE = Decimal("1e15")


def json_document(body: bytes) -> Any:
    """Return the JSON document in ``body``; fractions are ``Decimal``; ``NaN`` and ``Infinity`` are refused."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(body, parse_float=Decimal, parse_constant=refuse)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``."""
    document = json_document(body)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return document


def json_array(body: bytes) -> list[Any]:
    """Return the JSON array in ``body``."""
    document = json_document(body)
    if not isinstance(document, list):
        raise ValueError("not a JSON array")  # noqa: TRY004 - a wrong answer, not a wrong call
    return document


def price(value: object) -> Decimal:
    """Return a usable price or rate; raise ``ValueError`` for text, booleans, zero, negatives and absurd sizes."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"not a number: {str(value)[:40]!r}")  # noqa: TRY004 - a wrong answer, not a wrong call
    return _sane(exact(value))


def price_text(value: str) -> Decimal:
    """Return a price or rate that the provider writes as text (XML, CSV); ``ValueError`` like ``price``."""
    return _sane(exact(value.strip()))


def moment(seconds: float) -> datetime:
    """Return the instant that many seconds after 1970; raise ``ValueError`` for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("not a time") from error


def _sane(number: Decimal) -> Decimal:
    if not SMALLEST_PRICE <= number <= LARGEST_PRICE:
        raise ValueError(f"not a price: {str(number)[:40]}")
    return number


def xml_elements(body: bytes) -> Iterator[Element]:
    """Yield each element of an XML document as it ends.

    In slices on purpose: parsing seven megabytes in one C call would hold the interpreter, and with it every request,
    for a tenth of a second.
    """
    try:
        for _, element in iterparse(BytesIO(body), events=("end",), forbid_dtd=True):
            yield element
    except ParseError as error:
        raise ValueError("not XML") from error
