"""DEGIRO, account statement (Dutch, English, German, French, Spanish, Portuguese, Italian).

Everything a row means stands in its description; the two unnamed columns hold the change and the balance. Movements
between DEGIRO and its own cash account at flatex change nothing, nor do reservations of a deposit on its way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv import numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns
from smartfolio_app.providers.csv.formats._kinds import amount
from smartfolio_app.providers.csv.headings import normalise

(
    _DAY,
    _TIME,
    _VALUE_DAY,
    _PRODUCT,
    _ISIN,
    _TEXT,
    _FX,
    _CURRENCY,
    _CHANGE,
    _BALANCE_CURRENCY,
    _BALANCE,
    _ORDER,
) = range(12)

_WORDS = "koop|verkoop|buy|sell|kauf|verkauf|achat|vente|compra|venta|venda|acquisto|vendita"
_TRADE = re.compile(
    rf"(?P<prefix>.*?)\b(?P<word>{_WORDS})\s+"
    r"(?P<quantity>\d[\d.,']*(?:[ \u00a0\u202f]\d{3}(?:[.,]\d+)?(?=[ @]))*)(?=\s|@)[^@]*?(?:@|zu je)\s*"
    r"(?P<price>\d[\d.,\s\u00a0]*?)\s*(?P<currency>[A-Za-z]{3})\b.*",
    re.IGNORECASE | re.DOTALL,
)
_BUYS = frozenset({"koop", "buy", "kauf", "achat", "compra", "acquisto"})

_FOREIGN_EXCHANGE = (
    "valuta creditering", "valuta debitering", "fx credit", "fx debit", "cambio de divisa", "de divisa",
    "wahrungswechsel", "operation de change", "operazione di cambio", "cambio valuta", "credito di valuta",
)  # fmt: skip
_INTERNAL = (
    "cash sweep", "geldrekening bij flatex", "flatexdegiro bank", "flatex deposit transfer", "reservation",
    "transfer from your cash account", "transfer to your cash account", "cash account at flatex", "compte especes",
    "geldkonto bei der flatex", "trasferisci", "transferir a su cuenta", "transferir de su cuenta",
)  # fmt: skip
_TAX = (
    "dividendbelasting", "dividend tax", "dividendensteuer", "impots sur dividende", "retencion del dividendo",
    "retenciones", "ritenuta", "imposto sobre dividendo", "imposto sobre o dividendo", "withholding tax", "stamp duty",
    "kapitalertragsteuer", "taxe sur les transactions", "financial transaction tax", "finanztransaktion",
)  # fmt: skip
_COSTS = (
    "transactiekosten", "kosten van derden", "transaction and/or", "transaktionskosten", "transaktionsgebuhr",
    "courtage", "comissoes de transacao", "costes de transaccion", "costi di transazione",
)  # fmt: skip
_FEES = (
    *_COSTS, "frais degiro", "aansluitingskosten", "connection fee", "connectivity", "verbindungskosten",
    "einrichtung von handels", "frais de connexion", "costi di connessione", "custo de conectividade",
    "coste de conectividad", "corporate action kosten", "corporate action cost", "adr/gdr", "service fee",
    "handling fee", "variation fonds", "geldmarktfonds preisanderung", "money market fund",
    "koersverandering geldmarktfonds", "conversion fonds",
)  # fmt: skip
_INTEREST = ("interest", "rente", "zinsen", "interet", "interes", "juros", "interessi")
_BONUS = ("courtesy", "promotie", "promotion", "promocion", "bonus", "cashback", "compensation")
_PAYMENTS = (
    "deposit", "storting", "einzahlung", "depot", "versement", "ingreso", "deposito", "withdrawal", "terugstorting",
    "auszahlung", "retrait", "retirada", "prelievo", "levantamento", "uitbetaling", "sofort",
)  # fmt: skip
_DIVIDEND = ("dividend", "dividende", "dividendo", "kapitaluitkering", "capital return")
#: Words of a description -> kind when money comes in, and when it goes out. The first that occurs decides.
_EVENTS: tuple[tuple[tuple[str, ...], TransactionKind, TransactionKind], ...] = (
    (_TAX, TransactionKind.INCOME, TransactionKind.TAX),
    (_DIVIDEND, TransactionKind.DIVIDEND, TransactionKind.FEE),
    (_FEES, TransactionKind.INCOME, TransactionKind.FEE),
    (_INTEREST, TransactionKind.INTEREST, TransactionKind.FEE),
    (_BONUS, TransactionKind.REWARD, TransactionKind.FEE),
    (_PAYMENTS, TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
)


def _matches(table: Table) -> bool:
    headers = [normalise(header) for header in table.headers]
    if len(headers) < 12 or headers[_ISIN] != "isin":
        return False
    return (
        headers[_FX] in {"fx", "wechselkurs", "tipo", "tasso di cambio"}
        and not headers[_CHANGE]
        and not headers[_BALANCE]
    )


class _Line:
    """One row of the statement, its cells read."""

    __slots__ = ("at", "change", "order", "product", "row", "text", "words")

    def __init__(self, row: Row, at: datetime, change: Amount | None, order: str) -> None:
        self.row, self.at, self.change, self.order = row, at, change, order
        self.text = _repaired(row.cells[_TEXT].strip())
        self.words = normalise(self.text)
        self.product = (row.cells[_PRODUCT].strip(), row.cells[_ISIN].strip())


def _repaired(text: str) -> str:
    """Undo an accent that was decoded twice (``CrÃ©dito``): DEGIRO has written such files."""
    if "Ã" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, order="dmy")
        self._day = self._columns.date_reader(_DAY)
        self._style = self._columns.style(_CHANGE)
        self._exchanges: dict[tuple[datetime, str], list[_Line]] = defaultdict(list)
        self._trades: list[tuple[_Line, re.Match[str]]] = []
        self._costs: dict[str, list[_Line]] = defaultdict(list)
        self._changes: dict[tuple[datetime, str], list[tuple[_Line, re.Match[str]]]] = defaultdict(list)

    def gather(self, row: Row) -> None:
        """Sort a row in: alone, or with those it belongs to."""
        cells = row.cells
        at = self._day.combined(cells[_DAY], cells[_TIME])
        change = None
        if not numbers.is_empty(cells[_CHANGE]):
            asset = self._book.currency(cells[_CURRENCY])
            change = Amount(numbers.parse(cells[_CHANGE], self._style), asset)
        line = _Line(row, at, change, cells[_ORDER].strip())
        trade = _TRADE.fullmatch(line.text)
        if any(word in line.words for word in _INTERNAL):
            self._book.skip(row, "import.skip.internal")
        elif trade and "fonds monetaires" not in line.words and "money market" not in line.words:
            prefix = trade["prefix"].strip(" :")
            if prefix and (change is None or not change.quantity):
                self._changes[at.replace(hour=0, minute=0), prefix.casefold()].append((line, trade))
            else:
                self._trades.append((line, trade))
        elif change is None:
            self._book.skip(row, "import.skip.no_movement")
        elif any(word in line.words for word in _FOREIGN_EXCHANGE):
            self._exchanges[at, line.order].append(line)
        elif any(word in line.words for word in _COSTS) and line.order:
            self._costs[line.order].append(line)
        else:
            self._event(line, change)

    def settle(self) -> None:
        """Write down what took several rows to tell."""
        for line, match in self._trades:
            with self._book.guard(line.row):
                self._trade(line, match)
        for lines in self._costs.values():
            for line in lines:
                with self._book.guard(line.row):
                    assert line.change is not None
                    self._event(line, line.change)
        for lines in self._exchanges.values():
            with self._book.guard(*(line.row for line in lines)):
                self._exchange(lines)
        for entries in self._changes.values():
            with self._book.guard(*(line.row for line, _ in entries)):
                self._product_change(entries)

    def _security(self, line: _Line) -> AssetId:
        name, isin = line.product
        return self._book.security(name, isin=isin, name=name)

    def _trade(self, line: _Line, match: re.Match[str]) -> None:
        shares = Amount(self._quantity(match), self._security(line))
        buys = match["word"].casefold() in _BUYS
        if line.change is None or (line.change.quantity and (line.change.quantity > 0) is buys):
            raise RowError("trade_side_missing")
        money = amount(line.change.quantity, line.change.asset)
        fee = None
        costs = self._costs.get(line.order, []) if line.order else []
        if costs:
            cost = costs.pop()
            assert cost.change is not None
            fee = amount(cost.change.quantity, cost.change.asset)
        self._book.add(
            line.row,
            line.at,
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee,
            note=line.text,
        )

    @staticmethod
    def _quantity(match: re.Match[str]) -> Decimal:
        """Return the number of shares. Shares are whole or have a decimal comma; three digits after a dot group."""
        text = match["quantity"].strip()
        return numbers.parse(text, numbers.Style(",", evident=True))

    def _exchange(self, lines: list[_Line]) -> None:
        """Pair the two currencies of an exchange."""
        changes = [line.change for line in lines if line.change is not None]
        gained = [change for change in changes if change.quantity > 0]
        given = [change for change in changes if change.quantity < 0]
        if len({change.asset for change in gained}) != 1 or len({change.asset for change in given}) != 1:
            raise RowError("unpaired")
        self._book.add(
            lines[0].row,
            lines[0].at,
            TransactionKind.TRADE,
            received=Amount(sum((change.quantity for change in gained), Decimal(0)), gained[0].asset),
            sent=Amount(-sum((change.quantity for change in given), Decimal(0)), given[0].asset),
            note=lines[0].text,
        )

    def _product_change(self, entries: list[tuple[_Line, re.Match[str]]]) -> None:
        """Shares that replace shares (a new name, a split, a stock dividend): bought and sold for nothing."""
        gained = [entry for entry in entries if entry[1]["word"].casefold() in _BUYS]
        given = [entry for entry in entries if entry not in gained]
        if len(gained) > 1 or len(given) > 1:
            raise RowError("corporate_action", event=entries[0][0].text[:80])
        line = entries[0][0]
        received = Amount(self._quantity(gained[0][1]), self._security(gained[0][0])) if gained else None
        sent = Amount(self._quantity(given[0][1]), self._security(given[0][0])) if given else None
        if received and sent and received == sent:
            for entry, _ in entries:
                self._book.skip(entry.row, "import.skip.renamed")
            return
        if received and sent:
            same = received.asset == sent.asset
            kind = TransactionKind.SPLIT if same else TransactionKind.SWAP
        elif received:
            kind = TransactionKind.SPIN_OFF
        else:
            raise RowError("corporate_action", event=line.text[:80])
        self._book.add(line.row, line.at, kind, received=received, sent=sent, note=line.text)

    def _event(self, line: _Line, change: Amount) -> None:
        if "processed flatex withdrawal" in line.words and change.quantity > 0:
            # The counter-entry of a withdrawal that stands in a row of its own.
            self._book.skip(line.row, "import.skip.internal")
            return
        kinds = next(
            ((gain, loss) for words, gain, loss in _EVENTS if any(word in line.words for word in words)), None
        )
        if kinds is None:
            raise RowError("unknown_type", type=line.text[:60])
        if not change.quantity:
            self._book.skip(line.row, "import.skip.no_movement")
            return
        about = self._security(line) if line.product[1] and not line.product[1].startswith("NLFLATEX") else ""
        self._book.move(line.row, line.at, change, gain=kinds[0], loss=kinds[1], about=about, note=line.text)


def _joined(table: Table, book: Book) -> Table:
    """Return the table with order ids that run on in a row of their own put back together."""
    rows: list[Row] = []
    for row in table.rows:
        cells = [*row.cells, *[""] * (12 - len(row.cells))]
        if not cells[_DAY].strip() and cells[_ORDER].strip() and rows:
            rows[-1].cells[_ORDER] += cells[_ORDER].strip()
            book.skip(row, "import.skip.continuation")
        else:
            rows.append(Row(row.line, cells))
    return replace(table, rows=rows)


def _read(table: Table, book: Book) -> None:
    joined = _joined(table, book)
    reader = _Reader(joined, book)
    for row in joined.rows:
        with book.guard(row):
            reader.gather(row)
    reader.settle()


FORMATS = (
    Format(
        FormatInfo("degiro_account", "DEGIRO account", "DEGIRO", "stocks", "degiro_csv", local_times=True),
        _matches,
        _read,
    ),
)
