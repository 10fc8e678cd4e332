"""Interactive Brokers, Flex query as XML: trades, cash transactions, corporate actions, and the rates of the days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import Element

from smartfolio_app.ledger.assets import AssetClass, AssetId
from smartfolio_app.ledger.transactions import Amount, PriceQuote, TransactionKind
from smartfolio_app.providers.csv import dates, numbers
from smartfolio_app.providers.csv.base import Format, FormatInfo, Row, RowError, Table
from smartfolio_app.providers.csv.book import Book
from smartfolio_app.providers.csv.formats._kinds import amount, fee_of
from smartfolio_app.providers.csv.formats._securities import in_major

_CLASSES = {
    "STK": AssetClass.STOCK, "FUND": AssetClass.FUND, "BOND": AssetClass.BOND, "BILL": AssetClass.BOND,
    "OPT": AssetClass.DERIVATIVE, "FOP": AssetClass.DERIVATIVE, "WAR": AssetClass.DERIVATIVE,
    "IOPT": AssetClass.DERIVATIVE, "CFD": AssetClass.DERIVATIVE, "CMDTY": AssetClass.COMMODITY,
    "CRYPTO": AssetClass.CRYPTO,
}  # fmt: skip
_Kinds = tuple[TransactionKind, TransactionKind]
_CASH: dict[str, _Kinds] = {
    "dividends": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "payment in lieu of dividends": (TransactionKind.DIVIDEND, TransactionKind.FEE),
    "withholding tax": (TransactionKind.INCOME, TransactionKind.TAX),
    "871(m) withholding": (TransactionKind.INCOME, TransactionKind.TAX),
    "deposits/withdrawals": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "deposits & withdrawals": (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL),
    "broker interest received": (TransactionKind.INTEREST, TransactionKind.FEE),
    "broker interest paid": (TransactionKind.INTEREST, TransactionKind.FEE),
    "bond interest received": (TransactionKind.INTEREST, TransactionKind.FEE),
    "bond interest paid": (TransactionKind.INTEREST, TransactionKind.FEE),
    "other fees": (TransactionKind.INCOME, TransactionKind.FEE),
    "advisor fees": (TransactionKind.INCOME, TransactionKind.FEE),
    "broker fees": (TransactionKind.INCOME, TransactionKind.FEE),
    "commission adjustments": (TransactionKind.INCOME, TransactionKind.FEE),
    "price adjustments": (TransactionKind.INCOME, TransactionKind.FEE),
    "other income": (TransactionKind.INCOME, TransactionKind.FEE),
}
#: Rows that sum up others: only the details count.
_SUMMARIES = frozenset({"SUMMARY", "SYMBOL_SUMMARY", "ASSET_SUMMARY", "CLOSED_LOT", "WASH_SALE", "ORDER"})


def _matches(table: Table) -> bool:
    return (
        table.kind == "xml"
        and isinstance(table.document, Element)
        and table.document.tag == "FlexQueryResponse"
    )


class _Reader:
    def __init__(self, table: Table, book: Book) -> None:
        assert isinstance(table.document, Element)
        self._root = table.document
        self._book = book
        self._date = dates.DateReader("", dates.zone_named(book.options.time_zone))
        self._number = numbers.Style(".", evident=True)
        # Older rows tell the ISIN of a contract that newer rows name by symbol only, and the other way round.
        self._isins = {
            element.get("conid", ""): element.get("isin", "")
            for _, element in self._elements()
            if element.get("isin")
        }

    def read(self) -> None:
        """Write everything down; a row's number is its place among the elements that are read."""
        number = 0
        actions: dict[tuple[str, str], list[tuple[Row, Element]]] = defaultdict(list)
        for section, element in self._elements():
            if section == "ConversionRates":
                self._rate(element)
                continue
            number += 1
            row = Row(number, [f"{name}={value}" for name, value in element.attrib.items() if value])
            if element.get("levelOfDetail") in _SUMMARIES:
                self._book.skip(row, "import.skip.totals")
            elif section == "CorporateActions":
                key = (element.get("dateTime", ""), element.get("description", "").partition("(")[0])
                actions[key].append((row, element))
            else:
                with self._book.guard(row):
                    self._trade(row, element) if section == "Trades" else self._cash(row, element)
        for entries in actions.values():
            with self._book.guard(*(row for row, _ in entries)):
                self._corporate_action(entries)
        self._book.rows_are(number)
        self._undo_cancelled()

    def _elements(self) -> Iterator[tuple[str, Element]]:
        for statement in self._root.iter("FlexStatement"):
            for section in statement:
                if section.tag in {"Trades", "CashTransactions", "CorporateActions", "ConversionRates"}:
                    for element in section:
                        yield section.tag, element

    # ------------------------------------------------------------------ values

    def _value(self, element: Element, name: str) -> Decimal:
        text = element.get(name, "")
        return Decimal(0) if numbers.is_empty(text) else numbers.parse(text, self._number)

    def _at(self, element: Element) -> datetime:
        if element.get("dateTime"):
            return self._date(element.get("dateTime", ""))
        day, time = element.get("tradeDate") or element.get("reportDate") or "", element.get("tradeTime", "")
        return self._date.combined(day, time)

    def _money(self, element: Element, quantity: Decimal, currency: str = "") -> Amount:
        value, code = in_major(quantity, currency or element.get("currency", ""))
        return Amount(value, self._book.currency(code))

    def _instrument(self, element: Element) -> AssetId:
        category = element.get("assetCategory", "")
        symbol, name = element.get("symbol", ""), element.get("description", "")
        if category == "CASH":
            return self._book.currency(symbol.partition(".")[0])
        kind = _CLASSES.get(category, AssetClass.STOCK)
        if element.get("subCategory") == "ETF":
            kind = AssetClass.ETF
        if kind is AssetClass.CRYPTO:
            return self._book.coin(symbol.partition(".")[0])
        isin = element.get("isin", "")
        if not isin and element.get("securityIDType") == "ISIN":
            isin = element.get("securityID", "")
        isin = isin or self._isins.get(element.get("conid", ""), "")
        _, currency = in_major(Decimal(0), element.get("currency", ""))
        mic = "CFD" if category == "CFD" else ""
        told_as_text = "DIVIDEND" in name.upper() or "(" in name
        return self._book.security(
            " ".join(symbol.split()),
            mic=mic,
            isin="" if mic else isin,
            name="" if told_as_text else name,
            kind=kind,
            currency=currency,
        )

    # -------------------------------------------------------------------- rows

    def _trade(self, row: Row, element: Element) -> None:
        if element.get("assetCategory") == "FUT":
            raise RowError("unsupported_instrument", instrument="FUT")
        at, quantity = self._at(element), self._value(element, "quantity")
        proceeds = self._value(element, "proceeds") or -self._value(element, "tradeMoney")
        asset = self._instrument(element)
        cancelled = element.get("transactionType") == "TradeCancel"
        shares, money = amount(quantity, asset), self._money(element, abs(proceeds))
        fee = self._value(element, "ibCommission") + self._value(element, "taxes")
        charged = self._money(element, fee, element.get("ibCommissionCurrency", "")) if fee else None
        buys = quantity > 0
        if cancelled:
            self._book.count("import.warn.cancelled_trades")
        self._book.add(
            row,
            at,
            TransactionKind.TRADE,
            received=shares if buys else money,
            sent=money if buys else shares,
            fee=fee_of(charged.quantity, charged.asset) if charged else None,
            account=element.get("accountId", ""),
            external_id=element.get("origTradeID", "") if cancelled else element.get("tradeID", ""),
            group="cancelled" if cancelled else "",
        )

    def _cash(self, row: Row, element: Element) -> None:
        word = element.get("type", "").casefold()
        if word not in _CASH:
            raise RowError("unknown_type", type=element.get("type", "")[:60])
        gain, loss = _CASH[word]
        about = self._instrument(element) if element.get("symbol") and element.get("assetCategory") else ""
        external_id = element.get("transactionID", "")
        self._book.move(
            row,
            self._at(element),
            self._money(element, self._value(element, "amount")),
            gain=gain,
            loss=loss,
            about=about,
            account=element.get("accountId", ""),
            external_id="" if external_id == "REDACTED" else external_id,
            note=element.get("description", ""),
        )

    def _corporate_action(self, entries: list[tuple[Row, Element]]) -> None:
        """Shares that replace shares keep their cost; shares taken for cash are sold; shares coming alone are new."""
        gained = [(row, element) for row, element in entries if self._value(element, "quantity") > 0]
        given = [(row, element) for row, element in entries if self._value(element, "quantity") < 0]
        row, element = entries[0]
        proceeds = sum((self._value(part, "proceeds") for _, part in entries), Decimal(0))
        shares_in = [amount(self._value(part, "quantity"), self._instrument(part)) for _, part in gained]
        shares_out = [amount(self._value(part, "quantity"), self._instrument(part)) for _, part in given]
        at, account, note = self._at(element), element.get("accountId", ""), element.get("description", "")
        if len(gained) > 1 or len(given) > 1:
            raise RowError("corporate_action", event=note[:80])
        received, sent = next(iter(shares_in), None), next(iter(shares_out), None)
        if received and sent:
            same = received.asset == sent.asset
            kind = TransactionKind.SPLIT if same else TransactionKind.SWAP
        elif sent and proceeds:
            kind, received = TransactionKind.TRADE, self._money(element, abs(proceeds))
        elif received and proceeds < 0:
            kind, sent = TransactionKind.TRADE, self._money(element, abs(proceeds))
        elif received:
            kind = TransactionKind.SPIN_OFF
        elif sent:
            kind = TransactionKind.LOST
        else:
            raise RowError("corporate_action", event=note[:80])
        self._book.add(row, at, kind, received=received, sent=sent, account=account, note=note)

    def _rate(self, element: Element) -> None:
        """Keep a day's rate as the price of one currency in the other."""
        try:
            at = self._date(element.get("reportDate", ""))
            source = self._book.currency(element.get("fromCurrency", ""))
            target = self._book.currency(element.get("toCurrency", "")).removeprefix("fiat:")
            rate = self._value(element, "rate")
        except RowError:  # pseudo currencies such as BASE_SUMMARY
            return
        if rate > 0 and source != f"fiat:{target}":
            self._book.prices.append(PriceQuote(source, target, rate, at))

    def _undo_cancelled(self) -> None:
        """Take trades and their later cancellations out together: neither happened."""
        cancelled = {
            t.external_id for t in self._book.transactions if t.group == "cancelled" and t.external_id
        }
        traded = {t.external_id for t in self._book.transactions if not t.group and t.external_id}
        gone = cancelled & traded
        for transaction in [t for t in self._book.transactions if t.external_id in gone]:
            self._book.transactions.remove(transaction)
            self._book.skip(Row(transaction.row, [transaction.raw]), "import.skip.cancelled")


def _read(table: Table, book: Book) -> None:
    _Reader(table, book).read()


FORMATS = (
    Format(
        FormatInfo(
            "ibkr_flex",
            "Interactive Brokers Flex XML",
            "Interactive Brokers",
            "stocks",
            "ibkr_csv",
            local_times=True,
        ),
        _matches,
        _read,
    ),
)
