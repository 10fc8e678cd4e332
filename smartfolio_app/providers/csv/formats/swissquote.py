"""Swissquote, transactions: the net amount has the costs in it, in the currency of the account that moved."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.ledger.transactions import Amount, TransactionKind
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.columns import Columns, Record
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of
from smartfolio_app.providers.csv.headings import normalise

_NAMES = {
    "date": ("date", "datum"),
    "order": ("order #", "auftrag #", "ordre #", "order", "ordine #"),
    "kind": ("transaction", "transaktionen", "transaktion", "transazione"),
    "symbol": ("symbol", "symbole", "simbolo"),
    "name": ("name", "nom", "nome"),
    "quantity": ("quantity", "anzahl", "quantite", "quantita"),
    "costs": ("costs", "kosten", "couts", "costi"),
    "net": ("net amount", "nettobetrag", "montant net", "importo netto"),
    "currency": ("currency", "wahrung", "devise", "monnaie", "valuta"),
}
_BUY, _SELL = ("buy", "kauf", "achat", "acquisto"), ("sell", "verkauf", "vente", "vendita")
_FOREX = ("forex", "fx ", "fremdwahrung", "change", "cambio")
_DIVIDEND = ("capital gain", "dividend", "dividende", "dividendo", "distribution")
_FEES = ("fee", "gebuhr", "frais", "custody", "depot", "spese")
_PAYMENTS = (
    "credit", "debit", "payment", "deposit", "withdrawal", "zahlung", "vergutung", "belastung", "versement", "virement",
)  # fmt: skip
#: Words of a transaction -> kind when money comes in, and when it goes out. The first that occurs decides.
_EVENTS: tuple[tuple[tuple[str, ...], TransactionKind, TransactionKind], ...] = (
    (_DIVIDEND, TransactionKind.DIVIDEND, TransactionKind.TAX),
    (("tax", "steuer", "impot"), TransactionKind.INCOME, TransactionKind.TAX),
    (("interest", "zins", "interet", "interess"), TransactionKind.INTEREST, TransactionKind.FEE),
    (_FEES, TransactionKind.INCOME, TransactionKind.FEE),
    (_PAYMENTS, TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    (("reward", "bonus"), TransactionKind.REWARD, TransactionKind.FEE),
)


def _matches(table: Table) -> bool:
    headers = {normalise(header) for header in table.headers}
    return "isin" in headers and all(any(name in headers for name in names) for names in _NAMES.values())


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        self._book = book
        self._columns = Columns(table, book.options, decimal=".", order="dmy")
        self._at = {role: self._columns.find(*names) for role, names in _NAMES.items()}
        self._exchanges: dict[str, list[Record]] = defaultdict(list)

    def read(self, row: Row) -> None:
        """Write the row's transaction down; keep the two halves of currency exchanges for later."""
        record = self._columns.record(row)
        word = normalise(record.text(self._at["kind"]))
        net = record.number(self._at["net"])
        if word in _BUY or word in _SELL:
            self._trade(record, net, buys=word in _BUY)
        elif word.startswith(_FOREX):
            order = record.text(self._at["order"])
            self._exchanges[f"{order} {record.text(self._at['date'])}"].append(record)
        else:
            self._event(record, word, net)

    def _cash(self, record: Record) -> AssetId:
        return self._book.currency(record.text(self._at["currency"]))

    def _security(self, record: Record) -> AssetId:
        return self._book.security(
            record.text(self._at["symbol"]), isin=record.text("isin"), name=record.text(self._at["name"])
        )

    def _common(self, record: Record) -> dict[str, Any]:
        order = record.text(self._at["order"])
        return {"group": order if order.strip("0") else "", "note": record.text(self._at["kind"])}

    def _trade(self, record: Record, net: Decimal, *, buys: bool) -> None:
        costs = abs(record.maybe(self._at["costs"]) or Decimal(0))
        cash = self._cash(record)
        shares = amount(record.number(self._at["quantity"]), self._security(record))
        money = Amount(abs(net) - costs if buys else abs(net) + costs, cash)
        self._book.add(
            record.row,
            record.moment(self._at["date"]),
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee_of(costs, cash),
            **self._common(record),
        )

    def _event(self, record: Record, word: str, net: Decimal) -> None:
        kinds = next(
            ((gain, loss) for words, gain, loss in _EVENTS if any(key in word for key in words)), None
        )
        if kinds is None:
            raise RowError("unknown_type", type=record.text(self._at["kind"])[:60])
        costs = abs(record.maybe(self._at["costs"]) or Decimal(0))
        cash = self._cash(record)
        fee = None
        if kinds[1] is TransactionKind.WITHDRAWAL and net < 0 and costs < abs(net):
            net, fee = net + costs, fee_of(costs, cash)
        about = self._security(record) if record.text("isin") or record.text(self._at["symbol"]) else ""
        self._book.move(
            record.row,
            record.moment(self._at["date"]),
            Amount(net, cash),
            gain=kinds[0],
            loss=kinds[1],
            fee=fee,
            about=about,
            **self._common(record),
        )

    def settle(self) -> None:
        """Write the currency exchanges down."""
        for records in self._exchanges.values():
            with self._book.guard(*(record.row for record in records)):
                gained = [record for record in records if record.number(self._at["net"]) > 0]
                given = [record for record in records if record.number(self._at["net"]) < 0]
                if len(gained) != 1 or len(given) != 1:
                    raise RowError("unpaired")
                self._book.add(
                    gained[0].row,
                    gained[0].moment(self._at["date"]),
                    TransactionKind.TRADE,
                    received=amount(gained[0].number(self._at["net"]), self._cash(gained[0])),
                    sent=amount(given[0].number(self._at["net"]), self._cash(given[0])),
                    **self._common(gained[0]),
                )


def _read(table: Table, book: Book) -> None:
    reader = _Reader(table, book)
    book.each(reader.read)
    reader.settle()


FORMATS = (
    Format(
        FormatInfo(
            "swissquote",
            "Swissquote transactions",
            "Swissquote",
            "stocks",
            "swissquote_csv",
            local_times=True,
        ),
        _matches,
        _read,
    ),
)
