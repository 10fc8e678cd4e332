"""Reading any table by an assignment of its columns: the assignment itself, and its two uses.

``suggest`` proposes one from the headings and cells; the user changes it; it is saved as JSON and used again for files
with the same headings. ``apply`` reads a table by it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.csv.base import ParsedFile, Progress, ReadOptions, Table
from smartfolio_app.providers.csv.headings import normalise
from smartfolio_app.providers.csv.mapping_words import MEANINGS

Shape = Literal["trades", "two_sided", "cash", "positions"]
SHAPES: tuple[Shape, ...] = ("trades", "two_sided", "cash", "positions")

#: What a column can mean, in the order a form shows it.
ROLES = (
    "date", "time", "type", "asset", "isin", "name", "class", "quantity", "price", "total", "currency",
    "received_quantity", "received_asset", "sent_quantity", "sent_asset", "debit", "credit",
    "fee", "fee_currency", "split_ratio", "account", "note", "id", "status",
)  # fmt: skip

#: Per shape: the roles it cannot do without; of a group in brackets one is enough.
REQUIRED: dict[Shape, tuple[tuple[str, ...], ...]] = {
    "trades": (("date",), ("asset", "isin", "name"), ("quantity", "total")),
    "two_sided": (
        ("date",),
        ("received_quantity",),
        ("received_asset",),
        ("sent_quantity",),
        ("sent_asset",),
    ),
    "cash": (("date",), ("total", "debit", "credit")),
    "positions": (("asset", "isin", "name", "currency"), ("quantity",)),
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column means what, and how its cells are written.

    ``shape`` says what a row is: a trade of one asset against money (``trades``), what came in and what went out
    side by side (``two_sided``), a movement of an account (``cash``), or a holding (``positions``). ``columns``
    gives the position of each role; ``fee`` may have several, their sum counts. ``headers`` are the headings it was
    made for. ``words`` are the user's own words for kinds (``{"aankoop": "buy"}``). ``unsigned`` says that the cash
    amounts carry no sign and the type column tells the direction. ``missing`` and ``ambiguous`` are what a
    suggestion could not decide.
    """

    shape: Shape = "trades"
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    decimal: str = ""
    date_order: str = ""
    time_zone: str = ""
    default_currency: str = ""
    default_asset: str = ""
    asset_class: Literal["auto", "crypto", "stock"] = "auto"
    account: str = ""
    unsigned: bool = False
    words: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether a table can be read by it without asking anything more."""
        return not self.missing and not self.ambiguous and not self.lacking()

    def lacking(self) -> tuple[str, ...]:
        """Return the roles that its shape needs and it has not; of alternatives the first."""
        return tuple(
            group[0]
            for group in REQUIRED[self.shape]
            if not any(self.columns.get(role) for role in group)
            and not (self.default_asset and "asset" in group)
        )

    def column(self, role: str) -> int:
        """Return the position of the (first) column with ``role``, -1 for none."""
        found = self.columns.get(role, ())
        return found[0] if found else -1

    def assign(self, role: str, *positions: int) -> Mapping:
        """Return the mapping with ``role`` given to these columns (to none, without any)."""
        columns = {name: found for name, found in self.columns.items() if name != role}
        if positions:
            columns[role] = positions
        return replace(
            self,
            columns=columns,
            missing=tuple(name for name in self.missing if name != role),
            ambiguous=tuple(name for name in self.ambiguous if name != role),
        )

    def read_options(self, options: ReadOptions) -> ReadOptions:
        """Return ``options`` with what the mapping says about the file filled in where they say nothing."""
        return replace(
            options,
            encoding=options.encoding or self.encoding or None,
            delimiter=options.delimiter or self.delimiter or None,
            sheet=options.sheet or self.sheet or None,
            decimal=options.decimal or self.decimal or None,
            date_order=options.date_order or self.date_order or None,
            time_zone=self.time_zone or options.time_zone,
        )

    def to_json(self) -> str:
        """Return the mapping as text to store."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Mapping:
        """Return the mapping that ``to_json`` wrote.

        Raises:
            InvalidInputError: it is none, or names roles, shapes or columns that cannot be.
        """
        try:
            given = json.loads(text)
        except (TypeError, ValueError) as error:
            raise InvalidInputError("import.bad_mapping", field="json") from error
        if not isinstance(given, dict):
            raise InvalidInputError("import.bad_mapping", field="json")
        known = {item.name: item for item in fields(cls)}
        if unknown := sorted(given.keys() - known.keys()):
            raise InvalidInputError("import.bad_mapping", field=unknown[0])
        values: dict[str, Any] = {name: _value(name, value) for name, value in given.items()}
        return cls(**values)


def _value(name: str, value: object) -> object:
    """Return one field of the JSON as the mapping holds it."""
    if name == "columns":
        if not isinstance(value, dict) or not value.keys() <= set(ROLES):
            raise InvalidInputError("import.bad_mapping", field=name)
        return {role: _positions(found) for role, found in value.items()}
    if name == "words":
        if not isinstance(value, dict) or not all(meaning in MEANINGS for meaning in value.values()):
            raise InvalidInputError("import.bad_mapping", field=name)
        return value
    if name in {"headers", "missing", "ambiguous"}:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise InvalidInputError("import.bad_mapping", field=name)
        return tuple(value)
    if name == "unsigned" and isinstance(value, bool):
        return value
    if name == "unsigned" or not isinstance(value, str):
        raise InvalidInputError("import.bad_mapping", field=name)
    allowed: dict[str, tuple[str, ...]] = {
        "shape": SHAPES,
        "asset_class": ("auto", "crypto", "stock"),
        "decimal": ("", ".", ","),
        "date_order": ("", "dmy", "mdy", "ymd"),
    }
    if name in allowed and value not in allowed[name]:
        raise InvalidInputError("import.bad_mapping", field=name)
    return value


def _positions(value: object) -> tuple[int, ...]:
    found = value if isinstance(value, list) else [value]
    if not all(
        isinstance(entry, int) and not isinstance(entry, bool) and 0 <= entry < 10_000 for entry in found
    ):
        raise InvalidInputError("import.bad_mapping", field="columns")
    return tuple(found)


def headers_hash(table: Table) -> str:
    """Return a text that is the same for files with the same headings in the same order."""
    return hashlib.sha256("\x1f".join(normalise(header) for header in table.headers).encode()).hexdigest()


def suggest(table: Table, options: ReadOptions | None = None) -> Mapping:
    """Return the best assignment that the headings and cells of ``table`` give; see ``Mapping.complete``."""
    from smartfolio_app.providers.csv.mapping_suggest import suggestion

    return suggestion(table, options or ReadOptions())


def apply(
    table: Table,
    mapping: Mapping,
    options: ReadOptions | None = None,
    *,
    progress: Progress | None = None,
    guessed: bool = False,
) -> ParsedFile:
    """Return what ``table`` says, read by ``mapping``. ``guessed`` notes that nobody has confirmed it.

    Raises:
        InvalidInputError: the mapping lacks a needed role, or names a column that the table has not.
    """
    from smartfolio_app.providers.csv.mapping_apply import apply_mapping

    return apply_mapping(table, mapping, options or ReadOptions(), progress=progress, guessed=guessed)
