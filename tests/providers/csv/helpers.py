"""What the tests of the file formats share."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.providers.csv import ReadOptions, parse
from smartfolio_app.providers.csv.base import RowError

FIXTURES = Path(__file__).parent / "fixtures"
EXPECTED = tomllib.loads((FIXTURES / "expected.toml").read_text(encoding="utf-8"))
SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"


def plain(number):
    """A number without exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def balances(parsed):
    """What the transactions leave of each asset, fees taken off; nothing left is left out."""
    found = defaultdict(Decimal)
    for transaction in parsed.transactions:
        for asset, change in transaction.movements():
            found[asset] += change
    return {asset: plain(quantity) for asset, quantity in found.items() if quantity}


def kinds(parsed):
    return dict(Counter(transaction.kind.value for transaction in parsed.transactions))


def codes(messages):
    return [message.code for message in messages]


def reasons(rejected):
    """``row reason`` of each rejected or skipped row, in the order of the file."""
    return [f"{one.row} {one.reason.split('.')[-1]}" for one in sorted(rejected, key=lambda one: one.row)]


def events(parsed):
    """The transactions as what counts of them, free of the words and the order of their file."""
    return sorted(
        (
            transaction.at,
            transaction.kind.value,
            str(transaction.received and (plain(transaction.received.quantity), transaction.received.asset)),
            str(transaction.sent and (plain(transaction.sent.quantity), transaction.sent.asset)),
            str(transaction.fee and (plain(transaction.fee.quantity), transaction.fee.asset)),
        )
        for transaction in parsed.transactions
    )


def described(parsed):
    """A parsed file in the words of ``expected.toml``."""
    told = {"format": parsed.format}
    if parsed.statement is None:
        told["balances"] = balances(parsed)
        told["kinds"] = kinds(parsed)
    else:
        told["holdings"] = [
            f"{line.account}|{line.asset} {plain(line.quantity)}".removeprefix("|")
            for line in parsed.statement.lines
        ]
        told["prices"] = [f"{quote.asset} {plain(quote.price)} {quote.currency}" for quote in parsed.prices]
    lists = {
        "rejected": reasons(parsed.rejected),
        "skipped": reasons(parsed.skipped),
        "warnings": [code.removeprefix("import.warn.") for code in codes(parsed.warnings)],
    }
    return told | {name: found for name, found in lists.items() if found}


def read(text, filename="", **options):
    """Parse text (or bytes) given in a test."""
    data = text if isinstance(text, bytes) else text.encode()
    return parse(data, filename, options=ReadOptions(**options))


def attempt(reader, text):
    """What a reader makes of a cell: its value, or the reason for refusing it."""
    try:
        return reader(text), None
    except RowError as error:
        return None, error.reason


def answer(data, filename="", options=None):
    """What becomes of a file: what it says, or the code of the sentence that says why it is not read."""
    try:
        return parse(data, filename, options=options), ""
    except SmartFolioError as error:
        return None, error.code
