"""The two kinds of export that are not tables: JSON and XML, read without their usual traps."""

from __future__ import annotations

import json
from decimal import Decimal
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from smartfolio_app.providers.csv.base import UnreadableFileError
from smartfolio_app.providers.csv.limits import MAX_JSON_DEPTH, MAX_XML_ELEMENTS


def read_json(text: str) -> object:
    """Return the parsed document, numbers as ``Decimal``.

    Raises:
        UnreadableFileError: not valid JSON, or nested beyond sense.
    """
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_JSON_DEPTH:
                raise UnreadableFileError("import.damaged_json")
        elif character in "]}":
            depth -= 1
    try:
        document: object = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("import.damaged_json") from error
    return document


def read_xml(data: bytes) -> Element:
    """Return the root element. Entities and document types are refused: an export has none.

    Raises:
        UnreadableFileError: not well-formed, or carrying what only an attack carries.
    """
    if data.count(b"<") > MAX_XML_ELEMENTS:
        raise UnreadableFileError("import.too_many_rows", limit=MAX_XML_ELEMENTS)
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableFileError("import.xml_entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFileError("import.damaged_xml") from error
    return root
