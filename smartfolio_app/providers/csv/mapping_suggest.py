"""Proposing a mapping for an unknown table: roles from headings, the rest from cells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from smartfolio_app.providers.csv import currencies, numbers
from smartfolio_app.providers.csv.base import ReadOptions, RowError, Table
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.csv.mapping import Mapping, Shape
from smartfolio_app.providers.csv.mapping_words import HEADINGS, IGNORED, is_day_first

_IN_HEADING = re.compile(r"\((?:in )?([$€£¥]|[A-Za-z]{3})\)|\b(?:in|en) ([A-Z]{3})\b")
_SAMPLE = 500
#: Roles that may be told by several columns, which are then added up.
_MANY = frozenset({"fee"})


def suggestion(table: Table, options: ReadOptions) -> Mapping:
    """Return the best mapping for ``table``; what could not be decided is listed in it."""
    names = [_bare(header) for header in table.headers]
    columns, ambiguous = _roles(names)
    shape = _shape(columns)
    columns = _adjusted(columns, shape, names)
    shape = _shape(columns)
    unsigned = shape == "cash" and _is_unsigned(table, columns, options)
    mapping = Mapping(
        shape=shape,
        columns=columns,
        headers=table.headers,
        decimal=options.decimal or "",
        date_order=options.date_order or _date_order(table, columns, options),
        default_currency=_currency(table, columns, options),
        unsigned=unsigned and "type" in columns,
        ambiguous=ambiguous,
    )
    missing = list(mapping.lacking())
    needs_money = shape in {"trades", "cash"}
    if needs_money and "currency" not in columns and not mapping.default_currency:
        missing.append("currency")
    if unsigned and "type" not in columns:
        missing.append("type")
    return replace(mapping, missing=tuple(missing)) if table.rows else mapping


def _bare(header: str) -> str:
    """Return a heading without the currency some add to it: ``Amount (EUR)`` -> ``amount``."""
    name = normalise(header)
    return name if name in {"price ($)", "amount ($)"} else re.sub(r"\s*\([^)]*\)$", "", name) or name


def _roles(names: list[str]) -> tuple[dict[str, tuple[int, ...]], tuple[str, ...]]:
    """Return the columns of each role, and the roles for which two columns fit equally well."""
    columns: dict[str, tuple[int, ...]] = {}
    ambiguous: list[str] = []
    taken: set[int] = set()
    for role, headings in HEADINGS.items():
        ranked = sorted(
            (headings.index(name), position)
            for position, name in enumerate(names)
            if name in headings and name not in IGNORED and position not in taken
        )
        if not ranked:
            continue
        best = ranked[0][0]
        equal = [position for rank, position in ranked if rank == best]
        if role in _MANY:
            equal = [position for _, position in ranked]
        elif len(equal) > 1:
            ambiguous.append(role)
            taken.update(equal)
            continue
        columns[role] = tuple(equal)
        taken.update(equal)
    return columns, tuple(ambiguous)


def _shape(columns: dict[str, tuple[int, ...]]) -> Shape:
    has = columns.keys()
    if {"received_quantity", "received_asset", "sent_quantity", "sent_asset"} <= has:
        return "two_sided"
    thing = bool(has & {"asset", "isin", "name"})
    if "date" not in has:
        return "positions"
    if thing and has & {"quantity", "total"} and not has & {"debit", "credit"}:
        return "trades"
    return "cash"


def _adjusted(
    columns: dict[str, tuple[int, ...]], shape: Shape, names: list[str]
) -> dict[str, tuple[int, ...]]:
    """Settle the headings that mean one thing in one table and another in the next."""
    columns = dict(columns)
    if shape != "two_sided":
        for role in ("received_quantity", "received_asset", "sent_quantity", "sent_asset"):
            columns.pop(role, None)
    if shape == "cash" and "quantity" in columns and "currency" in columns and "asset" not in columns:
        # One asset a row, called by the column "Currency"; what it was paid in stands nowhere.
        columns["asset"] = columns.pop("currency")
    if shape == "positions":
        if "quantity" not in columns and "total" in columns:
            columns["quantity"] = columns.pop("total")
        if (
            "name" in columns
            and "account" not in columns
            and "asset" not in columns
            and "currency" in columns
        ):
            columns["account"] = columns.pop("name")
    quantity = columns.get("quantity")
    if quantity and names[quantity[0]] == "balance" and shape != "positions":
        # A running balance is no quantity.
        columns.pop("quantity")
    if "quantity" not in columns and "total" in columns and "asset" in columns and "price" not in columns:
        amount_is_quantity = names[columns["total"][0]] in {
            "amount",
            "montant",
            "betrag",
            "importe",
            "bedrag",
            "importo",
        }
        if amount_is_quantity:
            columns["quantity"] = columns.pop("total")
    return columns


def _cells(table: Table, position: int) -> list[str]:
    return [
        row.cells[position]
        for row in table.rows[:_SAMPLE]
        if position < len(row.cells) and row.cells[position].strip()
    ]


def _currency(table: Table, columns: dict[str, tuple[int, ...]], options: ReadOptions) -> str:
    """Return the currency that headings or cells name, else the user's own."""
    if "currency" in columns:
        return ""
    money = [
        position
        for role in ("total", "price", "debit", "credit", "fee")
        for position in columns.get(role, ())
    ]
    found: Counter[str] = Counter()
    for position in money:
        match = _IN_HEADING.search(table.headers[position])
        code = currencies.of_sign(match[1] or match[2]) if match else ""
        if code:
            found[code] += 1
        for cell in _cells(table, position):
            try:
                unit = currencies.of_sign(numbers.parse_with_unit(cell, numbers.Style(".", evident=True))[1])
            except RowError:
                continue
            if unit:
                found[unit] += 1
    if len(found) == 1:
        return next(iter(found))
    return options.base_currency.upper() if not found else ""


def _date_order(table: Table, columns: dict[str, tuple[int, ...]], options: ReadOptions) -> str:
    if "date" not in columns:
        return ""
    reader = Columns(table, options).date_reader(columns["date"][0], day_first=is_day_first(table.headers))
    return reader.order


def _is_unsigned(table: Table, columns: dict[str, tuple[int, ...]], options: ReadOptions) -> bool:
    """Tell whether the amounts of an account statement carry no sign at all."""
    if "total" not in columns or "debit" in columns or "credit" in columns:
        return False
    style = Columns(table, options).style(columns["total"][0])
    for cell in _cells(table, columns["total"][0]):
        try:
            if numbers.parse(cell, style) < 0:
                return False
        except RowError:
            continue
    return True
